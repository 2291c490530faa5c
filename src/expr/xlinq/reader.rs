//! Reads XML text into a tree, with the messages of .NET's `XmlReader`; DTDs are refused.

use std::collections::HashMap;

use super::declaration::XDeclaration;
use super::name::{XML, XMLNS, XName, XNamespace, is_name_part, is_name_start};
use super::object::XObject;
use super::tree::{NodeData, XmlTree};
use crate::expr::arena::{MAX_WEIGHT, TooLarge, Tree};
use crate::expr::dotnet::exception::{Exception, Result};

/// What is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Root {
    /// `XDocument.Parse`
    Document,
    /// `XElement.Parse`
    Element,
}

impl XObject {
    /// `XElement.Parse(text)`, `XDocument.Parse(text)`; white space between markup is dropped unless `keep_space`.
    pub(crate) fn parse(xml: &str, root: Root, keep_space: bool) -> Result<Self> {
        let mut reader = Reader::new(xml, keep_space);
        reader.document()?;
        let Reader { mut tree, .. } = reader;
        let element = tree.nodes(0).iter().copied().find(|node| tree.is_element(*node));
        Ok(match (root, element) {
            (Root::Element, Some(element)) => {
                tree.detach(element);
                Self::of_tree(tree, element)
            }
            _ => Self::of_tree(tree, 0),
        })
    }
}

struct Reader<'a> {
    xml: &'a str,
    at: usize,
    keep_space: bool,
    tree: XmlTree,
    open: Vec<Open<'a>>,
    /// Namespace declarations in scope, innermost last.
    scope: Vec<(&'a str, XNamespace)>,
    names: HashMap<(XNamespace, &'a str), XName>,
    none: XNamespace,
}

struct Open<'a> {
    node: u32,
    /// As written, with its prefix.
    name: &'a str,
    at: usize,
    /// How long `scope` was outside.
    scope: usize,
    keep_space: bool,
}

struct RawAttribute<'a> {
    name: &'a str,
    at: usize,
    value: String,
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

impl<'a> Reader<'a> {
    fn new(xml: &'a str, keep_space: bool) -> Self {
        let mut tree = XmlTree::default();
        tree.add(NodeData::Document { declaration: None, nodes: Vec::new() });
        Self {
            at: if xml.starts_with('\u{feff}') { 3 } else { 0 },
            xml,
            keep_space,
            tree,
            open: Vec::new(),
            scope: Vec::new(),
            names: HashMap::new(),
            none: XNamespace::new(""),
        }
    }

    fn rest(&self) -> &'a str {
        self.xml.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn skip_space(&mut self) -> bool {
        let rest = self.rest();
        let len = rest.len() - rest.trim_start_matches(is_space).len();
        self.at += len;
        len > 0
    }

    fn document(&mut self) -> Result<()> {
        if self.rest().starts_with("<?xml") && self.rest().chars().nth(5).is_some_and(is_space) {
            self.xml_declaration()?;
        }
        let mut has_root = false;
        loop {
            self.skip_space();
            let rest = self.rest();
            if rest.is_empty() {
                break;
            }
            if !rest.starts_with('<') || rest.len() < 4 {
                return Err(self.error("Data at the root level is invalid.", self.at));
            }
            if rest.starts_with("<!") || rest.starts_with("<?") {
                self.markup()?;
                continue;
            }
            if has_root && !rest.starts_with("</") {
                return Err(self.error("There are multiple root elements.", self.at + 1));
            }
            if rest.starts_with("</") {
                return Err(self.error("Unexpected end tag.", self.at + 2));
            }
            has_root = true;
            self.start_tag()?;
            while !self.open.is_empty() {
                self.content()?;
            }
        }
        if has_root { Ok(()) } else { Err(exception("Root element is missing.")) }
    }

    fn content(&mut self) -> Result<()> {
        if self.tree.weight() > MAX_WEIGHT {
            return Err(TooLarge.into());
        }
        let rest = self.rest();
        if rest.is_empty() {
            let names: Vec<&str> = self.open.iter().rev().map(|open| open.name).collect();
            let message = format!(
                "Unexpected end of file has occurred. The following elements are not closed: {}.",
                names.join(", ")
            );
            return Err(self.error(message, self.at));
        }
        if rest.starts_with("</") {
            return self.end_tag();
        }
        if rest.starts_with("<!") || rest.starts_with("<?") {
            return self.markup();
        }
        if rest.starts_with('<') {
            return self.start_tag();
        }
        self.character_data()
    }

    fn append(&mut self, data: NodeData) -> u32 {
        let parent = self.open.last().map_or(0, |open| open.node);
        let index = self.tree.add(data);
        self.tree.insert(parent, usize::MAX, index);
        index
    }

    fn character_data(&mut self) -> Result<()> {
        let mut text = String::new();
        loop {
            let rest = self.rest();
            let run = rest.find(['<', '&', '\r', ']']).unwrap_or(rest.len());
            let piece = rest.get(..run).unwrap_or_default();
            self.check_chars(piece)?;
            text.push_str(piece);
            self.at += run;
            match self.peek() {
                Some('&') => text.push(self.reference()?),
                Some('\r') => self.line_end(&mut text),
                Some(']') => {
                    if self.rest().starts_with("]]>") {
                        return Err(self.error("']]>' is not allowed in character data.", self.at));
                    }
                    text.push(']');
                    self.at += 1;
                }
                _ => break,
            }
        }
        let keep = self.keep_space || self.open.last().is_some_and(|open| open.keep_space);
        if keep || !text.chars().all(is_space) {
            self.append(NodeData::Text(text.into()));
        }
        Ok(())
    }

    fn line_end(&mut self, text: &mut String) {
        self.at += 1;
        if !self.rest().starts_with('\n') {
            text.push('\n');
        }
    }

    fn check_chars(&self, piece: &str) -> Result<()> {
        match piece.char_indices().find(|(_, c)| !is_xml_char(*c)) {
            None => Ok(()),
            Some((at, bad)) => Err(self.invalid_char(bad, self.at + at)),
        }
    }

    fn invalid_char(&self, bad: char, at: usize) -> Exception {
        let shown = if (bad as u32) < 0x20 { '.' } else { bad };
        self.error(format!("'{shown}', hexadecimal value 0x{:02X}, is an invalid character.", bad as u32), at)
    }

    /// `&…;` at the current place.
    fn reference(&mut self) -> Result<char> {
        self.at += 1;
        let rest = self.rest();
        if let Some(number) = rest.strip_prefix('#') {
            let (radix, digits, skipped) = match number.strip_prefix('x') {
                Some(digits) => (16, digits, 2),
                None => (10, number, 1),
            };
            let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
            let digits = digits.get(..end).unwrap_or_default();
            let at = self.at + skipped + end;
            if digits.is_empty() || self.xml.as_bytes().get(at) != Some(&b';') {
                return Err(self.error("An error occurred while parsing EntityName.", at));
            }
            let code = u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
            return match code.filter(|c| is_xml_char(*c)) {
                Some(c) => {
                    self.at = at + 1;
                    Ok(c)
                }
                None => Err(self.error("Invalid value for a character reference.", self.at)),
            };
        }
        let start = self.at;
        let name =
            self.qualified_name().map_err(|_| self.error("An error occurred while parsing EntityName.", start))?;
        if self.peek() != Some(';') {
            return Err(self.unexpected(";", self.at));
        }
        let c = match name {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            _ => return Err(self.error(format!("Reference to undeclared entity '{name}'."), start)),
        };
        self.at += 1;
        Ok(c)
    }

    fn qualified_name(&mut self) -> Result<&'a str> {
        let rest = self.rest();
        let part = |text: &str| -> usize {
            match text.chars().next() {
                Some(c) if is_name_start(c) => text.find(|c| !is_name_part(c)).unwrap_or(text.len()),
                _ => 0,
            }
        };
        let mut len = part(rest);
        if len > 0 && rest.get(len..).is_some_and(|rest| rest.starts_with(':')) {
            let local = part(rest.get(len + 1..).unwrap_or_default());
            if local == 0 {
                return Err(self.bad_name(self.at + len + 1));
            }
            len += 1 + local;
        }
        if len == 0 {
            return Err(self.bad_name(self.at));
        }
        self.at += len;
        Ok(rest.get(..len).unwrap_or_default())
    }

    fn bad_name(&self, at: usize) -> Exception {
        match self.xml.get(at..).and_then(|rest| rest.chars().next()) {
            None => self.error("Unexpected end of file has occurred.", at),
            Some(c) => self.error(
                format!("Name cannot begin with the '{c}' character, hexadecimal value 0x{:02X}.", c as u32),
                at,
            ),
        }
    }

    fn unexpected(&self, expected: &str, at: usize) -> Exception {
        match self.xml.get(at..).and_then(|rest| rest.chars().next()) {
            None => self.error("Unexpected end of file has occurred.", at),
            Some(c) => self.error(format!("'{c}' is an unexpected token. The expected token is '{expected}'."), at),
        }
    }

    fn start_tag(&mut self) -> Result<()> {
        self.at += 1;
        let at = self.at;
        let name = self.qualified_name()?;
        let mut attributes: Vec<RawAttribute<'a>> = Vec::new();
        let empty = loop {
            let spaced = self.skip_space();
            if self.eat("/>") {
                break true;
            }
            if self.eat(">") {
                break false;
            }
            if self.rest().starts_with('/') {
                return Err(self.unexpected(">", self.at + 1));
            }
            if !spaced || self.peek().is_none() {
                return Err(match self.peek() {
                    Some(c) if !is_name_start(c) && attributes.is_empty() && c != ':' => self.error(
                        format!(
                            "The '{c}' character, hexadecimal value 0x{:02X}, cannot be included in a name.",
                            c as u32
                        ),
                        self.at,
                    ),
                    _ => self.unexpected(">", self.at),
                });
            }
            let attribute = self.raw_attribute()?;
            attributes.push(attribute);
        };
        let scope = self.scope.len();
        self.declare(&attributes)?;
        let element = self.resolve(name, at, false)?;
        let node =
            self.append(NodeData::Element { name: element, attributes: Vec::new(), nodes: Vec::new(), empty: true });
        let mut keep_space = self.open.last().is_some_and(|open| open.keep_space);
        let mut seen = std::collections::HashSet::new();
        for attribute in attributes {
            let resolved = self.resolve(attribute.name, attribute.at, true)?;
            if !seen.insert(resolved.clone()) {
                let message = format!("'{}' is a duplicate attribute name.", attribute.name);
                return Err(self.error(message, attribute.at));
            }
            if attribute.name == "xml:space" {
                keep_space = attribute.value == "preserve";
            }
            let child = self.tree.add(NodeData::Attribute { name: resolved, value: attribute.value.into() });
            self.tree.append_attribute(node, child);
        }
        if empty {
            self.scope.truncate(scope);
        } else {
            if let NodeData::Element { empty, .. } = &mut self.tree.node_mut(node).data {
                *empty = false;
            }
            self.open.push(Open { node, name, at, scope, keep_space });
        }
        Ok(())
    }

    fn declare(&mut self, attributes: &[RawAttribute<'a>]) -> Result<()> {
        for attribute in attributes {
            let prefix = match attribute.name {
                "xmlns" => "",
                name => match name.strip_prefix("xmlns:") {
                    Some(prefix) => prefix,
                    None => continue,
                },
            };
            if !prefix.is_empty() && attribute.value.is_empty() {
                return Err(self.error("Invalid namespace declaration.", attribute.at));
            }
            self.scope.push((prefix, XNamespace::new(&attribute.value)));
        }
        Ok(())
    }

    fn raw_attribute(&mut self) -> Result<RawAttribute<'a>> {
        let at = self.at;
        let name = self.qualified_name()?;
        self.skip_space();
        if !self.eat("=") {
            return Err(self.unexpected("=", self.at));
        }
        self.skip_space();
        let quote = match self.peek() {
            Some(quote @ ('"' | '\'')) => quote,
            Some(c) => {
                let message = format!("'{c}' is an unexpected token. The expected token is '\"' or '''.");
                return Err(self.error(message, self.at));
            }
            None => return Err(self.unexpected("\"", self.at)),
        };
        self.at += 1;
        let mut value = String::new();
        loop {
            let rest = self.rest();
            let run = rest.find([quote, '<', '&', '\r', '\n', '\t']).unwrap_or(rest.len());
            let piece = rest.get(..run).unwrap_or_default();
            self.check_chars(piece)?;
            value.push_str(piece);
            self.at += run;
            match self.peek() {
                None => return Err(self.error("There is an unclosed literal string.", self.at)),
                Some('<') => {
                    return Err(self.error("'<', hexadecimal value 0x3C, is an invalid attribute character.", self.at));
                }
                Some('&') => value.push(self.reference()?),
                Some('\r') => {
                    self.at += if self.rest().starts_with("\r\n") { 2 } else { 1 };
                    value.push(' ');
                }
                Some('\n' | '\t') => {
                    self.at += 1;
                    value.push(' ');
                }
                Some(_) => {
                    self.at += 1;
                    return Ok(RawAttribute { name, at, value });
                }
            }
        }
    }

    fn resolve(&mut self, qualified: &'a str, at: usize, is_attribute: bool) -> Result<XName> {
        let (prefix, local) = qualified.split_once(':').unwrap_or(("", qualified));
        let namespace = match prefix {
            "" if is_attribute => self.none.clone(),
            "xml" => XNamespace::new(XML),
            "xmlns" => XNamespace::new(XMLNS),
            _ => match self.scope.iter().rev().find(|(declared, _)| *declared == prefix) {
                Some((_, namespace)) => namespace.clone(),
                None if prefix.is_empty() => self.none.clone(),
                None => return Err(self.error(format!("'{prefix}' is an undeclared prefix."), at)),
            },
        };
        let key = (namespace, local);
        if let Some(known) = self.names.get(&key) {
            return Ok(known.clone());
        }
        let name = XName::new(key.0.clone(), local);
        self.names.insert(key, name.clone());
        Ok(name)
    }

    fn end_tag(&mut self) -> Result<()> {
        self.at += 2;
        let at = self.at;
        let Some(open) = self.open.pop() else { return Err(self.error("Unexpected end tag.", at)) };
        let name = self.qualified_name()?;
        if name != open.name {
            let (line, column) = self.position(open.at);
            return Err(self.error(
                format!(
                    "The '{}' start tag on line {line} position {column} does not match the end tag of '{name}'.",
                    open.name
                ),
                at,
            ));
        }
        self.skip_space();
        if !self.eat(">") {
            return Err(self.unexpected(">", self.at));
        }
        self.scope.truncate(open.scope);
        Ok(())
    }

    /// A comment, CDATA section, processing instruction or document type.
    fn markup(&mut self) -> Result<()> {
        if self.eat("<!--") {
            let text = self.until("-->")?;
            if let Some(at) = text.find("--").or_else(|| text.ends_with('-').then(|| text.len() - 1)) {
                let at = self.at - 3 - text.len() + at;
                let message = "An XML comment cannot contain '--', and '-' cannot be the last character.";
                return Err(self.error(message, at));
            }
            self.append(NodeData::Comment(normalized(text).into()));
        } else if self.rest().starts_with("<![CDATA[") {
            if self.open.is_empty() {
                return Err(self.error("Data at the root level is invalid.", self.at));
            }
            self.at += "<![CDATA[".len();
            let text = self.until("]]>")?;
            self.append(NodeData::CData(normalized(text).into()));
        } else if self.rest().starts_with("<!DOCTYPE") {
            let message = "For security reasons DTD is prohibited in this XML document. To enable DTD processing set the DtdProcessing property on XmlReaderSettings to Parse and pass the settings into XmlReader.Create method.";
            return Err(self.error(message, self.at + 2));
        } else if self.eat("<?") {
            let at = self.at;
            let target = self.qualified_name()?;
            if target.eq_ignore_ascii_case("xml") {
                let message = "Unexpected XML declaration. The XML declaration must be the first node in the document, and no whitespace characters are allowed to appear before it.";
                return Err(self.error(message, at));
            }
            let body = self.until("?>")?;
            if !body.is_empty() && !body.starts_with(is_space) {
                return Err(self.unexpected("?>", at + target.len()));
            }
            let data = normalized(body.trim_start_matches(is_space));
            self.append(NodeData::ProcessingInstruction { target: target.into(), data: data.into() });
        } else {
            return Err(self.unexpected("--", self.at + 2));
        }
        Ok(())
    }

    /// The text before `end`, which is skipped too.
    fn until(&mut self, end: &str) -> Result<&'a str> {
        let rest = self.rest();
        let Some(len) = rest.find(end) else {
            let what = match end {
                "-->" => "Unexpected end of file while parsing Comment has occurred.",
                "]]>" => "Unexpected end of file while parsing CDATA has occurred.",
                _ => "Unexpected end of file while parsing PI has occurred.",
            };
            return Err(self.error(what, self.xml.len()));
        };
        let text = rest.get(..len).unwrap_or_default();
        self.check_chars(text)?;
        self.at += len + end.len();
        Ok(text)
    }

    fn xml_declaration(&mut self) -> Result<()> {
        self.at += "<?xml".len();
        let start = self.at;
        let body = self.until("?>")?;
        let end = self.at;
        self.at = start;
        let mut parts: [Option<String>; 3] = [None, None, None];
        let mut next = 0;
        loop {
            self.skip_space();
            if self.at >= start + body.len() {
                break;
            }
            let attribute = self.raw_attribute()?;
            let found = ["version", "encoding", "standalone"].iter().position(|name| *name == attribute.name);
            let valid = match (found, attribute.value.as_str()) {
                (Some(0), version) => version == "1.0",
                (Some(1), encoding) => encoding.starts_with(|c: char| c.is_ascii_alphabetic()),
                (Some(_), standalone) => matches!(standalone, "yes" | "no"),
                (None, _) => false,
            };
            match found {
                Some(index) if valid && index >= next => {
                    next = index + 1;
                    if let Some(part) = parts.get_mut(index) {
                        *part = Some(attribute.value);
                    }
                }
                Some(0) if !valid => {
                    let message = format!("Version number '{}' is invalid.", attribute.value);
                    return Err(self.error(message, attribute.at + attribute.name.len() + 2));
                }
                _ => return Err(self.error("Syntax for an XML declaration is invalid.", attribute.at)),
            }
        }
        self.at = end;
        let [version, encoding, standalone] = parts;
        if version.is_none() {
            return Err(self.error("Syntax for an XML declaration is invalid.", start + 1));
        }
        if let NodeData::Document { declaration, .. } = &mut self.tree.node_mut(0).data {
            *declaration = Some(XDeclaration { version, encoding, standalone });
        }
        Ok(())
    }

    /// Line and column from 1, in UTF-16 units.
    fn position(&self, at: usize) -> (usize, usize) {
        let before = self.xml.get(..at).unwrap_or(self.xml);
        let line_start = before.rfind(['\n', '\r']).map_or(0, |at| at + 1);
        let breaks = before.matches('\n').count() + before.matches('\r').count() - before.matches("\r\n").count();
        let column: usize = before.get(line_start..).unwrap_or_default().chars().map(char::len_utf16).sum();
        (breaks + 1, column + 1)
    }

    fn error(&self, message: impl AsRef<str>, at: usize) -> Exception {
        let (line, column) = self.position(at);
        exception(&format!("{} Line {line}, position {column}.", message.as_ref()))
    }
}

fn exception(message: &str) -> Exception {
    Exception::new("System.Xml.XmlException", message)
}

fn normalized(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}
