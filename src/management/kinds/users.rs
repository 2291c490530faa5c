//! `users`, and the groups that each is in.

use http::StatusCode;

use super::super::error::Failure;
use super::super::kind::{Change, Deletion, Entity, Kind, Of, Place, Properties, View, default, require};
use super::groups::Groups;
use super::subscriptions::remove_with;
use crate::model::{Collection, Store, User};

pub(in crate::management) struct Users;

impl Entity for Users {
    type Entry = User;
    type Properties = User;

    const PATH: &'static [&'static str] = &["users"];
    const FIELDS: &'static [&'static str] = &["firstName", "lastName", "email", "state", "registrationDate", "note"];
    const IN_WORKSPACES: bool = false;
    const DELETION: Deletion = Deletion::DONE;

    fn all<'s>(store: &'s Store, at: &Place) -> Option<&'s Collection<User>> {
        Some(&at.entities(store)?.users)
    }

    fn all_mut<'s>(store: &'s mut Store, at: &Place) -> Option<&'s mut Collection<User>> {
        Some(&mut at.entities_mut(store)?.users)
    }

    fn properties(entry: &User) -> &User {
        entry
    }

    fn entry(properties: User, _: Option<User>) -> User {
        properties
    }

    /// The gateway never asks for a password, and keeps none.
    fn prepare(
        _: &mut Store,
        properties: &mut Properties,
        old: Option<&Properties>,
        change: &Change<'_>,
    ) -> Result<(), Failure> {
        for member in ["password", "appType", "confirmation", "groups"] {
            properties.remove(member);
        }
        for member in ["email", "firstName", "lastName"] {
            require(properties, member)?;
        }
        let registered = old.and_then(|old| old.get("registrationDate")).cloned();
        default(properties, "registrationDate", registered.unwrap_or_else(|| change.now.into()));
        default(properties, "state", "active");
        Ok(())
    }

    fn removed(store: &mut Store, change: &Change<'_>) -> Result<(), Failure> {
        remove_with(store, change, "users");
        let inner = store.workspaces.iter_mut().map(|(_, workspace)| &mut workspace.entities);
        for entities in [&mut store.service].into_iter().chain(inner) {
            for (_, group) in entities.groups.iter_mut() {
                group.users.retain(|name| !name.eq_ignore_ascii_case(change.at.last()));
            }
        }
        Ok(())
    }
}

/// The groups that a user is in, which are changed at the group.
pub(in crate::management) struct UserGroups;

const ALL_GROUPS: Of<Groups> = Of::NEW;

impl Kind for UserGroups {
    fn path(&self) -> &'static [&'static str] {
        &["users", "groups"]
    }

    fn fields(&self) -> &'static [&'static str] {
        ALL_GROUPS.fields()
    }

    fn is_in_workspaces(&self) -> bool {
        false
    }

    fn presence(&self) -> StatusCode {
        StatusCode::NO_CONTENT
    }

    fn names(&self, store: &Store, at: &Place) -> Option<Vec<String>> {
        let entities = at.entities(store)?;
        entities.users.get(at.name(0))?;
        let has_user = |users: &[String]| users.iter().any(|user| user.eq_ignore_ascii_case(at.name(0)));
        let groups = entities.groups.iter().filter(|(_, entry)| has_user(&entry.users));
        Some(groups.map(|(name, _)| name.to_owned()).collect())
    }

    fn read(&self, store: &Store, at: &Place) -> Option<Properties> {
        let is_there = self.names(store, at)?.iter().any(|name| name.eq_ignore_ascii_case(at.last()));
        if is_there { ALL_GROUPS.read(store, &at.with([at.last()])) } else { None }
    }

    fn show(&self, properties: &mut Properties, view: &View<'_>) -> Result<(), Failure> {
        ALL_GROUPS.show(properties, view)
    }

    fn write(&self, _: &mut Store, _: Properties, _: &Change<'_>) -> Result<(), Failure> {
        Err(Failure::method_not_allowed())
    }

    fn remove(&self, _: &mut Store, _: &Change<'_>) -> Result<(), Failure> {
        Err(Failure::method_not_allowed())
    }
}
