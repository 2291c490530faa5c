//! `apis/releases`: each makes a revision current.

use serde_json::Value;

use super::super::error::Failure;
use super::super::kind::{Change, Entity, Place, Properties, default, require};
use super::apis::{api, api_mut};
use super::revisions;
use crate::model::{Collection, Release, ResourceId, Store};

pub(in crate::management) struct Releases;

impl Entity for Releases {
    type Entry = Release;
    type Properties = Release;

    const PATH: &'static [&'static str] = &["apis", "releases"];
    const IDS: &'static [&'static str] = &["apiId"];
    const FIELDS: &'static [&'static str] = &["notes"];

    /// They belong to all revisions, and are kept with the current one.
    fn all<'s>(store: &'s Store, at: &Place) -> Option<&'s Collection<Release>> {
        let base = revisions::split(at.name(0)).0;
        Some(&api(store, &at.with([base]))?.releases)
    }

    fn all_mut<'s>(store: &'s mut Store, at: &Place) -> Option<&'s mut Collection<Release>> {
        let base = revisions::split(at.name(0)).0;
        Some(&mut api_mut(store, &at.with([base]))?.releases)
    }

    fn properties(entry: &Release) -> &Release {
        entry
    }

    fn entry(properties: Release, _: Option<Release>) -> Release {
        properties
    }

    /// A new release takes effect; one that is there changes its notes alone.
    fn prepare(
        store: &mut Store,
        properties: &mut Properties,
        old: Option<&Properties>,
        change: &Change<'_>,
    ) -> Result<(), Failure> {
        properties.insert("updatedDateTime".into(), change.now.into());
        let created = old.and_then(|old| old.get("createdDateTime")).cloned();
        default(properties, "createdDateTime", created.unwrap_or_else(|| change.now.into()));
        if let Some(released) = old.and_then(|old| old.get("apiId")) {
            properties.insert("apiId".into(), released.clone());
            return Ok(());
        }
        require(properties, "apiId")?;
        let id = properties.get("apiId").and_then(Value::as_str).unwrap_or_default();
        let id = ResourceId::parse(id).map_err(|error| Failure::validation("apiId", error.to_string()))?;
        let (base, revision) = revisions::split(id.name());
        let owner = revisions::split(change.at.name(0)).0;
        if !base.eq_ignore_ascii_case(owner) {
            let message = format!("`apiId` names `{base}`: expected a revision of `{owner}`");
            return Err(Failure::validation("apiId", message));
        }
        match (revision, change.at.entities_mut(store)) {
            (Some(revision), Some(entities)) => revisions::make_current(entities, owner, revision),
            _ => Ok(()),
        }
    }
}
