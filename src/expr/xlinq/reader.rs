//! Reads XML text into a tree, with the messages of .NET's `XmlReader`; DTDs are refused.

mod cursor;
mod tags;

use std::collections::HashMap;

use super::declaration::XDeclaration;
use super::name::{XName, XNamespace};
use super::object::XObject;
use super::tree::{NodeData, XmlTree};
use crate::expr::arena::{MAX_WEIGHT, TooLarge, Tree};
use crate::expr::dotnet::exception::Result;

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
        if has_root { Ok(()) } else { Err(cursor::exception("Root element is missing.")) }
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
}

fn normalized(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}
