//! A tree of path segments in one block of memory: children by text are found by hash, whatever their number.

use std::collections::HashMap;

use super::pattern::Pattern;
use super::segment::{INLINE, Key};

/// The place of a node in its tree.
pub(super) type NodeId = u32;

const NONE: NodeId = u32::MAX;
/// In place of an only literal child: there are several, in the hash table.
const MANY: NodeId = u32::MAX - 1;

/// Nodes that are reached by text, by patterns or by parameters, each with a payload.
#[derive(Debug)]
pub(super) struct Tree<P> {
    nodes: Box<[Node<P>]>,
    slots: Box<[Slot]>,
    text: Box<[u8]>,
    mixes: Box<[(Pattern, NodeId)]>,
}

/// One cache line: a step down the tree reads one node, and nodes of one path are neighbours.
#[derive(Debug)]
#[repr(align(64))]
struct Node<P> {
    low: u64,
    high: u64,
    len: u32,
    text: u32,
    parent: NodeId,
    literal: NodeId,
    parameter: NodeId,
    /// Where its mixes begin; they end where those of the next node begin.
    mixes: u32,
    payload: P,
    children: Children,
}

/// What kinds of children a node has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Children {
    None,
    /// By text only.
    Literals,
    /// By parameter only.
    Parameter,
    /// Of several kinds, or by patterns.
    Several,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    tag: u32,
    node: NodeId,
}

impl<P> Tree<P> {
    #[inline]
    fn node(&self, id: NodeId) -> &Node<P> {
        // INVARIANT: ids come from the builder, which made a node for each.
        &self.nodes[id as usize]
    }

    /// What was put at a node.
    #[inline]
    pub fn payload(&self, id: NodeId) -> &P {
        &self.node(id).payload
    }

    /// What kinds of children a node has.
    #[inline]
    pub fn children(&self, id: NodeId) -> Children {
        self.node(id).children
    }

    /// The child by text; `key` was made of what is in `text` from `start` on.
    #[inline]
    pub fn literal(&self, id: NodeId, key: &Key, text: &[u8], start: usize) -> Option<NodeId> {
        match self.node(id).literal {
            NONE => None,
            MANY => self.probe(id, key, text, start),
            only => self.is(only, key, text, start).then_some(only),
        }
    }

    /// The children by patterns.
    pub fn mixes(&self, id: NodeId) -> &[(Pattern, NodeId)] {
        let start = self.node(id).mixes as usize;
        let end = self.nodes.get(id as usize + 1).map_or(self.mixes.len(), |next| next.mixes as usize);
        self.mixes.get(start..end).unwrap_or_default()
    }

    /// The child by parameter.
    #[inline]
    pub fn parameter(&self, id: NodeId) -> Option<NodeId> {
        let child = self.node(id).parameter;
        (child != NONE).then_some(child)
    }

    #[inline]
    fn is(&self, id: NodeId, key: &Key, text: &[u8], start: usize) -> bool {
        let node = self.node(id);
        node.low == key.low
            && node.high == key.high
            && node.len == key.len
            && (key.len <= INLINE || self.is_text(node, text.get(start..).unwrap_or_default()))
    }

    fn is_text(&self, node: &Node<P>, text: &[u8]) -> bool {
        let (start, len) = (node.text as usize, node.len as usize);
        let (own, text) = (self.text.get(start..start + len), text.get(..len));
        own.zip(text).is_some_and(|(own, text)| own.eq_ignore_ascii_case(text))
    }

    fn probe(&self, parent: NodeId, key: &Key, text: &[u8], start: usize) -> Option<NodeId> {
        let hash = key.hash(parent);
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            // INVARIANT: the number of slots is a power of two and more than the number of nodes, so that one is empty.
            let slot = self.slots[at];
            if slot.node == NONE {
                return None;
            }
            if slot.tag == tag(hash) && self.node(slot.node).parent == parent && self.is(slot.node, key, text, start) {
                return Some(slot.node);
            }
            at = (at + 1) & mask;
        }
    }
}

fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// Collects the nodes of a tree.
#[derive(Debug, Default)]
pub(super) struct TreeBuilder<P> {
    nodes: Vec<Draft<P>>,
    children: HashMap<(NodeId, Edge), NodeId>,
}

#[derive(Debug, PartialEq, Eq, Hash)]
enum Edge {
    Literal(Box<[u8]>),
    Mix(Pattern),
    Parameter,
}

#[derive(Debug, Default)]
struct Draft<P> {
    parent: NodeId,
    literals: Vec<(Box<[u8]>, NodeId)>,
    mixes: Vec<(Pattern, NodeId)>,
    parameter: Option<NodeId>,
    payload: P,
}

impl<P: Default> TreeBuilder<P> {
    /// A node without a parent.
    pub fn root(&mut self) -> NodeId {
        self.add(NONE)
    }

    /// The child by a decoded text, made when it is not there.
    pub fn literal(&mut self, parent: NodeId, text: &[u8]) -> NodeId {
        let text = text.to_ascii_lowercase().into_boxed_slice();
        self.child(parent, Edge::Literal(text.clone()), |parent, id| parent.literals.push((text, id)))
    }

    /// The child by a pattern, made when it is not there.
    pub fn mix(&mut self, parent: NodeId, pattern: &Pattern) -> NodeId {
        let pattern = pattern.to_lower();
        self.child(parent, Edge::Mix(pattern.clone()), |parent, id| parent.mixes.push((pattern, id)))
    }

    /// The child by parameter, made when it is not there.
    pub fn parameter(&mut self, parent: NodeId) -> NodeId {
        self.child(parent, Edge::Parameter, |parent, id| parent.parameter = Some(id))
    }

    /// What is put at a node.
    pub fn payload(&mut self, id: NodeId) -> &mut P {
        // INVARIANT: ids are handed out by `add`.
        &mut self.nodes[id as usize].payload
    }

    fn child(&mut self, parent: NodeId, edge: Edge, link: impl FnOnce(&mut Draft<P>, NodeId)) -> NodeId {
        let next = self.nodes.len() as NodeId;
        let id = *self.children.entry((parent, edge)).or_insert(next);
        if id == next {
            self.add(parent);
            // INVARIANT: ids are handed out by `add`.
            link(&mut self.nodes[parent as usize], id);
        }
        id
    }

    fn add(&mut self, parent: NodeId) -> NodeId {
        let id = self.nodes.len() as NodeId;
        self.nodes.push(Draft {
            parent,
            literals: Vec::new(),
            mixes: Vec::new(),
            parameter: None,
            payload: P::default(),
        });
        id
    }

    /// Lays the tree out so that a node comes right after its parent or the subtree of a sibling.
    ///
    /// Also gives the new id of each node by its old one.
    pub fn finish<Q>(mut self, mut payload: impl FnMut(P) -> Q) -> (Tree<Q>, Vec<NodeId>) {
        let (order, places) = self.layout();
        let place = |id: NodeId| places.get(id as usize).copied().unwrap_or(NONE);
        let mut nodes = Vec::with_capacity(order.len());
        let (mut text, mut mixes, mut hashed) = (Vec::new(), Vec::new(), Vec::new());
        let mut keys = vec![(Key::of(&[]), 0); order.len()];
        for (id, old) in (0..).zip(order) {
            // INVARIANT: ids are handed out by `add`, and the order holds each once.
            let draft = std::mem::take(&mut self.nodes[old as usize]);
            for (child_text, child) in &draft.literals {
                let key = Key::of(child_text);
                keys[place(*child) as usize] = (key, text.len() as u32);
                if key.len > INLINE {
                    text.extend_from_slice(child_text);
                }
                if draft.literals.len() > 1 {
                    hashed.push((key.hash(id), place(*child)));
                }
            }
            let first_mix = mixes.len() as u32;
            mixes.extend(draft.mixes.into_iter().map(|(pattern, id)| (pattern, place(id))));
            let (key, text) = keys[id as usize];
            nodes.push(Node {
                low: key.low,
                high: key.high,
                len: key.len,
                text,
                parent: place(draft.parent),
                literal: match draft.literals.as_slice() {
                    [] => NONE,
                    [(_, only)] => place(*only),
                    _ => MANY,
                },
                parameter: draft.parameter.map_or(NONE, place),
                mixes: first_mix,
                payload: payload(draft.payload),
                children: match (draft.literals.is_empty(), draft.parameter, mixes.len() as u32 > first_mix) {
                    (true, None, false) => Children::None,
                    (false, None, false) => Children::Literals,
                    (true, Some(_), false) => Children::Parameter,
                    _ => Children::Several,
                },
            });
        }
        let mut slots = vec![Slot { tag: 0, node: NONE }; (2 * hashed.len() + 1).next_power_of_two()];
        for (hash, node) in hashed {
            insert(&mut slots, hash, node);
        }
        let tree = Tree { nodes: nodes.into(), slots: slots.into(), text: text.into(), mixes: mixes.into() };
        (tree, places)
    }

    /// All ids, depth first, and the place of each in that order.
    fn layout(&self) -> (Vec<NodeId>, Vec<NodeId>) {
        let mut order = Vec::with_capacity(self.nodes.len());
        let mut places = vec![NONE; self.nodes.len()];
        let roots = (0..self.nodes.len() as NodeId).filter(|id| self.nodes[*id as usize].parent == NONE);
        let mut waiting = roots.collect::<Vec<_>>();
        waiting.reverse();
        while let Some(id) = waiting.pop() {
            // INVARIANT: ids are handed out by `add`.
            places[id as usize] = order.len() as NodeId;
            order.push(id);
            let node = &self.nodes[id as usize];
            waiting.extend(node.parameter);
            waiting.extend(node.mixes.iter().rev().map(|(_, id)| *id));
            waiting.extend(node.literals.iter().rev().map(|(_, id)| *id));
        }
        (order, places)
    }
}

fn insert(slots: &mut [Slot], hash: u64, node: NodeId) {
    let mask = slots.len() - 1;
    let mut at = hash as usize & mask;
    // INVARIANT: there are more slots than nodes.
    while slots[at].node != NONE {
        at = (at + 1) & mask;
    }
    slots[at] = Slot { tag: tag(hash), node };
}
