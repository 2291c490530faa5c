//! `groups`, and their users.

use http::StatusCode;

use super::super::error::Failure;
use super::super::kind::{Change, Entity, Place, Properties, View, default, require};
use super::links::Link;
use crate::model::{Collection, Group, GroupEntry, Store};

pub(in crate::management) struct Groups;

pub(in crate::management) static USERS: Link = Link {
    path: &["groups", "users"],
    to: "users",
    get: |store, at| Some(&at.entities(store)?.groups.get(at.name(0))?.users),
    get_mut: |store, at| Some(&mut at.entities_mut(store)?.groups.get_mut(at.name(0))?.users),
    presence: StatusCode::NO_CONTENT,
};

impl Entity for Groups {
    type Entry = GroupEntry;
    type Properties = Group;

    const PATH: &'static [&'static str] = &["groups"];
    const FIELDS: &'static [&'static str] = &["displayName", "description", "externalId", "type"];

    fn all<'s>(store: &'s Store, at: &Place) -> Option<&'s Collection<GroupEntry>> {
        Some(&at.entities(store)?.groups)
    }

    fn all_mut<'s>(store: &'s mut Store, at: &Place) -> Option<&'s mut Collection<GroupEntry>> {
        Some(&mut at.entities_mut(store)?.groups)
    }

    fn properties(entry: &GroupEntry) -> &Group {
        &entry.group
    }

    fn entry(properties: Group, old: Option<GroupEntry>) -> GroupEntry {
        GroupEntry { group: properties, ..old.unwrap_or_default() }
    }

    fn prepare(
        _: &mut Store,
        properties: &mut Properties,
        _: Option<&Properties>,
        _: &Change<'_>,
    ) -> Result<(), Failure> {
        require(properties, "displayName")?;
        default(properties, "type", "custom");
        Ok(())
    }

    fn show(properties: &mut Properties, view: &View<'_>) -> Result<(), Failure> {
        default(properties, "displayName", view.at.last());
        default(properties, "type", "custom");
        default(properties, "builtIn", false);
        Ok(())
    }

    fn removed(store: &mut Store, change: &Change<'_>) -> Result<(), Failure> {
        let Some(entities) = change.at.entities_mut(store) else { return Ok(()) };
        for (_, product) in entities.products.iter_mut() {
            product.groups.retain(|name| !name.eq_ignore_ascii_case(change.at.last()));
        }
        Ok(())
    }
}
