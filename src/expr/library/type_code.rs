//! `System.TypeCode`: what `GetTypeCode()` of simple values says.

use crate::expr::types::{Table, TypeId};
use crate::expr::value::Value;

/// The number of the constant for a value.
fn code(value: &Value) -> i64 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 3,
        Value::Char(_) => 4,
        Value::SByte(_) => 5,
        Value::Byte(_) => 6,
        Value::Short(_) => 7,
        Value::UShort(_) => 8,
        Value::Int(_) | Value::Enum(..) => 9,
        Value::UInt(_) => 10,
        Value::Long(_) => 11,
        Value::ULong(_) => 12,
        Value::Float(_) => 13,
        Value::Double(_) => 14,
        Value::Decimal(_) => 15,
        Value::DateTime(_) => 16,
        Value::Str(_) => 18,
        _ => 1,
    }
}

fn constant(value: &Value) -> Value {
    Value::enumeration(TypeId::TypeCode, code(value))
}

/// Adds `GetTypeCode` to the types that have it.
pub(super) fn register(table: &mut Table) {
    for id in [
        TypeId::Boolean,
        TypeId::Char,
        TypeId::SByte,
        TypeId::Byte,
        TypeId::Int16,
        TypeId::UInt16,
        TypeId::Int32,
        TypeId::UInt32,
        TypeId::Int64,
        TypeId::UInt64,
        TypeId::Single,
        TypeId::Double,
        TypeId::Decimal,
        TypeId::String,
    ] {
        table.on(id).pure("TypeCode GetTypeCode()", |_, a| Ok(constant(&a[0])));
    }
    for id in [TypeId::DateTime, TypeId::Enum] {
        table.on(id).pure("lenient TypeCode GetTypeCode()", |_, a| Ok(constant(&a[0])));
    }
    table.on(TypeId::Convert).pure("static TypeCode GetTypeCode(object value)", |_, a| Ok(constant(&a[0])));
}
