//! `gateways`, and the APIs that each serves.

use http::StatusCode;

use super::super::error::Failure;
use super::super::kind::{Change, Entity, Place, Properties};
use super::links::Link;
use crate::model::{Collection, Gateway, GatewayEntry, Store};

pub(in crate::management) struct Gateways;

pub(in crate::management) static APIS: Link = Link {
    path: &["gateways", "apis"],
    to: "apis",
    get: |store, at| Some(&at.entities(store)?.gateways.get(at.name(0))?.apis),
    get_mut: |store, at| Some(&mut at.entities_mut(store)?.gateways.get_mut(at.name(0))?.apis),
    presence: StatusCode::OK,
};

impl Entity for Gateways {
    type Entry = GatewayEntry;
    type Properties = Gateway;

    const PATH: &'static [&'static str] = &["gateways"];
    const FIELDS: &'static [&'static str] = &["description", "region"];
    const IN_WORKSPACES: bool = false;

    fn all<'s>(store: &'s Store, at: &Place) -> Option<&'s Collection<GatewayEntry>> {
        Some(&at.entities(store)?.gateways)
    }

    fn all_mut<'s>(store: &'s mut Store, at: &Place) -> Option<&'s mut Collection<GatewayEntry>> {
        Some(&mut at.entities_mut(store)?.gateways)
    }

    fn properties(entry: &GatewayEntry) -> &Gateway {
        &entry.gateway
    }

    fn entry(properties: Gateway, old: Option<GatewayEntry>) -> GatewayEntry {
        GatewayEntry { gateway: properties, ..old.unwrap_or_default() }
    }

    fn prepare(
        _: &mut Store,
        properties: &mut Properties,
        _: Option<&Properties>,
        _: &Change<'_>,
    ) -> Result<(), Failure> {
        match properties.get("locationData").and_then(|location| location.get("name")).and_then(|name| name.as_str()) {
            Some(name) if !name.trim().is_empty() => Ok(()),
            _ => Err(Failure::validation("locationData", "`locationData.name` is required")),
        }
    }
}
