//! `XObject`: a node or an attribute of an XML tree that can be changed through any of its handles.

mod navigation;

use super::declaration::XDeclaration;
use super::name::{XML, XMLNS, XName, XNamespace};
use super::tree::{DocumentType, NodeData, XmlTree};
use crate::expr::arena::{Annotated, Handle, Place, Tree};
use crate::expr::dotnet::exception::{Exception, Result};

/// A node or attribute by reference, as C# holds it; cloning gives the same one.
#[derive(Debug, Clone)]
pub(crate) struct XObject {
    pub(super) handle: Handle<XmlTree>,
    class: XObjectClass,
}

/// The .NET class of an [`XObject`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum XObjectClass {
    Document,
    Element,
    Attribute,
    Text,
    CData,
    Comment,
    ProcessingInstruction,
    DocumentType,
}

impl XObjectClass {
    /// The number of the constant of `System.Xml.XmlNodeType`.
    pub(crate) fn node_type(self) -> i64 {
        match self {
            Self::Document => 9,
            Self::Element => 1,
            Self::Attribute => 2,
            Self::Text => 3,
            Self::CData => 4,
            Self::Comment => 8,
            Self::ProcessingInstruction => 7,
            Self::DocumentType => 10,
        }
    }
}

impl XObject {
    /// `new XDocument()`.
    pub(crate) fn document(declaration: Option<XDeclaration>) -> Self {
        Self::single(NodeData::Document { declaration, nodes: Vec::new() })
    }

    /// `new XElement(name)`.
    pub(crate) fn element(name: XName) -> Self {
        Self::single(NodeData::Element { name, attributes: Vec::new(), nodes: Vec::new(), empty: true })
    }

    /// `new XAttribute(name, value)`.
    pub(crate) fn attribute(name: XName, value: &str) -> Result<Self> {
        if let Some(prefix) = name.declared_prefix() {
            let wrong = match (prefix, value) {
                ("", XML | XMLNS) => Some(format!("The prefix '' cannot be bound to the namespace name '{value}'.")),
                ("", _) => None,
                (_, "") => Some(format!("The prefix '{prefix}' cannot be bound to the empty namespace name.")),
                ("xmlns", _) => Some("The 'xmlns' prefix is bound to the predefined namespace name 'http://www.w3.org/2000/xmlns/'. It cannot be declared.".to_owned()),
                _ => None,
            };
            if let Some(message) = wrong {
                return Err(Exception::argument(message));
            }
        }
        Ok(Self::single(NodeData::Attribute { name, value: value.into() }))
    }

    /// `new XText(text)`.
    pub(crate) fn text(text: &str) -> Self {
        Self::single(NodeData::Text(text.into()))
    }

    /// `new XCData(text)`.
    pub(crate) fn cdata(text: &str) -> Self {
        Self::single(NodeData::CData(text.into()))
    }

    /// `new XComment(text)`.
    pub(crate) fn comment(text: &str) -> Self {
        Self::single(NodeData::Comment(text.into()))
    }

    /// `new XProcessingInstruction(target, data)`.
    pub(crate) fn processing_instruction(target: &str, data: &str) -> Result<Self> {
        super::name::check_name(target)?;
        if target.eq_ignore_ascii_case("xml") {
            return Err(Exception::argument(format!("'{target}' is an invalid name for a processing instruction.")));
        }
        Ok(Self::single(NodeData::ProcessingInstruction { target: target.into(), data: data.into() }))
    }

    /// `new XDocumentType(…)`.
    pub(crate) fn document_type(parts: DocumentType) -> Self {
        Self::single(NodeData::DocumentType(Box::new(parts)))
    }

    fn single(data: NodeData) -> Self {
        let mut tree = XmlTree::default();
        let index = tree.add(data);
        Self::of_tree(tree, index)
    }

    pub(super) fn of_tree(tree: XmlTree, index: u32) -> Self {
        let class = class_of(tree.data(index));
        Self { handle: Handle::new(tree, index), class }
    }

    pub(super) fn at(place: &Place<'_, XmlTree>, index: u32) -> Self {
        Self { handle: place.handle(index), class: class_of(place.tree.data(index)) }
    }

    fn pick(&self, pick: impl FnOnce(&XmlTree, u32) -> Option<u32>) -> Option<Self> {
        self.handle.with(|place| pick(place.tree, place.index).map(|index| Self::at(&place, index)))
    }

    fn pick_all(&self, pick: impl FnOnce(&XmlTree, u32) -> Vec<u32>) -> Vec<Self> {
        self.handle.with(|place| {
            let indices = pick(place.tree, place.index);
            indices.into_iter().map(|index| Self::at(&place, index)).collect()
        })
    }

    /// The annotations.
    pub(crate) fn annotated(&self) -> &dyn Annotated {
        &self.handle
    }

    /// Whether both are the same object, not merely equal ones.
    pub(crate) fn ptr_eq(&self, other: &Self) -> bool {
        self.handle.ptr_eq(&other.handle)
    }

    /// The .NET class: never changes for an object.
    pub(crate) fn class(&self) -> XObjectClass {
        self.class
    }

    /// Whether the object is an `XContainer`.
    pub(crate) fn is_container(&self) -> bool {
        matches!(self.class, XObjectClass::Document | XObjectClass::Element)
    }

    /// What the whole tree takes, in bytes, near enough for a budget.
    pub(crate) fn weight(&self) -> usize {
        self.handle.with(|place| place.tree.weight())
    }

    /// What a copy of the object and all below it takes, in bytes.
    pub(crate) fn subtree_weight(&self) -> usize {
        self.handle.with(|place| place.tree.subtree_weight(place.index))
    }

    /// The name of an element or attribute.
    pub(crate) fn name(&self) -> Option<XName> {
        self.handle.with(|place| place.tree.name(place.index).cloned())
    }

    /// `Value` of elements, attributes, texts and comments; the data of a processing instruction.
    pub(crate) fn value(&self) -> String {
        self.handle.with(|place| match place.tree.data(place.index) {
            NodeData::Document { .. } | NodeData::Element { .. } => place.tree.text_of(place.index),
            NodeData::Attribute { value: text, .. }
            | NodeData::Text(text)
            | NodeData::CData(text)
            | NodeData::Comment(text) => text.to_string(),
            NodeData::ProcessingInstruction { data, .. } => data.to_string(),
            NodeData::DocumentType(_) => String::new(),
        })
    }

    /// `XProcessingInstruction.Target`.
    pub(crate) fn target(&self) -> Option<String> {
        self.handle.with(|place| match place.tree.data(place.index) {
            NodeData::ProcessingInstruction { target, .. } => Some(target.to_string()),
            _ => None,
        })
    }

    /// The parts of a document type.
    pub(crate) fn document_type_parts(&self) -> Option<DocumentType> {
        self.handle.with(|place| match place.tree.data(place.index) {
            NodeData::DocumentType(parts) => Some((**parts).clone()),
            _ => None,
        })
    }

    /// `XDocument.Declaration`.
    pub(crate) fn declaration(&self) -> Option<XDeclaration> {
        self.handle.with(|place| match place.tree.data(place.index) {
            NodeData::Document { declaration, .. } => declaration.clone(),
            _ => None,
        })
    }

    /// `XElement.IsEmpty`: written as `<a />`.
    pub(crate) fn is_empty(&self) -> bool {
        self.handle.with(|place| matches!(place.tree.data(place.index), NodeData::Element { empty: true, .. }))
    }

    /// `XAttribute.IsNamespaceDeclaration`.
    pub(crate) fn is_namespace_declaration(&self) -> bool {
        self.name().is_some_and(|name| self.class == XObjectClass::Attribute && name.declared_prefix().is_some())
    }

    /// `GetNamespaceOfPrefix(prefix)`; the empty prefix asks for the default namespace.
    pub(crate) fn namespace_of_prefix(&self, prefix: &str) -> Option<XNamespace> {
        match prefix {
            "xml" => return Some(XNamespace::new(XML)),
            "xmlns" => return Some(XNamespace::new(XMLNS)),
            _ => {}
        }
        self.handle.with(|place| {
            declarations(place.tree, place.index)
                .into_iter()
                .find(|(declared, _)| *declared == prefix)
                .map(|(_, namespace)| XNamespace::new(namespace))
        })
    }

    /// `GetPrefixOfNamespace(ns)`.
    pub(crate) fn prefix_of_namespace(&self, namespace: &XNamespace) -> Option<String> {
        let found = self.handle.with(|place| {
            let all = declarations(place.tree, place.index);
            let found = all.iter().enumerate().find(|(at, (prefix, declared))| {
                !prefix.is_empty()
                    && *declared == namespace.name()
                    && !all.iter().take(*at).any(|(inner, _)| inner == prefix)
            });
            found.map(|(_, (prefix, _))| (*prefix).to_owned())
        });
        found.or_else(|| match namespace.name() {
            XML => Some("xml".to_owned()),
            XMLNS => Some("xmlns".to_owned()),
            _ => None,
        })
    }

    /// `XNode.DeepEquals(a, b)`: also for attributes, by name and value.
    pub(crate) fn deep_equals(&self, other: &Self) -> bool {
        let mut work = vec![(self.clone(), other.clone())];
        while let Some((a, b)) = work.pop() {
            if a.ptr_eq(&b) {
                continue;
            }
            if a.class != b.class || a.name() != b.name() || a.is_empty() != b.is_empty() {
                return false;
            }
            if !a.is_container() {
                let same = a.value() == b.value()
                    && a.target() == b.target()
                    && a.document_type_parts() == b.document_type_parts();
                if !same {
                    return false;
                }
                continue;
            }
            let attributes = |x: &Self| -> Vec<_> { x.attributes().iter().map(|a| (a.name(), a.value())).collect() };
            if attributes(&a) != attributes(&b) {
                return false;
            }
            let (left, right) = (joined_texts(&a), joined_texts(&b));
            if left.len() != right.len() {
                return false;
            }
            for pair in left.into_iter().zip(right) {
                match pair {
                    (Content::Text(left), Content::Text(right)) if left == right => {}
                    (Content::Node(left), Content::Node(right)) => work.push((left, right)),
                    _ => return false,
                }
            }
        }
        true
    }

    /// A walk over the nodes that goes on as .NET's when nodes are changed meanwhile.
    pub(crate) fn node_cursor(&self) -> NodeCursor {
        NodeCursor { container: self.clone(), current: None }
    }
}

/// An enumerator over the nodes of a container: ends once the current node is no longer inside.
#[derive(Debug, Clone)]
pub(crate) struct NodeCursor {
    container: XObject,
    current: Option<XObject>,
}

impl Iterator for NodeCursor {
    type Item = XObject;

    fn next(&mut self) -> Option<XObject> {
        let next = match &self.current {
            None => self.container.first_node(),
            Some(current) => {
                let inside = current.container().is_some_and(|container| container.ptr_eq(&self.container));
                if inside { current.next() } else { None }
            }
        };
        self.current.clone_from(&next);
        next
    }
}

enum Content {
    /// Neighbouring texts count as one.
    Text(String),
    Node(XObject),
}

fn joined_texts(container: &XObject) -> Vec<Content> {
    let mut joined: Vec<Content> = Vec::new();
    for node in container.nodes() {
        match (node.class, joined.last_mut()) {
            (XObjectClass::Text, Some(Content::Text(text))) => text.push_str(&node.value()),
            (XObjectClass::Text, _) => joined.push(Content::Text(node.value())),
            _ => joined.push(Content::Node(node)),
        }
    }
    joined.retain(|content| !matches!(content, Content::Text(text) if text.is_empty()));
    joined
}

fn keep_elements(tree: &XmlTree, mut indices: Vec<u32>, name: Option<&XName>) -> Vec<u32> {
    indices.retain(|index| tree.is_element(*index) && name.is_none_or(|name| tree.name(*index) == Some(name)));
    indices
}

/// Namespace declarations in scope, innermost first: prefix and namespace.
pub(super) fn declarations(tree: &XmlTree, index: u32) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    for element in std::iter::successors(Some(index), |index| tree.parent(*index)) {
        for attribute in tree.attributes(element).iter().rev() {
            if let Some(prefix) = tree.name(*attribute).and_then(XName::declared_prefix) {
                found.push((prefix, tree.attribute_value(*attribute)));
            }
        }
    }
    found
}

fn class_of(data: &NodeData) -> XObjectClass {
    match data {
        NodeData::Document { .. } => XObjectClass::Document,
        NodeData::Element { .. } => XObjectClass::Element,
        NodeData::Attribute { .. } => XObjectClass::Attribute,
        NodeData::Text(_) => XObjectClass::Text,
        NodeData::CData(_) => XObjectClass::CData,
        NodeData::Comment(_) => XObjectClass::Comment,
        NodeData::ProcessingInstruction { .. } => XObjectClass::ProcessingInstruction,
        NodeData::DocumentType(_) => XObjectClass::DocumentType,
    }
}
