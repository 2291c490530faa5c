//! `caches`.

use super::super::error::Failure;
use super::super::kind::{Change, Entity, Place, Properties, View, require};
use super::masked;
use crate::model::{Cache, Collection, Store};

pub(in crate::management) struct Caches;

impl Entity for Caches {
    type Entry = Cache;
    type Properties = Cache;

    const PATH: &'static [&'static str] = &["caches"];
    const FIELDS: &'static [&'static str] = &["description", "useFromLocation", "resourceId"];
    const IN_WORKSPACES: bool = false;

    fn all<'s>(store: &'s Store, at: &Place) -> Option<&'s Collection<Cache>> {
        Some(&at.entities(store)?.caches)
    }

    fn all_mut<'s>(store: &'s mut Store, at: &Place) -> Option<&'s mut Collection<Cache>> {
        Some(&mut at.entities_mut(store)?.caches)
    }

    fn properties(entry: &Cache) -> &Cache {
        entry
    }

    fn entry(properties: Cache, _: Option<Cache>) -> Cache {
        properties
    }

    fn prepare(
        store: &mut Store,
        properties: &mut Properties,
        old: Option<&Properties>,
        change: &Change<'_>,
    ) -> Result<(), Failure> {
        require(properties, "connectionString")?;
        require(properties, "useFromLocation")?;
        let kept = old.and_then(|old| old.get("connectionString"));
        if let Some(value) = properties.get_mut("connectionString").filter(|value| kept != Some(value)) {
            masked::mask(store, value, kept, change);
        }
        Ok(())
    }

    fn replaced(store: &mut Store, old: &Properties, change: &Change<'_>) {
        old.get("connectionString").into_iter().for_each(|text| masked::forget(store, text, change));
    }

    fn show(properties: &mut Properties, _: &View<'_>) -> Result<(), Failure> {
        if properties.get("connectionString").is_some_and(masked::hide) {
            properties.remove("connectionString");
        }
        Ok(())
    }
}
