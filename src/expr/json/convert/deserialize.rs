//! What a deserialiser makes of tokens: `ToObject<T>()` and `DeserializeObject<T>`.

use super::super::text;
use super::super::token::{JToken, JTokenType, TokenClass};
use super::super::value::{IntType, TokenValue};
use super::change_type::change_type;
use super::{Source, Target, bytes_of, date_offset};
use crate::expr::dotnet::exception::{Exception, Result};
use crate::expr::dotnet::number::{convert, parse};
use crate::expr::dotnet::{DateTime, Guid, TimeSpan};

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
        Target::DateTime => match text::read_date(text) {
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
