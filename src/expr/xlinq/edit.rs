//! Changing an XML tree: adding, removing and replacing by LINQ to XML's rules.

use super::declaration::XDeclaration;
use super::name::XName;
use super::object::{XObject, XObjectClass};
use super::tree::{DocumentType, NodeData, XmlTree};
use crate::expr::dotnet::exception::{Exception, Result};

/// What goes into a container: text is not a node yet, so that it can join the text before it.
#[derive(Debug, Clone)]
pub(crate) enum XContent {
    Object(XObject),
    Text(String),
}

fn invalid_operation(message: &str) -> Exception {
    Exception::new("System.InvalidOperationException", message)
}

fn no_parent() -> Exception {
    invalid_operation("The parent is missing.")
}

impl XObject {
    /// A copy without parent: `new XElement(other)` and its kin.
    pub(crate) fn deep_clone(&self) -> Self {
        Self::of_tree(self.handle.with(|place| place.tree.copy(place.index)), 0)
    }

    /// `Add(content)` of one item.
    pub(crate) fn add(&self, content: &XContent) -> Result<()> {
        let end = self.handle.with(|place| place.tree.nodes(place.index).len());
        self.insert(end, content).map(drop)
    }

    /// Puts content before the node at `at`; gives the place after it.
    pub(crate) fn insert(&self, at: usize, content: &XContent) -> Result<usize> {
        let object = match content {
            XContent::Text(text) => return self.insert_text(at, text),
            XContent::Object(object) => object,
        };
        if object.class() == XObjectClass::Attribute {
            return self.add_attribute(object).map(|()| at);
        }
        self.check_node(object, at)?;
        let root_is_object = self.ancestors_or_self_contain(object);
        let node = if object.container().is_some() || root_is_object { object.deep_clone() } else { object.clone() };
        self.attach(node, |tree, container, child| tree.insert(container, at, child))?;
        Ok(at + 1)
    }

    /// Joins the trees and runs `work`; copies the object when it found a place meanwhile, on another thread.
    fn attach(&self, mut object: Self, work: impl Fn(&mut XmlTree, u32, u32)) -> Result<()> {
        loop {
            let attached = self.handle.join(&object.handle, |place, child| {
                let free = place.tree.parent(child).is_none()
                    && child != place.index
                    && (place.tree.nodes(child).is_empty() || place.tree.root(place.index) != child);
                if free {
                    work(place.tree, place.index, child);
                }
                free
            })?;
            if attached {
                return Ok(());
            }
            object = object.deep_clone();
        }
    }

    fn ancestors_or_self_contain(&self, object: &Self) -> bool {
        std::iter::successors(Some(self.clone()), Self::container).any(|ancestor| ancestor.ptr_eq(object))
    }

    fn insert_text(&self, at: usize, text: &str) -> Result<usize> {
        if self.class() == XObjectClass::Document {
            return if text.chars().all(|c| matches!(c, ' ' | '\t' | '\r' | '\n')) {
                Ok(at)
            } else {
                Err(Exception::argument("Non-whitespace characters cannot be added to content."))
            };
        }
        if self.class() != XObjectClass::Element {
            return Ok(at);
        }
        Ok(self.handle.with(|place| {
            let tree = place.tree;
            let before = at.checked_sub(1).and_then(|at| tree.nodes(place.index).get(at).copied());
            if text.is_empty() {
                if let NodeData::Element { empty, .. } = &mut tree.node_mut(place.index).data {
                    *empty = false;
                }
                return at;
            }
            if let Some(before) = before
                && let NodeData::Text(existing) = &mut tree.node_mut(before).data
            {
                *existing = format!("{existing}{text}").into();
                tree.grow(text.len());
                return at;
            }
            let child = tree.add(NodeData::Text(text.into()));
            tree.insert(place.index, at, child);
            at + 1
        }))
    }

    fn add_attribute(&self, attribute: &Self) -> Result<()> {
        if self.class() != XObjectClass::Element {
            return Err(Exception::argument("An attribute cannot be added to content."));
        }
        if attribute.name().is_some_and(|name| self.attribute_named(&name).is_some()) {
            return Err(invalid_operation("Duplicate attribute."));
        }
        let attribute = if attribute.container().is_some() { attribute.deep_clone() } else { attribute.clone() };
        self.attach(attribute, |tree, element, child| tree.append_attribute(element, child))
    }

    /// What an element or a document must not hold.
    fn check_node(&self, node: &Self, at: usize) -> Result<()> {
        let refused = |kind: &str| Exception::argument(format!("A node of type {kind} cannot be added to content."));
        let malformed = || invalid_operation("This operation would create an incorrectly structured document.");
        match (self.class(), node.class()) {
            (_, XObjectClass::Document) => Err(refused("Document")),
            (XObjectClass::Element, XObjectClass::DocumentType) => Err(refused("DocumentType")),
            (XObjectClass::Document, XObjectClass::CData) => Err(refused("CDATA")),
            (XObjectClass::Document, XObjectClass::Text) if !node.value().trim().is_empty() => {
                Err(Exception::argument("Non-whitespace characters cannot be added to content."))
            }
            (XObjectClass::Document, XObjectClass::Element) => {
                let after = self.nodes().into_iter().skip(at);
                let late_type = after.into_iter().any(|node| node.class() == XObjectClass::DocumentType);
                if self.root_element().is_some() || late_type { Err(malformed()) } else { Ok(()) }
            }
            (XObjectClass::Document, XObjectClass::DocumentType) => {
                let blocked = self.nodes().iter().enumerate().any(|(index, node)| {
                    node.class() == XObjectClass::DocumentType || (node.class() == XObjectClass::Element && index < at)
                });
                if blocked { Err(malformed()) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }

    /// The container of this node and the place in it where `AddBeforeSelf` (0) or `AddAfterSelf` (1) begins.
    pub(crate) fn place_beside(&self, after: usize) -> Result<(Self, usize)> {
        let container = self.container().ok_or_else(no_parent)?;
        let position = self.handle.with(|place| place.tree.node(place.index).position as usize);
        Ok((container, position + after))
    }

    /// `Remove()` of a node or an attribute.
    pub(crate) fn remove(&self) -> Result<()> {
        self.handle.with(|place| match place.tree.parent(place.index) {
            Some(_) => {
                place.tree.detach(place.index);
                Ok(())
            }
            None => Err(no_parent()),
        })
    }

    /// `RemoveNodes()`.
    pub(crate) fn remove_nodes(&self) {
        self.handle.with(|place| place.tree.clear_nodes(place.index));
    }

    /// `RemoveAttributes()`.
    pub(crate) fn remove_attributes(&self) {
        self.handle.with(|place| place.tree.clear_attributes(place.index));
    }

    /// `Name = name` of an element.
    pub(crate) fn set_name(&self, new: XName) {
        self.handle.with(|place| {
            if let NodeData::Element { name, .. } = &mut place.tree.node_mut(place.index).data {
                *name = new;
            }
        });
    }

    /// `Value = text` of an element, attribute, text, comment or processing instruction.
    pub(crate) fn set_value(&self, text: &str) {
        self.handle.with(|place| {
            let (tree, index) = (place.tree, place.index);
            tree.grow(text.len());
            match &mut tree.node_mut(index).data {
                NodeData::Attribute { value, .. } => *value = text.into(),
                NodeData::Text(value) | NodeData::CData(value) | NodeData::Comment(value) => *value = text.into(),
                NodeData::ProcessingInstruction { data, .. } => *data = text.into(),
                NodeData::Element { .. } => set_element_text(tree, index, text),
                NodeData::Document { .. } | NodeData::DocumentType(_) => {}
            }
        });
    }

    /// `SetAttributeValue(name, value)`; no value removes the attribute.
    pub(crate) fn set_attribute_value(&self, name: &XName, value: Option<&str>) -> Result<()> {
        match (self.attribute_named(name), value) {
            (Some(attribute), Some(value)) => {
                attribute.set_value(value);
                Ok(())
            }
            (Some(attribute), None) => attribute.remove(),
            (None, Some(value)) => self.add_attribute(&Self::attribute(name.clone(), value)?),
            (None, None) => Ok(()),
        }
    }

    /// `SetElementValue(name, value)`; no value removes the element.
    pub(crate) fn set_element_value(&self, name: &XName, value: Option<&str>) -> Result<()> {
        match (self.element_named(name), value) {
            (Some(element), Some(value)) => {
                element.set_value(value);
                Ok(())
            }
            (Some(element), None) => element.remove(),
            (None, Some(value)) => {
                let element = Self::element(name.clone());
                element.set_value(value);
                self.add(&XContent::Object(element))
            }
            (None, None) => Ok(()),
        }
    }

    /// `Target = target` of a processing instruction.
    pub(crate) fn set_target(&self, text: &str) -> Result<()> {
        Self::processing_instruction(text, "")?;
        self.handle.with(|place| {
            if let NodeData::ProcessingInstruction { target, .. } = &mut place.tree.node_mut(place.index).data {
                *target = text.into();
            }
        });
        Ok(())
    }

    /// Sets the parts of a `<!DOCTYPE …>`.
    pub(crate) fn set_document_type(&self, parts: DocumentType) {
        self.handle.with(|place| {
            if let NodeData::DocumentType(old) = &mut place.tree.node_mut(place.index).data {
                **old = parts;
            }
        });
    }

    /// `XDocument.Declaration = declaration`.
    pub(crate) fn set_declaration(&self, new: Option<XDeclaration>) {
        self.handle.with(|place| {
            if let NodeData::Document { declaration, .. } = &mut place.tree.node_mut(place.index).data {
                *declaration = new;
            }
        });
    }
}

fn set_element_text(tree: &mut XmlTree, index: u32, text: &str) {
    tree.clear_nodes(index);
    if text.is_empty() {
        if let NodeData::Element { empty, .. } = &mut tree.node_mut(index).data {
            *empty = false;
        }
    } else {
        let child = tree.add(NodeData::Text(text.into()));
        tree.insert(index, 0, child);
    }
}
