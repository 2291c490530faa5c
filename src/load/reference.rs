//! References between entities, checked when all entities are there.

use std::collections::HashSet;
use std::rc::Rc;

use super::item::{Item, singular};
use super::json::Node;
use super::problem::Problem;
use super::source::Source;
use crate::model::{ResourceId, Store};

/// A resource id inside an entity.
#[derive(Debug)]
pub(super) struct Reference {
    source: Rc<Source>,
    offset: usize,
    owner: String,
    member: String,
    workspace: Option<String>,
    kind: &'static str,
    id: String,
}

impl Reference {
    /// A reference of an entity to one of `kind`, written as `node`; nothing when it is absent or empty.
    pub(super) fn new(item: &Item, member: impl Into<String>, node: Option<&Node>, kind: &'static str) -> Option<Self> {
        let node = node?;
        let id = node.as_str().filter(|id| !id.is_empty())?;
        Some(Self {
            source: Rc::clone(&item.source),
            offset: node.offset,
            owner: item.describe(),
            member: member.into(),
            workspace: item.workspace.clone(),
            kind,
            id: id.to_owned(),
        })
    }

    /// A reference by name, from a link.
    pub(super) fn to_name(item: &Item, name: &str, kind: &'static str) -> Self {
        Self {
            source: Rc::clone(&item.source),
            offset: item.properties.offset,
            owner: item.describe(),
            member: String::new(),
            workspace: item.workspace.clone(),
            kind,
            id: format!("/{kind}/{name}"),
        }
    }

    /// What is wrong with the reference, when something is.
    pub(super) fn check(&self, store: &Store, broken: &HashSet<String>) -> Option<Problem> {
        let fail = |message: String| Some(self.source.problem(self.offset, format!("{}: {message}", self.owner)));
        let id = match ResourceId::parse(&self.id) {
            Ok(id) => id,
            Err(error) if self.member.is_empty() => return fail(error.to_string()),
            Err(error) => return fail(format!("`{}`: {error}", self.member)),
        };
        if !id.kind().eq_ignore_ascii_case(self.kind) {
            return fail(format!(
                "`{}` is `{}`: expected `/{}/name` or a full id of that kind",
                self.member, self.id, self.kind
            ));
        }
        let workspace = id.workspace().or(if id.is_full() { None } else { self.workspace.as_deref() });
        let is_broken = || broken.contains(&Item::key_of(workspace, self.kind, id.name()));
        if store.contains(&id, self.workspace.as_deref()) || is_broken() {
            return None;
        }
        let what = self.what();
        let inside = id.workspace().map(|name| format!(" in workspace `{name}`")).unwrap_or_default();
        let member = if self.member.is_empty() { String::new() } else { format!(" (named in `{}`)", self.member) };
        fail(format!("{what} `{}`{inside} is not defined{member}", id.name()))
    }

    /// What an entity of the kind that is expected is called.
    fn what(&self) -> &'static str {
        singular(&self.kind.to_ascii_lowercase()).unwrap_or(self.kind)
    }
}
