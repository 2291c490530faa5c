//! References inside a document: following them, and reporting those that lead nowhere, outside, or in a ring.

use std::collections::{HashMap, HashSet};

use super::node::{Node, escape};
use crate::import::cycles::in_cycles;
use crate::import::finding::Findings;

/// How far a chain of references is followed.
const LONGEST_CHAIN: usize = 32;

/// What `node` stands for: itself, or what its `$ref` leads to. A reference that cannot be followed gives itself.
pub(super) fn resolve<'d>(root: &'d Node, node: &'d Node) -> &'d Node {
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
pub(super) fn target(node: &Node) -> Option<&str> {
    node.find("$ref")?.text()
}

/// The name of the component that a `$ref` names, if it names a schema of the document.
pub(super) fn schema_name(target: &str) -> Option<String> {
    let name = target.strip_prefix("#/components/schemas/").or_else(|| target.strip_prefix("#/definitions/"))?;
    let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
    (!name.contains('/')).then(|| name.replace("~1", "/").replace("~0", "~"))
}

/// The schemas of a document by name: `components.schemas`, or `definitions` in 2.0.
pub(super) fn schemas(root: &Node) -> &[(String, Node)] {
    match root.get("components").find("schemas") {
        Some(schemas) => schemas.members(),
        None => root.get("definitions").members(),
    }
}

/// Looks at every reference of a document and reports what is wrong.
pub(super) fn check(root: &Node, findings: &mut Findings) {
    let mut walk = Walk { root, path: Vec::new(), targets: HashSet::new(), anchors: HashSet::new(), findings };
    walk.anchors(root);
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
    root: &'d Node,
    path: Vec<&'d str>,
    targets: HashSet<&'d str>,
    anchors: HashSet<&'d str>,
    findings: &'f mut Findings,
}

impl<'d> Walk<'d, '_> {
    /// Collects the names that `#name` may refer to.
    fn anchors(&mut self, node: &'d Node) {
        for (name, value) in node.members() {
            match value {
                Node::Text(anchor) if name == "$anchor" || name == "$dynamicAnchor" => {
                    self.anchors.insert(anchor);
                }
                _ => self.anchors(value),
            }
        }
        node.items().iter().for_each(|item| self.anchors(item));
    }

    fn visit(&mut self, node: &'d Node, place: Place) {
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

    fn reference(&mut self, target: &'d str) {
        if !self.targets.insert(target) {
            return;
        }
        let pointer = || self.path.iter().map(|part| format!("/{}", escape(part))).collect::<String>();
        match target.strip_prefix('#') {
            None => self.findings.refuse(
                "external-ref",
                pointer(),
                format!("`{target}` leads out of the document: only `#/…` is supported, so merge the files first"),
            ),
            Some(inside) if self.root.pointer(inside).is_none() && !self.anchors.contains(inside) => {
                self.findings.refuse("broken-ref", pointer(), format!("`{target}` leads to nothing"));
            }
            Some(_) => {}
        }
    }
}

/// Reports references that lead to references only, in a ring.
fn rings<'d>(root: &'d Node, targets: &HashSet<&'d str>, findings: &mut Findings) {
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
fn recursive_schemas(root: &Node) -> Vec<&str> {
    let schemas = schemas(root);
    let numbers: HashMap<&str, usize> = schemas.iter().enumerate().map(|(n, schema)| (schema.0.as_str(), n)).collect();
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
    recursive.into_iter().map(|number| schemas[number].0.as_str()).collect()
}

fn collect(node: &Node, place: Place, numbers: &HashMap<&str, usize>, found: &mut Vec<usize>) {
    if place != Place::Names
        && let Some(name) = target(node).and_then(schema_name)
    {
        found.extend(numbers.get(name.as_str()));
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
