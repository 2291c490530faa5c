//! The XML of a body as it is written: names with their prefixes, no namespaces, no DTD, within limits.

mod reader;

use std::borrow::Cow;
use std::fmt;

/// The index of a node.
pub(crate) type NodeId = usize;

/// A well-formed document.
#[derive(Debug, Default)]
pub(crate) struct Markup<'a> {
    nodes: Vec<Node<'a>>,
    attributes: Vec<(&'a str, Cow<'a, str>)>,
    /// The pseudo-attributes of `<?xml … ?>`, in order; none without one.
    pub(crate) declaration: Option<Vec<(&'a str, &'a str)>>,
    pub(crate) root: NodeId,
}

#[derive(Debug)]
struct Node<'a> {
    kind: Kind<'a>,
    first: Option<NodeId>,
    last: Option<NodeId>,
    next: Option<NodeId>,
}

/// What a node is. Comments and processing instructions are left out.
#[derive(Debug)]
pub(crate) enum Kind<'a> {
    Element {
        /// As written, with its prefix.
        name: &'a str,
        attributes: std::ops::Range<usize>,
        /// Whether it was written `<a/>`.
        is_self_closing: bool,
    },
    Text(Cow<'a, str>),
    CData(&'a str),
}

/// Why a text is no XML, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MarkupError {
    line: usize,
    column: usize,
    message: &'static str,
}

impl fmt::Display for MarkupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} Line {}, position {}.", self.message, self.line, self.column)
    }
}

impl<'a> Markup<'a> {
    pub(crate) fn kind(&self, id: NodeId) -> &Kind<'a> {
        // INVARIANT: ids are handed out by the reader, and nodes are never removed.
        &self.nodes[id].kind
    }

    /// The name of an element, empty for text.
    pub(crate) fn name(&self, id: NodeId) -> &'a str {
        match self.kind(id) {
            Kind::Element { name, .. } => name,
            _ => "",
        }
    }

    pub(crate) fn attributes(&self, id: NodeId) -> &[(&'a str, Cow<'a, str>)] {
        match self.kind(id) {
            Kind::Element { attributes, .. } => self.attributes.get(attributes.clone()).unwrap_or_default(),
            _ => &[],
        }
    }

    pub(crate) fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let first = self.nodes.get(id).and_then(|node| node.first);
        std::iter::successors(first, |id| self.nodes.get(*id).and_then(|node| node.next))
    }

    /// The text of a text or CDATA node.
    pub(crate) fn text(&self, id: NodeId) -> Option<&str> {
        match self.kind(id) {
            Kind::Text(text) => Some(text),
            Kind::CData(text) => Some(text),
            Kind::Element { .. } => None,
        }
    }
}

/// The part of a name behind its prefix.
pub(crate) fn local_name(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// Whether text is white space alone, as XML has it.
pub(crate) fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

/// Whether a character may stand in XML at all.
pub(crate) fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{FFFD}' | '\u{10000}'..)
}

/// Writes text so that it is text in XML again.
pub(crate) fn escape(text: &str, is_attribute: bool, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if is_attribute => out.push_str("&quot;"),
            '\n' if is_attribute => out.push_str("&#xA;"),
            '\t' if is_attribute => out.push_str("&#x9;"),
            '\r' => out.push_str("&#xD;"),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn message(text: &str) -> &'static str {
        Markup::parse(text, 100).unwrap_err().message
    }

    #[test]
    fn names_and_text_are_kept_as_written() {
        let markup =
            Markup::parse("<?xml version='1.0'?>\n<a:b x='1&amp;\n2'>t&#x41;<![CDATA[<]]><c/></a:b>", 10).unwrap();
        assert_eq!(markup.name(markup.root), "a:b");
        assert_eq!(markup.attributes(markup.root), [("x", Cow::Borrowed("1& 2"))]);
        let children: Vec<_> = markup.children(markup.root).map(|id| markup.text(id).unwrap_or("-")).collect();
        assert_eq!(children, ["tA", "<", "-"]);
        assert_eq!(markup.declaration, Some(vec![("version", "1.0")]));
    }

    #[test]
    fn what_is_not_well_formed_is_refused() {
        assert_eq!(message(""), "Root element is missing.");
        assert_eq!(message("<a><b></a>"), "The end tag does not match its start tag.");
        assert_eq!(message("<a/><b/>"), "There are multiple root elements.");
        assert_eq!(message("<a x='1' x='2'/>"), "An attribute is there twice.");
        assert_eq!(message("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"), "DTD is prohibited.");
        assert_eq!(message("<a>&b;</a>"), "Reference to an undeclared entity.");
        assert_eq!(message("<a>\u{1}</a>"), "An invalid character was found.");
        assert_eq!(message(&"<a>".repeat(400)), "The document has too many nodes.");
        assert_eq!(Markup::parse(&"<a>".repeat(400), 1000).unwrap_err().message, "Elements are nested too deeply.");
        assert_eq!(message("<a>").to_owned(), "Unexpected end of file: an element is not closed.");
        assert_eq!(
            Markup::parse("<a>\n <b", 9).unwrap_err().to_string(),
            "White space was expected. Line 2, position 4."
        );
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "[<>/a-c=\"'&;!\\-\\[\\]?# é\n]{0,60}") {
            let _ = Markup::parse(&text, 1000);
        }

        #[test]
        fn escaped_text_is_read_back(text in "[ -~\n\t\ré]{0,40}") {
            let mut xml = String::from("<a b=\"");
            escape(&text, true, &mut xml);
            xml.push_str("\">");
            escape(&text, false, &mut xml);
            xml.push_str("</a>");
            let markup = Markup::parse(&xml, 10).unwrap();
            prop_assert_eq!(&*markup.attributes(markup.root)[0].1, &*text);
            let found: String = markup.children(markup.root).filter_map(|id| markup.text(id)).collect();
            prop_assert_eq!(found, text);
        }
    }
}
