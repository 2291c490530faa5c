//! Reads the text of a document into its tree.

use std::borrow::Cow;
use std::collections::HashSet;

use super::{Kind, Markup, MarkupError, Node, NodeId, is_xml_char};
use crate::expr::xlinq::{is_name_part, is_name_start};

/// How deep elements may nest.
const MAX_DEPTH: usize = 256;

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
