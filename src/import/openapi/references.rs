//! References inside a document: following them, and reporting those that lead nowhere, outside, or in a ring.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::document::{Node, escape, unescape};
use super::pointer::Pointer;
use crate::import::cycles::in_cycles;
use crate::import::finding::Findings;

/// How far a chain of references is followed.
const LONGEST_CHAIN: usize = 32;

/// The references of a document, each followed once.
pub(super) struct References<'d> {
    root: Node<'d>,
    targets: HashMap<&'d str, Target<'d>>,
}

#[derive(Clone, Copy)]
struct Target<'d> {
    node: Option<Node<'d>>,
    /// The number of the schema that it is.
    schema: Option<usize>,
}

impl<'d> References<'d> {
    pub(super) fn new(root: Node<'d>) -> Self {
        Self { root, targets: HashMap::new() }
    }

    /// What `node` stands for: itself, or what its `$ref` leads to. A reference that cannot be followed gives itself.
    pub(super) fn resolve(&self, node: Node<'d>) -> Node<'d> {
        let mut node = node;
        for _ in 0..LONGEST_CHAIN {
            match target(node).and_then(|target| self.follow(target)) {
                Some(next) => node = next,
                None => break,
            }
        }
        node
    }

    fn follow(&self, target: &str) -> Option<Node<'d>> {
        match self.targets.get(target) {
            Some(found) => found.node,
            None => self.root.pointer(target.strip_prefix('#')?),
        }
    }
}

/// The text of a node's `$ref`.
pub(super) fn target(node: Node<'_>) -> Option<&str> {
    node.find("$ref")?.text()
}

/// The name of the component that a `$ref` names, if it names a schema of the document.
pub(super) fn schema_name(target: &str) -> Option<Cow<'_, str>> {
    let name = target.strip_prefix("#/components/schemas/").or_else(|| target.strip_prefix("#/definitions/"))?;
    (!name.contains('/')).then(|| unescape(name))
}

/// The schemas of a document by name: `components.schemas`, or `definitions` in 2.0.
pub(super) fn schemas(root: Node<'_>) -> Node<'_> {
    root.get("components").find("schemas").unwrap_or_else(|| root.get("definitions"))
}

/// Looks at every reference of a document and reports what is wrong.
pub(super) fn check<'d>(root: Node<'d>, findings: &mut Findings) -> References<'d> {
    let schemas = schemas(root);
    let names: Vec<_> = schemas.members().map(|(name, _)| name).collect();
    let mut walk = Walk {
        references: References::new(root),
        schemas,
        numbers: names.iter().enumerate().map(|(number, name)| (*name, number)).collect(),
        edges: vec![Vec::new(); names.len()],
        inside: None,
        path: Pointer::default(),
        anchors: None,
        findings,
    };
    walk.visit(root, Place::Object);
    let (references, edges) = (walk.references, walk.edges);
    rings(&references, findings);
    let mut recursive = in_cycles(&edges);
    recursive.sort_unstable();
    for name in recursive.into_iter().filter_map(|number| names.get(number)) {
        let pointer = if root.find("swagger").is_some() { "/definitions" } else { "/components/schemas" };
        findings.warn(
            "recursive-schema",
            format!("{pointer}/{}", escape(name)),
            format!("schema `{name}` contains itself: generated samples stop at the second level"),
        );
    }
    references
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
    references: References<'d>,
    schemas: Node<'d>,
    /// The numbers of schemas by name.
    numbers: HashMap<&'d str, usize>,
    /// The schemas that each schema refers to.
    edges: Vec<Vec<usize>>,
    /// The schema that is visited.
    inside: Option<usize>,
    path: Pointer<'d>,
    /// The names that `#name` may refer to; looked for when the first one is met.
    anchors: Option<HashSet<&'d str>>,
    findings: &'f mut Findings,
}

impl<'d> Walk<'d, '_> {
    fn visit(&mut self, node: Node<'d>, place: Place) {
        let are_schemas = node == self.schemas;
        for (number, (name, value)) in node.members().enumerate() {
            if are_schemas {
                self.inside = Some(number);
            }
            if !value.is_map() && !value.is_list() {
                if name == "$ref"
                    && place != Place::Names
                    && let Some(target) = value.text()
                {
                    self.reference(target);
                }
                continue;
            }
            let Some(inner) = below(place, name) else { continue };
            self.path.push(name);
            if place == Place::Examples {
                target(value).into_iter().for_each(|target| self.reference(target));
            } else if !(inner == Place::Examples && value.is_list()) {
                self.visit(value, inner);
            }
            self.path.pop();
        }
        if are_schemas {
            self.inside = None;
        }
        for (number, item) in node.items().enumerate() {
            self.path.push_item(number);
            self.visit(item, Place::Object);
            self.path.pop();
        }
    }

    fn is_there(&mut self, inside: &str) -> bool {
        let root = self.references.root;
        let collect = || {
            let mut found = HashSet::new();
            anchors(root, &mut found);
            found
        };
        self.anchors.get_or_insert_with(collect).contains(inside)
    }

    fn reference(&mut self, target: &'d str) {
        let seen = self.references.targets.get(target).copied();
        let found = seen.unwrap_or_else(|| {
            let node = target.strip_prefix('#').and_then(|pointer| self.references.root.pointer(pointer));
            let schema = schema_name(target).and_then(|name| self.numbers.get(name.as_ref()).copied());
            self.references.targets.insert(target, Target { node, schema });
            Target { node, schema }
        });
        if let (Some(inside), Some(schema)) = (self.inside, found.schema)
            && let Some(edges) = self.edges.get_mut(inside)
        {
            edges.push(schema);
        }
        if seen.is_none() && found.node.is_none() {
            self.report(target);
        }
    }

    /// Says what is wrong with a reference that leads to no value.
    fn report(&mut self, target: &'d str) {
        let pointer = target.strip_prefix('#');
        let is_anchor = |name: &&str| !name.is_empty() && !name.starts_with('/');
        if pointer.filter(is_anchor).is_some_and(|name| self.is_there(name)) {
            return;
        }
        let place = self.path.to_string();
        match pointer {
            None => self.findings.refuse(
                "external-ref",
                place,
                format!("`{target}` leads out of the document: only `#/…` is supported, so merge the files first"),
            ),
            Some(_) => self.findings.refuse("broken-ref", place, format!("`{target}` leads to nothing")),
        }
    }
}

/// Collects the anchors of a document.
fn anchors<'d>(node: Node<'d>, found: &mut HashSet<&'d str>) {
    for (name, value) in node.members() {
        match value.text() {
            Some(anchor) if name == "$anchor" || name == "$dynamicAnchor" => {
                found.insert(anchor);
            }
            _ => anchors(value, found),
        }
    }
    node.items().for_each(|item| anchors(item, found));
}

/// Reports references that lead to references only, in a ring.
fn rings(references: &References<'_>, findings: &mut Findings) {
    let mut done = HashSet::new();
    let mut sorted: Vec<_> = references.targets.keys().copied().collect();
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
            next = references.follow(here).and_then(target);
        }
        done.extend(chain);
    }
}

#[cfg(test)]
mod tests {
    use super::super::json;
    use super::*;

    #[test]
    fn looks_only_where_references_are() {
        let document = json::read(
            r##"{
                "x-other": {"$ref": "a.json"}, "example": {"$ref": "b.json"}, "examples": [{"$ref": "c.json"}],
                "properties": {"x-name": {"$ref": "seen.json"}, "example": {"$ref": "#/gone"}, "$ref": {"type": "string"}},
                "components": {"schemas": {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}}}
            }"##,
            127,
            1_000,
        )
        .unwrap();
        let mut findings = Findings::default();
        check(document.root(), &mut findings);
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
