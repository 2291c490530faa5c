//! Comparisons, numbers and constants.

use super::{Outcome, integer};
use crate::load::json::Value;

/// Calls one; nothing when the function or its arguments are others.
pub(super) fn call(name: &str, values: &[Value]) -> Option<Outcome> {
    let boolean = |value: bool| Some(Ok(Value::Bool(value)));
    match (name, values) {
        ("true", []) => boolean(true),
        ("false", []) => boolean(false),
        ("null", []) => Some(Ok(Value::Null)),
        ("not", [Value::Bool(value)]) => boolean(!value),
        ("equals", [left, right]) => boolean(is_same(left, right)),
        ("coalesce", values) => {
            Some(Ok(values.iter().find(|value| **value != Value::Null).cloned().unwrap_or(Value::Null)))
        }
        ("bool", [Value::Bool(value)]) => boolean(*value),
        ("bool", [Value::String(text)]) => match text.to_ascii_lowercase().as_str() {
            "true" | "1" => boolean(true),
            "false" | "0" => boolean(false),
            _ => None,
        },
        ("int", [value]) => Some(Ok(Value::Number(integer(value)?.into()))),
        ("add" | "sub" | "mul" | "div" | "mod", [left, right]) => {
            let (left, right) = (integer(left)?, integer(right)?);
            let result = match name {
                "add" => left.checked_add(right),
                "sub" => left.checked_sub(right),
                "mul" => left.checked_mul(right),
                "div" => left.checked_div(right),
                _ => left.checked_rem(right),
            };
            Some(result.map(|number| Value::Number(number.into())).ok_or_else(|| format!("`{name}` has no result")))
        }
        ("greater" | "greaterorequals" | "less" | "lessorequals", [left, right]) => {
            let order = match (left, right) {
                (Value::String(left), Value::String(right)) => left.cmp(right),
                _ => integer(left)?.cmp(&integer(right)?),
            };
            boolean(match name {
                "greater" => order.is_gt(),
                "greaterorequals" => order.is_ge(),
                "less" => order.is_lt(),
                _ => order.is_le(),
            })
        }
        _ => None,
    }
}

/// Equality of template expressions: kinds must agree, texts and member names compare with case.
pub(super) fn is_same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| is_same(&left.value, &right.value))
        }
        (Value::Object(left), Value::Object(right)) => {
            let find = |name: &str| right.iter().find(|(other, _)| other == name);
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(name, node)| find(name).is_some_and(|(_, other)| is_same(&node.value, &other.value)))
        }
        (left, right) => left == right,
    }
}
