//! The policy reader: any text gives a document or placed problems, and every value of a document can be decided.
#![no_main]

use gatewright::xml::{self, Element, Space};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match xml::parse(text) {
        Ok(document) => visit(&document.root, &document),
        Err(errors) => assert!(errors.into_iter().all(|error| error.offset <= text.len())),
    }
    let _ = xml::value(text, Space::Trim);
    let _ = xml::scan_expression(text, 0);
});

fn visit(element: &Element, document: &xml::Document) {
    let texts = element.attributes.iter().map(|attribute| attribute.value.clone());
    for text in texts.chain([element.text(), element.inner_text(document)]) {
        let _ = text.value(document, Space::Keep, |reference| (reference.name == "a").then_some("@(\"&lt;"));
    }
    element.elements().for_each(|child| visit(child, document));
}
