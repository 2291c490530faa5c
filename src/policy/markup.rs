//! Reads the XML of a body as it is written: names with their prefixes, no namespaces, no DTD, within limits.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use crate::expr::xlinq::{is_name_part, is_name_start};

/// How deep elements may nest.
const MAX_DEPTH: usize = 256;

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
    /// Reads a document of at most `limit` nodes and attributes.
    pub(crate) fn parse(text: &'a str, limit: usize) -> Result<Self, MarkupError> {
        let mut reader = Reader { text, at: 0, limit, open: Vec::new(), markup: Self::default() };
        match reader.document() {
            Ok(()) => Ok(reader.markup),
            Err(message) => {
                let before = text.get(..reader.at).unwrap_or(text);
                let line = before.matches('\n').count() + 1;
                let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
                Err(MarkupError { line, column, message })
            }
        }
    }

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

struct Reader<'a> {
    text: &'a str,
    at: usize,
    limit: usize,
    open: Vec<(NodeId, &'a str)>,
    markup: Markup<'a>,
}

type Step = Result<(), &'static str>;

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        self.at += if found { token.len() } else { 0 };
        found
    }

    fn space(&mut self) -> bool {
        let rest = self.rest();
        let length = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        self.at += length;
        length > 0
    }

    /// What stands before `end`, and goes on behind it.
    fn until(&mut self, end: &str, missing: &'static str) -> Result<&'a str, &'static str> {
        let rest = self.rest();
        let length = rest.find(end).ok_or(missing)?;
        let part = rest.get(..length).unwrap_or_default();
        match part.char_indices().find(|(_, c)| !is_xml_char(*c)) {
            Some((at, _)) => {
                self.at += at;
                Err("An invalid character was found.")
            }
            None => {
                self.at += length + end.len();
                Ok(part)
            }
        }
    }

    fn name(&mut self) -> Result<&'a str, &'static str> {
        let rest = self.rest();
        let is_part = |c: char| is_name_part(c) || c == ':';
        let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let name = rest.get(..length).unwrap_or_default();
        let is_name = name.split(':').all(|part| part.starts_with(is_name_start)) && name.matches(':').count() < 2;
        if !is_name {
            return Err("A name was expected.");
        }
        self.at += length;
        Ok(name)
    }

    fn add(&mut self, kind: Kind<'a>) -> Result<NodeId, &'static str> {
        let id = self.markup.nodes.len();
        if id + self.markup.attributes.len() >= self.limit {
            return Err("The document has too many nodes.");
        }
        self.markup.nodes.push(Node { kind, first: None, last: None, next: None });
        if let Some((parent, _)) = self.open.last() {
            // INVARIANT: ids are indices of `nodes`.
            let before = self.markup.nodes[*parent].last.replace(id);
            match before {
                Some(before) => self.markup.nodes[before].next = Some(id),
                None => self.markup.nodes[*parent].first = Some(id),
            }
        }
        Ok(id)
    }

    fn document(&mut self) -> Step {
        self.eat("\u{feff}");
        if self.rest().starts_with("<?xml")
            && self.rest().get(5..).is_some_and(|rest| rest.starts_with([' ', '\t', '\n', '\r']))
        {
            self.at += 5;
            self.declaration()?;
        }
        let mut has_root = false;
        loop {
            self.space();
            if self.rest().is_empty() {
                return if has_root { Ok(()) } else { Err("Root element is missing.") };
            }
            if self.comment_or_instruction()? {
                continue;
            }
            if self.rest().starts_with("<!DOCTYPE") {
                return Err("DTD is prohibited.");
            }
            if !self.rest().starts_with('<') {
                return Err("Data at the root level is invalid.");
            }
            if has_root {
                return Err("There are multiple root elements.");
            }
            has_root = true;
            self.markup.root = self.markup.nodes.len();
            self.start_tag()?;
            while !self.open.is_empty() {
                self.content()?;
            }
        }
    }

    fn declaration(&mut self) -> Step {
        let mut parts = Vec::new();
        loop {
            let spaced = self.space();
            if self.eat("?>") {
                self.markup.declaration = Some(parts);
                return Ok(());
            }
            let name = self.name()?;
            self.space();
            if !spaced || !self.eat("=") || !matches!(name, "version" | "encoding" | "standalone") || parts.len() > 2 {
                return Err("Syntax for an XML declaration is invalid.");
            }
            self.space();
            let quote = if self.eat("\"") { "\"" } else { "'" };
            if quote == "'" && !self.eat("'") {
                return Err("Syntax for an XML declaration is invalid.");
            }
            parts.push((name, self.until(quote, "Syntax for an XML declaration is invalid.")?));
        }
    }

    fn comment_or_instruction(&mut self) -> Result<bool, &'static str> {
        if self.eat("<!--") {
            let comment = self.until("-->", "A comment is not closed.")?;
            return if comment.contains("--") { Err("A comment cannot contain '--'.") } else { Ok(true) };
        }
        if self.eat("<?") {
            if self.name()?.eq_ignore_ascii_case("xml") {
                return Err("Unexpected XML declaration.");
            }
            self.until("?>", "A processing instruction is not closed.")?;
            return Ok(true);
        }
        Ok(false)
    }

    fn content(&mut self) -> Step {
        let rest = self.rest();
        if rest.is_empty() {
            return Err("Unexpected end of file: an element is not closed.");
        }
        if self.eat("</") {
            let name = self.name()?;
            self.space();
            let is_open = self.open.pop().is_some_and(|(_, open)| open == name);
            return if is_open && self.eat(">") { Ok(()) } else { Err("The end tag does not match its start tag.") };
        }
        if self.eat("<![CDATA[") {
            let text = self.until("]]>", "A CDATA section is not closed.")?;
            return self.add(Kind::CData(text)).map(drop);
        }
        if self.comment_or_instruction()? {
            return Ok(());
        }
        if rest.starts_with('<') {
            return self.start_tag();
        }
        let length = rest.find('<').unwrap_or(rest.len());
        let raw = rest.get(..length).unwrap_or_default();
        if raw.contains("]]>") {
            return Err("']]>' is not allowed in character data.");
        }
        let text = self.decoded(raw, false)?;
        self.at += length;
        self.add(Kind::Text(text)).map(drop)
    }

    fn start_tag(&mut self) -> Step {
        if !self.eat("<") || self.open.len() >= MAX_DEPTH {
            return Err("Elements are nested too deeply.");
        }
        let name = self.name()?;
        let first = self.markup.attributes.len();
        let mut seen = HashSet::new();
        loop {
            let spaced = self.space();
            let is_self_closing = self.eat("/>");
            if is_self_closing || self.eat(">") {
                let attributes = first..self.markup.attributes.len();
                let id = self.add(Kind::Element { name, attributes, is_self_closing })?;
                if !is_self_closing {
                    self.open.push((id, name));
                }
                return Ok(());
            }
            if !spaced {
                return Err("White space was expected.");
            }
            let name = self.name()?;
            if !seen.insert(name) {
                return Err("An attribute is there twice.");
            }
            self.space();
            if !self.eat("=") {
                return Err("'=' was expected.");
            }
            self.space();
            let rest = self.rest();
            let Some(quote) = rest.chars().next().filter(|quote| matches!(quote, '"' | '\'')) else {
                return Err("A quotation mark was expected.");
            };
            self.at += 1;
            let Some(length) = rest.get(1..).and_then(|rest| rest.find(quote)) else {
                return Err("An attribute value is not closed.");
            };
            let raw = rest.get(1..=length).unwrap_or_default();
            if raw.contains('<') {
                return Err("'<' cannot be included in an attribute value.");
            }
            let value = self.decoded(raw, true)?;
            self.at += length + 1;
            if self.markup.nodes.len() + self.markup.attributes.len() >= self.limit {
                return Err("The document has too many nodes.");
            }
            self.markup.attributes.push((name, value));
        }
    }

    /// The text with references decoded and line ends as one line feed; in attributes white space becomes spaces.
    fn decoded(&mut self, raw: &'a str, is_attribute: bool) -> Result<Cow<'a, str>, &'static str> {
        if let Some(at) = raw.find(|c| !is_xml_char(c)) {
            self.at += at;
            return Err("An invalid character was found.");
        }
        let special = |c: char| matches!(c, '&' | '\r') || (is_attribute && matches!(c, '\n' | '\t'));
        if !raw.contains(special) {
            return Ok(Cow::Borrowed(raw));
        }
        let mut text = String::with_capacity(raw.len());
        let mut rest = raw;
        while let Some(at) = rest.find(special) {
            text.push_str(rest.get(..at).unwrap_or_default());
            rest = rest.get(at..).unwrap_or_default();
            if let Some(reference) = rest.strip_prefix('&') {
                let (name, behind) = reference.split_once(';').ok_or("An entity reference is not closed.")?;
                text.push(character(name).ok_or("Reference to an undeclared entity.")?);
                rest = behind;
            } else {
                text.push(if is_attribute { ' ' } else { '\n' });
                rest = rest.strip_prefix("\r\n").unwrap_or_else(|| rest.get(1..).unwrap_or_default());
            }
        }
        text.push_str(rest);
        Ok(Cow::Owned(text))
    }
}

/// The character of `lt`, `#65` or `#x41`.
fn character(name: &str) -> Option<char> {
    let code = match name {
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "amp" => return Some('&'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        _ => name.strip_prefix('#')?,
    };
    let (digits, radix) = code.strip_prefix('x').map_or((code, 10), |digits| (digits, 16));
    if !digits.starts_with(|c: char| c.is_digit(radix)) {
        return None;
    }
    u32::from_str_radix(digits, radix).ok().and_then(char::from_u32).filter(|c| is_xml_char(*c))
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
