//! Reads arguments: the binder has checked the types, so a mismatch can only be null.

use crate::expr::dotnet::{DateTime, DateTimeOffset, Decimal, Guid, TimeSpan};
use crate::expr::fault::Fault;
use crate::expr::value::{Str, Value};

/// A string that must not be null.
pub(crate) fn string<'a>(value: &'a Value, parameter: &str) -> Result<&'a Str, Fault> {
    value.as_text().ok_or_else(|| Fault::argument_null(parameter))
}

/// Anything that must not be null.
pub(crate) fn required<'a>(value: &'a Value, parameter: &str) -> Result<&'a Value, Fault> {
    if value.is_null() { Err(Fault::argument_null(parameter)) } else { Ok(value) }
}

/// An int, short, byte, char or enum constant.
pub(crate) fn int(value: &Value) -> i32 {
    match value {
        Value::Int(v) => *v,
        other => other.integral().unwrap_or_default() as i32,
    }
}

/// Any integral value that fits a long.
pub(crate) fn long(value: &Value) -> i64 {
    value.integral().unwrap_or_default() as i64
}

/// A double or float.
pub(crate) fn double(value: &Value) -> f64 {
    match value {
        Value::Double(v) => *v,
        Value::Float(v) => f64::from(*v),
        other => other.integral().unwrap_or_default() as f64,
    }
}

/// A bool.
pub(crate) fn boolean(value: &Value) -> bool {
    matches!(value, Value::Bool(true))
}

/// A char.
pub(crate) fn unit(value: &Value) -> u16 {
    match value {
        Value::Char(unit) => *unit,
        _ => 0,
    }
}

macro_rules! structs {
    ($($name:ident $variant:ident $ty:ident $default:expr;)*) => {
        $(/// The struct of this type; its default when the value is another.
        pub(crate) fn $name(value: &Value) -> $ty {
            match value {
                Value::$variant(v) => *v,
                _ => $default,
            }
        })*
    };
}

structs! {
    decimal Decimal Decimal Decimal::ZERO;
    date_time DateTime DateTime DateTime::MIN;
    date_time_offset DateTimeOffset DateTimeOffset DateTimeOffset::MIN;
    time_span TimeSpan TimeSpan TimeSpan::ZERO;
    guid Guid Guid Guid::EMPTY;
}
