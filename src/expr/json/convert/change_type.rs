//! `Convert.ChangeType`: a value as one of another type.

use super::super::value::TokenValue;
use super::{Target, invalid_cast};
use crate::expr::dotnet::exception::{Exception, Result};
use crate::expr::dotnet::number::{convert, parse};
use crate::expr::dotnet::{DateTime, Decimal, TimeSpan};

/// `Convert.ChangeType(value, target, InvariantCulture)`.
pub(super) fn change_type(value: TokenValue, target: Target, today: DateTime) -> Result<TokenValue> {
    let cast_error = |value: &TokenValue| {
        let from = value.type_name().strip_prefix("System.").unwrap_or_default();
        invalid_cast(format!("Invalid cast from '{from}' to '{}'.", target.short_name()))
    };
    if let TokenValue::Bytes(_) | TokenValue::Guid(_) | TokenValue::Uri(_) | TokenValue::TimeSpan(_) = value
        && target != Target::String
    {
        return Err(invalid_cast(format!(
            "Unable to cast object of type '{}' to type 'System.IConvertible'.",
            value.type_name()
        )));
    }
    Ok(match target {
        Target::String => TokenValue::String(value.invariant_text()),
        Target::Boolean => TokenValue::Boolean(match &value {
            TokenValue::Null => false,
            TokenValue::Boolean(value) => *value,
            TokenValue::Integer(_, number) => *number != 0,
            TokenValue::BigInteger(_) => true,
            TokenValue::Double(number) => *number != 0.0,
            TokenValue::Single(number) => *number != 0.0,
            TokenValue::Decimal(number) => !number.is_zero(),
            TokenValue::String(text) => parse::boolean(text)?,
            _ => return Err(cast_error(&value)),
        }),
        Target::Char => TokenValue::Char(match &value {
            TokenValue::Null => 0,
            TokenValue::Char(unit) => *unit,
            TokenValue::Integer(_, number) => u16::try_from(*number)
                .map_err(|_| Exception::overflow("Value was either too large or too small for a character."))?,
            TokenValue::BigInteger(_) => {
                return Err(Exception::overflow("Value was either too large or too small for a character."));
            }
            TokenValue::String(text) => {
                let mut units = text.encode_utf16();
                match (units.next(), units.next()) {
                    (Some(unit), None) => unit,
                    _ => return Err(Exception::format("String must be exactly one character long.")),
                }
            }
            _ => return Err(cast_error(&value)),
        }),
        Target::Integer(int) => {
            let range = int.range();
            TokenValue::Integer(
                int,
                match &value {
                    TokenValue::Null => 0,
                    TokenValue::Boolean(value) => i128::from(*value),
                    TokenValue::Integer(_, number) => range.check(*number)?,
                    TokenValue::BigInteger(digits) => parse::integer(digits, range)?,
                    TokenValue::Double(number) => convert::round_double_to_integer(*number, range)?,
                    TokenValue::Single(number) => convert::round_double_to_integer(f64::from(*number), range)?,
                    TokenValue::Decimal(number) => convert::round_decimal_to_integer(*number, range)?,
                    TokenValue::Char(unit) => range.check(i128::from(*unit))?,
                    TokenValue::String(text) => parse::integer(text, range)?,
                    _ => return Err(cast_error(&value)),
                },
            )
        }
        Target::Double => TokenValue::Double(real(&value).ok_or_else(|| cast_error(&value))??),
        Target::Single => TokenValue::Single(match &value {
            TokenValue::Single(number) => *number,
            TokenValue::String(text) => parse::single(text)?,
            _ => real(&value).ok_or_else(|| cast_error(&value))?? as f32,
        }),
        Target::Decimal => TokenValue::Decimal(match &value {
            TokenValue::Null => Decimal::ZERO,
            TokenValue::Boolean(value) => Decimal::from(u8::from(*value)),
            TokenValue::Integer(_, number) => convert::integer_to_decimal(*number)?,
            TokenValue::BigInteger(digits) => parse::decimal(digits)?,
            TokenValue::Double(number) => convert::double_to_decimal(*number)?,
            TokenValue::Single(number) => convert::single_to_decimal(*number)?,
            TokenValue::Decimal(number) => *number,
            TokenValue::String(text) => parse::decimal(text)?,
            _ => return Err(cast_error(&value)),
        }),
        Target::DateTime => TokenValue::Date(match &value {
            TokenValue::Null => DateTime::MIN,
            TokenValue::Date(date) => *date,
            TokenValue::String(text) => DateTime::parse(text, today, TimeSpan::ZERO)?,
            _ => return Err(cast_error(&value)),
        }),
        Target::DateTimeOffset | Target::TimeSpan | Target::Guid | Target::Uri | Target::Bytes => {
            return Err(invalid_cast(format!(
                "Invalid cast from '{}' to '{}'.",
                value.type_name(),
                target.full_name()
            )));
        }
    })
}

/// As a double; None when .NET has no such conversion.
fn real(value: &TokenValue) -> Option<Result<f64>> {
    Some(Ok(match value {
        TokenValue::Null => 0.0,
        TokenValue::Boolean(value) => f64::from(u8::from(*value)),
        TokenValue::Integer(_, number) => *number as f64,
        TokenValue::Double(number) => *number,
        TokenValue::Single(number) => f64::from(*number),
        TokenValue::Decimal(number) => convert::decimal_to_double(*number),
        TokenValue::BigInteger(text) | TokenValue::String(text) => return Some(parse::double(text)),
        _ => return None,
    }))
}
