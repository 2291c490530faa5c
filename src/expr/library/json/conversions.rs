//! Conversions between tokens and simple values: the operators of `JToken`.

use super::token::{token_at, value};
use std::borrow::Cow;

use crate::expr::code::Run;
use crate::expr::dotnet::DateTime;
use crate::expr::dotnet::uri::{Uri, UriKind};
use crate::expr::fault::Fault;
use crate::expr::json::convert::{Nullable, Target, cast};
use crate::expr::json::{IntType, JToken, JTokenType, TokenValue};
use crate::expr::library::uri;
use crate::expr::library::{array, context};
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::Value;

/// The target that a simple .NET type is for conversions.
pub(super) fn target_of(ty: &Ty) -> Option<(Target, Nullable)> {
    let nullable = if matches!(ty, Ty::Nullable(_)) { Nullable::Yes } else { Nullable::No };
    let target = match ty.underlying() {
        Ty::Array(element, 1) if **element == Ty::Named(TypeId::Byte) => Target::Bytes,
        Ty::Named(id) => match id {
            TypeId::Boolean => Target::Boolean,
            TypeId::Char => Target::Char,
            TypeId::SByte => Target::Integer(IntType::SByte),
            TypeId::Byte => Target::Integer(IntType::Byte),
            TypeId::Int16 => Target::Integer(IntType::Int16),
            TypeId::UInt16 => Target::Integer(IntType::UInt16),
            TypeId::Int32 => Target::Integer(IntType::Int32),
            TypeId::UInt32 => Target::Integer(IntType::UInt32),
            TypeId::Int64 => Target::Integer(IntType::Int64),
            TypeId::UInt64 => Target::Integer(IntType::UInt64),
            TypeId::Single => Target::Single,
            TypeId::Double => Target::Double,
            TypeId::Decimal => Target::Decimal,
            TypeId::String => Target::String,
            TypeId::DateTime => Target::DateTime,
            TypeId::DateTimeOffset => Target::DateTimeOffset,
            TypeId::TimeSpan => Target::TimeSpan,
            TypeId::Guid => Target::Guid,
            TypeId::Uri => Target::Uri,
            _ => return None,
        },
        _ => return None,
    };
    Some((target, nullable))
}

/// The .NET value of a token's value.
pub(super) fn from_token_value(value: &TokenValue) -> Value {
    match value {
        TokenValue::Null => Value::Null,
        TokenValue::Boolean(v) => Value::Bool(*v),
        TokenValue::Integer(int, v) => match int {
            IntType::SByte => Value::SByte(*v as i8),
            IntType::Byte => Value::Byte(*v as u8),
            IntType::Int16 => Value::Short(*v as i16),
            IntType::UInt16 => Value::UShort(*v as u16),
            IntType::Int32 => Value::Int(*v as i32),
            IntType::UInt32 => Value::UInt(*v as u32),
            IntType::Int64 => Value::Long(*v as i64),
            IntType::UInt64 => Value::ULong(*v as u64),
        },
        // `BigInteger` is no type of expressions: its digits are what is left to do something with.
        TokenValue::BigInteger(digits) => Value::str(digits.as_str()),
        TokenValue::Double(v) => Value::Double(*v),
        TokenValue::Single(v) => Value::Float(*v),
        TokenValue::Decimal(v) => Value::Decimal(*v),
        TokenValue::Char(v) => Value::Char(*v),
        TokenValue::String(v) => Value::str(v.as_str()),
        TokenValue::Date(v) => Value::DateTime(*v),
        TokenValue::DateOffset(v) => Value::DateTimeOffset(*v),
        TokenValue::Bytes(v) => array::bytes(v.clone()),
        TokenValue::Guid(v) => Value::Guid(*v),
        TokenValue::Uri(v) => uri::from_text(v),
        TokenValue::TimeSpan(v) => Value::TimeSpan(*v),
    }
}

/// What a `JValue` holds, as `IConvertible` sees it; other values are what they are.
pub(crate) fn plain(value: &Value) -> Cow<'_, Value> {
    match value.downcast::<JToken>().and_then(JToken::value) {
        Some(held) => Cow::Owned(from_token_value(&held)),
        None => Cow::Borrowed(value),
    }
}

/// What `new JValue(value)` holds; None when Json.NET knows no token type for it.
pub(super) fn to_token_value(value: &Value) -> Option<TokenValue> {
    let integer = |int| value.integral().map(|number| TokenValue::Integer(int, number));
    match value {
        Value::Null => Some(TokenValue::Null),
        Value::Bool(v) => Some(TokenValue::Boolean(*v)),
        Value::Char(v) => Some(TokenValue::Char(*v)),
        Value::SByte(_) => integer(IntType::SByte),
        Value::Byte(_) => integer(IntType::Byte),
        Value::Short(_) => integer(IntType::Int16),
        Value::UShort(_) => integer(IntType::UInt16),
        Value::Int(_) | Value::Enum(..) => integer(IntType::Int32),
        Value::UInt(_) => integer(IntType::UInt32),
        Value::Long(_) => integer(IntType::Int64),
        Value::ULong(_) => integer(IntType::UInt64),
        Value::Float(v) => Some(TokenValue::Single(*v)),
        Value::Double(v) => Some(TokenValue::Double(*v)),
        Value::Decimal(v) => Some(TokenValue::Decimal(*v)),
        Value::Str(v) => Some(TokenValue::String(v.text().into_owned())),
        Value::DateTime(v) => Some(TokenValue::Date(*v)),
        Value::DateTimeOffset(v) => Some(TokenValue::DateOffset(*v)),
        Value::TimeSpan(v) => Some(TokenValue::TimeSpan(*v)),
        Value::Guid(v) => Some(TokenValue::Guid(*v)),
        Value::View(_) => None,
        Value::Object(_) => match uri::original_text(value) {
            Some(text) => Some(TokenValue::Uri(text)),
            None if value.ty() == Ty::array(Ty::Named(TypeId::Byte)) => {
                array::to_bytes(value, "value").ok().map(TokenValue::Bytes)
            }
            None => None,
        },
    }
}

/// A value token of a simple value, as the implicit conversions make it: integers become long, a null string keeps the
/// token type String.
fn implicit(_: &mut Run<'_>, args: &mut [Value]) -> Result<Value, Fault> {
    let wide = |value: TokenValue| match value {
        TokenValue::Integer(IntType::UInt64, number) => TokenValue::Integer(IntType::UInt64, number),
        TokenValue::Integer(_, number) => TokenValue::Integer(IntType::Int64, number),
        other => other,
    };
    let token = to_token_value(&args[0]).map(wide).map(|value| JToken::value_of(&value));
    Ok(value(token.unwrap_or_else(JToken::null)))
}

fn implicit_string(_: &mut Run<'_>, args: &mut [Value]) -> Result<Value, Fault> {
    Ok(value(match args[0].as_text() {
        Some(text) => JToken::string(&text.text()),
        None => JToken::typed(JTokenType::String, &TokenValue::Null),
    }))
}

/// The date of today, which completes partial dates.
pub(in crate::expr::library) fn today(run: &mut Run<'_>) -> DateTime {
    context::now(run).date()
}

fn explicit(run: &mut Run<'_>, args: &[Value], target: Target, nullable: Nullable) -> Result<Value, Fault> {
    let today = today(run);
    match cast(token_at(args, 0)?, target, nullable, today)? {
        TokenValue::Uri(text) => Ok(uri::object(Uri::with_kind(&text, UriKind::RelativeOrAbsolute)?)),
        other => Ok(from_token_value(&other)),
    }
}

macro_rules! operators {
    ($table:ident; $($name:literal $target:expr;)*) => {
        $(
            $table
                .on(TypeId::JToken)
                .def(concat!("implicit operator JToken(", $name, " value)"), implicit)
                .def(concat!("implicit operator JToken(", $name, "? value)"), implicit)
                .def(concat!("explicit operator ", $name, "(JToken value)"), |run, a| {
                    explicit(run, a, $target, Nullable::No)
                })
                .def(concat!("explicit operator ", $name, "?(JToken value)"), |run, a| {
                    explicit(run, a, $target, Nullable::Yes)
                });
        )*
    };
}

/// Adds the operators.
pub(super) fn register(table: &mut Table) {
    operators! { table;
        "bool" Target::Boolean;
        "sbyte" Target::Integer(IntType::SByte);
        "byte" Target::Integer(IntType::Byte);
        "short" Target::Integer(IntType::Int16);
        "ushort" Target::Integer(IntType::UInt16);
        "int" Target::Integer(IntType::Int32);
        "uint" Target::Integer(IntType::UInt32);
        "long" Target::Integer(IntType::Int64);
        "ulong" Target::Integer(IntType::UInt64);
        "float" Target::Single;
        "double" Target::Double;
        "decimal" Target::Decimal;
        "DateTime" Target::DateTime;
        "DateTimeOffset" Target::DateTimeOffset;
        "TimeSpan" Target::TimeSpan;
        "Guid" Target::Guid;
    }
    table
        .on(TypeId::JToken)
        .def("explicit operator char(JToken value)", |run, a| explicit(run, a, Target::Char, Nullable::No))
        .def("explicit operator char?(JToken value)", |run, a| explicit(run, a, Target::Char, Nullable::Yes))
        .def("implicit operator JToken(string value)", implicit_string)
        .def("explicit operator string(JToken value)", |run, a| explicit(run, a, Target::String, Nullable::Yes))
        .def("implicit operator JToken(Uri value)", implicit)
        .def("explicit operator Uri(JToken value)", |run, a| explicit(run, a, Target::Uri, Nullable::Yes))
        .def("implicit operator JToken(byte[] value)", implicit)
        .def("explicit operator byte[](JToken value)", |run, a| explicit(run, a, Target::Bytes, Nullable::Yes));
}
