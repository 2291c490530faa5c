use std::cell::Cell;

use super::*;

/// Enough for every path here.
const STEPS: u64 = 1_000_000;

fn parse(json: &str) -> JToken {
    JToken::parse(json, Expected::Token).unwrap().unwrap()
}

fn compact(token: &JToken) -> String {
    token.to_json(Formatting::None, 1 << 20).unwrap()
}

#[test]
fn reads_leniently() {
    for (json, text) in [
        ("{\"a\":1,\"b\":[1,2],\"c\":{}}", "{\"a\":1,\"b\":[1,2],\"c\":{}}"),
        ("{'a':'x'}", "{\"a\":\"x\"}"),
        ("{a:1,}", "{\"a\":1}"),
        ("/*x*/{\"a\":/*y*/1 // z\n}", "{\"a\":1}"),
        ("[1,2,]", "[1,2]"),
        ("[1,,2]", "[1,undefined,2]"),
        ("[NaN,Infinity,-Infinity]", "[\"NaN\",\"Infinity\",\"-Infinity\"]"),
        ("[0x10,010]", "[16,8]"),
        ("[1e3,1.50,1E20]", "[1000.0,1.5,1E+20]"),
        ("12345678901234567890", "12345678901234567890"),
        ("{\"a\":1,\"b\":2,\"a\":3}", "{\"a\":3,\"b\":2}"),
        ("\"\\u00e9\\uD83D\\uDE00\\n\"", "\"é😀\\n\""),
        ("[\"2024-03-05T14:07:09.120Z\",\"2024-03-05\"]", "[\"2024-03-05T14:07:09.12Z\",\"2024-03-05\"]"),
        ("new Date(1,'x')", "new Date(1,\"x\")"),
        ("[new Foo()]", "[new Foo()]"),
        ("undefined", "undefined"),
    ] {
        assert_eq!(compact(&parse(json)), text, "{json}");
    }
}

#[test]
fn reports_errors_as_json_net() {
    use Expected::*;
    for (json, expected, message) in [
        ("", Object, "Error reading JObject from JsonReader. Path '', line 0, position 0."),
        (
            "{\"a\":1} x",
            Object,
            "Additional text encountered after finished reading JSON content: x. Path '', line 1, position 8.",
        ),
        ("not json", Object, "Unexpected character encountered while parsing value: n. Path '', line 0, position 0."),
        ("<xml/>", Object, "Unexpected character encountered while parsing value: <. Path '', line 0, position 0."),
        (
            "{}",
            Array,
            "Error reading JArray from JsonReader. Current JsonReader item is not an array: StartObject. Path '', line 1, position 1.",
        ),
        (
            "[1]",
            Object,
            "Error reading JObject from JsonReader. Current JsonReader item is not an object: StartArray. Path '', line 1, position 1.",
        ),
        ("{bad", Anything, "Unexpected end while parsing unquoted property name. Path '', line 1, position 4."),
        ("{\"a\":", Object, "Unexpected end of content while loading JObject. Path 'a', line 1, position 5."),
        (
            "{\"a\":[1,x]}",
            Token,
            "Unexpected character encountered while parsing value: x. Path 'a[0]', line 1, position 8.",
        ),
        (
            "[1\n 2]",
            Token,
            "After parsing a value an unexpected character was encountered: 2. Path '[0]', line 2, position 1.",
        ),
        (
            "{\"a\" 1}",
            Token,
            "Invalid character after parsing property name. Expected ':' but got: 1. Path '', line 1, position 5.",
        ),
        ("\"x", Token, "Unterminated string. Expected delimiter: \". Path '', line 1, position 2."),
        ("{]", Token, "Invalid property identifier character: ]. Path '', line 1, position 1."),
    ] {
        assert_eq!(JToken::parse(json, expected).unwrap_err().message, message, "{json}");
    }
}

#[test]
fn indents() {
    let token = parse("{\"a\":1,\"b\":[1,{\"c\":[]}],\"d\":{}}");
    let text = "{\n  \"a\": 1,\n  \"b\": [\n    1,\n    {\n      \"c\": []\n    }\n  ],\n  \"d\": {}\n}";
    assert_eq!(token.to_json(Formatting::Indented("\n"), 1000).unwrap(), text);
    assert!(token.to_json(Formatting::Indented("\n"), 10).is_err());
    let property = token.property_named("b").unwrap();
    assert_eq!(compact(&property), "\"b\":[1,{\"c\":[]}]");
}

#[test]
fn keeps_identity_across_trees() {
    let outer = parse("{\"a\":{\"b\":[1,{\"c\":2}]}}");
    let held = outer.get("a").unwrap().get("b").unwrap().child(1).unwrap();
    assert_eq!(held.get("c").unwrap().path(), "a.b[1].c");
    let inner = JToken::object();
    outer.set_by_name(Some("n"), Some(&inner)).unwrap();
    assert!(outer.get("n").unwrap().ptr_eq(&inner));
    inner.set_by_name(Some("x y"), Some(&JToken::string("v"))).unwrap();
    assert_eq!(compact(&outer), "{\"a\":{\"b\":[1,{\"c\":2}]},\"n\":{\"x y\":\"v\"}}");
    assert_eq!(inner.get("x y").unwrap().path(), "n['x y']");
    let copy = JToken::array();
    copy.add(&held).unwrap();
    assert!(!copy.child(0).unwrap().ptr_eq(&held));
    drop(outer);
    assert_eq!(held.root().count(), 2);
}

#[test]
fn copies_a_token_into_itself() {
    let o = JToken::object();
    o.set_by_name(Some("self"), Some(&o)).unwrap();
    o.set_by_name(Some("self"), Some(&o)).unwrap();
    assert_eq!(compact(&o), "{\"self\":{\"self\":{}}}");
    let a = JToken::array();
    a.add(&a).unwrap();
    assert_eq!(compact(&a), "[[]]");
}

#[test]
fn edits() {
    let o = parse("{\"a\":[1,2,3],\"b\":{\"c\":1}}");
    o.get("a").unwrap().remove_at(0).unwrap();
    o.get("a").unwrap().insert(1, &JToken::null()).unwrap();
    o.get("b").unwrap().get("c").unwrap().replace(Some(&JToken::string("z"))).unwrap();
    assert_eq!(compact(&o), "{\"a\":[2,null,3],\"b\":{\"c\":\"z\"}}");
    assert_eq!(
        o.add_property("a", None).unwrap_err().message,
        "Can not add property a to Newtonsoft.Json.Linq.JObject. Property with the same name already exists on object."
    );
    assert!(o.get("a").unwrap().remove().is_err());
    assert!(o.remove_property("a") && !o.remove_property("a"));
    let mut cursor = o.cursor();
    assert!(cursor.next().unwrap().is_some());
    o.add_property("n", None).unwrap();
    assert_eq!(cursor.next().unwrap_err().class, "System.InvalidOperationException");
    o.merge(&parse("{\"b\":{\"d\":[1]},\"n\":null,\"e\":1}")).unwrap();
    assert_eq!(compact(&o), "{\"b\":{\"c\":\"z\",\"d\":[1]},\"n\":null,\"e\":1}");
}

#[test]
fn large_objects_find_names() {
    let o = JToken::object();
    for i in 0..100 {
        o.add_property(&format!("p{i}"), Some(&JToken::string("x"))).unwrap();
    }
    assert!(o.remove_property("p50"));
    assert!(o.get("p50").is_none() && o.get("p99").is_some());
    assert!(o.add_property("p99", None).is_err());
    let copy = o.deep_clone();
    assert!(copy.deep_equals(&o) && copy.get("p7").is_some());
    copy.get("p7").unwrap().set_value(&TokenValue::Boolean(true));
    assert!(!copy.deep_equals(&o));
}

#[test]
fn compares() {
    for (a, b, equal) in [
        ("{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", true),
        ("[1,2]", "[2,1]", false),
        ("1", "1.0", false),
        ("1.0", "1.00", true),
        ("null", "null", true),
        ("12345678901234567890", "12345678901234567890", true),
    ] {
        assert_eq!(parse(a).deep_equals(&parse(b)), equal, "{a} {b}");
    }
}

#[test]
fn deep_trees_do_not_overflow() {
    let mut outer = JToken::array();
    for _ in 0..20_000 {
        let next = JToken::array();
        next.add(&outer).unwrap();
        outer = next;
    }
    assert_eq!(compact(&outer).len(), 40_002);
    assert!(outer.deep_clone().deep_equals(&outer));
    assert!(JToken::parse(&"[".repeat(100_000), Expected::Token).is_err());
}

#[test]
fn selects() {
    let o = parse(
        "{\"a\":[{\"n\":1,\"s\":\"x\"},{\"n\":2,\"s\":\"y\"},{\"n\":3}],\"b\":{\"n\":9,\"c d\":[1,2,3,4]},\"t\":\"2024-03-05T14:07:09Z\"}",
    );
    for (path, found) in [
        ("a[0].n", "1"),
        ("$.a[*].n", "1,2,3"),
        ("$..n", "1,2,3,9"),
        ("b['c d'][1:3]", "2,3"),
        ("b['c d'][-1:]", "4"),
        ("b['c d'][0,2]", "1,3"),
        ("b['c d'][::-1]", "4,3,2,1"),
        ("$.a[?(@.n > 1)].n", "2,3"),
        ("$.a[?(@.s == 'y')].n", "2"),
        ("$.a[?(@.s)].n", "1,2"),
        ("$.a[?(@.n >= 1 && @.s == 'x')].n", "1"),
        ("$.a[?(@.s == 'x' || @.n == 3.0)].n", "1,3"),
        ("$.a[?(@.s =~ /^Y$/i)].n", "2"),
        ("$.a[?(@.n == $.a[2].n)].n", "3"),
        ("$.a[?(@.s != 'x')].n", "2"),
        ("$['t','zz']", "\"2024-03-05T14:07:09Z\""),
        ("a.z", ""),
        ("a[5]", ""),
        ("$.b.*", "9,[1,2,3,4]"),
        ("$..['n']", "1,2,3,9"),
    ] {
        let texts: Vec<String> =
            o.select_tokens(path, NoMatch::Ignore, &Cell::new(STEPS)).unwrap().iter().map(compact).collect();
        assert_eq!(texts.join(","), found, "{path}");
    }
    assert!(o.select_tokens("$", NoMatch::Throw, &Cell::new(STEPS)).unwrap()[0].ptr_eq(&o));
    for (path, message) in [
        ("b.z", "Property 'z' does not exist on JObject."),
        ("a.z", "Property 'z' not valid on JArray."),
        ("a[7]", "Index 7 outside the bounds of JArray."),
        ("$.a[", "Path ended with open indexer."),
        ("a.", "Unexpected end while parsing path."),
        ("a[]", "Array index expected."),
        ("a[x]", "Unexpected character while parsing path indexer: x"),
        ("a[0]b", "Unexpected character following indexer: b"),
        ("a[?(@.n ~ 1)]", "Could not read query operator."),
        ("a b", "Unexpected character while parsing path:  "),
    ] {
        assert_eq!(o.select_tokens(path, NoMatch::Throw, &Cell::new(STEPS)).unwrap_err().message, message, "{path}");
    }
}

proptest::proptest! {
    #[test]
    fn paths_never_panic(path in "[$.@\\[\\]()?*:,'a-c0-9<>=!&|~/ \\\\-]{0,40}") {
        let _ = parse("{\"a\":[1,{\"b\":2}],\"c\":\"x\"}").select_tokens(&path, NoMatch::Throw, &Cell::new(STEPS));
    }

    #[test]
    fn never_panics(json in "[\\[\\]{}:,\"'a-z0-9.eEx/*\\\\ \\nuN+-]{0,60}") {
        if let Ok(Some(token)) = JToken::parse(&json, Expected::Anything) {
            let text = compact(&token);
            let again = JToken::parse(&text, Expected::Anything);
            proptest::prop_assert!(again.is_ok(), "{} {}", json, text);
        }
    }

    #[test]
    fn reads_what_it_writes(text in "\\PC{0,40}") {
        let token = JToken::string(&text);
        let json = compact(&token);
        let back = parse(&json);
        if back.token_type() == JTokenType::String {
            proptest::prop_assert_eq!(back.value(), Some(TokenValue::String(text)));
        }
    }
}
