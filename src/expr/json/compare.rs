//! Equality and order of tokens.

use std::cmp::Ordering;

use rust_decimal::prelude::{FromPrimitive, ToPrimitive};

use super::token::{JToken, JTokenType, TokenClass};
use super::value::TokenValue;
use crate::expr::dotnet::Decimal;
use crate::expr::dotnet::exception::{Exception, Result};

impl JToken {
    /// `JToken.DeepEquals(a, b)`: objects in any order of properties.
    pub(crate) fn deep_equals(&self, other: &Self) -> bool {
        let mut work = vec![(self.clone(), other.clone())];
        while let Some((a, b)) = work.pop() {
            if a.ptr_eq(&b) {
                continue;
            }
            if a.class() != b.class() && (a.is_container() || b.is_container()) {
                return false;
            }
            match a.class() {
                TokenClass::Value | TokenClass::Raw => {
                    if !a.value_equals(&b) {
                        return false;
                    }
                }
                TokenClass::Object => {
                    if a.count() != b.count() {
                        return false;
                    }
                    for property in a.children() {
                        match (property.property_value(), b.get(&property.name().unwrap_or_default())) {
                            (Some(left), Some(right)) => work.push((left, right)),
                            _ => return false,
                        }
                    }
                }
                TokenClass::Array | TokenClass::Constructor | TokenClass::Property => {
                    if a.name() != b.name() || a.count() != b.count() {
                        return false;
                    }
                    work.extend(a.children().into_iter().zip(b.children()));
                }
            }
        }
        true
    }

    /// `JValue.Equals`: same token type and equal value.
    pub(crate) fn value_equals(&self, other: &Self) -> bool {
        if self.ptr_eq(other) {
            return true;
        }
        let (Some(a), Some(b)) = (self.value(), other.value()) else { return false };
        let token_type = self.token_type();
        token_type == other.token_type() && compare(token_type, &a, &b).is_ok_and(Ordering::is_eq)
    }

    /// `JValue.CompareTo(other)`.
    pub(crate) fn compare_to(&self, other: &TokenValue, other_type: JTokenType) -> Result<Ordering> {
        let own_type = self.token_type();
        let token_type = if own_type == JTokenType::String { other_type } else { own_type };
        compare(token_type, &self.value().unwrap_or(TokenValue::Null), other)
    }
}

/// Compares as values of a token type; null comes first.
fn compare(token_type: JTokenType, a: &TokenValue, b: &TokenValue) -> Result<Ordering> {
    match (a, b) {
        (TokenValue::Null, TokenValue::Null) => return Ok(Ordering::Equal),
        (TokenValue::Null, _) => return Ok(Ordering::Less),
        (_, TokenValue::Null) => return Ok(Ordering::Greater),
        _ => {}
    }
    let must_be = |name: &str| Exception::argument(format!("Object must be of type {name}."));
    match token_type {
        JTokenType::Integer | JTokenType::Float => numbers(a, b),
        JTokenType::Comment | JTokenType::String | JTokenType::Raw => Ok(a.invariant_text().cmp(&b.invariant_text())),
        JTokenType::Boolean => match (a, b) {
            (TokenValue::Boolean(a), TokenValue::Boolean(b)) => Ok(a.cmp(b)),
            _ => Err(must_be("Boolean")),
        },
        JTokenType::Date => match (a, b) {
            (TokenValue::Date(a), TokenValue::Date(b)) => Ok(a.cmp(b)),
            (TokenValue::DateOffset(a), TokenValue::DateOffset(b)) => Ok(a.cmp(b)),
            (TokenValue::Date(a), TokenValue::DateOffset(b)) => Ok(a.cmp(&b.clock())),
            (TokenValue::DateOffset(a), TokenValue::Date(b)) => Ok(a.utc().cmp(b)),
            _ => Err(must_be("DateTime")),
        },
        JTokenType::Bytes => match (a, b) {
            (TokenValue::Bytes(a), TokenValue::Bytes(b)) => Ok(a.len().cmp(&b.len()).then_with(|| a.cmp(b))),
            _ => Err(must_be("byte[]")),
        },
        JTokenType::Guid => match (a, b) {
            (TokenValue::Guid(a), TokenValue::Guid(b)) => Ok(a.cmp(b)),
            _ => Err(must_be("Guid")),
        },
        JTokenType::Uri => match (a, b) {
            (TokenValue::Uri(a), TokenValue::Uri(b)) => Ok(a.cmp(b)),
            _ => Err(must_be("Uri")),
        },
        JTokenType::TimeSpan => match (a, b) {
            (TokenValue::TimeSpan(a), TokenValue::TimeSpan(b)) => Ok(a.cmp(b)),
            _ => Err(must_be("TimeSpan")),
        },
        other => Err(Exception::out_of_range(format!(
            "Unexpected value type: {}\nActual value was {}. (Parameter 'valueType')",
            other.name(),
            other.name()
        ))),
    }
}

fn numbers(a: &TokenValue, b: &TokenValue) -> Result<Ordering> {
    if let (TokenValue::Integer(_, a), TokenValue::Integer(_, b)) = (a, b) {
        return Ok(a.cmp(b));
    }
    if let (TokenValue::BigInteger(_), _) | (_, TokenValue::BigInteger(_)) = (a, b) {
        return Ok(whole_digits(a).cmp(&whole_digits(b)));
    }
    if let (TokenValue::Decimal(_), _) | (_, TokenValue::Decimal(_)) = (a, b)
        && let (Some(a), Some(b)) = (decimal(a), decimal(b))
    {
        return Ok(a.cmp(&b));
    }
    let (a, b) = (real(a)?, real(b)?);
    if approximately_equal(a, b) {
        return Ok(Ordering::Equal);
    }
    Ok(a.partial_cmp(&b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan())))
}

/// Json.NET takes doubles for equal that differ by rounding only.
fn approximately_equal(a: f64, b: f64) -> bool {
    const EPSILON: f64 = f64::EPSILON;
    if a == b {
        return true;
    }
    let tolerance = (a.abs() + b.abs() + 10.0) * EPSILON;
    let difference = a - b;
    -tolerance < difference && tolerance > difference
}

/// Sign and digits of a whole number, comparable: negative numbers with their digits complemented.
fn whole_digits(value: &TokenValue) -> (bool, i64, Vec<i8>) {
    let text = match value {
        TokenValue::Double(v) => format!("{:.0}", v.trunc()),
        TokenValue::Single(v) => format!("{:.0}", v.trunc()),
        TokenValue::Decimal(v) => v.trunc().to_string(),
        other => other.invariant_text(),
    };
    let (positive, digits) = text.strip_prefix('-').map_or((true, text.as_str()), |rest| (false, rest));
    let digits = digits.trim_start_matches('0');
    let sign = if positive { 1 } else { -1 };
    let signed = digits.bytes().map(|b| (b as i8 - b'0' as i8) * sign).collect();
    (positive, digits.len() as i64 * i64::from(sign), signed)
}

fn decimal(value: &TokenValue) -> Option<Decimal> {
    match value {
        TokenValue::Integer(_, number) => Decimal::from_i128(*number),
        TokenValue::Decimal(value) => Some(*value),
        TokenValue::Double(value) => Decimal::from_f64(*value),
        TokenValue::Single(value) => Decimal::from_f32(*value),
        _ => None,
    }
}

fn real(value: &TokenValue) -> Result<f64> {
    match value {
        TokenValue::Integer(_, number) => Ok(*number as f64),
        TokenValue::BigInteger(digits) => digits.parse().map_err(|_| Exception::bad_input()),
        TokenValue::Double(value) => Ok(*value),
        TokenValue::Single(value) => Ok(f64::from(*value)),
        TokenValue::Decimal(value) => Ok(value.to_f64().unwrap_or_default()),
        TokenValue::Boolean(value) => Ok(f64::from(u8::from(*value))),
        TokenValue::String(text) => text.trim().parse().map_err(|_| Exception::bad_input()),
        other => Err(Exception::new(
            "System.InvalidCastException",
            format!("Unable to cast object of type '{}' to type 'System.IConvertible'.", other.type_name()),
        )),
    }
}
