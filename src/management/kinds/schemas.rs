//! `schemas`, of the service and of an API.

use super::super::error::Failure;
use super::super::kind::{Change, Entity, Place, Properties, View, require};
use super::apis::{api, api_mut};
use crate::model::{ApiSchema, Collection, Schema, Store};

pub(in crate::management) struct Schemas;

impl Entity for Schemas {
    type Entry = Schema;
    type Properties = Schema;

    const PATH: &'static [&'static str] = &["schemas"];
    const FIELDS: &'static [&'static str] = &["schemaType", "description"];

    fn all<'s>(store: &'s Store, at: &Place) -> Option<&'s Collection<Schema>> {
        Some(&at.entities(store)?.schemas)
    }

    fn all_mut<'s>(store: &'s mut Store, at: &Place) -> Option<&'s mut Collection<Schema>> {
        Some(&mut at.entities_mut(store)?.schemas)
    }

    fn properties(entry: &Schema) -> &Schema {
        entry
    }

    fn entry(properties: Schema, _: Option<Schema>) -> Schema {
        properties
    }

    fn prepare(
        _: &mut Store,
        properties: &mut Properties,
        _: Option<&Properties>,
        _: &Change<'_>,
    ) -> Result<(), Failure> {
        take(properties, "schemaType")
    }

    fn show(properties: &mut Properties, _: &View<'_>) -> Result<(), Failure> {
        give(properties);
        Ok(())
    }
}

pub(in crate::management) struct ApiSchemas;

impl Entity for ApiSchemas {
    type Entry = ApiSchema;
    type Properties = ApiSchema;

    const PATH: &'static [&'static str] = &["apis", "schemas"];
    const FIELDS: &'static [&'static str] = &["contentType"];

    fn all<'s>(store: &'s Store, at: &Place) -> Option<&'s Collection<ApiSchema>> {
        Some(&api(store, at)?.schemas)
    }

    fn all_mut<'s>(store: &'s mut Store, at: &Place) -> Option<&'s mut Collection<ApiSchema>> {
        Some(&mut api_mut(store, at)?.schemas)
    }

    fn properties(entry: &ApiSchema) -> &ApiSchema {
        entry
    }

    fn entry(properties: ApiSchema, _: Option<ApiSchema>) -> ApiSchema {
        properties
    }

    fn prepare(
        _: &mut Store,
        properties: &mut Properties,
        _: Option<&Properties>,
        _: &Change<'_>,
    ) -> Result<(), Failure> {
        take(properties, "contentType")
    }

    fn show(properties: &mut Properties, _: &View<'_>) -> Result<(), Failure> {
        give(properties);
        Ok(())
    }

    fn shorten(properties: &mut Properties) {
        properties.remove("document");
    }
}

/// What both have in common when they are written: a member that says what kind of schema it is.
fn take(properties: &mut Properties, kind: &str) -> Result<(), Failure> {
    properties.remove("provisioningState");
    require(properties, kind)
}

fn give(properties: &mut Properties) {
    properties.insert("provisioningState".into(), "Succeeded".into());
}
