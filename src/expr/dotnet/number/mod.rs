//! Numbers: their text in every .NET format, their parsing, conversion and rounding.

pub mod convert;
mod custom;
mod digits;
pub mod parse;
pub mod rounding;
mod standard;

use super::Decimal;
use super::exception::{Exception, Result};

/// A number of any .NET numeric type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// An integer and the width of its type in bits.
    Integer {
        /// The value.
        value: i128,
        /// 8, 16, 32 or 64.
        bits: u32,
    },
    /// `Single`.
    Single(f32),
    /// `Double`.
    Double(f64),
    /// `Decimal`.
    Decimal(Decimal),
}

/// `ToString()`.
pub fn to_text(number: Number) -> String {
    match number {
        Number::Integer { value, .. } => value.to_string(),
        Number::Decimal(value) if value.is_zero() => value.abs().to_string(),
        Number::Decimal(value) => value.to_string(),
        Number::Double(value) => standard::shortest(&digits::Digits::shortest(value), value, 17),
        Number::Single(value) => standard::shortest(&digits::Digits::shortest_single(value), f64::from(value), 9),
    }
}

/// `ToString(format)`; an empty format is the default.
pub fn format(number: Number, format: &str) -> Result<String> {
    if format.is_empty() {
        return Ok(to_text(number));
    }
    if let Some(text) = not_finite(number) {
        return Ok(text);
    }
    let mut rest = format.chars();
    let letter = rest.next().unwrap_or_default();
    let precision = rest.as_str();
    if letter.is_ascii_alphabetic() && precision.len() < 10 && precision.bytes().all(|b| b.is_ascii_digit()) {
        let precision = if precision.is_empty() { None } else { precision.parse().ok() };
        // More would only ask for megabytes of zeros.
        if precision.is_some_and(|p: usize| p > 9999) {
            return Err(Exception::bad_specifier());
        }
        return standard::format(number, letter, precision);
    }
    Ok(custom::format(digits::Digits::for_custom(number), format))
}

fn not_finite(number: Number) -> Option<String> {
    let value = match number {
        Number::Double(value) => value,
        Number::Single(value) => f64::from(value),
        _ => return None,
    };
    (!value.is_finite()).then(|| standard::not_finite(value).to_owned())
}

#[cfg(test)]
mod tests;
