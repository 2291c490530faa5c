use proptest::prelude::*;

use super::*;

fn units(text: &str) -> Units {
    text.encode_utf16().collect()
}

fn regex(pattern: &str, options: u32) -> Regex {
    Regex::new(pattern, Options(options)).unwrap_or_else(|error| panic!("{pattern}: {error}"))
}

fn all(pattern: &str, text: &str, options: u32) -> Vec<String> {
    let (regex, text) = (regex(pattern, options), units(text));
    let found = regex.matches(&text, regex.default_start(&text), &mut 1_000_000).expect("a result");
    found.iter().map(|m| String::from_utf16_lossy(&text[m.span().start..m.span().end])).collect()
}

fn groups(pattern: &str, text: &str) -> Vec<Vec<String>> {
    let text = units(text);
    let found = regex(pattern, 0).find(&text, 0, &mut 1_000_000).expect("a result").expect("a match");
    let show = |span: &Span| String::from_utf16_lossy(&text[span.start..span.end]);
    found.groups.iter().map(|captures| captures.iter().map(show).collect()).collect()
}

fn replaced(regex: &Regex, text: &[u16], replacement: &str, count: i64, start: usize, mut steps: u64) -> Result<Units> {
    regex.replace_with(text, count, start, &mut steps, |found| Ok(regex.expand(text, found, replacement)))
}

fn replace(pattern: &str, text: &str, replacement: &str, options: u32) -> String {
    let (regex, text) = (regex(pattern, options), units(text));
    let start = regex.default_start(&text);
    String::from_utf16_lossy(&replaced(&regex, &text, replacement, -1, start, 1_000_000).expect("a result"))
}

#[test]
fn matches_what_dotnet_matches() {
    let cases: &[(&str, &str, u32, &[&str])] = &[
        (r"\d+", "a1b22c333", 0, &["1", "22", "333"]),
        ("abc", "xABCx", 1, &["ABC"]),
        ("^b$", "a\nb", 0, &[]),
        ("^b$", "a\nb", 2, &["b"]),
        ("a.b", "a\nb", 0, &[]),
        ("a.b", "a\nb", 16, &["a\nb"]),
        (r"line\Z", "line\n", 0, &["line"]),
        (r"line$", "line\n", 0, &["line"]),
        (r"line\z", "line\n", 0, &[]),
        ("a{,2}", "a{,2}aa", 0, &["a{,2}"]),
        ("a{2}", "aaaaa", 0, &["aa", "aa"]),
        ("a+?", "aa", 0, &["a", "a"]),
        ("<.+?>", "<a><b>", 0, &["<a>", "<b>"]),
        ("<.+>", "<a><b>", 0, &["<a><b>"]),
        ("a(?!b)", "abac", 0, &["a"]),
        ("(?<=\\$)\\d+", "a1 $22", 0, &["22"]),
        ("(?<!\\$)\\b\\d+", "11 $22", 0, &["11"]),
        (r"^(ab)\1$", "abab", 0, &["abab"]),
        (r"\d", "٣", 256, &[]),
        (r"\d", "٣", 0, &["٣"]),
        ("[a-z-[aeiou]]+", "bcdaefg", 0, &["bcd", "fg"]),
        ("(?i)a(?-i)b", "Ab AB", 0, &["Ab"]),
        ("(?i:a)b", "Ab AB", 0, &["Ab"]),
        (" a b # comment", "ab", 32, &["ab"]),
        ("(?>a+)b", "aab", 0, &["aab"]),
        ("(?>a+)ab", "aab", 0, &[]),
        (r"\x41\u0042\103", "ABC", 0, &["ABC"]),
        ("(a|ab)(c|bcd)(d*)", "abcd", 0, &["abcd"]),
        ("(a*)*", "aa", 0, &["aa", ""]),
        ("(?:a|b)+?c", "abac", 0, &["abac"]),
        ("(?:ab){2,3}", "abababab", 0, &["ababab"]),
        ("(?:ab){1,3}?", "abab", 0, &["ab", "ab"]),
        (r"\w+", "one two", 64, &["two", "one"]),
        (r"(?(?=\d)\d+|[a-z]+)", "12ab", 0, &["12", "ab"]),
        (r"(<)?a(?(1)>|$)", "<a>a", 0, &["<a>", "a"]),
        (r"^(?:(?<o>\()|(?<-o>\))|[^()])*(?(o)(?!))$", "(a(b)c)", 0, &["(a(b)c)"]),
        (r"^(?:(?<o>\()|(?<-o>\))|[^()])*(?(o)(?!))$", "(a(b)c", 0, &[]),
        (r"[\w.-]+@[\w.-]+", "x a.b@c-d.e y", 0, &["a.b@c-d.e"]),
        (r"\p{Lu}\P{Lu}", "aBc", 0, &["Bc"]),
        (r"\p{IsCyrillic}+", "abв", 0, &["в"]),
        ("[^a]", "a\n", 0, &["\n"]),
        ("[]a]+", "]a", 0, &["]a"]),
        ("(?n)(a)(?<x>b)", "ab", 0, &["ab"]),
        (r"\Ga", "aab", 0, &["a", "a"]),
        ("a||b", "b", 0, &["", ""]),
        ("x*", "ab", 0, &["", "", ""]),
    ];
    for &(pattern, text, options, expected) in cases {
        assert_eq!(all(pattern, text, options), expected, "{pattern} on {text:?}");
    }
}

#[test]
fn numbers_unnamed_groups_before_named_ones() {
    assert_eq!(groups("(?<first>a)(b)", "ab"), [["ab"], ["b"], ["a"]]);
    assert_eq!(groups("(a)+", "aab")[1], ["a", "a"]);
    assert_eq!(groups("(?:a)(b)", "abc")[1], ["b"]);
    assert_eq!(groups("(a)|(b)", "b"), [vec!["b"], vec![], vec!["b"]]);
    assert_eq!(groups("(?<a>x)(?<c-a>y)", "xy")[1].len(), 0);
    assert_eq!(groups(r"(?<5>a)(b)", "ab")[2], ["a"]);
    let named = regex("(?<n>a)", 0);
    assert_eq!(named.group_by_name("n"), Some(1));
    assert_eq!(named.group_by_name("1"), Some(1));
    assert_eq!(named.group_by_name("zz"), None);
    assert_eq!(named.group_name(1), "n");
}

#[test]
fn replaces_and_splits() {
    assert_eq!(replace(r"(?<f>\w+) (?<l>\w+)", "John Smith", "${l} ${f}", 0), "Smith John");
    assert_eq!(replace("x*", "abc", "-", 0), "-a-b-c-");
    assert_eq!(replace("x", "x", "$1", 0), "$1");
    assert_eq!(replace(r"\d", "cost 5", "$$", 0), "cost $");
    assert_eq!(replace("(b)", "abc", "[$`|$&|$'|$+|$_|$10|${1}0]", 0), "a[a|b|c|b|abc|$10|b0]c");
    assert_eq!(replace("a", "aXa", "b", 64), "bXb");
    let split = |pattern: &str, text: &str, count| {
        let parts = regex(pattern, 0).split(&units(text), count, 0, &mut 10_000).expect("parts");
        parts.iter().map(|part| String::from_utf16_lossy(part)).collect::<Vec<_>>()
    };
    assert_eq!(split(r"(\d)", "a1b2c", 0), ["a", "1", "b", "2", "c"]);
    assert_eq!(split("", "abc", 0), ["", "a", "b", "c", ""]);
    assert_eq!(split(",", "a,b,c", 2), ["a", "b,c"]);
    assert_eq!(split(",", "", 0), [""]);
    let limited = replaced(&regex("b", 0), &units("abab"), "X", 1, 0, 1000).expect("text");
    assert_eq!(String::from_utf16_lossy(&limited), "aXab");
    assert_eq!(unescape(r"a\.b\n\x41").as_deref(), Ok("a.b\nA"));
    assert_eq!(escape("a.b c"), "a\\.b\\ c");
}

#[test]
fn refuses_bad_patterns() {
    for bad in [
        "[", "(", ")", "a**", "*a", "[z-a]", r"\1", r"\k<x>", "(?<1a>b)", r"\p{Xx}", "a{2,1}", "\\", "(?<>a)", r"\q",
        "(?z)", "[a", "(?", r"[\d-z]", "(?#a",
    ] {
        let error = Regex::new(bad, Options::default()).map(|_| ()).unwrap_err();
        assert_eq!(error.class, "System.ArgumentException", "{bad}");
    }
}

#[test]
fn stops_runaway_patterns() {
    let text = units(&"a".repeat(40));
    let error = regex("^(a+)+$b", 0).find(&text, 0, &mut 1_000_000).unwrap_err();
    assert_eq!(error.class, "System.Text.RegularExpressions.RegexMatchTimeoutException");
}

proptest! {
    #[test]
    fn never_panics(pattern in "[a-c()\\[\\]{}?*+|^$\\\\.<>=!:1-3,\\-#'kbBdGpPLu ]{0,16}", text in "[a-c1\\n ]{0,10}", options in 0u32..512) {
        if let Ok(regex) = Regex::new(&pattern, Options(options)) {
            let text = units(&text);
            let start = regex.default_start(&text);
            let _ = regex.matches(&text, start, &mut 20_000);
            let _ = replaced(&regex, &text, "$1${a}$'$+", -1, start, 20_000);
            let _ = regex.split(&text, 0, start, &mut 20_000);
        }
        let _ = unescape(&pattern);
    }
}
