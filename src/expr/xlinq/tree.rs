//! The nodes of one XML tree in memory.

use super::declaration::XDeclaration;
use super::name::XName;
use crate::expr::arena::Tree;

/// The index that stands for no node.
pub(super) const NONE: u32 = u32::MAX;

/// Nodes and attributes; what was removed stays until the tree is dropped.
#[derive(Debug, Default)]
pub(super) struct XmlTree {
    nodes: Vec<Node>,
    /// Bytes of all text and names ever stored.
    text: usize,
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) parent: u32,
    /// The place among the nodes, or the attributes, of the parent.
    pub(super) position: u32,
    pub(super) data: NodeData,
}

#[derive(Debug, Clone)]
pub(super) enum NodeData {
    Document {
        declaration: Option<XDeclaration>,
        nodes: Vec<u32>,
    },
    /// `empty` tells `<a/>` from `<a></a>`.
    Element {
        name: XName,
        attributes: Vec<u32>,
        nodes: Vec<u32>,
        empty: bool,
    },
    Attribute {
        name: XName,
        value: Box<str>,
    },
    Text(Box<str>),
    CData(Box<str>),
    Comment(Box<str>),
    ProcessingInstruction {
        target: Box<str>,
        data: Box<str>,
    },
    DocumentType(Box<DocumentType>),
}

/// The parts of `<!DOCTYPE …>`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct DocumentType {
    pub(crate) name: String,
    pub(crate) public_id: Option<String>,
    pub(crate) system_id: Option<String>,
    pub(crate) internal_subset: Option<String>,
}

impl Tree for XmlTree {
    fn weight(&self) -> usize {
        self.nodes.len() * (size_of::<Node>() + 8) + self.text
    }

    fn count(&self) -> u32 {
        self.nodes.len() as u32
    }

    fn absorb(&mut self, other: Self) {
        let shift = self.count();
        self.text += other.text;
        self.nodes.reserve(other.nodes.len());
        for mut node in other.nodes {
            if node.parent != NONE {
                node.parent += shift;
            }
            match &mut node.data {
                NodeData::Document { nodes, .. } => nodes.iter_mut().for_each(|child| *child += shift),
                NodeData::Element { attributes, nodes, .. } => {
                    attributes.iter_mut().chain(nodes).for_each(|child| *child += shift);
                }
                _ => {}
            }
            self.nodes.push(node);
        }
    }
}

impl XmlTree {
    // INVARIANT: indices come from this tree, or from one that it absorbed, and nodes are never taken away.
    pub(super) fn node(&self, index: u32) -> &Node {
        &self.nodes[index as usize]
    }

    pub(super) fn node_mut(&mut self, index: u32) -> &mut Node {
        &mut self.nodes[index as usize]
    }

    pub(super) fn data(&self, index: u32) -> &NodeData {
        &self.node(index).data
    }

    pub(super) fn parent(&self, index: u32) -> Option<u32> {
        let parent = self.node(index).parent;
        (parent != NONE).then_some(parent)
    }

    pub(super) fn add(&mut self, data: NodeData) -> u32 {
        self.text += text_len(&data);
        let index = self.count();
        self.nodes.push(Node { parent: NONE, position: 0, data });
        index
    }

    /// Counts text that was put into an existing node.
    pub(super) fn grow(&mut self, bytes: usize) {
        self.text += bytes;
    }

    /// The child nodes; attributes are none.
    pub(super) fn nodes(&self, index: u32) -> &[u32] {
        match self.data(index) {
            NodeData::Document { nodes, .. } | NodeData::Element { nodes, .. } => nodes,
            _ => &[],
        }
    }

    pub(super) fn attributes(&self, index: u32) -> &[u32] {
        match self.data(index) {
            NodeData::Element { attributes, .. } => attributes,
            _ => &[],
        }
    }

    /// The name of an element or attribute.
    pub(super) fn name(&self, index: u32) -> Option<&XName> {
        match self.data(index) {
            NodeData::Element { name, .. } | NodeData::Attribute { name, .. } => Some(name),
            _ => None,
        }
    }

    pub(super) fn is_element(&self, index: u32) -> bool {
        matches!(self.data(index), NodeData::Element { .. })
    }

    pub(super) fn attribute(&self, element: u32, name: &XName) -> Option<u32> {
        self.attributes(element).iter().copied().find(|attribute| self.name(*attribute) == Some(name))
    }

    pub(super) fn attribute_value(&self, attribute: u32) -> &str {
        match self.data(attribute) {
            NodeData::Attribute { value, .. } => value,
            _ => "",
        }
    }

    /// The node after this one among its siblings.
    pub(super) fn sibling(&self, index: u32, step: isize) -> Option<u32> {
        let at = (self.node(index).position as usize).checked_add_signed(step)?;
        let parent = self.parent(index)?;
        match self.data(index) {
            NodeData::Attribute { .. } => self.attributes(parent),
            _ => self.nodes(parent),
        }
        .get(at)
        .copied()
    }

    pub(super) fn root(&self, mut index: u32) -> u32 {
        while let Some(parent) = self.parent(index) {
            index = parent;
        }
        index
    }

    /// The node and all nodes below it, in document order, without attributes.
    pub(super) fn descendants(&self, index: u32) -> Vec<u32> {
        let mut found = Vec::new();
        let mut stack = vec![index];
        while let Some(index) = stack.pop() {
            found.push(index);
            stack.extend(self.nodes(index).iter().rev());
        }
        found
    }

    /// All text inside, concatenated.
    pub(super) fn text_of(&self, index: u32) -> String {
        let mut text = String::new();
        for index in self.descendants(index) {
            if let NodeData::Text(part) | NodeData::CData(part) = self.data(index) {
                text.push_str(part);
            }
        }
        text
    }

    /// Puts a node without parent among the nodes of a container.
    pub(super) fn insert(&mut self, parent: u32, at: usize, child: u32) {
        let at = match &mut self.node_mut(parent).data {
            NodeData::Document { nodes, .. } => {
                let at = at.min(nodes.len());
                nodes.insert(at, child);
                at
            }
            NodeData::Element { nodes, empty, .. } => {
                *empty = false;
                let at = at.min(nodes.len());
                nodes.insert(at, child);
                at
            }
            _ => return,
        };
        self.node_mut(child).parent = parent;
        self.renumber(parent, at);
    }

    /// Puts an attribute without parent after the others.
    pub(super) fn append_attribute(&mut self, element: u32, attribute: u32) {
        if let NodeData::Element { attributes, .. } = &mut self.node_mut(element).data {
            let position = attributes.len() as u32;
            attributes.push(attribute);
            let node = self.node_mut(attribute);
            (node.parent, node.position) = (element, position);
        }
    }

    /// Takes a node or an attribute out of its parent.
    pub(super) fn detach(&mut self, index: u32) {
        let Some(parent) = self.parent(index) else { return };
        let at = self.node(index).position as usize;
        let is_attribute = matches!(self.data(index), NodeData::Attribute { .. });
        let list = match &mut self.node_mut(parent).data {
            NodeData::Element { attributes, .. } if is_attribute => attributes,
            NodeData::Element { nodes, empty, .. } => {
                *empty = nodes.len() <= 1;
                nodes
            }
            NodeData::Document { nodes, .. } => nodes,
            _ => return,
        };
        if at < list.len() {
            list.remove(at);
        }
        self.node_mut(index).parent = NONE;
        if is_attribute {
            for (position, attribute) in self.attributes(parent).to_vec().into_iter().enumerate().skip(at) {
                self.node_mut(attribute).position = position as u32;
            }
        } else {
            self.renumber(parent, at);
        }
    }

    /// Takes all nodes out of a container.
    pub(super) fn clear_nodes(&mut self, parent: u32) {
        let taken = match &mut self.node_mut(parent).data {
            NodeData::Document { nodes, .. } => std::mem::take(nodes),
            NodeData::Element { nodes, empty, .. } => {
                *empty = true;
                std::mem::take(nodes)
            }
            _ => return,
        };
        for child in taken {
            self.node_mut(child).parent = NONE;
        }
    }

    pub(super) fn clear_attributes(&mut self, element: u32) {
        if let NodeData::Element { attributes, .. } = &mut self.node_mut(element).data {
            for attribute in std::mem::take(attributes) {
                self.node_mut(attribute).parent = NONE;
            }
        }
    }

    /// What a copy of the node and all below it would weigh, near enough.
    pub(super) fn subtree_weight(&self, root: u32) -> usize {
        let weight = |index: u32| size_of::<Node>() + 8 + text_len(self.data(index));
        let attributes = |index: u32| self.attributes(index).iter().map(|index| weight(*index)).sum::<usize>();
        self.descendants(root).into_iter().map(|index| weight(index) + attributes(index)).sum()
    }

    /// A copy of the node and all below it, as a tree whose first node it is.
    pub(super) fn copy(&self, root: u32) -> Self {
        let mut copy = Self::default();
        let mut sources = vec![(root, NONE, 0)];
        let mut next = 0;
        while let Some(&(source, parent, position)) = sources.get(next) {
            let mut data = self.data(source).clone();
            for list in match &mut data {
                NodeData::Document { nodes, .. } => vec![nodes],
                NodeData::Element { attributes, nodes, .. } => vec![attributes, nodes],
                _ => Vec::new(),
            } {
                for (position, child) in list.iter_mut().enumerate() {
                    sources.push((*child, next as u32, position as u32));
                    *child = sources.len() as u32 - 1;
                }
            }
            let index = copy.add(data);
            let node = copy.node_mut(index);
            (node.parent, node.position) = (parent, position);
            next += 1;
        }
        copy
    }

    fn renumber(&mut self, parent: u32, from: usize) {
        let Some(nodes) = self.nodes_mut(parent) else { return };
        let list = std::mem::take(nodes);
        for (position, child) in list.iter().enumerate().skip(from) {
            self.node_mut(*child).position = position as u32;
        }
        if let Some(nodes) = self.nodes_mut(parent) {
            *nodes = list;
        }
    }

    fn nodes_mut(&mut self, index: u32) -> Option<&mut Vec<u32>> {
        match &mut self.node_mut(index).data {
            NodeData::Document { nodes, .. } | NodeData::Element { nodes, .. } => Some(nodes),
            _ => None,
        }
    }
}

fn text_len(data: &NodeData) -> usize {
    match data {
        NodeData::Document { .. } | NodeData::Element { .. } => 0,
        NodeData::Attribute { value, .. } => value.len(),
        NodeData::Text(text) | NodeData::CData(text) | NodeData::Comment(text) => text.len(),
        NodeData::ProcessingInstruction { target, data } => target.len() + data.len(),
        NodeData::DocumentType(_) => size_of::<DocumentType>(),
    }
}
