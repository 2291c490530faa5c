//! The tokens of one tree in memory: nodes in one list, their text in one buffer.

mod edit;

use std::collections::HashMap;

use super::value::{Stored, TokenValue};
use super::{JTokenType, TokenClass};
use crate::expr::arena::Tree;

/// The index that stands for no node.
pub(super) const NONE: u32 = u32::MAX;

/// Objects with more properties than this keep a table of their names.
const SMALL: usize = 12;

/// A piece of the tree's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) len: u32,
}

/// Tokens and their text; a token that was removed stays until the tree is dropped.
#[derive(Debug, Default)]
pub(super) struct JsonTree {
    nodes: Vec<Node>,
    text: String,
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) parent: u32,
    /// The place among the children of the parent.
    pub(super) position: u32,
    pub(super) data: Data,
}

#[derive(Debug)]
pub(super) enum Data {
    Object(Children),
    Array(Children),
    Constructor(Span, Children),
    Property(Span, u32),
    Value(JTokenType, Stored),
    Raw(Stored),
}

/// Names of properties to their nodes, kept once an object is large.
#[derive(Debug)]
struct Names(HashMap<Box<str>, u32>);

#[derive(Debug, Default)]
pub(super) struct Children {
    pub(super) list: Vec<u32>,
    /// Grows with each change, so that an enumeration notices.
    version: u32,
    names: Option<Box<Names>>,
}

/// What a node weighs beside its text: itself and its place in its parent.
pub(super) const NODE_WEIGHT: usize = size_of::<Node>() + 8;

impl Tree for JsonTree {
    fn weight(&self) -> usize {
        self.nodes.len() * NODE_WEIGHT + self.text.len()
    }

    fn count(&self) -> u32 {
        self.nodes.len() as u32
    }

    fn absorb(&mut self, other: Self) {
        let (nodes, text) = (self.count(), self.text.len() as u32);
        self.text.push_str(&other.text);
        self.nodes.reserve(other.nodes.len());
        for mut node in other.nodes {
            if node.parent != NONE {
                node.parent += nodes;
            }
            match &mut node.data {
                Data::Object(children) | Data::Array(children) => children.shift(nodes),
                Data::Constructor(name, children) => {
                    name.start += text;
                    children.shift(nodes);
                }
                Data::Property(name, value) => {
                    name.start += text;
                    if *value != NONE {
                        *value += nodes;
                    }
                }
                Data::Value(_, stored) | Data::Raw(stored) => stored.shift(text),
            }
            self.nodes.push(node);
        }
    }
}

impl Children {
    pub(super) fn of(list: Vec<u32>) -> Self {
        Self { list, version: 0, names: None }
    }

    fn shift(&mut self, by: u32) {
        self.list.iter_mut().for_each(|child| *child += by);
        if let Some(names) = &mut self.names {
            names.0.values_mut().for_each(|child| *child += by);
        }
    }
}

impl JsonTree {
    /// A tree with room for what `len` bytes of JSON usually hold.
    pub(super) fn for_json(len: usize) -> Self {
        Self { nodes: Vec::with_capacity((len / 12).min(1 << 16) + 2), text: String::with_capacity(len / 2) }
    }

    // INVARIANT: indices come from this tree, or from one that it absorbed, and nodes are never taken away.
    pub(super) fn node(&self, index: u32) -> &Node {
        &self.nodes[index as usize]
    }

    pub(super) fn node_mut(&mut self, index: u32) -> &mut Node {
        &mut self.nodes[index as usize]
    }

    /// Adds a node without parent, and makes it the parent of the children that it names.
    pub(super) fn add(&mut self, data: Data) -> u32 {
        let index = self.count();
        self.nodes.push(Node { parent: NONE, position: 0, data });
        index
    }

    /// Makes `parent` the parent of its children, in their order.
    pub(super) fn adopt(&mut self, parent: u32) {
        let Self { nodes, .. } = self;
        let list = match &mut nodes[parent as usize].data {
            Data::Object(children) | Data::Array(children) | Data::Constructor(_, children) => {
                std::mem::take(&mut children.list)
            }
            Data::Property(_, value) => vec![*value],
            Data::Value(..) | Data::Raw(_) => return,
        };
        for (position, child) in list.iter().enumerate() {
            let node = &mut nodes[*child as usize];
            (node.parent, node.position) = (parent, position as u32);
        }
        if let Data::Object(children) | Data::Array(children) | Data::Constructor(_, children) =
            &mut nodes[parent as usize].data
        {
            children.list = list;
        }
    }

    pub(super) fn text(&self, span: Span) -> &str {
        let start = span.start as usize;
        self.text.get(start..start + span.len as usize).unwrap_or_default()
    }

    pub(super) fn store(&mut self, text: &str) -> Span {
        let span = Span { start: self.text.len() as u32, len: text.len() as u32 };
        self.text.push_str(text);
        span
    }

    /// The end of the text buffer, for a reader that writes there piece by piece.
    pub(super) fn buffer(&mut self) -> &mut String {
        &mut self.text
    }

    pub(super) fn store_value(&mut self, value: &TokenValue) -> Stored {
        Stored::put(value, |text| self.store(text))
    }

    pub(super) fn value(&self, index: u32) -> Option<TokenValue> {
        match &self.node(index).data {
            Data::Value(_, stored) | Data::Raw(stored) => Some(stored.get(|span| self.text(span))),
            _ => None,
        }
    }

    pub(super) fn class(&self, index: u32) -> TokenClass {
        match &self.node(index).data {
            Data::Object(_) => TokenClass::Object,
            Data::Array(_) => TokenClass::Array,
            Data::Constructor(..) => TokenClass::Constructor,
            Data::Property(..) => TokenClass::Property,
            Data::Value(..) => TokenClass::Value,
            Data::Raw(_) => TokenClass::Raw,
        }
    }

    pub(super) fn token_type(&self, index: u32) -> JTokenType {
        match &self.node(index).data {
            Data::Object(_) => JTokenType::Object,
            Data::Array(_) => JTokenType::Array,
            Data::Constructor(..) => JTokenType::Constructor,
            Data::Property(..) => JTokenType::Property,
            Data::Value(token_type, _) => *token_type,
            Data::Raw(_) => JTokenType::Raw,
        }
    }

    /// The name of a property or constructor.
    pub(super) fn name(&self, index: u32) -> Option<&str> {
        match &self.node(index).data {
            Data::Property(name, _) | Data::Constructor(name, _) => Some(self.text(*name)),
            _ => None,
        }
    }

    pub(super) fn children(&self, index: u32) -> &[u32] {
        match &self.node(index).data {
            Data::Object(children) | Data::Array(children) | Data::Constructor(_, children) => &children.list,
            Data::Property(_, NONE) => &[],
            Data::Property(_, value) => std::slice::from_ref(value),
            Data::Value(..) | Data::Raw(_) => &[],
        }
    }

    /// A number that differs after the list of children changed.
    pub(super) fn version(&self, index: u32) -> u32 {
        match &self.node(index).data {
            Data::Object(children) | Data::Array(children) | Data::Constructor(_, children) => children.version,
            Data::Property(..) | Data::Value(..) | Data::Raw(_) => 0,
        }
    }

    pub(super) fn root(&self, mut index: u32) -> u32 {
        while self.node(index).parent != NONE {
            index = self.node(index).parent;
        }
        index
    }

    /// Whether a node has no place yet and is not above the one that it goes to.
    pub(super) fn can_attach(&self, target: u32, child: u32) -> bool {
        self.node(child).parent == NONE
            && child != target
            && (self.children(child).is_empty() || self.root(target) != child)
    }

    /// The node of the property of that name.
    pub(super) fn property(&self, object: u32, name: &str) -> Option<u32> {
        let Data::Object(children) = &self.node(object).data else { return None };
        match &children.names {
            Some(names) => names.0.get(name).copied(),
            None => children.list.iter().copied().find(|child| self.name(*child) == Some(name)),
        }
    }

    /// The value of the property of that name.
    pub(super) fn property_value(&self, object: u32, name: &str) -> Option<u32> {
        self.property(object, name).and_then(|property| self.children(property).first().copied())
    }

    /// What a copy of the node and all below it would weigh, near enough.
    pub(super) fn subtree_weight(&self, root: u32) -> usize {
        let mut weight = 0;
        let mut stack = vec![root];
        while let Some(index) = stack.pop() {
            weight += NODE_WEIGHT;
            weight += match &self.node(index).data {
                Data::Property(name, _) | Data::Constructor(name, _) => name.len as usize,
                Data::Value(_, stored) | Data::Raw(stored) => stored.text_len(),
                Data::Object(_) | Data::Array(_) => 0,
            };
            stack.extend(self.children(index));
        }
        weight
    }

    /// A copy of the node and all below it, as a tree whose first node it is.
    pub(super) fn copy(&self, root: u32) -> Self {
        let mut copy = Self::default();
        let mut sources = vec![root];
        let mut next = 0;
        let mut parents = vec![(NONE, 0)];
        while let (Some(&source), Some(&(parent, position))) = (sources.get(next), parents.get(next)) {
            let first = sources.len() as u32;
            let children = self.children(source);
            let list: Vec<u32> = (first..first + children.len() as u32).collect();
            sources.extend_from_slice(children);
            parents.extend((0..children.len() as u32).map(|position| (next as u32, position)));
            let data = match &self.node(source).data {
                Data::Object(_) => Data::Object(Children::of(list)),
                Data::Array(_) => Data::Array(Children::of(list)),
                Data::Constructor(name, _) => Data::Constructor(copy.store(self.text(*name)), Children::of(list)),
                Data::Property(name, _) => {
                    Data::Property(copy.store(self.text(*name)), list.first().copied().unwrap_or(NONE))
                }
                Data::Value(token_type, stored) => {
                    Data::Value(*token_type, stored.moved(|span| copy.store(self.text(span))))
                }
                Data::Raw(stored) => Data::Raw(stored.moved(|span| copy.store(self.text(span)))),
            };
            copy.nodes.push(Node { parent, position, data });
            next += 1;
        }
        for index in 0..copy.count() {
            copy.index_names(index);
        }
        copy
    }

    /// Makes the table of names of a large object.
    pub(super) fn index_names(&mut self, object: u32) {
        let Data::Object(children) = &self.node(object).data else { return };
        if children.list.len() <= SMALL || children.names.is_some() {
            return;
        }
        let names = children.list.iter().map(|child| (Box::from(self.name(*child).unwrap_or_default()), *child));
        let names = Box::new(Names(names.collect()));
        if let Data::Object(children) = &mut self.node_mut(object).data {
            children.names = Some(names);
        }
    }
}
