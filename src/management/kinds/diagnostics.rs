//! `diagnostics`, of the service and of an API.

use super::super::error::Failure;
use super::super::kind::{Change, Entity, Place, Properties, require};
use super::apis::{api, api_mut};
use crate::model::{Collection, Diagnostic, Store};

pub(in crate::management) struct Diagnostics;

impl Entity for Diagnostics {
    type Entry = Diagnostic;
    type Properties = Diagnostic;

    const PATH: &'static [&'static str] = &["diagnostics"];
    const IDS: &'static [&'static str] = &["loggerId"];
    const FIELDS: &'static [&'static str] = &["loggerId", "verbosity", "alwaysLog"];

    fn all<'s>(store: &'s Store, at: &Place) -> Option<&'s Collection<Diagnostic>> {
        Some(&at.entities(store)?.diagnostics)
    }

    fn all_mut<'s>(store: &'s mut Store, at: &Place) -> Option<&'s mut Collection<Diagnostic>> {
        Some(&mut at.entities_mut(store)?.diagnostics)
    }

    fn properties(entry: &Diagnostic) -> &Diagnostic {
        entry
    }

    fn entry(properties: Diagnostic, _: Option<Diagnostic>) -> Diagnostic {
        properties
    }

    fn prepare(
        _: &mut Store,
        properties: &mut Properties,
        _: Option<&Properties>,
        _: &Change<'_>,
    ) -> Result<(), Failure> {
        require(properties, "loggerId")
    }
}

pub(in crate::management) struct ApiDiagnostics;

impl Entity for ApiDiagnostics {
    type Entry = Diagnostic;
    type Properties = Diagnostic;

    const PATH: &'static [&'static str] = &["apis", "diagnostics"];
    const IDS: &'static [&'static str] = Diagnostics::IDS;
    const FIELDS: &'static [&'static str] = Diagnostics::FIELDS;

    fn all<'s>(store: &'s Store, at: &Place) -> Option<&'s Collection<Diagnostic>> {
        Some(&api(store, at)?.diagnostics)
    }

    fn all_mut<'s>(store: &'s mut Store, at: &Place) -> Option<&'s mut Collection<Diagnostic>> {
        Some(&mut api_mut(store, at)?.diagnostics)
    }

    fn properties(entry: &Diagnostic) -> &Diagnostic {
        entry
    }

    fn entry(properties: Diagnostic, _: Option<Diagnostic>) -> Diagnostic {
        properties
    }

    fn prepare(
        store: &mut Store,
        properties: &mut Properties,
        old: Option<&Properties>,
        change: &Change<'_>,
    ) -> Result<(), Failure> {
        Diagnostics::prepare(store, properties, old, change)
    }
}
