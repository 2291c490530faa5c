//! Limits of documents, and how strictly they are read.

use gatewright::policy::{Document, Environment, Scope, Severity, Strictness};

fn problems(text: &str, environment: &Environment) -> Vec<String> {
    match Document::compile("a.xml", text, Scope::Api, environment) {
        Ok(document) => document.diagnostics().iter().map(ToString::to_string).collect(),
        Err(error) => error.diagnostics().iter().map(ToString::to_string).collect(),
    }
}

/// A document of that many bytes.
fn document(length: usize) -> String {
    let rest = "<policies><inbound><!----></inbound><backend /></policies>".len();
    format!("<policies><inbound><!--{}--></inbound><backend /></policies>", "x".repeat(length - rest))
}

#[test]
fn a_document_has_256_kib_at_most() {
    let limit = 256 << 10;
    assert_eq!(problems(&document(limit), &Environment::new()), [""; 0]);
    let too_long = format!("a.xml:1:1: the document has {} bytes: at most {limit} are allowed", limit + 1);
    assert_eq!(problems(&document(limit + 1), &Environment::new()), [too_long]);
    assert_eq!(problems(&document(limit + 1), &Environment::new().document_limit(1 << 20)), [""; 0]);
    assert_eq!(problems(&document(100), &Environment::new().document_limit(99)).len(), 1);
}

#[test]
fn a_fragment_has_32_kib_at_most() {
    let text = r#"<policies><inbound><include-fragment fragment-id="f" /></inbound><backend /></policies>"#;
    let rest = "<fragment><!----><block /></fragment>".len();
    let fragment = |length| format!("<fragment><!--{}--><block /></fragment>", "x".repeat(length - rest));
    let with = |length| Environment::new().fragment("f", "f.xml", &fragment(length));
    let limit = 32 << 10;
    assert_eq!(problems(text, &with(limit)), [""; 0]);
    let too_long = format!("f.xml:1:1: the document has {} bytes: at most {limit} are allowed", limit + 1);
    assert_eq!(problems(text, &with(limit + 1)), [too_long]);
    assert_eq!(problems(text, &with(limit + 1).fragment_limit(1 << 20)), [""; 0]);
}

#[test]
fn policies_are_nested_64_deep_at_most() {
    let nested = |depth: usize| {
        let (open, close) = ("<block>".repeat(depth), "</block>".repeat(depth));
        format!("<policies><inbound>{open}{close}</inbound><backend /></policies>")
    };
    assert_eq!(problems(&nested(62), &Environment::new()), [""; 0]);
    let found = problems(&nested(63), &Environment::new());
    assert_eq!(found, ["a.xml:1:454: elements are nested more than 64 deep"]);
    assert_eq!(problems(&nested(20_000), &Environment::new().document_limit(1 << 20)).len(), 1);
}

#[test]
fn lenient_reading_warns_of_what_strict_reading_refuses() {
    let text = r#"<policies><inbound><forward-request /><cross-domain><cross-domain-policy /></cross-domain><set-header name="a" colour="red" /><set-hedder /></inbound><backend /></policies>"#;
    let found = |strictness| {
        let environment = Environment::new().strictness(strictness);
        let error = Document::compile("a.xml", text, Scope::Api, &environment).unwrap_err();
        error.into_diagnostics().into_iter().map(|found| (found.severity, found.message)).collect::<Vec<_>>()
    };
    let (strict, lenient) = (found(Strictness::Strict), found(Strictness::Lenient));
    assert_eq!(strict.len(), 4, "{strict:?}");
    assert!(strict.iter().all(|(severity, _)| *severity == Severity::Error), "{strict:?}");
    let severities: Vec<_> = lenient.iter().map(|(severity, _)| *severity).collect();
    assert_eq!(severities, [Severity::Warning, Severity::Warning, Severity::Warning, Severity::Error]);
    assert_eq!(lenient[3].1, "unknown policy `set-hedder`: did you mean `set-header`?");
}
