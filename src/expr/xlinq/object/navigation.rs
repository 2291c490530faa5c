//! From one object to others: parents, siblings, contents, and their order.

use std::cmp::Ordering;

use super::{XObject, keep_elements};
use crate::expr::dotnet::exception::{Exception, Result};
use crate::expr::xlinq::name::XName;
use crate::expr::xlinq::tree::{NodeData, XmlTree};

impl XObject {
    /// `Parent`: the element that holds this object; a document is no parent in .NET.
    pub(crate) fn parent(&self) -> Option<Self> {
        self.pick(|tree, index| tree.parent(index).filter(|parent| tree.is_element(*parent)))
    }

    /// The element or document that holds this object.
    pub(crate) fn container(&self) -> Option<Self> {
        self.pick(XmlTree::parent)
    }

    /// `XObject.Document`.
    pub(crate) fn owner_document(&self) -> Option<Self> {
        self.pick(|tree, index| {
            Some(tree.root(index)).filter(|root| matches!(tree.data(*root), NodeData::Document { .. }))
        })
    }

    /// `XDocument.Root`.
    pub(crate) fn root_element(&self) -> Option<Self> {
        self.pick(|tree, index| tree.nodes(index).iter().copied().find(|node| tree.is_element(*node)))
    }

    /// `Nodes()` as they are now.
    pub(crate) fn nodes(&self) -> Vec<Self> {
        self.pick_all(|tree, index| tree.nodes(index).to_vec())
    }

    /// A node of a container by its place.
    pub(crate) fn node_at(&self, at: usize) -> Option<Self> {
        self.pick(|tree, index| tree.nodes(index).get(at).copied())
    }

    /// How many nodes a container has.
    pub(crate) fn node_count(&self) -> usize {
        self.handle.with(|place| place.tree.nodes(place.index).len())
    }

    /// `Attributes()` as they are now.
    pub(crate) fn attributes(&self) -> Vec<Self> {
        self.pick_all(|tree, index| tree.attributes(index).to_vec())
    }

    /// `Attribute(name)`.
    pub(crate) fn attribute_named(&self, name: &XName) -> Option<Self> {
        self.pick(|tree, index| tree.attribute(index, name))
    }

    /// `Element(name)`.
    pub(crate) fn element_named(&self, name: &XName) -> Option<Self> {
        self.pick(|tree, index| {
            tree.nodes(index).iter().copied().find(|node| tree.is_element(*node) && tree.name(*node) == Some(name))
        })
    }

    /// `Descendants([name])`, or `DescendantsAndSelf` with `with_self`.
    pub(crate) fn descendants(&self, name: Option<&XName>, with_self: bool) -> Vec<Self> {
        self.pick_all(|tree, index| {
            let all = tree.descendants(index).into_iter().skip(usize::from(!with_self)).collect();
            keep_elements(tree, all, name)
        })
    }

    /// `DescendantNodes()`, or `DescendantNodesAndSelf` with `with_self`.
    pub(crate) fn descendant_nodes(&self, with_self: bool) -> Vec<Self> {
        self.pick_all(|tree, index| tree.descendants(index).into_iter().skip(usize::from(!with_self)).collect())
    }

    /// `Ancestors([name])`, nearest first, or `AncestorsAndSelf` with `with_self`.
    pub(crate) fn ancestors(&self, name: Option<&XName>, with_self: bool) -> Vec<Self> {
        self.pick_all(|tree, index| {
            let first = if with_self { Some(index) } else { tree.parent(index) };
            keep_elements(tree, std::iter::successors(first, |index| tree.parent(*index)).collect(), name)
        })
    }

    /// `FirstNode`, `FirstAttribute`.
    pub(crate) fn first_node(&self) -> Option<Self> {
        self.pick(|tree, index| tree.nodes(index).first().copied())
    }

    /// `LastNode`.
    pub(crate) fn last_node(&self) -> Option<Self> {
        self.pick(|tree, index| tree.nodes(index).last().copied())
    }

    /// `NextNode`, `NextAttribute`.
    pub(crate) fn next(&self) -> Option<Self> {
        self.pick(|tree, index| tree.sibling(index, 1))
    }

    /// `PreviousNode`, `PreviousAttribute`.
    pub(crate) fn previous(&self) -> Option<Self> {
        self.pick(|tree, index| tree.sibling(index, -1))
    }

    /// `NodesAfterSelf()`.
    pub(crate) fn nodes_after(&self) -> Vec<Self> {
        self.pick_all(|tree, index| {
            let siblings = tree.parent(index).map(|parent| tree.nodes(parent)).unwrap_or_default();
            siblings.iter().skip(tree.node(index).position as usize + 1).copied().collect()
        })
    }

    /// `NodesBeforeSelf()`.
    pub(crate) fn nodes_before(&self) -> Vec<Self> {
        self.pick_all(|tree, index| {
            let siblings = tree.parent(index).map(|parent| tree.nodes(parent)).unwrap_or_default();
            siblings.iter().take(tree.node(index).position as usize).copied().collect()
        })
    }

    /// `XNode.CompareDocumentOrder(a, b)`.
    pub(crate) fn compare_document_order(&self, other: &Self) -> Result<Ordering> {
        let apart = || Exception::new("System.InvalidOperationException", "A common ancestor is missing.");
        if self.ptr_eq(other) {
            return Ok(Ordering::Equal);
        }
        let (own, theirs) = (self.place_in_tree(), other.place_in_tree());
        let (Some(own_root), Some(their_root)) = (self.topmost(), other.topmost()) else { return Err(apart()) };
        if own_root.ptr_eq(&their_root) { Ok(own.cmp(&theirs)) } else { Err(apart()) }
    }

    pub(super) fn topmost(&self) -> Option<Self> {
        self.pick(|tree, index| Some(tree.root(index)))
    }

    pub(super) fn place_in_tree(&self) -> Vec<u32> {
        self.handle.with(|place| {
            let up = std::iter::successors(Some(place.index), |index| place.tree.parent(*index));
            let mut path: Vec<u32> = up.map(|index| place.tree.node(index).position).collect();
            path.pop();
            path.reverse();
            path
        })
    }
}
