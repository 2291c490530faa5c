//! Content: what constructors, `Add` and their kin take, made into tokens.

use super::conversions::to_token_value;
use super::token::count_shift;
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::json::JToken;
use crate::expr::types::{Ty, TypeId, is_subtype};
use crate::expr::value::Value;

/// How deep sequences of sequences may nest.
const MAX_DEPTH: u32 = 64;

/// The exception for a value that is no content.
pub(super) fn no_json_type(value: &Value) -> Fault {
    Fault::argument(format!("Could not determine JSON object type for type {}.", value.ty().reflection_name()))
}

/// A token of one value: a token itself, else a `JValue`.
pub(super) fn token_of(value: &Value) -> Result<JToken, Fault> {
    if let Some(token) = value.downcast::<JToken>() {
        return Ok(token.clone());
    }
    match to_token_value(value).filter(|_| !matches!(value, Value::Char(_))) {
        Some(value) => Ok(JToken::value_of(&value)),
        None => Err(no_json_type(value)),
    }
}

/// Whether the value counts as several items.
pub(super) fn is_many(value: &Value) -> bool {
    let ty = value.ty();
    matches!(value, Value::Object(_) | Value::View(_))
        && value.downcast::<JToken>().is_none()
        && ty != Ty::array(Ty::Named(TypeId::Byte))
        && is_subtype(&ty, &Ty::Named(TypeId::PlainIEnumerable))
}

/// All tokens of a value, sequences flattened.
pub(super) fn tokens_of(run: &mut Run<'_>, value: &Value) -> Result<Vec<JToken>, Fault> {
    let mut found = Vec::new();
    flatten(run, value, &mut found, MAX_DEPTH)?;
    Ok(found)
}

fn flatten(run: &mut Run<'_>, value: &Value, found: &mut Vec<JToken>, depth: u32) -> Result<(), Fault> {
    if !is_many(value) {
        found.push(token_of(value)?);
        return Ok(());
    }
    let Some(depth) = depth.checked_sub(1) else { return Err(no_json_type(value)) };
    let mut items = run.iterate(value)?;
    while let Some(item) = items.next(run)? {
        run.step()?;
        run.charge(size_of::<Value>())?;
        flatten(run, &item, found, depth)?;
    }
    Ok(())
}

/// Puts all tokens of a value into a container, from a place on.
pub(super) fn insert_all(run: &mut Run<'_>, container: &JToken, at: usize, value: &Value) -> Result<(), Fault> {
    count_shift(run, container, at)?;
    for (offset, token) in tokens_of(run, value)?.iter().enumerate() {
        run.charge(64)?;
        if token.parent().is_some() {
            run.charge(token.subtree_weight())?;
        }
        container.insert(at + offset, token)?;
    }
    Ok(())
}
