//! What a slot of a policy makes of a value.

use super::{Object, Str, Value};
use crate::expr::dotnet::number::parse;
use crate::expr::json::{Expected, JToken};
use crate::expr::library::{array, json, object};

impl Value {
    /// The text form: strings as they are, None for null, the rest as `ToString()` in en-US. Objects whose text needs an
    /// evaluation (sequences, anonymous objects) give their type's name; JSON and XML give their indented text.
    pub fn to_text(&self) -> Option<String> {
        match self {
            Self::Null => None,
            Self::Str(text) => Some(text.to_string()),
            other => Some(match object::simple_text(other) {
                Some(text) => text.to_string(),
                None => object::text_without_host(other),
            }),
        }
    }

    /// A bool: itself, or the texts `true` and `false` in any case.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            Self::Str(text) => text.as_str().and_then(|t| parse::boolean(t).ok()),
            _ => None,
        }
    }

    /// A whole number: of any integral type, a double or decimal without a fraction, or text that parses as one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Char(_) | Self::Enum(..) => None,
            Self::Double(v) if v.fract() == 0.0 && v.abs() < 9.0e18 => Some(*v as i64),
            Self::Float(v) if v.fract() == 0.0 && v.abs() < 9.0e18 => Some(*v as i64),
            Self::Decimal(v) if v.fract().is_zero() => i64::try_from(*v).ok(),
            Self::Str(text) => {
                let number = parse::integer(text.as_str()?, parse::IntegerType::INT64).ok()?;
                i64::try_from(number).ok()
            }
            other => i64::try_from(other.integral()?).ok(),
        }
    }

    /// A number: of any numeric type, or text that parses as one.
    pub fn as_double(&self) -> Option<f64> {
        match self {
            Self::Char(_) | Self::Enum(..) => None,
            Self::Double(v) => Some(*v),
            Self::Float(v) => Some(f64::from(*v)),
            Self::Decimal(v) => v.to_string().parse().ok(),
            Self::Str(text) => parse::double(text.as_str()?).ok(),
            other => other.integral().map(|v| v as f64),
        }
    }

    /// The bytes of a `byte[]`.
    pub fn as_bytes(&self) -> Option<Vec<u8>> {
        let is_bytes = self.downcast::<array::Array>().is_some_and(|a| a.ty().full_name() == "System.Byte[]");
        if is_bytes { array::to_bytes(self, "").ok() } else { None }
    }

    /// What `set-body` sends: bytes as they are, everything else as the UTF-8 of its text; empty for null.
    pub fn to_body(&self) -> Vec<u8> {
        self.as_bytes().unwrap_or_else(|| self.to_text().unwrap_or_default().into_bytes())
    }

    /// The `JToken` of a JSON text: a `JObject` for an object; none when the text is not JSON.
    pub(crate) fn json(text: &str) -> Option<Self> {
        JToken::parse(text, Expected::Token).ok().map(json::value)
    }

    /// A `byte[]`.
    pub fn bytes(bytes: impl Into<Vec<u8>>) -> Self {
        array::bytes(bytes.into())
    }

    /// A `string[]`.
    pub fn strings<S: Into<Str>>(items: impl IntoIterator<Item = S>) -> Self {
        array::strings(items.into_iter().map(|s| Self::Str(s.into())))
    }
}
