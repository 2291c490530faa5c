//! Conversions of tokens to .NET values: casts, `Value<T>()`, `ToObject<T>()` and `DeserializeObject<T>`.

mod change_type;
mod deserialize;
mod target;

use super::text::{base64, from_base64};
use super::token::{JToken, JTokenType, TokenClass};
use super::value::TokenValue;
use crate::expr::dotnet::exception::{Exception, Result};
use crate::expr::dotnet::{DateTime, DateTimeOffset, Guid, TimeSpan};
use change_type::change_type;
pub(crate) use deserialize::{deserialize, null_not_allowed, serialization_exception, wrong_container};
pub(crate) use target::{Nullable, Source, Target};

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

#[cfg(test)]
mod tests;
