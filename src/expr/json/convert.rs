//! Conversions of tokens to .NET values: casts, `Value<T>()`, `ToObject<T>()` and `DeserializeObject<T>`.

use super::text::{base64, from_base64};
use super::token::{JToken, JTokenType, TokenClass};
use super::value::{IntType, TokenValue};
use crate::expr::dotnet::exception::{Exception, Result};
use crate::expr::dotnet::number::{convert, parse};
use crate::expr::dotnet::{DateTime, DateTimeOffset, Decimal, Guid, TimeSpan};

/// A .NET type that a token converts to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Boolean,
    Char,
    Integer(IntType),
    Single,
    Double,
    Decimal,
    String,
    DateTime,
    DateTimeOffset,
    TimeSpan,
    Guid,
    Uri,
    Bytes,
}

/// Whether null is a value of the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Nullable {
    Yes,
    No,
}

/// Where a deserialised token comes from: readers of text and of tokens differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// `JsonConvert.DeserializeObject<T>(text)`
    Text,
    /// `token.ToObject<T>()`
    Tokens,
}

impl Target {
    /// The name in messages of casts: `Int32`, `byte array`.
    fn cast_name(self) -> &'static str {
        match self {
            Self::Bytes => "byte array",
            other => other.short_name(),
        }
    }

    fn short_name(self) -> &'static str {
        self.full_name().strip_prefix("System.").unwrap_or_default()
    }

    /// The full name of the .NET type.
    pub(crate) fn full_name(self) -> &'static str {
        match self {
            Self::Boolean => "System.Boolean",
            Self::Char => "System.Char",
            Self::Integer(int) => int.full_name(),
            Self::Single => "System.Single",
            Self::Double => "System.Double",
            Self::Decimal => "System.Decimal",
            Self::String => "System.String",
            Self::DateTime => "System.DateTime",
            Self::DateTimeOffset => "System.DateTimeOffset",
            Self::TimeSpan => "System.TimeSpan",
            Self::Guid => "System.Guid",
            Self::Uri => "System.Uri",
            Self::Bytes => "System.Byte[]",
        }
    }

    fn is_reference(self) -> bool {
        matches!(self, Self::String | Self::Uri | Self::Bytes)
    }

    /// Token types that a cast accepts besides null.
    fn accepts(self, token_type: JTokenType) -> bool {
        use JTokenType as T;
        let text = matches!(token_type, T::String | T::Comment | T::Raw);
        let number = matches!(token_type, T::Integer | T::Float);
        text || match self {
            Self::Boolean | Self::Integer(_) | Self::Single | Self::Double | Self::Decimal => {
                number || token_type == T::Boolean
            }
            Self::Char => number,
            Self::String => {
                number || matches!(token_type, T::Date | T::Boolean | T::Bytes | T::Guid | T::TimeSpan | T::Uri)
            }
            Self::DateTime | Self::DateTimeOffset => token_type == T::Date,
            Self::TimeSpan => token_type == T::TimeSpan,
            Self::Guid => matches!(token_type, T::Guid | T::Bytes),
            Self::Uri => token_type == T::Uri,
            Self::Bytes => matches!(token_type, T::Bytes | T::Integer),
        }
    }
}

/// `(T)token` and `token.ToObject<T>()` of a simple type; `today` completes partial dates.
pub(crate) fn cast(token: Option<&JToken>, target: Target, nullable: Nullable, today: DateTime) -> Result<TokenValue> {
    let nullable = nullable == Nullable::Yes || target.is_reference();
    let Some(token) = token else {
        return if nullable { Ok(TokenValue::Null) } else { Err(Exception::argument_null("value")) };
    };
    let inner = match token.class() {
        TokenClass::Property => token.property_value(),
        _ => None,
    };
    let token = inner.as_ref().unwrap_or(token);
    let token_type = token.token_type();
    let is_null = matches!(token_type, JTokenType::Null | JTokenType::Undefined);
    let takes_null = is_null && nullable && target != Target::Bytes;
    let Some(value) = token.value().filter(|_| target.accepts(token_type) || takes_null) else {
        return Err(Exception::argument(format!("Can not convert {} to {}.", token_type.name(), target.cast_name())));
    };
    if value == TokenValue::Null && nullable {
        return Ok(TokenValue::Null);
    }
    match (target, value) {
        (Target::String, TokenValue::Bytes(bytes)) => Ok(TokenValue::String(base64(&bytes))),
        (Target::Guid, TokenValue::Bytes(bytes)) => match <[u8; 16]>::try_from(bytes) {
            Ok(bytes) => Ok(TokenValue::Guid(Guid::from_bytes(bytes))),
            Err(_) => Err(Exception::argument("Byte array for Guid must be exactly 16 bytes long. (Parameter 'b')")),
        },
        (Target::Guid, value) => Guid::parse(&value.invariant_text()).map(TokenValue::Guid),
        (Target::TimeSpan, value) => TimeSpan::parse(&value.invariant_text()).map(TokenValue::TimeSpan),
        (Target::Uri, value) => Ok(TokenValue::Uri(value.invariant_text())),
        (Target::Bytes, TokenValue::Bytes(bytes)) => Ok(TokenValue::Bytes(bytes)),
        (Target::Bytes, TokenValue::String(text)) => bytes_of(&text),
        (Target::Bytes, _) => Err(Exception::argument(format!("Can not convert {} to byte array.", token_type.name()))),
        (Target::DateTime, TokenValue::DateOffset(date)) => Ok(TokenValue::Date(date.clock())),
        (Target::DateTimeOffset, value) => date_offset(value, today),
        (target, value) => change_type(value, target, today),
    }
}

/// `token.Value<T>()` of a simple type.
pub(crate) fn value_as(token: &JToken, target: Target, nullable: Nullable, today: DateTime) -> Result<TokenValue> {
    let Some(value) = token.value() else {
        return Err(invalid_cast(format!("Cannot cast {} to Newtonsoft.Json.Linq.JToken.", token.class().full_name())));
    };
    if value == TokenValue::Null {
        return match nullable == Nullable::Yes || target.is_reference() {
            true => Ok(TokenValue::Null),
            false => Err(invalid_cast("Null object cannot be converted to a value type.")),
        };
    }
    if value.type_name() == target.full_name() {
        return Ok(value);
    }
    if matches!(
        value,
        TokenValue::Bytes(_)
            | TokenValue::Guid(_)
            | TokenValue::Uri(_)
            | TokenValue::TimeSpan(_)
            | TokenValue::DateOffset(_)
            | TokenValue::BigInteger(_)
    ) {
        return Err(invalid_cast("Object must implement IConvertible."));
    }
    change_type(value, target, today)
}

/// What a deserialiser makes of a token where it needs a simple type; null for JSON null, which the caller judges.
pub(crate) fn deserialize(token: &JToken, target: Target, source: Source, today: DateTime) -> Result<TokenValue> {
    let token_type = token.token_type();
    let at = |message: String| reader_exception(&message, token);
    let Some(value) = token.value() else {
        let start = if token.class() == TokenClass::Array { "StartArray" } else { "StartObject" };
        return Err(match target {
            Target::Integer(IntType::Int32) => at(format!("Error reading integer. Unexpected token: {start}.")),
            Target::String => at(format!("Error reading string. Unexpected token: {start}.")),
            Target::Boolean => at(format!("Error reading boolean. Unexpected token: {start}.")),
            Target::Double => at(format!("Error reading double. Unexpected token: {start}.")),
            Target::Decimal => at(format!("Error reading decimal. Unexpected token: {start}.")),
            Target::DateTime | Target::DateTimeOffset => at(format!("Error reading date. Unexpected token: {start}.")),
            Target::Bytes if token.class() == TokenClass::Array => return byte_array(token, today),
            other => serialization_exception(&wrong_container(token.class(), other.full_name()), token),
        });
    };
    if value == TokenValue::Null || token_type == JTokenType::Undefined {
        return Ok(TokenValue::Null);
    }
    if let (TokenValue::String(text), false) = (&value, target == Target::String) {
        return from_text(text, target, token, today);
    }
    let number = matches!(token_type, JTokenType::Integer | JTokenType::Float);
    match (target, source) {
        (Target::Integer(IntType::Int32), Source::Text) if token_type == JTokenType::Float => {
            Err(at(format!("Input string '{}' is not a valid integer.", value.invariant_text())))
        }
        (Target::Integer(IntType::Int32), Source::Text) if number => change_type(value.clone(), target, today)
            .map_err(|_| at(format!("JSON integer {} is too large or small for an Int32.", value.invariant_text()))),
        (Target::Integer(IntType::Int32) | Target::Double | Target::Decimal, _) if !number => {
            let what = match target {
                Target::Double => "double",
                Target::Decimal => "decimal",
                _ => "integer",
            };
            Err(at(format!("Error reading {what}. Unexpected token: {}.", token_type.name())))
        }
        (Target::String, _) => Ok(TokenValue::String(value.invariant_text())),
        (Target::DateTime, _) => match value {
            TokenValue::Date(_) => Ok(value),
            TokenValue::DateOffset(date) => Ok(TokenValue::Date(date.clock())),
            _ => Err(at(format!("Error reading date. Unexpected token: {}.", token_type.name()))),
        },
        (Target::DateTimeOffset, _) if token_type == JTokenType::Date => date_offset(value, today),
        (Target::DateTimeOffset, _) => Err(at(format!("Error reading date. Unexpected token: {}.", token_type.name()))),
        (Target::Bytes, _) => match value {
            TokenValue::Bytes(_) => Ok(value),
            TokenValue::Guid(guid) => Ok(TokenValue::Bytes(guid.to_bytes().to_vec())),
            _ => Err(at(format!("Error reading bytes. Unexpected token: {}.", token_type.name()))),
        },
        _ if value.type_name() == target.full_name() => Ok(value),
        _ => change_type(value.clone(), target, today).map_err(|_| not_convertible(&value, target, token)),
    }
}

fn byte_array(token: &JToken, today: DateTime) -> Result<TokenValue> {
    let mut bytes = Vec::new();
    for item in token.children() {
        match deserialize(&item, Target::Integer(IntType::Byte), Source::Tokens, today)? {
            TokenValue::Integer(_, byte) => bytes.push(byte as u8),
            _ => return Err(reader_exception("Unexpected token when reading bytes: Null.", token)),
        }
    }
    Ok(TokenValue::Bytes(bytes))
}

fn from_text(text: &str, target: Target, token: &JToken, today: DateTime) -> Result<TokenValue> {
    let value = TokenValue::String(text.to_owned());
    let what = match target {
        Target::Integer(IntType::Int32) => "integer",
        Target::Double => "double",
        Target::Decimal => "decimal",
        Target::Boolean => "boolean",
        Target::DateTime => "DateTime",
        Target::DateTimeOffset => "DateTimeOffset",
        _ => "",
    };
    let simple = !what.is_empty();
    if text.is_empty() && !target.is_reference() && target != Target::Char {
        return Ok(TokenValue::Null);
    }
    let converted = match target {
        Target::Guid => Guid::parse(text).map(TokenValue::Guid),
        Target::TimeSpan => TimeSpan::parse(text).map(TokenValue::TimeSpan),
        Target::Uri => Ok(TokenValue::Uri(text.to_owned())),
        Target::Bytes => match Guid::parse_exact(text, "D") {
            Ok(guid) => Ok(TokenValue::Bytes(guid.to_bytes().to_vec())),
            Err(_) => return bytes_of(text),
        },
        Target::DateTime => match super::text::read_date(text) {
            Some(date) => Ok(TokenValue::Date(date)),
            None => change_type(value.clone(), target, today),
        },
        Target::DateTimeOffset => date_offset(value.clone(), today),
        Target::Decimal if text.contains(['e', 'E']) => {
            parse::double(text).and_then(convert::double_to_decimal).map(TokenValue::Decimal)
        }
        _ => change_type(value.clone(), target, today),
    };
    converted.map_err(|_| match simple {
        true => reader_exception(&format!("Could not convert string to {what}: {text}."), token),
        false => not_convertible(&value, target, token),
    })
}

fn not_convertible(value: &TokenValue, target: Target, token: &JToken) -> Exception {
    let shown = match value {
        TokenValue::String(text) => format!("\"{text}\""),
        TokenValue::Null => "{null}".to_owned(),
        other => other.invariant_text(),
    };
    let message = format!("Error converting value {shown} to type '{}'.", target.full_name());
    serialization_exception(&message, token)
}

/// `JsonSerializationException` of JSON null where a value type is needed.
pub(crate) fn null_not_allowed(target: &str, token: &JToken) -> Exception {
    serialization_exception(&format!("Error converting value {{null}} to type '{target}'."), token)
}

/// The message for an object where an array is needed, and the other way round.
pub(crate) fn wrong_container(class: TokenClass, target: &str) -> String {
    let (sample, needed) = match class {
        TokenClass::Array => ("array (e.g. [1,2,3])", "object (e.g. {\"name\":\"value\"})"),
        _ => ("object (e.g. {\"name\":\"value\"})", "array (e.g. [1,2,3])"),
    };
    format!(
        "Cannot deserialize the current JSON {sample} into type '{target}' because the type requires a JSON {needed} to deserialize correctly."
    )
}

/// A `JsonSerializationException` at a token.
pub(crate) fn serialization_exception(message: &str, token: &JToken) -> Exception {
    Exception::new("Newtonsoft.Json.JsonSerializationException", format!("{message} Path '{}'.", token.path()))
}

fn reader_exception(message: &str, token: &JToken) -> Exception {
    Exception::new("Newtonsoft.Json.JsonReaderException", format!("{message} Path '{}'.", token.path()))
}

fn invalid_cast(message: impl Into<String>) -> Exception {
    Exception::new("System.InvalidCastException", message)
}

fn bytes_of(text: &str) -> Result<TokenValue> {
    from_base64(text).map(TokenValue::Bytes).ok_or_else(|| {
        Exception::format(
            "The input is not a valid Base-64 string as it contains a non-base 64 character, more than two padding characters, or an illegal character among the padding characters.",
        )
    })
}

fn date_offset(value: TokenValue, today: DateTime) -> Result<TokenValue> {
    let date = match value {
        TokenValue::DateOffset(date) => date,
        TokenValue::String(text) => DateTimeOffset::parse(&text, today, TimeSpan::ZERO)?,
        other => match change_type(other, Target::DateTime, today)? {
            TokenValue::Date(date) => DateTimeOffset::new(date, TimeSpan::ZERO)?,
            _ => DateTimeOffset::MIN,
        },
    };
    Ok(TokenValue::DateOffset(date))
}

/// `Convert.ChangeType(value, target, InvariantCulture)`.
fn change_type(value: TokenValue, target: Target, today: DateTime) -> Result<TokenValue> {
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

#[cfg(test)]
mod tests;
