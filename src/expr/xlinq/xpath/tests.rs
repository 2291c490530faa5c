use proptest::prelude::*;

use super::{Failure, XPath};
use crate::expr::xlinq::{Root, XObject};

const XML: &str =
    "<o a='1'><i n='1'>x<j>y</j></i><i n='2' m='b'><!--c--><?p d?></i><k:i xmlns:k='urn:k' k:n='3'> z  w </k:i></o>";

fn select(path: &str, steps: usize) -> Result<Vec<XObject>, Failure> {
    let document = XObject::parse(XML, Root::Document, false).expect("it is XML");
    let path = XPath::parse(path, &|prefix| (prefix == "k").then(|| "urn:k".to_owned()))?;
    path.select(&document, &mut { steps })
}

/// What a path selects: values, joined.
fn selected(path: &str) -> String {
    match select(path, 100_000) {
        Ok(found) => found.iter().map(XObject::value).collect::<Vec<_>>().join("|"),
        Err(failure) => format!("{failure:?}"),
    }
}

#[test]
fn paths_select_nodes_in_document_order() {
    for (path, expected) in [
        ("/o/@a", "1"),
        ("/", "xy z  w "),
        ("//j", "y"),
        ("/o/i/@n", "1|2"),
        ("//@n", "1|2"),
        ("//@*", "1|1|2|b|3"),
        ("//k:i/@k:n", "3"),
        ("//k:*", " z  w "),
        ("//i[2]/@m", "b"),
        ("/o/*[last()]/@*", "3"),
        ("//i[@n='2']/comment()", "c"),
        ("//processing-instruction('p')", "d"),
        ("//processing-instruction('q')", ""),
        ("//i/text()", "x"),
        ("//i/node()", "x|y|c|d"),
        ("//j/../@n", "1"),
        ("//j/ancestor::*[1]/@n", "1"),
        ("//j/ancestor-or-self::*/@*", "1|1"),
        ("//j | //@a | //j", "1|y"),
        ("//i[j]/following-sibling::*/@*", "2|b|3"),
        ("//j/following::*/@n", "2"),
        ("//i[2]/preceding::j", "y"),
        ("//i[2]/preceding-sibling::i/@n", "1"),
        ("/o/child::i[position() = 2]/attribute::m", "b"),
        ("(//i)[1]/@n", "1"),
        ("//i[@n > 1]/@n", "2"),
        ("//i[@n + 1 = 2]/@n", "1"),
        ("//i[@n * 2 - 1 = 3 and not(@m = 'c')]/@n", "2"),
        ("//*[local-name() = 'i' and namespace-uri() = 'urn:k']/@*", "3"),
        ("//*[name() = 'k:i']/@*", "3"),
        ("//*[normalize-space() = 'z w']/@*", "3"),
        ("//i[starts-with(., 'x') and contains(., 'y')]/@n", "1"),
        ("//i[substring('abc', @n, 1) = 'b']/@n", "2"),
        ("//i[substring-before('1-2', '-') = @n]/@n", "1"),
        ("//i[substring-after('1-2', '-') = @n]/@n", "2"),
        ("//i[translate(@m, 'b', 'q') = 'q']/@n", "2"),
        ("//i[string-length(@m) = 0]/@n", "1"),
        ("//i[concat(@n, @m) = '2b']/@n", "2"),
        ("//o[count(i) = 2 and sum(i/@n) = 3]/@a", "1"),
        ("//i[@n = //i/@n]/@n", "1|2"),
        ("//i[@n != //i/@n]/@n", "1|2"),
        ("//i[@n < //i/@n]/@n", "1"),
        ("//i[boolean(@m)]/@n", "2"),
        ("//i[7 mod 2 = @n or 4 div 2 = @n]/@n", "1|2"),
        ("//i[floor(1.5) = @n]/@n", "1"),
        ("//i[ceiling(1.5) = @n]/@n", "2"),
        ("//i[round(1.5) = @n]/@n", "2"),
        ("//i[- -1 = @n]/@n", "1"),
        ("//i[true()][number(false()) + 1]/@n", "1"),
        ("self::node()/o/descendant::j", "y"),
        ("descendant-or-self::j", "y"),
        ("//div", ""),
    ] {
        assert_eq!(selected(path), expected, "{path}");
    }
}

#[test]
fn what_is_no_path_is_refused() {
    for path in [
        "",
        "//",
        "//i[",
        "//i]",
        "'a",
        "a b",
        "x:i",
        "$v",
        "f()",
        "count()",
        "namespace::*",
        "..a",
        "@",
        "/o/1",
        "1",
        "'a'",
        "!",
    ] {
        assert!(matches!(select(path, 1_000), Err(Failure::Exception(_))), "{path}");
    }
    let deep = format!("{}1{}", "(".repeat(100), ")".repeat(100));
    assert!(matches!(select(&deep, 1_000), Err(Failure::Exception(_))));
    assert!(matches!(select(&"a/".repeat(2_000), 1_000), Err(Failure::Exception(_))));
}

#[test]
fn work_is_counted() {
    assert!(matches!(select("//*[//*[//*[//*]]]", 2_000), Err(Failure::OutOfSteps)));
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(path in "[a-j0-9/@*.\\[\\]()'=<>|$:, -]{0,40}|.{0,40}") {
        let _ = select(&path, 20_000);
    }
}
