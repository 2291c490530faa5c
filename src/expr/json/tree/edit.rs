//! Changes of a tree: children that come, go and are replaced.

use super::{Children, Data, JsonTree, NONE};

impl JsonTree {
    /// Puts a node without parent among the children of a container that is no property.
    pub(in crate::expr::json) fn insert_child(&mut self, parent: u32, at: usize, child: u32) {
        if let Some(children) = self.children_mut(parent) {
            let at = at.min(children.list.len());
            children.list.insert(at, child);
            children.version = children.version.wrapping_add(1);
            self.node_mut(child).parent = parent;
            self.renumber(parent, at);
            self.enter_name(parent, child);
        }
    }

    /// Takes a child out of its parent, unless that is a property.
    pub(in crate::expr::json) fn remove_child(&mut self, child: u32) {
        let (parent, at) = (self.node(child).parent, self.node(child).position as usize);
        if parent == NONE {
            return;
        }
        self.leave_name(parent, child);
        if let Some(children) = self.children_mut(parent)
            && at < children.list.len()
        {
            children.list.remove(at);
            children.version = children.version.wrapping_add(1);
            self.node_mut(child).parent = NONE;
            self.renumber(parent, at);
        }
    }

    /// Puts `new`, without parent, in the place of `old`.
    pub(in crate::expr::json) fn replace_child(&mut self, old: u32, new: u32) {
        let (parent, at) = (self.node(old).parent, self.node(old).position);
        if parent == NONE {
            return;
        }
        self.leave_name(parent, old);
        match &mut self.node_mut(parent).data {
            Data::Property(_, value) => *value = new,
            Data::Object(children) | Data::Array(children) | Data::Constructor(_, children) => {
                if let Some(slot) = children.list.get_mut(at as usize) {
                    *slot = new;
                }
                children.version = children.version.wrapping_add(1);
            }
            Data::Value(..) | Data::Raw(_) => return,
        }
        self.node_mut(old).parent = NONE;
        let node = self.node_mut(new);
        (node.parent, node.position) = (parent, at);
        self.enter_name(parent, new);
    }

    /// Takes all children out of a container that is no property.
    pub(in crate::expr::json) fn clear(&mut self, parent: u32) {
        if let Some(children) = self.children_mut(parent) {
            children.names = None;
            children.version = children.version.wrapping_add(1);
            for child in std::mem::take(&mut children.list) {
                self.node_mut(child).parent = NONE;
            }
        }
    }

    pub(in crate::expr::json) fn children_mut(&mut self, index: u32) -> Option<&mut Children> {
        match &mut self.node_mut(index).data {
            Data::Object(children) | Data::Array(children) | Data::Constructor(_, children) => Some(children),
            Data::Property(..) | Data::Value(..) | Data::Raw(_) => None,
        }
    }

    pub(in crate::expr::json) fn renumber(&mut self, parent: u32, from: usize) {
        let Some(children) = self.children_mut(parent) else { return };
        let list = std::mem::take(&mut children.list);
        for (position, child) in list.iter().enumerate().skip(from) {
            self.node_mut(*child).position = position as u32;
        }
        if let Some(children) = self.children_mut(parent) {
            children.list = list;
        }
    }

    pub(in crate::expr::json) fn enter_name(&mut self, object: u32, property: u32) {
        self.index_names(object);
        let Some(name) = self.name(property).map(Box::<str>::from) else { return };
        if let Data::Object(Children { names: Some(names), .. }) = &mut self.node_mut(object).data {
            names.0.insert(name, property);
        }
    }

    pub(in crate::expr::json) fn leave_name(&mut self, object: u32, property: u32) {
        let Some(name) = self.name(property).map(str::to_owned) else { return };
        if let Data::Object(Children { names: Some(names), .. }) = &mut self.node_mut(object).data {
            names.0.remove(name.as_str());
        }
    }
}
