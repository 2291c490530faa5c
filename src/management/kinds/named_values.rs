//! `namedValues`.

use http::StatusCode;
use serde_json::{Value, json};

use super::super::answer::Answer;
use super::super::error::Failure;
use super::super::kind::{Change, Entity, Place, Properties, View, default, require};
use super::super::rename::rename;
use super::vault;
use crate::model::{Collection, NamedValue, Store};

/// The longest value, and the longest display name, in characters.
const LONGEST: usize = 4096;
const LONGEST_NAME: usize = 256;

pub(in crate::management) struct NamedValues;

impl Entity for NamedValues {
    type Entry = NamedValue;
    type Properties = NamedValue;

    const PATH: &'static [&'static str] = &["namedValues"];
    const FIELDS: &'static [&'static str] = &["displayName", "tags", "secret", "keyVault"];
    const IS_POLLED: bool = true;

    fn all<'s>(store: &'s Store, at: &Place) -> Option<&'s Collection<NamedValue>> {
        Some(&at.entities(store)?.named_values)
    }

    fn all_mut<'s>(store: &'s mut Store, at: &Place) -> Option<&'s mut Collection<NamedValue>> {
        Some(&mut at.entities_mut(store)?.named_values)
    }

    fn properties(entry: &NamedValue) -> &NamedValue {
        entry
    }

    fn entry(properties: NamedValue, _: Option<NamedValue>) -> NamedValue {
        properties
    }

    fn prepare(
        store: &mut Store,
        properties: &mut Properties,
        old: Option<&Properties>,
        change: &Change<'_>,
    ) -> Result<(), Failure> {
        properties.remove("provisioningState");
        require(properties, "displayName")?;
        let display = properties.get("displayName").and_then(Value::as_str).unwrap_or_default().to_owned();
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        if display.len() > LONGEST_NAME || !display.bytes().all(fits) {
            let message = "`displayName` has to have 1 to 256 letters, digits, `-`, `.` or `_`";
            return Err(Failure::validation("displayName", message));
        }
        if let Some(entities) = change.at.entities(store) {
            let name_of = |(name, value): (&str, &NamedValue)| value.display_name.clone().unwrap_or(name.to_owned());
            let others = entities.named_values.iter().filter(|(name, _)| !name.eq_ignore_ascii_case(change.at.last()));
            if others.map(name_of).any(|other| other.eq_ignore_ascii_case(&display)) {
                let message = format!("`displayName` `{display}` is that of another named value");
                return Err(Failure::validation("displayName", message));
            }
        }
        let before = old.map(|old| old.get("displayName").and_then(Value::as_str).unwrap_or(change.at.last()));
        if let Some((before, entities)) = before.filter(|before| *before != display).zip(change.at.entities_mut(store))
        {
            rename(entities, before, &display);
        }
        if properties.get("keyVault").is_some_and(|vault| !vault.is_null()) {
            properties.insert("secret".into(), true.into());
            vault::take(properties, "value", old, change)?;
            if !properties.contains_key("value") {
                return Ok(());
            }
        }
        match properties.get("value") {
            Some(Value::String(value)) if value.trim().is_empty() => {
                Err(Failure::validation("value", "`value` is empty"))
            }
            Some(Value::String(value)) if value.chars().count() > LONGEST => {
                Err(Failure::validation("value", format!("`value` is longer than {LONGEST} characters")))
            }
            Some(Value::String(_)) => Ok(()),
            _ => Err(Failure::validation("value", "`value` or `keyVault` is required")),
        }
    }

    fn show(properties: &mut Properties, view: &View<'_>) -> Result<(), Failure> {
        let is_secret = properties.get("secret") == Some(&Value::Bool(true)) || properties.contains_key("keyVault");
        if is_secret {
            properties.remove("value");
        }
        default(properties, "displayName", view.at.last());
        default(properties, "secret", is_secret);
        properties.insert("provisioningState".into(), "Succeeded".into());
        Ok(())
    }

    fn act(action: &str, store: &mut Store, change: &Change<'_>) -> Option<Result<Answer, Failure>> {
        let value = Self::all(store, change.at)?.get(change.at.last())?;
        if action.eq_ignore_ascii_case("listValue") {
            let text = value.value.as_ref().map(|value| value.expose());
            return Some(Ok(Answer::new(StatusCode::OK).json(json!({ "value": text }))));
        }
        if action.eq_ignore_ascii_case("refreshSecret") {
            return Some(vault::refresh::<Self>(store, change, |value| value.key_vault.as_mut()));
        }
        None
    }
}
