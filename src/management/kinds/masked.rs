//! Secrets inside loggers and caches: they become secret named values, as in the service.

use serde_json::Value;

use super::super::kind::{Change, Place};
use super::policy_fragments::documents;
use crate::model::{Entities, NamedValue, Store};
use crate::secret::references;

/// How the display names of such named values begin.
const PREFIX: &str = "Logger-Credentials-";

/// Moves a text into a named value, and leaves `{{name}}`: into the one that `old`, the text before, has of its own, or into
/// another one. A text that refers to named values stays.
pub(super) fn mask(store: &mut Store, text: &mut Value, old: Option<&Value>, change: &Change<'_>) {
    let Value::String(value) = text else { return };
    if value.is_empty() || references(value).next().is_some() {
        return;
    }
    let Some(entities) = change.at.entities_mut(store) else { return };
    let secret = std::mem::take(value);
    let kept = old.and_then(|old| own(entities, old)).filter(|(_, name)| users(entities, change.at, name) == 1);
    if let Some((id, name)) = kept {
        if let Some(entry) = entities.named_values.get_mut(&id) {
            entry.value = Some(secret.into());
        }
        *value = format!("{{{{{name}}}}}");
        return;
    }
    let mut bytes = [0; 24];
    change.random.fill(&mut bytes);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let (id, name) = hex.split_at(24);
    let name = format!("{PREFIX}-{name}");
    entities.named_values.insert(id, NamedValue::new().display_name(&name).value(secret).secret(true));
    *value = format!("{{{{{name}}}}}");
}

/// Removes the named value that a text had of its own, once nothing names it any more.
pub(super) fn forget(store: &mut Store, text: &Value, change: &Change<'_>) {
    let Some(entities) = change.at.entities_mut(store) else { return };
    if let Some((id, _)) = own(entities, text).filter(|(_, name)| users(entities, change.at, name) == 0) {
        entities.named_values.remove(&id);
    }
}

/// Takes out what is not a reference, in entities that were loaded.
pub(super) fn hide(text: &Value) -> bool {
    let Value::String(value) = text else { return true };
    let mut found = references(value);
    found.next().is_none_or(|reference| reference.range != (0..value.len()))
}

/// Id and name of the named value that was made for a text.
fn own(entities: &Entities, text: &Value) -> Option<(String, String)> {
    let text = text.as_str()?;
    let name = references(text).next().filter(|found| found.range == (0..text.len()))?.name;
    if !name.starts_with(PREFIX) {
        return None;
    }
    let is_it = |(_, value): &(&str, &NamedValue)| {
        value.display_name.as_deref() == Some(name) && value.secret == Some(true) && value.key_vault.is_none()
    };
    entities.named_values.iter().find(is_it).map(|(id, _)| (id.to_owned(), name.to_owned()))
}

/// How many texts name a named value.
fn users(entities: &Entities, at: &Place, name: &str) -> usize {
    let credentials = entities.loggers.iter().flat_map(|(_, logger)| logger.credentials.values());
    let connections = entities.caches.iter().filter_map(|(_, cache)| cache.connection_string.as_ref());
    let names = |text: &str| references(text).any(|found| found.name.eq_ignore_ascii_case(name));
    let of_entities = credentials.chain(connections).filter(|text| names(text.expose())).count();
    let backends = entities.backends.iter().filter_map(|(_, backend)| serde_json::to_string(backend).ok());
    let of_backends = backends.filter(|text| names(text)).count();
    of_entities + of_backends + documents(entities, at).iter().filter(|(_, text)| text.contains(name)).count()
}
