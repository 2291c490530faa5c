//! Resources that say no more than that one entity belongs to another: an API to a product, a tag to an API.

use http::StatusCode;

use super::super::error::Failure;
use super::super::kind::{Change, Deletion, Kind, Place, Properties, View};
use super::revisions;
use crate::model::Store;

/// A list of names in one kind of owner. What is answered is the entity that is named.
pub(in crate::management) struct Link {
    pub(super) path: &'static [&'static str],
    /// The kind of what is named.
    pub(super) to: &'static str,
    /// None when the owner is not there.
    pub(super) get: for<'s> fn(&'s Store, &Place) -> Option<&'s Vec<String>>,
    pub(super) get_mut: for<'s> fn(&'s mut Store, &Place) -> Option<&'s mut Vec<String>>,
    pub(super) presence: StatusCode,
}

impl Link {
    fn target(&self) -> Option<&'static dyn Kind> {
        super::ALL.iter().copied().find(|kind| kind.path() == [self.to])
    }

    /// What is named, as it is kept; users are those of the service in workspaces, too.
    fn linked(&self, store: &Store, at: &Place) -> Option<Properties> {
        let target = self.target()?;
        target.read(store, &Self::place(target, at))
    }

    fn place(target: &dyn Kind, at: &Place) -> Place {
        let mut place = at.with([at.last()]);
        if !target.is_in_workspaces() {
            place.workspace = None;
        }
        place
    }

    /// What is kept: all revisions of an API are linked together.
    pub(super) fn name<'a>(&self, name: &'a str) -> &'a str {
        if self.to == "apis" { revisions::split(name).0 } else { name }
    }

    fn is(&self, one: &str, other: &str) -> bool {
        self.name(one).eq_ignore_ascii_case(self.name(other))
    }

    fn has(&self, store: &Store, at: &Place) -> bool {
        let names = (self.get)(store, at);
        names.is_some_and(|names| names.iter().any(|name| self.is(name, at.last())))
    }

    /// Adds a name once; the entity has to be there.
    pub(super) fn add(&self, store: &mut Store, at: &Place) -> Result<(), Failure> {
        if self.linked(store, at).is_none() {
            return Err(Failure::not_found(&format!("`/{}/{}` was", self.to, at.last())));
        }
        if self.has(store, at) {
            return Ok(());
        }
        let names = (self.get_mut)(store, at);
        names
            .ok_or_else(|| Failure::not_found("The resource that it belongs to was"))?
            .push(self.name(at.last()).to_owned());
        Ok(())
    }

    pub(super) fn take(&self, store: &mut Store, at: &Place) {
        if let Some(names) = (self.get_mut)(store, at) {
            names.retain(|name| !self.is(name, at.last()));
        }
    }
}

impl Kind for Link {
    fn path(&self) -> &'static [&'static str] {
        self.path
    }

    fn fields(&self) -> &'static [&'static str] {
        self.target().map_or(&[], |target| target.fields())
    }

    fn deletion(&self) -> Deletion {
        Deletion::LINK
    }

    fn presence(&self) -> StatusCode {
        self.presence
    }

    fn names(&self, store: &Store, at: &Place) -> Option<Vec<String>> {
        (self.get)(store, at).cloned()
    }

    fn read(&self, store: &Store, at: &Place) -> Option<Properties> {
        if !self.has(store, at) {
            return None;
        }
        // A configuration that was loaded may name what is not there.
        Some(self.linked(store, at).unwrap_or_default())
    }

    fn show(&self, properties: &mut Properties, view: &View<'_>) -> Result<(), Failure> {
        let Some(target) = self.target() else { return Ok(()) };
        target.show(properties, &View { at: &Self::place(target, view.at), ..*view })
    }

    fn write(&self, store: &mut Store, _: Properties, change: &Change<'_>) -> Result<(), Failure> {
        self.add(store, change.at)
    }

    fn remove(&self, store: &mut Store, change: &Change<'_>) -> Result<(), Failure> {
        self.take(store, change.at);
        Ok(())
    }
}
