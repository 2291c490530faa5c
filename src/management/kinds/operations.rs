//! `apis/operations`.

use super::super::error::Failure;
use super::super::kind::{Change, Entity, Place, Properties, View, default, require};
use super::apis::{api, api_mut};
use crate::model::{Collection, Operation, OperationEntry, Store};

pub(in crate::management) struct Operations;

impl Entity for Operations {
    type Entry = OperationEntry;
    type Properties = Operation;

    const PATH: &'static [&'static str] = &["apis", "operations"];
    const FIELDS: &'static [&'static str] = &["displayName", "method", "description", "urlTemplate"];

    fn all<'s>(store: &'s Store, at: &Place) -> Option<&'s Collection<OperationEntry>> {
        Some(&api(store, at)?.operations)
    }

    fn all_mut<'s>(store: &'s mut Store, at: &Place) -> Option<&'s mut Collection<OperationEntry>> {
        Some(&mut api_mut(store, at)?.operations)
    }

    fn properties(entry: &OperationEntry) -> &Operation {
        &entry.operation
    }

    fn entry(properties: Operation, old: Option<OperationEntry>) -> OperationEntry {
        match old {
            Some(old) => OperationEntry { operation: properties, ..old },
            None => properties.into(),
        }
    }

    fn prepare(
        _: &mut Store,
        properties: &mut Properties,
        _: Option<&Properties>,
        _: &Change<'_>,
    ) -> Result<(), Failure> {
        // Policies are resources of their own.
        properties.remove("policies");
        require(properties, "displayName")?;
        require(properties, "method")?;
        require(properties, "urlTemplate")
    }

    fn show(properties: &mut Properties, view: &View<'_>) -> Result<(), Failure> {
        properties.remove("policies");
        default(properties, "displayName", view.at.last());
        default(properties, "templateParameters", Vec::<serde_json::Value>::new());
        default(properties, "responses", Vec::<serde_json::Value>::new());
        Ok(())
    }
}
