//! The .NET value that a `JValue` holds, outside and inside a tree.

use super::tree::Span;
use super::{JTokenType, text};
use crate::expr::dotnet::number::parse::IntegerType;
use crate::expr::dotnet::{DateTime, DateTimeOffset, Decimal, Guid, TimeSpan};

/// The .NET type of an integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum IntType {
    SByte,
    Byte,
    Int16,
    UInt16,
    Int32,
    UInt32,
    Int64,
    UInt64,
}

/// The value of a `JValue`, with its .NET type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TokenValue {
    Null,
    Boolean(bool),
    Integer(IntType, i128),
    /// Decimal digits with an optional minus sign.
    BigInteger(String),
    Double(f64),
    Single(f32),
    Decimal(Decimal),
    Char(u16),
    String(String),
    Date(DateTime),
    DateOffset(DateTimeOffset),
    Bytes(Vec<u8>),
    Guid(Guid),
    /// The text that the Uri was made from.
    Uri(String),
    TimeSpan(TimeSpan),
}

/// A [`TokenValue`] whose text is in a tree's buffer.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stored {
    Null,
    Boolean(bool),
    /// Bits of an integer: `UInt64` is kept as the signed number with the same bits.
    Integer(IntType, i64),
    BigInteger(Span),
    Double(f64),
    Single(f32),
    Decimal(Decimal),
    Char(u16),
    String(Span),
    Date(DateTime),
    DateOffset(DateTimeOffset),
    /// As base64 text.
    Bytes(Span),
    Guid(Guid),
    Uri(Span),
    TimeSpan(TimeSpan),
}

impl TokenValue {
    /// The token type that Json.NET gives a value.
    pub(crate) fn token_type(&self) -> JTokenType {
        match self {
            Self::Null => JTokenType::Null,
            Self::Boolean(_) => JTokenType::Boolean,
            Self::Integer(..) | Self::BigInteger(_) => JTokenType::Integer,
            Self::Double(_) | Self::Single(_) | Self::Decimal(_) => JTokenType::Float,
            Self::Char(_) | Self::String(_) => JTokenType::String,
            Self::Date(_) | Self::DateOffset(_) => JTokenType::Date,
            Self::Bytes(_) => JTokenType::Bytes,
            Self::Guid(_) => JTokenType::Guid,
            Self::Uri(_) => JTokenType::Uri,
            Self::TimeSpan(_) => JTokenType::TimeSpan,
        }
    }

    /// `Convert.ToString(value, InvariantCulture)`.
    pub(crate) fn invariant_text(&self) -> String {
        match self {
            Self::Null => String::new(),
            Self::Boolean(value) => if *value { "True" } else { "False" }.to_owned(),
            Self::Integer(_, number) => number.to_string(),
            Self::BigInteger(text) | Self::String(text) | Self::Uri(text) => text.clone(),
            Self::Double(value) => text::double(*value),
            Self::Single(value) => text::single(*value),
            Self::Decimal(value) => value.to_string(),
            Self::Char(unit) => String::from_utf16_lossy(&[*unit]),
            Self::Date(date) => invariant_date(*date),
            Self::DateOffset(date) => {
                let mut iso = String::new();
                text::iso_date_offset(*date, &mut iso);
                let offset = iso.get(iso.len() - 6..).unwrap_or_default();
                format!("{} {offset}", invariant_date(date.clock()))
            }
            Self::Bytes(_) => "System.Byte[]".to_owned(),
            Self::Guid(value) => text::guid(*value),
            Self::TimeSpan(value) => text::time_span(*value),
        }
    }

    /// The full name of the .NET type; empty for null.
    pub(crate) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "",
            Self::Boolean(_) => "System.Boolean",
            Self::Integer(int, _) => int.full_name(),
            Self::BigInteger(_) => "System.Numerics.BigInteger",
            Self::Double(_) => "System.Double",
            Self::Single(_) => "System.Single",
            Self::Decimal(_) => "System.Decimal",
            Self::Char(_) => "System.Char",
            Self::String(_) => "System.String",
            Self::Date(_) => "System.DateTime",
            Self::DateOffset(_) => "System.DateTimeOffset",
            Self::Bytes(_) => "System.Byte[]",
            Self::Guid(_) => "System.Guid",
            Self::Uri(_) => "System.Uri",
            Self::TimeSpan(_) => "System.TimeSpan",
        }
    }
}

/// The invariant culture's general form: `03/05/2024 14:07:09`.
fn invariant_date(date: DateTime) -> String {
    let (year, month, day) = date.year_month_day();
    format!("{month:02}/{day:02}/{year:04} {:02}:{:02}:{:02}", date.hour(), date.minute(), date.second())
}

impl IntType {
    /// The full name of the .NET type.
    pub(crate) fn full_name(self) -> &'static str {
        match self {
            Self::SByte => "System.SByte",
            Self::Byte => "System.Byte",
            Self::Int16 => "System.Int16",
            Self::UInt16 => "System.UInt16",
            Self::Int32 => "System.Int32",
            Self::UInt32 => "System.UInt32",
            Self::Int64 => "System.Int64",
            Self::UInt64 => "System.UInt64",
        }
    }

    /// The range of the type.
    pub(crate) fn range(self) -> IntegerType {
        match self {
            Self::SByte => IntegerType::SBYTE,
            Self::Byte => IntegerType::BYTE,
            Self::Int16 => IntegerType::INT16,
            Self::UInt16 => IntegerType::UINT16,
            Self::Int32 => IntegerType::INT32,
            Self::UInt32 => IntegerType::UINT32,
            Self::Int64 => IntegerType::INT64,
            Self::UInt64 => IntegerType::UINT64,
        }
    }
}

impl Stored {
    pub(super) fn put(value: &TokenValue, mut store: impl FnMut(&str) -> Span) -> Self {
        match value {
            TokenValue::Null => Self::Null,
            TokenValue::Boolean(value) => Self::Boolean(*value),
            TokenValue::Integer(int, number) => Self::Integer(*int, *number as i64),
            TokenValue::BigInteger(digits) => Self::BigInteger(store(digits)),
            TokenValue::Double(value) => Self::Double(*value),
            TokenValue::Single(value) => Self::Single(*value),
            TokenValue::Decimal(value) => Self::Decimal(*value),
            TokenValue::Char(value) => Self::Char(*value),
            TokenValue::String(text) => Self::String(store(text)),
            TokenValue::Date(value) => Self::Date(*value),
            TokenValue::DateOffset(value) => Self::DateOffset(*value),
            TokenValue::Bytes(bytes) => Self::Bytes(store(&text::base64(bytes))),
            TokenValue::Guid(value) => Self::Guid(*value),
            TokenValue::Uri(text) => Self::Uri(store(text)),
            TokenValue::TimeSpan(value) => Self::TimeSpan(*value),
        }
    }

    pub(super) fn get<'a>(&self, text: impl FnOnce(Span) -> &'a str) -> TokenValue {
        match *self {
            Self::Null => TokenValue::Null,
            Self::Boolean(value) => TokenValue::Boolean(value),
            Self::Integer(IntType::UInt64, bits) => TokenValue::Integer(IntType::UInt64, i128::from(bits as u64)),
            Self::Integer(int, number) => TokenValue::Integer(int, i128::from(number)),
            Self::BigInteger(span) => TokenValue::BigInteger(text(span).to_owned()),
            Self::Double(value) => TokenValue::Double(value),
            Self::Single(value) => TokenValue::Single(value),
            Self::Decimal(value) => TokenValue::Decimal(value),
            Self::Char(value) => TokenValue::Char(value),
            Self::String(span) => TokenValue::String(text(span).to_owned()),
            Self::Date(value) => TokenValue::Date(value),
            Self::DateOffset(value) => TokenValue::DateOffset(value),
            Self::Bytes(span) => TokenValue::Bytes(text::from_base64(text(span)).unwrap_or_default()),
            Self::Guid(value) => TokenValue::Guid(value),
            Self::Uri(span) => TokenValue::Uri(text(span).to_owned()),
            Self::TimeSpan(value) => TokenValue::TimeSpan(value),
        }
    }

    /// The same value with its text stored anew.
    pub(super) fn moved(&self, mut store: impl FnMut(Span) -> Span) -> Self {
        match *self {
            Self::BigInteger(span) => Self::BigInteger(store(span)),
            Self::String(span) => Self::String(store(span)),
            Self::Bytes(span) => Self::Bytes(store(span)),
            Self::Uri(span) => Self::Uri(store(span)),
            other => other,
        }
    }

    pub(super) fn text_len(&self) -> usize {
        match self {
            Self::BigInteger(span) | Self::String(span) | Self::Bytes(span) | Self::Uri(span) => span.len as usize,
            _ => 0,
        }
    }

    pub(super) fn shift(&mut self, by: u32) {
        if let Self::BigInteger(span) | Self::String(span) | Self::Bytes(span) | Self::Uri(span) = self {
            span.start += by;
        }
    }
}
