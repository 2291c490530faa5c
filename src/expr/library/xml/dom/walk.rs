//! A walk over a tree as a reader goes: elements begin and end, attributes are looked at on the way.

use crate::expr::xlinq::{XDeclaration, XObject, XObjectClass};

/// What a reader leaves out.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Omitted {
    pub(super) white_space: bool,
    pub(super) comments: bool,
    pub(super) instructions: bool,
}

/// Where a walk is.
#[derive(Clone)]
enum Place {
    Before,
    Declaration(XDeclaration),
    On(XObject),
    End(XObject),
    After,
}

/// A walk over a document or a node.
pub(super) struct Walk {
    root: XObject,
    place: Place,
    depth: usize,
    attribute: Option<XObject>,
    omitted: Omitted,
}

fn is_white(text: &str) -> bool {
    text.chars().all(|c| matches!(c, ' ' | '\t' | '\r' | '\n'))
}

impl Walk {
    pub(super) fn new(root: XObject, omitted: Omitted) -> Self {
        Self { root, place: Place::Before, depth: 0, attribute: None, omitted }
    }

    /// Goes one node further; false at the end.
    pub(super) fn step(&mut self) -> bool {
        self.attribute = None;
        loop {
            self.advance();
            match &self.place {
                Place::After => return false,
                Place::On(node) if self.is_omitted(node) => {}
                _ => return true,
            }
        }
    }

    fn is_omitted(&self, node: &XObject) -> bool {
        match node.class() {
            XObjectClass::Text => self.omitted.white_space && is_white(&node.value()),
            XObjectClass::Comment => self.omitted.comments,
            XObjectClass::ProcessingInstruction => self.omitted.instructions,
            _ => false,
        }
    }

    fn advance(&mut self) {
        self.place = match std::mem::replace(&mut self.place, Place::After) {
            Place::Before => match (self.root.class(), self.root.declaration()) {
                (XObjectClass::Document, Some(parts)) => Place::Declaration(parts),
                (XObjectClass::Document, None) => self.root.first_node().map_or(Place::After, Place::On),
                _ => Place::On(self.root.clone()),
            },
            Place::Declaration(_) => self.root.first_node().map_or(Place::After, Place::On),
            Place::On(node) if node.class() == XObjectClass::Element && !node.is_empty() => match node.first_node() {
                Some(first) => {
                    self.depth += 1;
                    Place::On(first)
                }
                None => Place::End(node),
            },
            Place::On(node) | Place::End(node) => self.behind(&node),
            Place::After => Place::After,
        };
    }

    fn behind(&mut self, node: &XObject) -> Place {
        if node.ptr_eq(&self.root) {
            return Place::After;
        }
        match (node.next(), node.container()) {
            (Some(next), _) => Place::On(next),
            (None, Some(outer)) if outer.class() == XObjectClass::Element => {
                self.depth = self.depth.saturating_sub(1);
                Place::End(outer)
            }
            _ => Place::After,
        }
    }

    /// Goes behind the node and all inside of it; gives the node.
    pub(super) fn skip(&mut self) -> Option<XObject> {
        self.attribute = None;
        match std::mem::replace(&mut self.place, Place::After) {
            Place::Before => Some(self.root.clone()),
            Place::On(node) => {
                self.place = self.behind(&node);
                if let Place::On(next) = &self.place
                    && self.is_omitted(next)
                {
                    self.step();
                }
                Some(node)
            }
            place => {
                self.place = place;
                None
            }
        }
    }

    /// The node, at its beginning or its end; none before, behind, and on a declaration.
    pub(super) fn node(&self) -> Option<&XObject> {
        match &self.place {
            Place::On(node) | Place::End(node) => Some(node),
            _ => None,
        }
    }

    /// The element that begins here.
    pub(super) fn element(&self) -> Option<&XObject> {
        match &self.place {
            Place::On(node) if node.class() == XObjectClass::Element => Some(node),
            _ => None,
        }
    }

    pub(super) fn declaration(&self) -> Option<&XDeclaration> {
        match &self.place {
            Place::Declaration(parts) => Some(parts),
            _ => None,
        }
    }

    pub(super) fn is_end(&self) -> bool {
        matches!(self.place, Place::End(_))
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.place, Place::After)
    }

    pub(super) fn is_begun(&self) -> bool {
        !matches!(self.place, Place::Before)
    }

    pub(super) fn depth(&self) -> usize {
        self.depth + usize::from(self.attribute.is_some())
    }

    /// The attribute that is looked at.
    pub(super) fn attribute(&self) -> Option<&XObject> {
        self.attribute.as_ref()
    }

    /// Looks at an attribute of the element, or at the element again; true when there is one.
    pub(super) fn look_at(&mut self, attribute: Option<XObject>) -> bool {
        self.attribute = attribute;
        self.attribute.is_some()
    }

    /// The number of the constant of `XmlNodeType`.
    pub(super) fn node_type(&self) -> i64 {
        if self.attribute.is_some() {
            return XObjectClass::Attribute.node_type();
        }
        match &self.place {
            Place::Before | Place::After => 0,
            Place::Declaration(_) => 17,
            Place::End(_) => 15,
            Place::On(node) if node.class() == XObjectClass::Text && is_white(&node.value()) => 13,
            Place::On(node) => node.class().node_type(),
        }
    }
}
