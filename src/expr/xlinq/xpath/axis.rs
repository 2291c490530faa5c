//! The axes of XPath: where a step looks from a node.

use crate::expr::xlinq::name::XName;
use crate::expr::xlinq::tree::{NodeData, XmlTree};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Axis {
    Ancestor,
    AncestorOrSelf,
    Attribute,
    Child,
    Descendant,
    DescendantOrSelf,
    Following,
    FollowingSibling,
    Itself,
    Parent,
    Preceding,
    PrecedingSibling,
}

impl Axis {
    /// The axis of a name; the axis of namespaces is none.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "ancestor" => Self::Ancestor,
            "ancestor-or-self" => Self::AncestorOrSelf,
            "attribute" => Self::Attribute,
            "child" => Self::Child,
            "descendant" => Self::Descendant,
            "descendant-or-self" => Self::DescendantOrSelf,
            "following" => Self::Following,
            "following-sibling" => Self::FollowingSibling,
            "self" => Self::Itself,
            "parent" => Self::Parent,
            "preceding" => Self::Preceding,
            "preceding-sibling" => Self::PrecedingSibling,
            _ => return None,
        })
    }

    /// Whether positions count against the order of the document.
    pub(super) fn is_reverse(self) -> bool {
        matches!(self, Self::Ancestor | Self::AncestorOrSelf | Self::Preceding | Self::PrecedingSibling)
    }

    /// The nodes of the axis, nearest first.
    pub(super) fn nodes(self, tree: &XmlTree, from: u32) -> Vec<u32> {
        let up = |first| std::iter::successors(first, |index| tree.parent(*index));
        let is_attribute = matches!(tree.data(from), NodeData::Attribute { .. });
        match self {
            Self::Itself => vec![from],
            Self::Parent => tree.parent(from).into_iter().collect(),
            Self::Ancestor => up(tree.parent(from)).collect(),
            Self::AncestorOrSelf => up(Some(from)).collect(),
            Self::Attribute => tree.attributes(from).iter().copied().filter(|index| is_value(tree, *index)).collect(),
            Self::Child => tree.nodes(from).to_vec(),
            Self::Descendant => tree.descendants(from).split_off(1),
            Self::DescendantOrSelf => tree.descendants(from),
            Self::FollowingSibling | Self::PrecedingSibling if is_attribute => Vec::new(),
            Self::FollowingSibling => siblings(tree, from).1.to_vec(),
            Self::PrecedingSibling => siblings(tree, from).0.iter().rev().copied().collect(),
            Self::Following => {
                // What follows an attribute begins with the children of its element.
                let inside = if is_attribute { tree.parent(from) } else { None };
                let mut found: Vec<u32> =
                    inside.into_iter().flat_map(|element| tree.descendants(element)).skip(1).collect();
                for ancestor in up(inside.or(Some(from))) {
                    found.extend(siblings(tree, ancestor).1.iter().flat_map(|next| tree.descendants(*next)));
                }
                found
            }
            Self::Preceding => {
                let start = if is_attribute { tree.parent(from) } else { Some(from) };
                let mut found = Vec::new();
                for ancestor in up(start) {
                    for before in siblings(tree, ancestor).0.iter().rev() {
                        found.extend(tree.descendants(*before).into_iter().rev());
                    }
                }
                found
            }
        }
    }
}

/// The nodes before and after a node in its container.
fn siblings(tree: &XmlTree, node: u32) -> (&[u32], &[u32]) {
    let all = tree.parent(node).map(|parent| tree.nodes(parent)).unwrap_or_default();
    let (before, rest) = all.split_at_checked(tree.node(node).position as usize).unwrap_or((all, &[]));
    (before, rest.get(1..).unwrap_or_default())
}

/// Whether an attribute is one for XPath: declarations of namespaces are none.
fn is_value(tree: &XmlTree, attribute: u32) -> bool {
    tree.name(attribute).and_then(XName::declared_prefix).is_none()
}
