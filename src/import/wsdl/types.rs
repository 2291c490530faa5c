//! The XML schemas inside a document: what refers to what, what is missing, what contains itself.

use std::collections::{HashMap, HashSet};

use roxmltree::Node;

use super::definitions::Definitions;
use super::files::Schema;
use crate::import::cycles::in_cycles;

pub(super) const XSD: &str = "http://www.w3.org/2001/XMLSchema";
/// Types of SOAP itself, which no document brings along.
const ENCODING: [&str; 2] = ["http://schemas.xmlsoap.org/soap/encoding/", "http://www.w3.org/2003/05/soap-encoding"];

/// The kinds of global components, each with its own names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    Element,
    Type,
    Group,
    AttributeGroup,
}

/// A global component: kind, namespace, name.
type Key<'d> = (Kind, &'d str, &'d str);

/// The global components of all schemas of a document.
pub(super) struct Types<'d> {
    pub(super) schemas: Vec<Schema<'d>>,
    components: HashMap<Key<'d>, usize>,
    nodes: Vec<Node<'d, 'd>>,
    /// Included schemas without a namespace of their own, and the one they take.
    adopted: HashMap<Node<'d, 'd>, &'d str>,
}

/// What is wrong with the components that messages reach.
#[derive(Default)]
pub(super) struct Problems<'d> {
    /// References to nothing: where, and the name.
    pub(super) unresolved: Option<(Node<'d, 'd>, &'d str)>,
    /// A component that contains itself.
    pub(super) recursive: Option<Node<'d, 'd>>,
}

impl<'d> Types<'d> {
    pub(super) fn new(definitions: &Definitions<'d>) -> Self {
        let (mut components, mut nodes) = (HashMap::new(), Vec::new());
        for Schema { node: schema, namespace } in &definitions.schemas {
            for node in schema.children().filter(|node| node.tag_name().namespace() == Some(XSD)) {
                let kind = match node.tag_name().name() {
                    "element" => Kind::Element,
                    "complexType" | "simpleType" => Kind::Type,
                    "group" => Kind::Group,
                    "attributeGroup" => Kind::AttributeGroup,
                    _ => continue,
                };
                if let Some(name) = node.attribute("name") {
                    components.entry((kind, *namespace, name)).or_insert(nodes.len());
                    nodes.push(node);
                }
            }
        }
        let schemas = definitions.schemas.clone();
        let adopted = schemas.iter().filter(|schema| !schema.namespace.is_empty());
        let adopted = adopted.filter(|schema| schema.node.attribute("targetNamespace").is_none());
        let adopted = adopted.map(|schema| (schema.node, schema.namespace)).collect();
        Self { schemas, components, nodes, adopted }
    }

    /// The component that a name in the document means.
    pub(super) fn find(&self, at: Node<'d, 'd>, kind: Kind, name: &str) -> Option<Node<'d, 'd>> {
        self.index(at, kind, name).map(|index| self.nodes[index])
    }

    /// Follows every reference of the schemas, and what of them the parts of messages reach.
    pub(super) fn check(&self, parts: impl Iterator<Item = Node<'d, 'd>>) -> Problems<'d> {
        let mut problems = Problems::default();
        let mut edges = vec![Vec::new(); self.nodes.len()];
        for (component, edges) in self.nodes.iter().zip(&mut edges) {
            for node in component.descendants().filter(|node| node.tag_name().namespace() == Some(XSD)) {
                for (kind, name) in references(node) {
                    edges.extend(self.follow(node, kind, name, &mut problems));
                }
            }
        }
        // A part without its element is taken as untyped; only the schemas themselves must be whole.
        let mut waiting = Vec::new();
        for part in parts {
            let of_element = part.attribute("element").and_then(|name| self.index(part, Kind::Element, name));
            let of_type = part.attribute("type").and_then(|name| self.index(part, Kind::Type, name));
            waiting.extend(of_element.or(of_type));
        }
        let mut reached = HashSet::new();
        while let Some(index) = waiting.pop() {
            if reached.insert(index) {
                waiting.extend(&edges[index]);
            }
        }
        let recursive = in_cycles(&edges).into_iter().filter(|index| reached.contains(index)).min();
        problems.recursive = recursive.map(|index| self.nodes[index]);
        problems
    }

    fn index(&self, at: Node<'d, 'd>, kind: Kind, name: &str) -> Option<usize> {
        let (namespace, local) = expand(at, name)?;
        let found = self.components.get(&(kind, namespace, local)).copied();
        if found.is_some() || !namespace.is_empty() || self.adopted.is_empty() {
            return found;
        }
        let schema = at.ancestors().find(|node| is_xsd(*node, "schema"))?;
        self.components.get(&(kind, self.adopted.get(&schema)?, local)).copied()
    }

    /// The namespace that the components of a schema are in.
    pub(super) fn namespace(&self, schema: Node<'d, 'd>) -> &'d str {
        let own = schema.attribute("targetNamespace");
        own.or_else(|| self.adopted.get(&schema).copied()).unwrap_or_default()
    }

    fn follow(&self, at: Node<'d, 'd>, kind: Kind, name: &'d str, problems: &mut Problems<'d>) -> Option<usize> {
        let expanded = expand(at, name);
        if expanded.is_some_and(|(namespace, _)| namespace == XSD || ENCODING.contains(&namespace)) {
            return None;
        }
        let found = self.index(at, kind, name);
        if found.is_none() {
            problems.unresolved.get_or_insert((at, name));
        }
        found
    }
}

/// What a schema node refers to by name.
fn references<'d>(node: Node<'d, 'd>) -> impl Iterator<Item = (Kind, &'d str)> {
    let (of_type, of_ref) = match node.tag_name().name() {
        "element" => (Some("type"), Some(Kind::Element)),
        "extension" | "restriction" => (Some("base"), None),
        "attribute" => (Some("type"), None),
        "group" => (None, Some(Kind::Group)),
        "attributeGroup" => (None, Some(Kind::AttributeGroup)),
        _ => (None, None),
    };
    let of_type = of_type.and_then(|attribute| node.attribute(attribute)).map(|name| (Kind::Type, name));
    let of_ref = of_ref.and_then(|kind| node.attribute("ref").map(|name| (kind, name)));
    of_type.into_iter().chain(of_ref)
}

/// Namespace and local name of a qualified name; none when its prefix is not declared.
pub(super) fn expand<'d, 'n>(at: Node<'d, 'd>, name: &'n str) -> Option<(&'d str, &'n str)> {
    match name.trim().split_once(':') {
        Some((prefix, local)) => Some((at.lookup_namespace_uri(Some(prefix))?, local)),
        None => Some((at.lookup_namespace_uri(None).unwrap_or_default(), name.trim())),
    }
}

/// Whether a node is an XML Schema element of that name.
pub(super) fn is_xsd(node: Node<'_, '_>, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name && node.tag_name().namespace() == Some(XSD)
}
