//! What a WSDL 1.1 document says: services, endpoints, operations and messages.

use std::collections::HashMap;

use roxmltree::Node;

use super::files::{self, Collected, Documents, Schema};

pub(super) const WSDL: &str = "http://schemas.xmlsoap.org/wsdl/";
const SOAP_11: &str = "http://schemas.xmlsoap.org/wsdl/soap/";
const SOAP_12: &str = "http://schemas.xmlsoap.org/wsdl/soap12/";

/// Version of SOAP of a binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Soap {
    V11,
    V12,
}

impl Soap {
    fn of(namespace: &str) -> Option<Self> {
        match namespace {
            SOAP_11 => Some(Self::V11),
            SOAP_12 => Some(Self::V12),
            _ => None,
        }
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::V11 => "text/xml",
            Self::V12 => "application/soap+xml",
        }
    }
}

/// Parts of a document by name. Names are local: the namespace of a reference is not looked at.
pub(super) struct Definitions<'d> {
    /// The root elements of the document and of those that it imports.
    pub(super) roots: Vec<Node<'d, 'd>>,
    /// The schemas inside them, and those that they include or import from files, each with its namespace.
    pub(super) schemas: Vec<Schema<'d>>,
    /// Imports that lead to no file that was handed in.
    pub(super) unresolved: Vec<Node<'d, 'd>>,
    /// Imports that lead to one.
    pub(super) followed: Vec<Node<'d, 'd>>,
    bindings: HashMap<&'d str, Node<'d, 'd>>,
    port_types: HashMap<&'d str, Node<'d, 'd>>,
    messages: HashMap<&'d str, Node<'d, 'd>>,
}

/// A port whose binding is SOAP.
pub(super) struct Endpoint<'d> {
    pub(super) service: Node<'d, 'd>,
    pub(super) service_name: &'d str,
    pub(super) name: &'d str,
    pub(super) port: Node<'d, 'd>,
    pub(super) soap: Soap,
    pub(super) transport: Option<&'d str>,
    pub(super) address: Option<&'d str>,
    /// Whether the port type of the binding is in the document.
    pub(super) has_port_type: bool,
    pub(super) operations: Vec<Operation<'d>>,
}

/// An operation of a binding, with what its port type says about it.
pub(super) struct Operation<'d> {
    pub(super) name: &'d str,
    pub(super) node: Node<'d, 'd>,
    pub(super) action: Option<&'d str>,
    pub(super) style: &'d str,
    pub(super) is_encoded: bool,
    /// The operation of the port type, if there is one.
    pub(super) described: Option<Node<'d, 'd>>,
    pub(super) input: Option<Message<'d>>,
    pub(super) output: Option<Message<'d>>,
}

/// A message as an operation refers to it.
pub(super) struct Message<'d> {
    pub(super) name: &'d str,
    /// The message, if it is in the document.
    pub(super) node: Option<Node<'d, 'd>>,
}

impl<'d> Message<'d> {
    pub(super) fn parts(&self) -> impl Iterator<Item = Node<'d, 'd>> + use<'d> {
        self.node.into_iter().flat_map(|node| node.children().filter(|child| is(*child, "part")))
    }

    /// The local name of the element of its only part.
    pub(super) fn element(&self) -> Option<&'d str> {
        self.parts().next()?.attribute("element").map(local)
    }
}

impl<'d> Definitions<'d> {
    pub(super) fn new(documents: &'d Documents<'_>) -> Self {
        let Collected { roots, schemas, unresolved, followed } = files::collect(documents);
        let named = |kind: &str| {
            let mut found = HashMap::new();
            for child in roots.iter().flat_map(|root| root.children()).filter(|child| is(*child, kind)) {
                if let Some(name) = child.attribute("name") {
                    found.entry(name).or_insert(child);
                }
            }
            found
        };
        let (bindings, port_types, messages) = (named("binding"), named("portType"), named("message"));
        Self { roots, schemas, unresolved, followed, bindings, port_types, messages }
    }

    /// All nodes of the document and of what it imports.
    pub(super) fn all_nodes(&self) -> impl Iterator<Item = Node<'d, 'd>> {
        let files = self.schemas.iter().map(|schema| schema.node).filter(|node| node.parent_element().is_none());
        self.roots.iter().copied().chain(files).flat_map(|root| root.descendants())
    }

    /// Children of the root elements that have that name.
    pub(super) fn children(&self, name: &'static str) -> impl Iterator<Item = Node<'d, 'd>> {
        self.roots.iter().flat_map(|root| root.children()).filter(move |child| is(*child, name))
    }

    /// The endpoints of all services whose binding is SOAP, in order.
    pub(super) fn endpoints(&self) -> Vec<Endpoint<'d>> {
        let ports = self
            .children("service")
            .flat_map(|service| service.children().filter(|child| is(*child, "port")).map(move |port| (service, port)));
        ports.filter_map(|(service, port)| self.endpoint(service, port)).collect()
    }

    fn endpoint(&self, service: Node<'d, 'd>, port: Node<'d, 'd>) -> Option<Endpoint<'d>> {
        let binding = *self.bindings.get(local(port.attribute("binding")?))?;
        let is_binding = |child: &Node<'_, '_>| child.is_element() && child.tag_name().name() == "binding";
        let soap_binding = binding.children().find(is_binding)?;
        let style = soap_binding.attribute("style").unwrap_or("document");
        let port_type = binding.attribute("type").and_then(|name| self.port_types.get(local(name))).copied();
        let operations = binding.children().filter(|child| is(*child, "operation"));
        let described = port_type.map(described).unwrap_or_default();
        Some(Endpoint {
            service,
            service_name: service.attribute("name").unwrap_or_default(),
            name: port.attribute("name").unwrap_or_default(),
            port,
            soap: Soap::of(soap_binding.tag_name().namespace()?)?,
            transport: soap_binding.attribute("transport"),
            address: soap_child(port, "address")
                .and_then(|node| node.attribute("location"))
                .filter(|url| !url.is_empty()),
            has_port_type: port_type.is_some(),
            operations: operations.map(|node| self.operation(node, style, &described)).collect(),
        })
    }

    fn operation(&self, node: Node<'d, 'd>, style: &'d str, described: &Described<'d>) -> Operation<'d> {
        let name = node.attribute("name").unwrap_or_default();
        let soap = soap_child(node, "operation");
        let input_name = node.children().find(|child| is(*child, "input")).and_then(|input| input.attribute("name"));
        let described = described.get(name).and_then(|all| {
            let same = |node: &&Node<'d, 'd>| {
                let input = node.children().find(|child| is(*child, "input"));
                input_name.is_some() && input.and_then(|input| input.attribute("name")) == input_name
            };
            all.iter().find(same).or_else(|| all.first()).copied()
        });
        let message = |kind: &str| {
            let reference = described?.children().find(|child| is(*child, kind))?;
            let name = local(reference.attribute("message").unwrap_or_default());
            Some(Message { name, node: self.messages.get(name).copied() })
        };
        let bodies = node.children().filter(|child| is(*child, "input") || is(*child, "output"));
        let mut uses =
            bodies.filter_map(|direction| soap_child(direction, "body")).filter_map(|body| body.attribute("use"));
        Operation {
            name,
            node,
            action: soap.and_then(|soap| soap.attribute("soapAction")).filter(|action| !action.is_empty()),
            style: soap.and_then(|soap| soap.attribute("style")).unwrap_or(style),
            is_encoded: uses.any(|written| written == "encoded"),
            described,
            input: message("input"),
            output: message("output"),
        }
    }
}

/// The operations of a port type by name; overloads share one.
type Described<'d> = HashMap<&'d str, Vec<Node<'d, 'd>>>;

fn described<'d>(port_type: Node<'d, 'd>) -> Described<'d> {
    let mut found = Described::new();
    for operation in port_type.children().filter(|child| is(*child, "operation")) {
        found.entry(operation.attribute("name").unwrap_or_default()).or_default().push(operation);
    }
    found
}

/// Whether a node is a WSDL element of that name.
pub(super) fn is(node: Node<'_, '_>, name: &str) -> bool {
    node.is_element() && node.tag_name().name() == name && node.tag_name().namespace() == Some(WSDL)
}

/// The name without its prefix.
pub(super) fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name).trim()
}

/// The text of the `documentation` of a node.
pub(super) fn documentation(node: Node<'_, '_>) -> Option<String> {
    let text = node.children().find(|child| is(*child, "documentation"))?;
    let text: String = text.descendants().filter(|node| node.is_text()).filter_map(|node| node.text()).collect();
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn soap_child<'d>(node: Node<'d, 'd>, name: &str) -> Option<Node<'d, 'd>> {
    let is_soap = |child: &Node<'_, '_>| child.tag_name().namespace().and_then(Soap::of).is_some();
    node.children().find(|child| child.is_element() && child.tag_name().name() == name && is_soap(child))
}
