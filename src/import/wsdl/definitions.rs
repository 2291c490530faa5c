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
    bindings: HashMap<&'d str, Binding<'d>>,
    port_types: HashMap<&'d str, Node<'d, 'd>>,
    messages: HashMap<&'d str, Node<'d, 'd>>,
}

/// A binding and what makes it one of SOAP, if it is.
#[derive(Clone, Copy)]
struct Binding<'d> {
    node: Node<'d, 'd>,
    soap: Option<(Soap, Node<'d, 'd>)>,
}

impl<'d> Binding<'d> {
    fn new(node: Node<'d, 'd>) -> Self {
        let is_binding = |child: &Node<'_, '_>| child.is_element() && child.tag_name().name() == "binding";
        let inner = node.children().find(is_binding);
        let soap = inner.and_then(|inner| Some((Soap::of(inner.tag_name().namespace()?)?, inner)));
        Self { node, soap }
    }
}

/// A port whose binding is SOAP.
#[derive(Clone, Copy)]
pub(super) struct Port<'d> {
    pub(super) service_name: &'d str,
    pub(super) name: &'d str,
    pub(super) node: Node<'d, 'd>,
    pub(super) soap: Soap,
    pub(super) address: Option<&'d str>,
    service: Node<'d, 'd>,
    binding: Node<'d, 'd>,
    soap_binding: Node<'d, 'd>,
}

/// The port that is imported, with its operations.
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
        let bindings = bindings.into_iter().map(|(name, node)| (name, Binding::new(node))).collect();
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

    /// The ports of all services whose binding is SOAP, in order.
    pub(super) fn ports(&self) -> Vec<Port<'d>> {
        let ports = self
            .children("service")
            .flat_map(|service| service.children().filter(|child| is(*child, "port")).map(move |port| (service, port)));
        ports.filter_map(|(service, port)| self.port(service, port)).collect()
    }

    fn port(&self, service: Node<'d, 'd>, node: Node<'d, 'd>) -> Option<Port<'d>> {
        let binding = *self.bindings.get(local(node.attribute("binding")?))?;
        let (soap, soap_binding) = binding.soap?;
        let address = soap_child(node, "address").and_then(|node| node.attribute("location"));
        Some(Port {
            service_name: service.attribute("name").unwrap_or_default(),
            name: node.attribute("name").unwrap_or_default(),
            node,
            soap,
            address: address.filter(|url| !url.is_empty()),
            service,
            binding: binding.node,
            soap_binding,
        })
    }

    /// A port with its operations.
    pub(super) fn endpoint(&self, port: &Port<'d>) -> Endpoint<'d> {
        let Port { service_name, name, node, soap, address, service, binding, soap_binding } = *port;
        let style = soap_binding.attribute("style").unwrap_or("document");
        let port_type = binding.attribute("type").and_then(|name| self.port_types.get(local(name))).copied();
        let operations = binding.children().filter(|child| is(*child, "operation"));
        let described = port_type.map(described).unwrap_or_default();
        Endpoint {
            service,
            service_name,
            name,
            port: node,
            soap,
            transport: soap_binding.attribute("transport"),
            address,
            has_port_type: port_type.is_some(),
            operations: operations.map(|node| self.operation(node, style, &described)).collect(),
        }
    }

    fn operation(&self, node: Node<'d, 'd>, style: &'d str, described: &Described<'d>) -> Operation<'d> {
        let name = node.attribute("name").unwrap_or_default();
        let soap = soap_child(node, "operation");
        let input_name = node.children().find(|child| is(*child, "input")).and_then(|input| input.attribute("name"));
        let overload = input_name.and_then(|input| described.get(&(name, Some(input))));
        let described = overload.or_else(|| described.get(&(name, None))).copied();
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

/// The operations of a port type by name, and by name and name of the input, which tells overloads apart.
type Described<'d> = HashMap<(&'d str, Option<&'d str>), Node<'d, 'd>>;

fn described<'d>(port_type: Node<'d, 'd>) -> Described<'d> {
    let mut found = Described::new();
    for operation in port_type.children().filter(|child| is(*child, "operation")) {
        let name = operation.attribute("name").unwrap_or_default();
        found.entry((name, None)).or_insert(operation);
        let input = operation.children().find(|child| is(*child, "input")).and_then(|input| input.attribute("name"));
        if input.is_some() {
            found.entry((name, input)).or_insert(operation);
        }
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
