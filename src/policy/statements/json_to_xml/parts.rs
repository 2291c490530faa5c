//! Tells declarations and attributes of an object from its children.

use std::collections::HashSet;

use super::convert::{ConvertError, Result, Writer};
use super::names::is_ncname;
use crate::expr::json::{JToken, TokenClass};

/// What the members of an object are.
#[derive(Default)]
pub(super) struct Parts {
    /// Prefix, empty for the default namespace, and URI.
    pub(super) declarations: Vec<(String, String)>,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) children: Vec<(String, JToken)>,
}

impl Writer<'_> {
    /// Tells declarations and attributes of an object from its children.
    pub(super) fn parts(&self, object: &JToken) -> Result<Parts> {
        let mut parts = Parts::default();
        let options = &self.options;
        for property in object.children() {
            let (Some(name), Some(value)) = (property.name(), property.property_value()) else { continue };
            let is_object = value.class() == TokenClass::Object;
            if is_object && options.attribute_block == Some(&name) {
                parts.attributes.extend(self.pairs(&value));
            } else if is_object && options.namespace_block == Some(&name) {
                let pairs = self.pairs(&value);
                let pairs = pairs.map(|(name, uri)| (if name == "$default" { String::new() } else { name }, uri));
                parts.declarations.extend(pairs);
            } else if let Some(prefix) = self.declared(&name).filter(|_| !value.is_container()) {
                parts.declarations.push((prefix.to_owned(), self.text(&value).unwrap_or_default()));
            } else if let Some(attribute) = options.attribute_prefix.and_then(|prefix| name.strip_prefix(prefix))
                && !attribute.is_empty()
                && !value.is_container()
            {
                parts.attributes.push((attribute.to_owned(), self.text(&value).unwrap_or_default()));
            } else {
                parts.children.push((name, value));
            }
        }
        let mut seen = HashSet::with_capacity(parts.declarations.len());
        for (prefix, uri) in &parts.declarations {
            let is_free = seen.insert(prefix) && !matches!(prefix.as_str(), "xml" | "xmlns");
            if !is_free || (!prefix.is_empty() && (!is_ncname(prefix) || uri.is_empty())) {
                return Err(ConvertError::Invalid(format!("'{prefix}' cannot be declared as a namespace prefix.")));
            }
        }
        Ok(parts)
    }

    fn pairs(&self, object: &JToken) -> impl Iterator<Item = (String, String)> {
        object.children().into_iter().filter_map(|property| {
            Some((property.name()?, property.property_value().and_then(|value| self.text(&value)).unwrap_or_default()))
        })
    }

    /// The namespace prefix that a property declares: `soap` for `xmlns:soap`, empty for `xmlns`.
    fn declared<'n>(&self, property: &'n str) -> Option<&'n str> {
        let rest = property.strip_prefix(self.options.namespace_prefix?)?;
        if rest.is_empty() {
            Some("")
        } else {
            rest.strip_prefix(self.options.separator?).filter(|rest| !rest.is_empty())
        }
    }
}
