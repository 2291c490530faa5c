//! Hostile bodies in policies that read or make bodies: each ends as its line says, in bounded memory.

use allocation_counter::measure;
use gatewright::testing::PolicyTest;

/// The largest body that the policies may read or make.
const LIMIT: usize = 1 << 20;
/// The most memory that a request may have at once: trees take more than their text.
const MOST: u64 = 96 * LIMIT as u64;

const JSON_TO_XML: &str = r#"<json-to-xml apply="always" consider-accept-header="false" />"#;
const XML_TO_JSON: &str = r#"<xml-to-json kind="direct" apply="always" consider-accept-header="false" />"#;
const LIQUID: &str = r#"<set-body template="liquid">{{body.a}}</set-body>"#;
const DOUBLES: &str = r#"<set-body template="liquid">{% assign a = body.a %}{% for i in (1..40) %}{% assign a = a | append: a %}{% endfor %}{{a}}</set-body>"#;
const LOOPS: &str =
    r#"<set-body template="liquid">{% for a in body.a %}{% for b in body.a %}{{b}}{% endfor %}{% endfor %}</set-body>"#;

/// `text` so often that the whole is as long as the largest body, between `start` and `end`.
fn filled(start: &str, text: &str, end: &str) -> String {
    let count = (LIMIT - start.len() - end.len()) / text.len();
    format!("{start}{}{end}", text.repeat(count))
}

/// Policy, type of the body, body, and the reason of the error, empty for none.
fn cases() -> Vec<(&'static str, &'static str, String, &'static str)> {
    let (json, xml) = ("application/json", "application/xml");
    let deep = |open: &str, close: &str| {
        let depth = LIMIT / (open.len() + close.len());
        format!("{}{}", open.repeat(depth), close.repeat(depth))
    };
    let name = "n".repeat(10_000);
    let entities = (0..30).map(|n| format!("<!ENTITY e{} '&e{n};&e{n};'>", n + 1)).collect::<String>();
    let entities = format!("<!DOCTYPE r [<!ENTITY e0 'x'>{entities}]><r>&e30;</r>");
    let attributes = (0..60_000).map(|n| format!(" a{n}=''")).collect::<String>();
    vec![
        (JSON_TO_XML, json, "[".repeat(LIMIT), "JsonToXmlInvalidJson"),
        (JSON_TO_XML, json, deep("[", "]"), "JsonToXmlInvalidJson"),
        (JSON_TO_XML, json, deep("{\"a\":", "}"), "JsonToXmlInvalidJson"),
        (JSON_TO_XML, json, format!("{{\"{name}\":[{}1]}}", "1,".repeat(100_000)), "RequestBodyTooLarge"),
        (JSON_TO_XML, json, filled("{\"a\":\"", "&", "\"}"), "RequestBodyTooLarge"),
        (JSON_TO_XML, json, filled("{\"a\":[", "{},", "{}]}"), "RequestBodyTooLarge"),
        (XML_TO_JSON, xml, "<a>".repeat(LIMIT / 3), "XmlToJsonInvalidXml"),
        (XML_TO_JSON, xml, deep("<a>", "</a>"), "XmlToJsonInvalidXml"),
        (XML_TO_JSON, xml, entities, "XmlToJsonInvalidXml"),
        (XML_TO_JSON, xml, filled("<r>", "<a/>", "</r>"), "XmlToJsonInvalidXml"),
        (XML_TO_JSON, xml, format!("<r{attributes}/>"), "XmlToJsonInvalidXml"),
        (XML_TO_JSON, xml, filled("<r>", "\u{1}", "</r>"), "XmlToJsonInvalidXml"),
        (LIQUID, json, deep("[", "]"), "TemplateBodyInvalid"),
        (LIQUID, json, filled("{\"a\":[", "{},", "{}]}"), ""),
        (LIQUID, xml, deep("<a>", "</a>"), "TemplateBodyInvalid"),
        (LIQUID, xml, filled("<r>", "<a/>", "</r>"), "TemplateBodyInvalid"),
        (DOUBLES, json, filled("{\"a\":\"", "x", "\"}"), "TemplateLimitExceeded"),
        (LOOPS, json, format!("{{\"a\":[{}1]}}", "1,".repeat(100_000)), "TemplateLimitExceeded"),
        (
            r#"<find-and-replace from="a" to="aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" />"#,
            "text/plain",
            "a".repeat(LIMIT),
            "RequestBodyTooLarge",
        ),
        (r#"<find-and-replace from="aa" to="b" />"#, "text/plain; charset=utf-16", "a".repeat(LIMIT), ""),
    ]
}

#[test]
fn hostile_bodies_take_bounded_memory() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut problems = Vec::new();
    for (policy, content_type, body, reason) in cases() {
        let shown = format!("{policy} of {}", body.chars().take(40).collect::<String>());
        let text = format!("<policies><inbound>{policy}</inbound><backend><forward-request /></backend></policies>");
        let test = PolicyTest::new(text)
            .request("POST", "/")
            .header("Content-Type", content_type)
            .body(body)
            .settings(|settings| settings.body_limit = LIMIT);
        let mut outcome = None;
        let memory = measure(|| outcome = Some(runtime.block_on(test.run())));
        let outcome = outcome.expect("it ran");
        let found = outcome.error().map_or("", |error| &*error.reason);
        if found != reason {
            problems.push(format!("{shown}: ends with `{found}`, not `{reason}`"));
        }
        if memory.bytes_max > MOST {
            problems.push(format!("{shown}: took {} bytes", memory.bytes_max));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
