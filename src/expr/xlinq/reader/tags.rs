//! Tags, their attributes and namespaces.

use std::collections::HashSet;

use super::{Open, RawAttribute, Reader};
use crate::expr::dotnet::exception::Result;
use crate::expr::xlinq::name::{XML, XMLNS, XName, XNamespace, is_name_start};
use crate::expr::xlinq::tree::NodeData;

impl<'a> Reader<'a> {
    pub(super) fn start_tag(&mut self) -> Result<()> {
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
        let mut seen = HashSet::new();
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

    pub(super) fn declare(&mut self, attributes: &[RawAttribute<'a>]) -> Result<()> {
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

    pub(super) fn raw_attribute(&mut self) -> Result<RawAttribute<'a>> {
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

    pub(super) fn resolve(&mut self, qualified: &'a str, at: usize, is_attribute: bool) -> Result<XName> {
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

    pub(super) fn end_tag(&mut self) -> Result<()> {
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
}
