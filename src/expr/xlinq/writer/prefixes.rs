//! Which prefix a name is written with, and where it is declared.

use super::{Writer, Written};
use crate::expr::dotnet::exception::{Exception, Result};
use crate::expr::xlinq::name::{XML, XMLNS};
use crate::expr::xlinq::tree::NodeData;

impl Writer<'_> {
    pub(super) fn note_declarations(&mut self, element: u32) {
        for attribute in self.tree.attributes(element) {
            if let NodeData::Attribute { name, value } = self.tree.data(*attribute)
                && let Some(prefix) = name.declared_prefix()
            {
                self.declared.push((prefix, value));
            }
        }
    }

    /// The prefix that the nodes themselves declare for a namespace.
    pub(super) fn chosen_prefix(&self, namespace: &str, default_too: bool) -> Option<String> {
        if namespace.is_empty() {
            return Some(String::new());
        }
        for (at, (prefix, declared)) in self.declared.iter().enumerate().rev() {
            let hidden = || self.declared.iter().skip(at + 1).any(|(inner, _)| inner == prefix);
            if *declared == namespace && (default_too || !prefix.is_empty()) && !hidden() {
                return Some((*prefix).to_owned());
            }
        }
        match namespace {
            XML => Some("xml".to_owned()),
            XMLNS => Some("xmlns".to_owned()),
            _ => None,
        }
    }

    /// The prefix under which a namespace is in force in what was written.
    pub(super) fn written_prefix(&self, namespace: &str) -> Option<String> {
        let at = self.written.iter().rposition(|entry| entry.namespace == namespace)?;
        let prefix = &self.written.get(at)?.prefix;
        let hidden = self.written.iter().skip(at + 1).any(|entry| entry.prefix == *prefix);
        (!hidden).then(|| prefix.clone())
    }

    pub(super) fn namespace_written(&self, prefix: &str) -> Option<(usize, &str)> {
        let at = self.written.iter().rposition(|entry| entry.prefix == prefix)?;
        Some((at, self.written.get(at)?.namespace.as_str()))
    }

    /// Makes sure that a prefix stands for a namespace; the declaration is written after the attributes if needed.
    pub(super) fn imply(&mut self, prefix: &str, namespace: &str, scope: usize) {
        let pending = match self.namespace_written(prefix) {
            Some((at, _)) if at >= scope => return,
            Some((_, known)) => known != namespace,
            None => true,
        };
        self.written.push(Written { prefix: prefix.to_owned(), namespace: namespace.to_owned(), pending });
    }

    pub(super) fn attribute_prefix(&mut self, namespace: &str, scope: usize) -> String {
        if namespace.is_empty() || namespace == XML {
            return if namespace.is_empty() { String::new() } else { "xml".to_owned() };
        }
        let known = self.chosen_prefix(namespace, false).or_else(|| self.written_prefix(namespace));
        let prefix = match known.filter(|prefix| !prefix.is_empty()) {
            Some(prefix) => prefix,
            None => self.new_prefix(),
        };
        self.imply(&prefix, namespace, scope);
        prefix
    }

    pub(super) fn new_prefix(&self) -> String {
        let first = format!("p{}", self.written.len().saturating_sub(3));
        if self.namespace_written(&first).is_none() {
            return first;
        }
        let mut number = 0;
        loop {
            let next = format!("{first}{number}");
            if self.namespace_written(&next).is_none() {
                return next;
            }
            number += 1;
        }
    }

    pub(super) fn declare(&mut self, prefix: &str, namespace: &str, scope: usize) -> Result<()> {
        match self.namespace_written(prefix) {
            Some((at, known)) if at >= scope => {
                if known != namespace {
                    return Err(Exception::new(
                        "System.Xml.XmlException",
                        format!(
                            "The prefix '{prefix}' cannot be redefined from '{known}' to '{namespace}' within the same start element tag."
                        ),
                    ));
                }
                if let Some(entry) = self.written.get_mut(at) {
                    entry.pending = false;
                }
            }
            _ => self.written.push(Written {
                prefix: prefix.to_owned(),
                namespace: namespace.to_owned(),
                pending: false,
            }),
        }
        Ok(())
    }

    pub(super) fn pending_declarations(&mut self, scope: usize) -> Result<()> {
        let mut pending = Vec::new();
        for entry in self.written.iter_mut().skip(scope).rev() {
            if std::mem::take(&mut entry.pending) {
                pending.push((entry.prefix.clone(), entry.namespace.clone()));
            }
        }
        for (prefix, namespace) in pending {
            self.out.push_str(" xmlns");
            if !prefix.is_empty() {
                self.out.push(':');
                self.out.push_str(&prefix);
            }
            self.out.push_str("=\"");
            self.attribute_text(&namespace)?;
            self.out.push('"');
        }
        Ok(())
    }
}
