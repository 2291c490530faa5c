//! Variables as a JSON document writes them.

use std::time::SystemTime;

use serde_json::Value as Json;

use super::from_unix_ticks;
use crate::expr::dotnet::date_time::UNIX_EPOCH_TICKS;
use crate::expr::dotnet::number::parse;
use crate::expr::dotnet::{DateTime, DateTimeKind, Guid, TimeSpan};
use crate::expr::host::Body;
use crate::expr::json::{Expected, JToken};
use crate::expr::library::{array, dictionary, json};
use crate::expr::types::Ty;
use crate::expr::value::{Response, Value};

/// The bytes of a Guid.
pub(super) fn guid(text: &str) -> Option<[u8; 16]> {
    Guid::parse(text).ok().map(Guid::to_bytes)
}

fn date(text: &str) -> Option<DateTime> {
    let parsed = DateTime::parse(text, DateTime::MIN, TimeSpan::ZERO).ok()?;
    Some(if text.ends_with('Z') { parsed.with_kind(DateTimeKind::Utc) } else { parsed })
}

/// A point in time.
pub(super) fn time(text: &str) -> Option<SystemTime> {
    Some(from_unix_ticks(date(text)?.ticks() - UNIX_EPOCH_TICKS))
}

/// A variable: plain JSON, or `{"type": T, "value": V}`.
pub(super) fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(v) => Value::Bool(*v),
        Json::String(text) => text.as_str().into(),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(v), _) => i32::try_from(v).map_or(Value::Long(v), Value::Int),
            (None, Some(v)) => Value::ULong(v),
            _ => Value::Double(number.as_f64().unwrap_or(0.0)),
        },
        Json::Array(items) => array::array(Ty::Object, items.iter().map(value).collect()),
        Json::Object(map) => match map.get("type").and_then(Json::as_str) {
            Some(ty) => typed(ty, &json["value"]).unwrap_or(Value::Null),
            None => token(&json.to_string()).unwrap_or(Value::Null),
        },
    }
}

fn token(text: &str) -> Option<Value> {
    JToken::parse(text, Expected::Token).ok().map(json::value)
}

fn text_of(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn typed(ty: &str, json: &Json) -> Option<Value> {
    let text = text_of(json);
    Some(match ty {
        "byte" => Value::Byte(text.parse().ok()?),
        "sbyte" => Value::SByte(text.parse().ok()?),
        "short" => Value::Short(text.parse().ok()?),
        "ushort" => Value::UShort(text.parse().ok()?),
        "int" => Value::Int(text.parse().ok()?),
        "uint" => Value::UInt(text.parse().ok()?),
        "long" => Value::Long(text.parse().ok()?),
        "ulong" => Value::ULong(text.parse().ok()?),
        "float" => Value::Float(text.parse().ok()?),
        "double" => Value::Double(text.parse().ok()?),
        "decimal" => Value::Decimal(parse::decimal(&text).ok()?),
        "char" => Value::Char(text.encode_utf16().next()?),
        "bool" => Value::Bool(text.parse().ok()?),
        "string" => text.into(),
        "Guid" => Value::Guid(Guid::parse(&text).ok()?),
        "DateTime" => Value::DateTime(date(&text)?),
        "TimeSpan" => Value::TimeSpan(TimeSpan::parse(&text).ok()?),
        "byte[]" => {
            use base64::Engine;
            array::bytes(base64::engine::general_purpose::STANDARD.decode(text).ok()?)
        }
        "string[]" => array::strings(json.as_array()?.iter().map(text_of)),
        "JToken" | "JObject" | "JArray" | "JValue" => token(&text)?,
        "Dictionary<string,string>" | "Dictionary<string, string>" => {
            let pairs = json.as_object()?.iter().map(|(k, v)| (Value::from(k.as_str()), Value::from(text_of(v))));
            dictionary::make(Ty::String, Ty::String, pairs.collect())
        }
        "IResponse" => response(json),
        _ => return None,
    })
}

fn response(json: &Json) -> Value {
    let headers: Vec<(String, Vec<String>)> = json["headers"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, values)| {
            let values = match values {
                Json::Array(items) => items.iter().map(text_of).collect(),
                other => vec![text_of(other)],
            };
            (name.clone(), values)
        })
        .collect();
    let content_type = headers.iter().find(|(n, _)| n.eq_ignore_ascii_case("content-type"));
    let content_type = content_type.and_then(|(_, values)| values.first().cloned());
    let body = json["body"].as_str().map(|text| Body { bytes: text.as_bytes().to_vec(), content_type });
    let status = json["statusCode"].as_u64().and_then(|s| u16::try_from(s).ok()).unwrap_or(200);
    Response::new(status, json["statusReason"].as_str().unwrap_or_default(), headers, body).into()
}
