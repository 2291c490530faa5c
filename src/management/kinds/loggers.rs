//! `loggers`.

use serde_json::Value;

use super::super::error::Failure;
use super::super::kind::{Change, Entity, Place, Properties, View, require};
use super::masked;
use crate::model::{Collection, Logger, Store};

/// Credentials that are no secrets.
const PLAIN: [&str; 3] = ["name", "endpointAddress", "identityClientId"];

pub(in crate::management) struct Loggers;

fn is_plain(name: &str) -> bool {
    PLAIN.iter().any(|plain| plain.eq_ignore_ascii_case(name))
}

impl Entity for Loggers {
    type Entry = Logger;
    type Properties = Logger;

    const PATH: &'static [&'static str] = &["loggers"];
    const FIELDS: &'static [&'static str] = &["description", "loggerType", "resourceId"];

    fn all<'s>(store: &'s Store, at: &Place) -> Option<&'s Collection<Logger>> {
        Some(&at.entities(store)?.loggers)
    }

    fn all_mut<'s>(store: &'s mut Store, at: &Place) -> Option<&'s mut Collection<Logger>> {
        Some(&mut at.entities_mut(store)?.loggers)
    }

    fn properties(entry: &Logger) -> &Logger {
        entry
    }

    fn entry(properties: Logger, _: Option<Logger>) -> Logger {
        properties
    }

    fn prepare(
        store: &mut Store,
        properties: &mut Properties,
        old: Option<&Properties>,
        change: &Change<'_>,
    ) -> Result<(), Failure> {
        require(properties, "loggerType")?;
        let kept = old.and_then(|old| old.get("credentials")).and_then(Value::as_object);
        if let Some(Value::Object(credentials)) = properties.get_mut("credentials") {
            let secrets = credentials.iter_mut().filter(|(name, _)| !is_plain(name));
            for (name, value) in secrets {
                // What has not changed in a patch stays where it is.
                let old = kept.and_then(|kept| kept.get(name));
                if old != Some(value) {
                    masked::mask(store, value, old, change);
                }
            }
        }
        Ok(())
    }

    fn replaced(store: &mut Store, old: &Properties, change: &Change<'_>) {
        let credentials = old.get("credentials").and_then(Value::as_object);
        let secrets = credentials.into_iter().flatten().filter(|(name, _)| !is_plain(name));
        secrets.for_each(|(_, text)| masked::forget(store, text, change));
    }

    fn show(properties: &mut Properties, _: &View<'_>) -> Result<(), Failure> {
        if let Some(Value::Object(credentials)) = properties.get_mut("credentials") {
            credentials.retain(|name, value| is_plain(name) || !masked::hide(value));
        }
        Ok(())
    }
}
