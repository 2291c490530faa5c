//! From one token to others: parents, siblings, children, descendants, and a token's path.

use super::{JToken, invalid_operation, push_index, push_name};
use crate::expr::dotnet::exception::{Exception, Result};
use crate::expr::json::tree::{Data, NONE};

impl JToken {
    /// `Parent`.
    pub(crate) fn parent(&self) -> Option<Self> {
        self.handle.with(|place| Self::maybe_at(&place, place.tree.node(place.index).parent))
    }

    /// `Root`.
    pub(crate) fn root(&self) -> Self {
        self.handle.with(|place| Self::at(&place, place.tree.root(place.index)))
    }

    /// `Next`.
    pub(crate) fn next(&self) -> Option<Self> {
        self.sibling(1)
    }

    /// `Previous`.
    pub(crate) fn previous(&self) -> Option<Self> {
        self.sibling(-1)
    }

    pub(super) fn sibling(&self, step: isize) -> Option<Self> {
        self.handle.with(|place| {
            let node = place.tree.node(place.index);
            if node.parent == NONE {
                return None;
            }
            let at = (node.position as usize).checked_add_signed(step)?;
            let sibling = *place.tree.children(node.parent).get(at)?;
            Some(Self::at(&place, sibling))
        })
    }

    /// `First`; a value token throws.
    pub(crate) fn first(&self) -> Result<Option<Self>> {
        self.check_container()?;
        Ok(self.handle.with(|place| place.tree.children(place.index).first().map(|child| Self::at(&place, *child))))
    }

    /// `Last`; a value token throws.
    pub(crate) fn last(&self) -> Result<Option<Self>> {
        self.check_container()?;
        Ok(self.handle.with(|place| place.tree.children(place.index).last().map(|child| Self::at(&place, *child))))
    }

    pub(super) fn check_container(&self) -> Result<()> {
        if self.is_container() { Ok(()) } else { Err(self.no_child_access()) }
    }

    pub(in crate::expr::json) fn no_child_access(&self) -> Exception {
        invalid_operation(format!("Cannot access child value on {}.", self.class.full_name()))
    }

    /// The number of children; 0 for value tokens.
    pub(crate) fn count(&self) -> usize {
        self.handle.with(|place| place.tree.children(place.index).len())
    }

    /// `Children()` as they are now; empty for value tokens.
    pub(crate) fn children(&self) -> Vec<Self> {
        self.handle.with(|place| Self::all_at(&place, place.tree.children(place.index)))
    }

    /// The child at an index.
    pub(crate) fn child(&self, index: usize) -> Option<Self> {
        self.handle.with(|place| place.tree.children(place.index).get(index).map(|child| Self::at(&place, *child)))
    }

    /// The value of the property of that name of a `JObject`.
    pub(crate) fn get(&self, name: &str) -> Option<Self> {
        self.handle.with(|place| place.tree.property_value(place.index, name).map(|value| Self::at(&place, value)))
    }

    /// `JObject.Property(name)`.
    pub(crate) fn property_named(&self, name: &str) -> Option<Self> {
        self.handle.with(|place| place.tree.property(place.index, name).map(|found| Self::at(&place, found)))
    }

    /// `JProperty.Value`.
    pub(crate) fn property_value(&self) -> Option<Self> {
        self.child(0)
    }

    /// The index among the children of this container; none when it is no child.
    pub(crate) fn index_of(&self, child: &Self) -> Option<usize> {
        let parent = child.parent()?;
        parent.ptr_eq(self).then(|| child.handle.with(|place| place.tree.node(place.index).position as usize))
    }

    /// `Descendants()` in document order, the token itself first when `with_self`.
    pub(crate) fn descendants(&self, with_self: bool) -> Vec<Self> {
        self.handle.with(|place| {
            let mut found = Vec::new();
            let mut stack = vec![place.index];
            while let Some(index) = stack.pop() {
                if with_self || index != place.index {
                    found.push(Self::at(&place, index));
                }
                stack.extend(place.tree.children(index).iter().rev());
            }
            found
        })
    }

    /// `Ancestors()`, nearest first, after the token itself when `with_self`.
    pub(crate) fn ancestors(&self, with_self: bool) -> Vec<Self> {
        let first = if with_self { Some(self.clone()) } else { self.parent() };
        std::iter::successors(first, Self::parent).collect()
    }

    /// `BeforeSelf()`.
    pub(crate) fn before_self(&self) -> Vec<Self> {
        let position = self.handle.with(|place| place.tree.node(place.index).position as usize);
        self.parent().map(|parent| parent.children().into_iter().take(position).collect()).unwrap_or_default()
    }

    /// `AfterSelf()`.
    pub(crate) fn after_self(&self) -> Vec<Self> {
        let position = self.handle.with(|place| place.tree.node(place.index).position as usize);
        self.parent().map(|parent| parent.children().into_iter().skip(position + 1).collect()).unwrap_or_default()
    }

    /// `Path`: where the token is in its tree, such as `a[0].b`.
    pub(crate) fn path(&self) -> String {
        self.handle.with(|place| {
            let mut path = Vec::new();
            let mut current = place.index;
            while place.tree.node(current).parent != NONE {
                path.push(current);
                current = place.tree.node(current).parent;
            }
            let mut text = String::new();
            if !path.is_empty() {
                path.push(current);
            }
            for index in path.into_iter().rev() {
                let node = place.tree.node(index);
                match &node.data {
                    Data::Property(name, _) => push_name(&mut text, place.tree.text(*name)),
                    _ if node.parent != NONE && !matches!(place.tree.node(node.parent).data, Data::Property(..)) => {
                        push_index(&mut text, node.position as usize);
                    }
                    _ => {}
                }
            }
            text
        })
    }
}
