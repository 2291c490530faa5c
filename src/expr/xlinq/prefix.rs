//! The prefixes that names are written with.

use super::name::XML;
use super::object::{XObject, declarations};
use super::tree::XmlTree;

impl XmlTree {
    /// The prefix in force for the namespace of an element's or attribute's name; empty for none.
    fn prefix(&self, index: u32) -> &str {
        let Some(name) = self.name(index) else { return "" };
        match (name.declared_prefix(), name.namespace().name()) {
            (Some(""), _) | (None, "") => return "",
            (Some(_), _) => return "xmlns",
            (None, XML) => return "xml",
            (None, _) => {}
        }
        let wanted = name.namespace().name();
        let all = declarations(self, index);
        let default = all.iter().find(|(prefix, _)| prefix.is_empty());
        if self.is_element(index) && default.is_some_and(|(_, namespace)| *namespace == wanted) {
            return "";
        }
        let is_hidden = |at: usize, prefix: &str| all.iter().take(at).any(|(inner, _)| *inner == prefix);
        let mut found =
            all.iter().enumerate().filter(|(_, (prefix, namespace))| !prefix.is_empty() && *namespace == wanted);
        found.find(|(at, (prefix, _))| !is_hidden(*at, prefix)).map_or("", |(_, (prefix, _))| *prefix)
    }

    /// The name of an element or attribute as it is written: `p:name`.
    pub(super) fn qualified_name(&self, index: u32) -> String {
        let local = self.name(index).map_or("", |name| name.local());
        match self.prefix(index) {
            "" => local.to_owned(),
            prefix => format!("{prefix}:{local}"),
        }
    }
}

impl XObject {
    /// The name of an element or attribute as it is written: `p:name`.
    pub(crate) fn qualified_name(&self) -> String {
        self.handle.with(|place| place.tree.qualified_name(place.index))
    }
}
