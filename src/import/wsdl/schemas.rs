//! The schema resources of a SOAP API: one for each schema of the document, able to stand alone.

use std::collections::{BTreeSet, HashMap, HashSet};

use roxmltree::Node;
use serde_json::json;

use super::files::Documents;
use super::types::Types;
use crate::import::finding::Findings;
use crate::import::names::digest;
use crate::model::{ApiSchema, Resource};

/// So many bytes all schemas may have.
const LEAST: usize = 32 << 20;
/// So many times the size of the document, if that is more.
const GROWTH: usize = 2;

/// The schemas of a document under the ids that operations refer to.
pub(super) struct Schemas<'d> {
    resources: Vec<Resource<ApiSchema>>,
    ids: HashMap<Node<'d, 'd>, String>,
}

impl<'d> Schemas<'d> {
    /// The schemas of a document of `size` bytes and of its files.
    pub(super) fn new(types: &Types<'d>, documents: &Documents<'_>, size: usize, findings: &mut Findings) -> Self {
        let (mut resources, mut ids) = (Vec::new(), HashMap::new());
        let mut left = LEAST.max(size.saturating_mul(GROWTH));
        for (number, schema) in types.schemas.iter().enumerate() {
            let node = schema.node;
            let alone = left.checked_sub(node.range().len()).and_then(|_| standalone(node, left));
            let Some(alone) = alone else {
                let message = "the schemas with their namespaces are too large: those from here are left out";
                documents.refuse(findings, "schemas-too-large", node, message);
                break;
            };
            left = left.saturating_sub(alone.len());
            let id = digest(format!("{number}{alone}").as_bytes());
            ids.insert(node, id.clone());
            let mut resource = ApiSchema::new().content_type("application/vnd.ms-azure-apim.xsd+xml");
            resource.document = Some(json!({ "value": alone }).into());
            resources.push(Resource::new(id, resource));
        }
        Self { resources, ids }
    }

    /// The id of the schema that a component stands in.
    pub(super) fn id(&self, component: Node<'d, 'd>) -> Option<&str> {
        self.ids.get(&component.parent()?).map(String::as_str)
    }

    pub(super) fn into_resources(self) -> Vec<Resource<ApiSchema>> {
        self.resources
    }
}

/// The text of a schema with the prefixes that it uses and that are declared around it; none when that is longer than
/// `most` bytes.
fn standalone(schema: Node<'_, '_>, most: usize) -> Option<String> {
    let text = schema.document().input_text().get(schema.range()).unwrap_or_default();
    let start_tag = text.get(..start_tag_end(text)).unwrap_or_default();
    let name_end = start_tag.find(|c: char| c.is_whitespace() || matches!(c, '/' | '>')).unwrap_or(start_tag.len());
    let own = declared(start_tag);
    let mut declarations = String::new();
    for (prefix, uri) in namespaces(schema, &prefixes(text)) {
        if own.contains(prefix) {
            continue;
        }
        if text.len() + declarations.len() + uri.len() > most {
            return None;
        }
        let uri = uri.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
        let colon = if prefix.is_empty() { "" } else { ":" };
        declarations.push_str(&format!(" xmlns{colon}{prefix}=\"{uri}\""));
    }
    Some(format!("{}{declarations}{}", text.get(..name_end)?, text.get(name_end..)?))
}

/// Where the start tag at the beginning of a text ends.
fn start_tag_end(text: &str) -> usize {
    let mut quote = None;
    let end = text.bytes().position(|byte| {
        match (quote, byte) {
            (Some(open), byte) if open == byte => quote = None,
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'>') => return true,
            _ => {}
        }
        false
    });
    end.unwrap_or(text.len())
}

/// The prefixes that a start tag declares, the default namespace as an empty one.
fn declared(start_tag: &str) -> HashSet<&str> {
    let behind = start_tag.match_indices("xmlns").filter_map(|(at, name)| start_tag.get(at + name.len()..));
    let names = behind.filter_map(|rest| rest.split('=').next()).map(str::trim);
    names.filter_map(|name| if name.is_empty() { Some(name) } else { name.strip_prefix(':') }).collect()
}

/// What stands before a colon in a text: all prefixes that it uses are among that.
fn prefixes(text: &str) -> BTreeSet<&str> {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.') || !c.is_ascii();
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices(':') {
        let before = text.get(..at).unwrap_or_default();
        let start = before.trim_end_matches(is_part).len();
        found.extend(before.get(start..).filter(|prefix| !prefix.is_empty()));
    }
    found
}

/// The default namespace and those of the prefixes, as they are around a schema.
fn namespaces<'d>(schema: Node<'d, 'd>, prefixes: &BTreeSet<&'d str>) -> Vec<(&'d str, &'d str)> {
    // Few prefixes are looked up one by one: there may be far more namespaces.
    const FEW: usize = 4;
    let default = schema.default_namespace().map(|uri| ("", uri));
    let used = prefixes.iter().copied().filter(|prefix| *prefix != "xml");
    if prefixes.len() <= FEW {
        let found = used.filter_map(|prefix| Some((prefix, schema.lookup_namespace_uri(Some(prefix))?)));
        return default.into_iter().chain(found).collect();
    }
    let declared = schema.namespaces().filter_map(|namespace| Some((namespace.name()?, namespace.uri())));
    let declared: HashMap<_, _> = declared.collect();
    default.into_iter().chain(used.filter_map(|prefix| Some((prefix, *declared.get(prefix)?)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alone(document: &str) -> Option<String> {
        let document = roxmltree::Document::parse(document).unwrap();
        let schema = document.root_element().first_element_child().unwrap();
        standalone(schema, 1_000)
    }

    #[test]
    fn takes_the_prefixes_along_that_are_used() {
        let document = r#"<w xmlns="urn:d" xmlns:x="urn:x" xmlns:a="urn:a&amp;b" xmlns:unused="urn:u"><x:schema b="1>0" xmlns:own="urn:o"><x:element type="a:T"/></x:schema></w>"#;
        let expected = r#"<x:schema xmlns="urn:d" xmlns:a="urn:a&amp;b" xmlns:x="urn:x" b="1>0" xmlns:own="urn:o"><x:element type="a:T"/></x:schema>"#;
        assert_eq!(alone(document).as_deref(), Some(expected));
        roxmltree::Document::parse(expected).unwrap();
        assert_eq!(alone(r#"<w xmlns:x="u"><x:s/></w>"#).as_deref(), Some(r#"<x:s xmlns:x="u"/>"#));
        assert_eq!(alone(&format!(r#"<w xmlns:x="{}"><x:s/></w>"#, "u".repeat(1_000))), None);
    }

    #[test]
    fn finds_the_end_of_start_tags() {
        for (text, end) in [("<a>", 2), ("<a b='>' c=\"'>\">x", 15), ("<a", 2), ("", 0)] {
            assert_eq!(start_tag_end(text), end, "{text}");
        }
    }
}
