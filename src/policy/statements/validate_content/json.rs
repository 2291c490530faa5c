//! Bodies of JSON against a schema.

use http::HeaderMap;

use super::super::super::media;
use super::super::super::validation::{SchemaContract, Variant, position};

/// What does not conform, with line and position; the error says why nothing could be checked.
pub(super) fn check(
    bytes: &[u8],
    headers: &HeaderMap,
    schema: Option<&SchemaContract>,
    variant: Variant,
) -> Result<Vec<(String, usize, usize)>, String> {
    let text = media::text(bytes, headers);
    let value = match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(value) => value,
        Err(error) => {
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default();
            return Ok(vec![(format!("The body is not JSON: {message}."), error.line(), error.column())]);
        }
    };
    let Some(schema) = schema else { return Ok(Vec::new()) };
    let breaches = schema.check(&value, text.len(), variant)?;
    let place = |breach: super::super::super::validation::Breach| {
        let (line, position) = position::of(&text, &breach.path, variant.ignores_case);
        (breach.message, line, position)
    };
    Ok(breaches.into_iter().map(place).collect())
}
