//! References inside a document: following them, and reporting those that lead nowhere, outside, or in a ring.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::node::{Member, Node, escape};
use crate::import::cycles::in_cycles;
use crate::import::finding::Findings;

/// How far a chain of references is followed.
const LONGEST_CHAIN: usize = 32;

/// What `node` stands for: itself, or what its `$ref` leads to. A reference that cannot be followed gives itself.
pub(super) fn resolve<'d>(root: &'d Node<'d>, node: &'d Node<'d>) -> &'d Node<'d> {
    let mut node = node;
    for _ in 0..LONGEST_CHAIN {
        match target(node).and_then(|target| root.pointer(target.strip_prefix('#')?)) {
            Some(next) => node = next,
            None => break,
        }
    }
    node
}

/// The text of a node's `$ref`.
pub(super) fn target<'n>(node: &'n Node<'_>) -> Option<&'n str> {
    node.find("$ref")?.text()
}

/// The name of the component that a `$ref` names, if it names a schema of the document.
pub(super) fn schema_name(target: &str) -> Option<Cow<'_, str>> {
    let name = target.strip_prefix("#/components/schemas/").or_else(|| target.strip_prefix("#/definitions/"))?;
    let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
    if name.contains('/') {
        return None;
    }
    Some(if name.contains('~') { name.replace("~1", "/").replace("~0", "~").into() } else { name })
}

/// The schemas of a document by name: `components.schemas`, or `definitions` in 2.0.
pub(super) fn schemas<'n, 'd>(root: &'n Node<'d>) -> &'n [Member<'d>] {
    match root.get("components").find("schemas") {
        Some(schemas) => schemas.members(),
        None => root.get("definitions").members(),
    }
}

/// The same without the rest of the document, which goes away.
pub(super) fn into_schemas(root: Node<'_>) -> impl Iterator<Item = Member<'_>> {
    let has_components = root.get("components").find("schemas").is_some();
    let (outer, inner) = if has_components { ("components", Some("schemas")) } else { ("definitions", None) };
    let taken = root.into_members().find(|(name, _)| name == outer).map_or(Node::Null, |(_, node)| node);
    let schemas = match inner {
        Some(inner) => taken.into_members().find(|(name, _)| name == inner).map_or(Node::Null, |(_, node)| node),
        None => taken,
    };
    schemas.into_members()
}

/// Looks at every reference of a document and reports what is wrong.
pub(super) fn check(root: &Node, findings: &mut Findings) {
    let mut walk = Walk { root, path: Vec::new(), targets: HashSet::new(), anchors: None, findings };
    walk.visit(root, Place::Object);
    let targets = walk.targets;
    rings(root, &targets, findings);
    for name in recursive_schemas(root) {
        let pointer = if root.find("swagger").is_some() { "/definitions" } else { "/components/schemas" };
        findings.warn(
            "recursive-schema",
            format!("{pointer}/{}", escape(name)),
            format!("schema `{name}` contains itself: generated samples stop at the second level"),
        );
    }
}

/// What the members of a map are.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// Keywords.
    Object,
    /// Names chosen by the author, all of them.
    Names,
    /// Names chosen by the author, besides extensions.
    NamesAndExtensions,
    /// Examples: a reference, or data that holds none.
    Examples,
}

/// What stands below a member, or none when that is data and not document.
fn below(place: Place, name: &str) -> Option<Place> {
    if place == Place::Names {
        return Some(Place::Object);
    }
    if name.starts_with("x-") && name != "x-ms-paths" {
        return None;
    }
    Some(match (place, name) {
        (Place::NamesAndExtensions, _) => Place::Object,
        (_, "example" | "default" | "enum" | "const") => return None,
        (_, "examples") => Place::Examples,
        (_, "paths" | "x-ms-paths" | "responses" | "callbacks") => Place::NamesAndExtensions,
        (
            _,
            "properties"
            | "patternProperties"
            | "definitions"
            | "$defs"
            | "dependentSchemas"
            | "schemas"
            | "parameters"
            | "requestBodies"
            | "headers"
            | "securitySchemes"
            | "securityDefinitions"
            | "links"
            | "pathItems"
            | "webhooks"
            | "content"
            | "encoding"
            | "variables",
        ) => Place::Names,
        _ => Place::Object,
    })
}

struct Walk<'d, 'f> {
    root: &'d Node<'d>,
    path: Vec<&'d str>,
    targets: HashSet<&'d str>,
    /// The names that `#name` may refer to; looked for when the first one is met.
    anchors: Option<HashSet<&'d str>>,
    findings: &'f mut Findings,
}

impl<'d> Walk<'d, '_> {
    fn visit(&mut self, node: &'d Node<'d>, place: Place) {
        match node {
            Node::Map(_) => {
                if place != Place::Names
                    && let Some(target) = target(node)
                {
                    self.reference(target);
                }
                for (name, value) in node.members() {
                    if let Some(inner) = below(place, name) {
                        self.path.push(name);
                        if place == Place::Examples {
                            target(value).into_iter().for_each(|target| self.reference(target));
                        } else if !(inner == Place::Examples && matches!(value, Node::List(_))) {
                            self.visit(value, inner);
                        }
                        self.path.pop();
                    }
                }
            }
            Node::List(items) => {
                for item in items {
                    self.visit(item, Place::Object);
                }
            }
            _ => {}
        }
    }

    fn is_there(&mut self, inside: &str) -> bool {
        if inside.is_empty() || inside.starts_with('/') {
            return self.root.pointer(inside).is_some();
        }
        let root = self.root;
        let collect = || {
            let mut found = HashSet::new();
            anchors(root, &mut found);
            found
        };
        self.anchors.get_or_insert_with(collect).contains(inside)
    }

    fn reference(&mut self, target: &'d str) {
        if !self.targets.insert(target) {
            return;
        }
        let is_there = target.strip_prefix('#').is_some_and(|inside| self.is_there(inside));
        if is_there {
            return;
        }
        let pointer = || self.path.iter().map(|part| format!("/{}", escape(part))).collect::<String>();
        match target.strip_prefix('#') {
            None => self.findings.refuse(
                "external-ref",
                pointer(),
                format!("`{target}` leads out of the document: only `#/…` is supported, so merge the files first"),
            ),
            Some(_) => self.findings.refuse("broken-ref", pointer(), format!("`{target}` leads to nothing")),
        }
    }
}

/// Collects the anchors of a document.
fn anchors<'d>(node: &'d Node<'d>, found: &mut HashSet<&'d str>) {
    for (name, value) in node.members() {
        match value {
            Node::Text(anchor) if name == "$anchor" || name == "$dynamicAnchor" => {
                found.insert(anchor);
            }
            _ => anchors(value, found),
        }
    }
    node.items().iter().for_each(|item| anchors(item, found));
}

/// Reports references that lead to references only, in a ring.
fn rings<'d>(root: &'d Node<'d>, targets: &HashSet<&'d str>, findings: &mut Findings) {
    let mut done = HashSet::new();
    let mut sorted: Vec<_> = targets.iter().copied().collect();
    sorted.sort_unstable();
    for start in sorted {
        let mut chain = HashSet::new();
        let mut next = Some(start);
        while let Some(here) = next.filter(|here| !done.contains(here)) {
            if !chain.insert(here) {
                let pointer = here.strip_prefix('#').unwrap_or_default();
                findings.refuse("circular-ref", pointer, format!("`{here}` refers to itself and to nothing else"));
                break;
            }
            next = here.strip_prefix('#').and_then(|pointer| root.pointer(pointer)).and_then(target);
        }
        done.extend(chain);
    }
}

/// Names of the schemas that contain themselves, directly or through others.
fn recursive_schemas<'n>(root: &'n Node<'_>) -> Vec<&'n str> {
    let schemas = schemas(root);
    let numbers: HashMap<&str, usize> = schemas.iter().enumerate().map(|(n, schema)| (schema.0.as_ref(), n)).collect();
    let edges: Vec<Vec<usize>> = schemas
        .iter()
        .map(|(_, schema)| {
            let mut found = Vec::new();
            collect(schema, Place::Object, &numbers, &mut found);
            found.sort_unstable();
            found.dedup();
            found
        })
        .collect();
    let mut recursive = in_cycles(&edges);
    recursive.sort_unstable();
    recursive.into_iter().map(|number| schemas[number].0.as_ref()).collect()
}

fn collect(node: &Node, place: Place, numbers: &HashMap<&str, usize>, found: &mut Vec<usize>) {
    if place != Place::Names
        && let Some(name) = target(node).and_then(schema_name)
    {
        found.extend(numbers.get(name.as_ref()));
    }
    for (name, value) in node.members() {
        if let Some(inner) = below(place, name).filter(|inner| *inner != Place::Examples) {
            collect(value, inner, numbers, found);
        }
    }
    node.items().iter().for_each(|item| collect(item, Place::Object, numbers, found));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_only_where_references_are() {
        let root: Node = serde_json::from_str(
            r##"{
                "x-other": {"$ref": "a.json"}, "example": {"$ref": "b.json"}, "examples": [{"$ref": "c.json"}],
                "properties": {"x-name": {"$ref": "seen.json"}, "example": {"$ref": "#/gone"}, "$ref": {"type": "string"}},
                "components": {"schemas": {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}}}
            }"##,
        )
        .unwrap();
        let mut findings = Findings::default();
        check(&root, &mut findings);
        let found: Vec<_> = findings.into_vec().into_iter().map(|f| (f.code, f.pointer)).collect();
        let schema = |name: &str| format!("/components/schemas/{name}");
        assert_eq!(
            found,
            [
                ("external-ref", "/properties/x-name".to_owned()),
                ("broken-ref", "/properties/example".to_owned()),
                ("circular-ref", schema("A")),
                ("recursive-schema", schema("A")),
                ("recursive-schema", schema("B")),
            ]
        );
    }
}
