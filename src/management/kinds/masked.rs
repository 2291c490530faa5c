//! Secrets inside loggers and caches: they become secret named values, as in the service.

use serde_json::Value;

use super::super::kind::Change;
use crate::model::{NamedValue, Store};
use crate::secret::references;

/// Moves a text into a named value of its own, and leaves `{{name}}`. A text that refers to named values stays.
pub(super) fn mask(store: &mut Store, text: &mut Value, change: &Change<'_>) {
    let Value::String(value) = text else { return };
    if value.is_empty() || references(value).next().is_some() {
        return;
    }
    let mut bytes = [0; 24];
    change.random.fill(&mut bytes);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let (id, name) = hex.split_at(24);
    let name = format!("Logger-Credentials--{name}");
    let Some(entities) = change.at.entities_mut(store) else { return };
    let secret = NamedValue::new().display_name(&name).value(std::mem::take(value)).secret(true);
    entities.named_values.insert(id, secret);
    *value = format!("{{{{{name}}}}}");
}

/// Takes out what is not a reference, in entities that were loaded.
pub(super) fn hide(text: &Value) -> bool {
    let Value::String(value) = text else { return true };
    let mut found = references(value);
    found.next().is_none_or(|reference| reference.range != (0..value.len()))
}
