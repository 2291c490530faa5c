use super::writer::Layout;
use super::*;

fn element(xml: &str) -> XObject {
    XObject::parse(xml, Root::Element, false).unwrap()
}

fn plain(object: &XObject) -> String {
    object.to_xml(Layout::Plain, "\n", 1 << 20).unwrap()
}

fn indented(object: &XObject) -> String {
    object.to_xml(Layout::Indented, "\n", 1 << 20).unwrap()
}

fn named(name: &str) -> XName {
    XName::parse(name).unwrap()
}

#[test]
fn writes_what_it_read() {
    for (xml, text) in [
        ("<a><b>1</b><c/></a>", "<a>\n  <b>1</b>\n  <c />\n</a>"),
        ("<a></a>", "<a></a>"),
        ("<a/>", "<a />"),
        ("<a> <b/> </a>", "<a>\n  <b />\n</a>"),
        ("<a> x <b/> </a>", "<a> x <b /></a>"),
        ("<a><b/>text<c/></a>", "<a>\n  <b />text<c /></a>"),
        ("<a x='1' y=\"two &lt;&quot;\"/>", "<a x=\"1\" y=\"two &lt;&quot;\" />"),
        ("<a>&lt;&amp;&#65;&gt;</a>", "<a>&lt;&amp;A&gt;</a>"),
        ("<a><![CDATA[<x>]]></a>", "<a><![CDATA[<x>]]></a>"),
        ("<a><!--c--><?p d?><b><c/></b></a>", "<a>\n  <!--c-->\n  <?p d?>\n  <b>\n    <c />\n  </b>\n</a>"),
        ("<n:a xmlns:n='urn:x' n:k='v'><n:b/></n:a>", "<n:a xmlns:n=\"urn:x\" n:k=\"v\">\n  <n:b />\n</n:a>"),
        ("<a xmlns='urn:x'><b xmlns=''/></a>", "<a xmlns=\"urn:x\">\n  <b xmlns=\"\" />\n</a>"),
        ("<a xml:space='preserve'> <b/> </a>", "<a xml:space=\"preserve\"> <b /> </a>"),
        ("<a>x\r\ny</a>", "<a>x\ny</a>"),
    ] {
        assert_eq!(indented(&element(xml)), text, "{xml}");
    }
}

#[test]
fn reads_documents() {
    let xml = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!--c--><a><b>1</b></a>";
    let document = XObject::parse(xml, Root::Document, false).unwrap();
    assert_eq!(document.declaration().unwrap().to_string(), "<?xml version=\"1.0\" encoding=\"utf-8\"?>");
    assert_eq!(indented(&document), "<!--c-->\n<a>\n  <b>1</b>\n</a>");
    let b = document.root_element().unwrap().element_named(&named("b")).unwrap();
    assert_eq!(b.value(), "1");
    assert!(b.owner_document().unwrap().ptr_eq(&document));
    assert!(document.root_element().unwrap().parent().is_none());
}

#[test]
fn reports_errors_as_dotnet() {
    for (xml, message) in [
        ("<a", "Data at the root level is invalid. Line 1, position 1."),
        ("", "Root element is missing."),
        ("text", "Data at the root level is invalid. Line 1, position 1."),
        ("<a></b>", "The 'a' start tag on line 1 position 2 does not match the end tag of 'b'. Line 1, position 6."),
        ("<a/><b/>", "There are multiple root elements. Line 1, position 6."),
        (
            "<a>\n<b>",
            "Unexpected end of file has occurred. The following elements are not closed: b, a. Line 2, position 4.",
        ),
        ("<a x='1' x='2'/>", "'x' is a duplicate attribute name. Line 1, position 10."),
        ("<p:a/>", "'p' is an undeclared prefix. Line 1, position 2."),
        ("<a>&nbsp;</a>", "Reference to undeclared entity 'nbsp'. Line 1, position 5."),
        ("<1a/>", "Name cannot begin with the '1' character, hexadecimal value 0x31. Line 1, position 2."),
        ("<a x=1/>", "'1' is an unexpected token. The expected token is '\"' or '''. Line 1, position 6."),
        (
            "<!DOCTYPE a><a/>",
            "For security reasons DTD is prohibited in this XML document. To enable DTD processing set the DtdProcessing property on XmlReaderSettings to Parse and pass the settings into XmlReader.Create method. Line 1, position 3.",
        ),
    ] {
        assert_eq!(XObject::parse(xml, Root::Element, false).unwrap_err().message, message, "{xml}");
    }
    assert_eq!(
        XName::parse("a b").unwrap_err().message,
        "The ' ' character, hexadecimal value 0x20, cannot be included in a name."
    );
}

#[test]
fn places_namespaces_of_built_elements() {
    let ns = XNamespace::new("urn:x");
    let a = XObject::element(ns.named("a").unwrap());
    let b = XObject::element(ns.named("b").unwrap());
    b.add(&XContent::Text("1".to_owned())).unwrap();
    a.add(&XContent::Object(b)).unwrap();
    a.add(&XContent::Object(XObject::element(named("c")))).unwrap();
    assert_eq!(plain(&a), "<a xmlns=\"urn:x\"><b>1</b><c xmlns=\"\" /></a>");
    let p = XObject::element(ns.named("a").unwrap());
    let declared = XObject::attribute(XNamespace::new(XMLNS).named("p").unwrap(), "urn:x").unwrap();
    p.add(&XContent::Object(declared)).unwrap();
    p.add(&XContent::Object(XObject::element(ns.named("b").unwrap()))).unwrap();
    assert_eq!(plain(&p), "<p:a xmlns:p=\"urn:x\"><p:b /></p:a>");
    assert_eq!(plain(&p.first_node().unwrap()), "<p:b xmlns:p=\"urn:x\" />");
    let q = XObject::element(named("a"));
    q.add(&XContent::Object(XObject::attribute(ns.named("k").unwrap(), "v").unwrap())).unwrap();
    assert_eq!(plain(&q), "<a p1:k=\"v\" xmlns:p1=\"urn:x\" />");
    let renamed = element("<a xmlns='urn:x'/>");
    renamed.set_name(named("b"));
    assert!(renamed.to_xml(Layout::Plain, "\n", 100).is_err());
}

#[test]
fn edits() {
    let x = element("<a k='1'><b>1</b><c/></a>");
    x.set_element_value(&named("b"), None).unwrap();
    x.set_element_value(&named("d"), Some("2")).unwrap();
    x.set_attribute_value(&named("k"), Some("2")).unwrap();
    x.set_attribute_value(&named("l"), Some("z")).unwrap();
    assert_eq!(plain(&x), "<a k=\"2\" l=\"z\"><c /><d>2</d></a>");
    x.set_attribute_value(&named("k"), None).unwrap();
    x.set_value("t");
    x.add(&XContent::Text("u".to_owned())).unwrap();
    assert_eq!(x.nodes().len(), 1);
    assert_eq!(plain(&x), "<a l=\"z\">tu</a>");
    x.first_node().unwrap().remove().unwrap();
    assert_eq!(plain(&x), "<a l=\"z\" />");
    assert!(x.remove().is_err());
    x.add(&XContent::Object(x.clone())).unwrap();
    assert_eq!(plain(&x), "<a l=\"z\"><a l=\"z\" /></a>");
    let copied = x.deep_clone();
    assert!(copied.deep_equals(&x) && !copied.ptr_eq(&x));
    let document = XObject::document(None);
    document.add(&XContent::Object(copied)).unwrap();
    assert!(document.add(&XContent::Object(x)).is_err());
    assert!(document.add(&XContent::Text("x".to_owned())).is_err());
}

#[test]
fn compares() {
    for (a, b, equal) in [
        ("<a x='1'/>", "<a x=\"1\"></a>", false),
        ("<a><b/></a>", "<a><b/></a>", true),
        ("<a>x</a>", "<a><![CDATA[x]]></a>", false),
        ("<a x='1' y='2'/>", "<a y='2' x='1'/>", false),
    ] {
        assert_eq!(element(a).deep_equals(&element(b)), equal, "{a} {b}");
    }
    let a = element("<a><b/><c><d/></c></a>");
    let order = |x: &str, y: &str| {
        let find = |name: &str| a.descendants(Some(&named(name)), true).remove(0);
        find(x).compare_document_order(&find(y)).unwrap()
    };
    assert!(order("b", "d").is_lt() && order("d", "c").is_gt() && order("a", "b").is_lt());
}

#[test]
fn walks_on_while_changing() {
    let x = element("<a><b/><c/><d/></a>");
    let mut seen = 0;
    for node in x.node_cursor() {
        node.remove().unwrap();
        seen += 1;
    }
    assert_eq!((seen, x.nodes().len()), (1, 2));
}

#[test]
fn becomes_json() {
    use crate::expr::json::Formatting;
    for (xml, json) in [
        ("<a x=\"1\"><b>t</b><b>u</b><b>v</b></a>", "{\"a\":{\"@x\":\"1\",\"b\":[\"t\",\"u\",\"v\"]}}"),
        ("<a><b/></a>", "{\"a\":{\"b\":null}}"),
        ("<a>t</a>", "{\"a\":\"t\"}"),
        ("<a x='1'>t</a>", "{\"a\":{\"@x\":\"1\",\"#text\":\"t\"}}"),
        ("<p:a xmlns:p='urn:x'><p:b>1</p:b></p:a>", "{\"p:a\":{\"@xmlns:p\":\"urn:x\",\"p:b\":\"1\"}}"),
        ("<a xmlns='urn:x'><b>1</b></a>", "{\"a\":{\"@xmlns\":\"urn:x\",\"b\":\"1\"}}"),
    ] {
        assert_eq!(element(xml).to_json_token().unwrap().to_json(Formatting::None, 1000).unwrap(), json, "{xml}");
    }
}

#[test]
fn converts_durations() {
    for (text, ticks) in [
        ("PT1H30M", Some(54_000_000_000)),
        ("P1DT0.5S", Some(864_005_000_000)),
        ("-PT1S", Some(-10_000_000)),
        ("P", None),
        ("PT", None),
        ("P1S", None),
        ("1:00", None),
    ] {
        let span = convert::to_time_span(text).ok();
        assert_eq!(span.map(|span| span.ticks()), ticks, "{text}");
        if let Some(span) = span {
            assert_eq!(convert::time_span_text(span), text);
        }
    }
}

#[test]
fn deep_trees_do_not_overflow() {
    let xml = "<a>".repeat(20_000) + &"</a>".repeat(20_000);
    let deep = element(&xml);
    assert_eq!(plain(&deep).len(), xml.len());
    assert!(deep.deep_clone().deep_equals(&deep));
    assert!(deep.to_xml(Layout::Indented, "\n", 1 << 20).is_err());
    assert!(deep.to_json_token().is_err());
}

proptest::proptest! {
    #[test]
    fn never_panics(xml in "[<>/a-b:='\" &;#x0-9!\\-\\[\\]?\\n]{0,60}") {
        if let Ok(parsed) = XObject::parse(&format!("<a>{xml}</a>"), Root::Element, true) {
            let text = plain(&parsed);
            proptest::prop_assert!(XObject::parse(&text, Root::Element, true).is_ok(), "{}", text);
        }
        let _ = XObject::parse(&xml, Root::Document, false);
        let _ = convert::to_time_span(&xml);
        let _ = XName::parse(&xml);
    }
}
