//! Policy XML in the two forms of the contract: `xml`, where expressions are escaped, and `rawxml`, where they are not.

use std::ops::Range;

use crate::model::PolicyFormat;
use crate::xml::{self, Document, Element, Node, PieceKind, Text};

/// The text of a document in the form that is asked for.
///
/// The reader takes both forms, mixed too; only expressions differ.
pub(super) fn in_format(text: &str, wanted: &PolicyFormat) -> String {
    let Ok(document) = xml::parse(text) else { return text.to_owned() };
    let mut places = Vec::new();
    expressions(&document, &document.root, &mut places);
    places.sort_by_key(|place| place.start);
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for place in places {
        let (Some(before), Some(code)) = (text.get(at..place.start), text.get(place.clone())) else { continue };
        out.push_str(before);
        match wanted {
            PolicyFormat::RawXml => unescape(code, &mut out),
            _ => escape(code, &mut out),
        }
        at = place.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

fn expressions(document: &Document, element: &Element, places: &mut Vec<Range<usize>>) {
    for attribute in &element.attributes {
        of_text(document, &attribute.value, places);
    }
    for child in &element.children {
        match child {
            Node::Element(child) => expressions(document, child, places),
            Node::Text(text) => of_text(document, text, places),
        }
    }
}

/// Where the expressions of a text are, those in CDATA left out.
fn of_text(document: &Document, text: &Text, places: &mut Vec<Range<usize>>) {
    for piece in text.pieces().filter(|piece| piece.kind == PieceKind::Text) {
        let written = document.text(piece.span);
        let mut at = 0;
        while let Some(found) = written.get(at..).and_then(|rest| rest.find('@')) {
            let start = at + found;
            match xml::scan_expression(written, start) {
                Ok(end) => {
                    places.push(piece.span.start + start..piece.span.start + end);
                    at = end;
                }
                Err(_) => at = start + 1,
            }
        }
    }
}

/// Escapes what is not escaped yet.
fn escape(code: &str, out: &mut String) {
    for (at, c) in code.char_indices() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '&' if !is_entity(code.get(at..).unwrap_or_default()) => out.push_str("&amp;"),
            c => out.push(c),
        }
    }
}

fn is_entity(text: &str) -> bool {
    ENTITIES.iter().any(|(entity, _)| text.starts_with(entity))
}

const ENTITIES: [(&str, char); 5] = [("&lt;", '<'), ("&gt;", '>'), ("&quot;", '"'), ("&apos;", '\''), ("&amp;", '&')];

fn unescape(code: &str, out: &mut String) {
    let mut rest = code;
    while let Some((before, after)) = rest.find('&').and_then(|at| rest.split_at_checked(at)) {
        out.push_str(before);
        match ENTITIES.iter().find(|(entity, _)| after.starts_with(entity)) {
            Some((entity, c)) => {
                out.push(*c);
                rest = after.get(entity.len()..).unwrap_or_default();
            }
            None => {
                out.push('&');
                rest = after.get(1..).unwrap_or_default();
            }
        }
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const RAW: &str = r#"<policies><inbound><!-- @("a") --><set-variable name="a&amp;b" value="@(context.Variables["n"] != "x" && 1 < 2)" />
        <set-body>@{ return "<a>" + (1 > 2); }</set-body><set-body><![CDATA[@("x" + "<")]]></set-body>
        <set-header name="to"><value>someone@example.com</value></set-header></inbound></policies>"#;
    const XML: &str = r#"<policies><inbound><!-- @("a") --><set-variable name="a&amp;b" value="@(context.Variables[&quot;n&quot;] != &quot;x&quot; &amp;&amp; 1 &lt; 2)" />
        <set-body>@{ return &quot;&lt;a&gt;&quot; + (1 &gt; 2); }</set-body><set-body><![CDATA[@("x" + "<")]]></set-body>
        <set-header name="to"><value>someone@example.com</value></set-header></inbound></policies>"#;

    #[test]
    fn both_forms() {
        assert_eq!(in_format(RAW, &PolicyFormat::Xml), XML);
        assert_eq!(in_format(XML, &PolicyFormat::RawXml), RAW);
        assert_eq!(in_format(XML, &PolicyFormat::Xml), XML);
        assert_eq!(in_format(RAW, &PolicyFormat::RawXml), RAW);
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in ".*", code in "[a-z@({\\[\"'&;<> ]*") {
            in_format(&text, &PolicyFormat::Xml);
            in_format(&format!("<policies><inbound a=\"@({code})\">{code}</inbound></policies>"), &PolicyFormat::RawXml);
        }
    }
}
