//! XML text of nodes, as .NET's `XmlWriter` lays it out for LINQ to XML.

mod prefixes;

use super::name::{XML, XMLNS, XName};
use super::object::XObject;
use super::tree::{DocumentType, NodeData, XmlTree};
use crate::expr::arena::TooLarge;
use crate::expr::dotnet::exception::{Exception, Result};

/// How nodes are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Layout {
    /// `ToString()`: two spaces a level where there is only element content.
    Indented,
    /// `SaveOptions.DisableFormatting`: as the nodes are.
    Plain,
}

impl XObject {
    /// `ToString()`: at most `limit` bytes, with the platform's line end.
    pub(crate) fn to_xml(&self, layout: Layout, line_end: &str, limit: usize) -> Result<String> {
        self.handle.with(|place| {
            let tree = &*place.tree;
            let mut writer = Writer::new(tree, layout, line_end, limit);
            if let NodeData::Attribute { name, value } = tree.data(place.index) {
                writer.lone_attribute(place.index, name, value)?;
                return Ok(writer.out);
            }
            let ancestors: Vec<u32> = std::iter::successors(tree.parent(place.index), |up| tree.parent(*up)).collect();
            for ancestor in ancestors.into_iter().rev() {
                writer.note_declarations(ancestor);
            }
            writer.node(place.index)?;
            Ok(writer.out)
        })
    }
}

struct Writer<'a> {
    tree: &'a XmlTree,
    layout: Layout,
    line_end: &'a str,
    limit: usize,
    out: String,
    depth: usize,
    /// Whether text was written in the current element, which stops indentation.
    mixed: bool,
    open: Vec<Open>,
    /// Declarations of the nodes themselves, from which prefixes are chosen, innermost last.
    declared: Vec<(&'a str, &'a str)>,
    /// Declarations of what was written, one more for each open element.
    written: Vec<Written>,
}

struct Open {
    index: u32,
    next: usize,
    prefix: String,
    mixed_outside: bool,
    declared: usize,
    written: usize,
}

struct Written {
    prefix: String,
    namespace: String,
    pending: bool,
}

impl<'a> Writer<'a> {
    fn new(tree: &'a XmlTree, layout: Layout, line_end: &'a str, limit: usize) -> Self {
        let written = [("xmlns", XMLNS), ("xml", XML), ("", "")]
            .map(|(prefix, namespace)| Written {
                prefix: prefix.to_owned(),
                namespace: namespace.to_owned(),
                pending: false,
            })
            .into();
        Self {
            tree,
            layout,
            line_end,
            limit,
            out: String::new(),
            depth: 0,
            mixed: false,
            open: Vec::new(),
            declared: Vec::new(),
            written,
        }
    }

    fn check(&self) -> Result<()> {
        if self.out.len() > self.limit { Err(TooLarge.into()) } else { Ok(()) }
    }

    fn indent(&mut self) {
        if self.layout == Layout::Indented && !self.mixed && !self.out.is_empty() {
            self.out.push_str(self.line_end);
            self.out.extend(std::iter::repeat_n(' ', self.depth * 2));
        }
    }

    fn node(&mut self, root: u32) -> Result<()> {
        if let NodeData::Document { nodes, .. } = self.tree.data(root) {
            for node in nodes {
                self.node(*node)?;
            }
            return Ok(());
        }
        self.start(root)?;
        while let Some(open) = self.open.last_mut() {
            let child = self.tree.nodes(open.index).get(open.next).copied();
            open.next += 1;
            match child {
                Some(child) => self.start(child)?,
                None => self.end_element(),
            }
            self.check()?;
        }
        Ok(())
    }

    fn start(&mut self, index: u32) -> Result<()> {
        match self.tree.data(index) {
            NodeData::Element { name, empty, .. } => return self.start_element(index, name, *empty),
            NodeData::Text(text) => {
                self.mixed = true;
                self.text(text)?;
            }
            NodeData::CData(text) => {
                self.mixed = true;
                self.out.push_str("<![CDATA[");
                self.out.push_str(&text.replace("]]>", "]]]]><![CDATA[>"));
                self.out.push_str("]]>");
            }
            NodeData::Comment(text) => {
                self.indent();
                self.out.push_str("<!--");
                let mut previous = ' ';
                for c in text.chars() {
                    if (previous, c) == ('-', '-') {
                        self.out.push(' ');
                    }
                    self.out.push(c);
                    previous = c;
                }
                self.out.push_str(if previous == '-' { " -->" } else { "-->" });
            }
            NodeData::ProcessingInstruction { target, data } => {
                self.indent();
                self.out.push_str("<?");
                self.out.push_str(target);
                if !data.is_empty() {
                    self.out.push(' ');
                    self.out.push_str(&data.replace("?>", "? >"));
                }
                self.out.push_str("?>");
            }
            NodeData::DocumentType(parts) => self.document_type(parts),
            NodeData::Attribute { .. } | NodeData::Document { .. } => {}
        }
        self.check()
    }

    fn document_type(&mut self, parts: &DocumentType) {
        self.indent();
        self.out.push_str("<!DOCTYPE ");
        self.out.push_str(&parts.name);
        match (&parts.public_id, &parts.system_id) {
            (Some(public), system) => {
                let system = system.as_deref().unwrap_or_default();
                self.out.push_str(&format!(" PUBLIC \"{public}\" \"{system}\""));
            }
            (None, Some(system)) => self.out.push_str(&format!(" SYSTEM \"{system}\"")),
            (None, None) => {}
        }
        if let Some(subset) = &parts.internal_subset {
            self.out.push_str(&format!("[{subset}]"));
        }
        self.out.push('>');
    }

    fn start_element(&mut self, index: u32, name: &'a XName, empty: bool) -> Result<()> {
        let (declared, written) = (self.declared.len(), self.written.len());
        self.note_declarations(index);
        self.indent();
        self.depth += 1;
        let namespace = name.namespace().name();
        let prefix = match self.chosen_prefix(namespace, true) {
            Some(prefix) => prefix,
            None => self.written_prefix(namespace).unwrap_or_default(),
        };
        self.imply(&prefix, namespace, written);
        self.out.push('<');
        self.push_qualified(&prefix, name.local());
        for attribute in self.tree.attributes(index) {
            if let NodeData::Attribute { name, value } = self.tree.data(*attribute) {
                self.attribute(name, value, written)?;
            }
        }
        self.pending_declarations(written)?;
        let mixed_outside = self.mixed;
        if empty {
            self.out.push_str(" />");
            self.leave(declared, written, mixed_outside);
            return self.check();
        }
        self.out.push('>');
        // An element whose content is the empty string counts as having text.
        self.mixed = mixed_outside || self.tree.nodes(index).is_empty();
        self.open.push(Open { index, next: 0, prefix, mixed_outside, declared, written });
        self.check()
    }

    fn leave(&mut self, declared: usize, written: usize, mixed_outside: bool) {
        self.depth = self.depth.saturating_sub(1);
        self.declared.truncate(declared);
        self.written.truncate(written);
        self.mixed = mixed_outside;
    }

    fn end_element(&mut self) {
        let Some(open) = self.open.pop() else { return };
        self.depth = self.depth.saturating_sub(1);
        self.indent();
        self.depth += 1;
        self.out.push_str("</");
        if let NodeData::Element { name, .. } = self.tree.data(open.index) {
            self.push_qualified(&open.prefix, name.local());
        }
        self.out.push('>');
        self.leave(open.declared, open.written, open.mixed_outside);
    }

    fn push_qualified(&mut self, prefix: &str, local: &str) {
        if !prefix.is_empty() {
            self.out.push_str(prefix);
            self.out.push(':');
        }
        self.out.push_str(local);
    }

    fn attribute(&mut self, name: &XName, value: &str, scope: usize) -> Result<()> {
        let namespace = name.namespace().name();
        let (prefix, local) = match name.declared_prefix() {
            Some("") => (String::new(), "xmlns"),
            Some(declared) => ("xmlns".to_owned(), declared),
            None => (self.attribute_prefix(namespace, scope), name.local()),
        };
        if let Some(declared) = name.declared_prefix() {
            self.declare(declared, value, scope)?;
        }
        self.out.push(' ');
        self.push_qualified(&prefix, local);
        self.out.push_str("=\"");
        self.attribute_text(value)?;
        self.out.push('"');
        self.check()
    }

    fn text(&mut self, text: &str) -> Result<()> {
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '\r' => {
                    chars.next_if_eq(&'\n');
                    self.out.push_str(self.line_end);
                }
                '\n' => self.out.push_str(self.line_end),
                _ => self.character(c)?,
            }
        }
        Ok(())
    }

    fn attribute_text(&mut self, text: &str) -> Result<()> {
        for c in text.chars() {
            match c {
                '&' => self.out.push_str("&amp;"),
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                '"' => self.out.push_str("&quot;"),
                '\t' => self.out.push_str("&#x9;"),
                '\n' => self.out.push_str("&#xA;"),
                '\r' => self.out.push_str("&#xD;"),
                _ => self.character(c)?,
            }
        }
        Ok(())
    }

    fn character(&mut self, c: char) -> Result<()> {
        if matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}') {
            let shown = if (c as u32) < 0x20 { '.' } else { c };
            return Err(Exception::argument(format!(
                "'{shown}', hexadecimal value 0x{:02X}, is an invalid character.",
                c as u32
            )));
        }
        self.out.push(c);
        Ok(())
    }

    fn lone_attribute(&mut self, index: u32, name: &'a XName, value: &str) -> Result<()> {
        let ancestors: Vec<u32> = std::iter::successors(self.tree.parent(index), |up| self.tree.parent(*up)).collect();
        for ancestor in ancestors.into_iter().rev() {
            self.note_declarations(ancestor);
        }
        let scope = self.written.len();
        self.attribute(name, value, scope)?;
        self.out.remove(0);
        Ok(())
    }
}
