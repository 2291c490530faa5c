//! `apiVersionSets`.

use super::super::error::Failure;
use super::super::kind::{Change, Entity, Place, Properties, View, default, require};
use crate::model::{ApiVersionSet, Collection, Store};

pub(in crate::management) struct VersionSets;

impl Entity for VersionSets {
    type Entry = ApiVersionSet;
    type Properties = ApiVersionSet;

    const PATH: &'static [&'static str] = &["apiVersionSets"];
    const FIELDS: &'static [&'static str] = &["displayName", "description", "versioningScheme"];

    fn all<'s>(store: &'s Store, at: &Place) -> Option<&'s Collection<ApiVersionSet>> {
        Some(&at.entities(store)?.api_version_sets)
    }

    fn all_mut<'s>(store: &'s mut Store, at: &Place) -> Option<&'s mut Collection<ApiVersionSet>> {
        Some(&mut at.entities_mut(store)?.api_version_sets)
    }

    fn properties(entry: &ApiVersionSet) -> &ApiVersionSet {
        entry
    }

    fn entry(properties: ApiVersionSet, _: Option<ApiVersionSet>) -> ApiVersionSet {
        properties
    }

    fn prepare(
        _: &mut Store,
        properties: &mut Properties,
        _: Option<&Properties>,
        _: &Change<'_>,
    ) -> Result<(), Failure> {
        require(properties, "displayName")?;
        require(properties, "versioningScheme")?;
        let scheme = properties.get("versioningScheme").and_then(|scheme| scheme.as_str()).unwrap_or_default();
        match scheme.to_ascii_lowercase().as_str() {
            "segment" => Ok(()),
            "query" => require(properties, "versionQueryName"),
            "header" => require(properties, "versionHeaderName"),
            _ => {
                let message = format!("`versioningScheme` is `{scheme}`: expected `Segment`, `Query` or `Header`");
                Err(Failure::validation("versioningScheme", message))
            }
        }
    }

    fn show(properties: &mut Properties, view: &View<'_>) -> Result<(), Failure> {
        default(properties, "displayName", view.at.last());
        Ok(())
    }
}
