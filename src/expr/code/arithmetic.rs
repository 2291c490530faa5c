//! Arithmetic, comparison and conversion of .NET's numeric types.

use std::cmp::Ordering;

use crate::expr::dotnet::number::convert as numbers;
use crate::expr::dotnet::number::parse::IntegerType;
use crate::expr::dotnet::{Decimal, TimeSpan, decimal};
use crate::expr::fault::Fault;
use crate::expr::syntax::ast::BinaryOp;
use crate::expr::types::TypeId;
use crate::expr::value::Value;

/// The range of an integral type.
pub(crate) fn integer_type(ty: TypeId) -> Option<IntegerType> {
    Some(match ty {
        TypeId::SByte => IntegerType::SBYTE,
        TypeId::Byte => IntegerType::BYTE,
        TypeId::Int16 => IntegerType::INT16,
        TypeId::UInt16 | TypeId::Char => IntegerType::UINT16,
        TypeId::Int32 => IntegerType::INT32,
        TypeId::UInt32 => IntegerType::UINT32,
        TypeId::Int64 => IntegerType::INT64,
        TypeId::UInt64 => IntegerType::UINT64,
        _ => return None,
    })
}

fn real(value: &Value) -> f64 {
    match value {
        Value::Double(v) => *v,
        Value::Float(v) => f64::from(*v),
        other => other.integral().unwrap_or_default() as f64,
    }
}

fn single(value: &Value) -> f32 {
    match value {
        Value::Float(v) => *v,
        other => real(other) as f32,
    }
}

fn number(value: &Value) -> Decimal {
    match value {
        Value::Decimal(v) => *v,
        other => numbers::integer_to_decimal(other.integral().unwrap_or_default()).unwrap_or_default(),
    }
}

/// `a op b` in one numeric type.
pub(crate) fn binary(op: BinaryOp, on: TypeId, a: &Value, b: &Value, checked: bool) -> Result<Value, Fault> {
    match on {
        TypeId::Double => Ok(Value::Double(floating(op, real(a), real(b)))),
        TypeId::Single => Ok(Value::Float(match op {
            BinaryOp::Add => single(a) + single(b),
            BinaryOp::Subtract => single(a) - single(b),
            BinaryOp::Multiply => single(a) * single(b),
            BinaryOp::Divide => single(a) / single(b),
            _ => single(a) % single(b),
        })),
        TypeId::Decimal => {
            let (a, b) = (number(a), number(b));
            Ok(Value::Decimal(match op {
                BinaryOp::Add => decimal::add(a, b)?,
                BinaryOp::Subtract => decimal::subtract(a, b)?,
                BinaryOp::Multiply => decimal::multiply(a, b)?,
                BinaryOp::Divide => decimal::divide(a, b)?,
                _ => decimal::remainder(a, b)?,
            }))
        }
        _ => integral(op, on, a.integral().unwrap_or_default(), b.integral().unwrap_or_default(), checked),
    }
}

fn floating(op: BinaryOp, a: f64, b: f64) -> f64 {
    match op {
        BinaryOp::Add => a + b,
        BinaryOp::Subtract => a - b,
        BinaryOp::Multiply => a * b,
        BinaryOp::Divide => a / b,
        _ => a % b,
    }
}

fn integral(op: BinaryOp, on: TypeId, a: i128, b: i128, checked: bool) -> Result<Value, Fault> {
    let Some(range) = integer_type(on) else { return Ok(Value::Null) };
    let result = match op {
        BinaryOp::Add => a + b,
        BinaryOp::Subtract => a - b,
        BinaryOp::Multiply => a.wrapping_mul(b),
        BinaryOp::Divide | BinaryOp::Remainder if b == 0 => return Err(Fault::divide_by_zero()),
        BinaryOp::Divide | BinaryOp::Remainder if b == -1 && a == range.min && a < 0 => return Err(Fault::overflow()),
        BinaryOp::Divide => a / b,
        BinaryOp::Remainder => a % b,
        BinaryOp::And => a & b,
        BinaryOp::Or => a | b,
        _ => a ^ b,
    };
    if checked && !(range.min..=range.max).contains(&result) {
        return Err(Fault::overflow());
    }
    Ok(Value::of_integral(on, result).unwrap_or(Value::Null))
}

/// `a op b`, where `op` compares.
pub(crate) fn compare(op: BinaryOp, on: TypeId, a: &Value, b: &Value) -> bool {
    let ordering = match on {
        TypeId::Double | TypeId::Single => real(a).partial_cmp(&real(b)),
        TypeId::Decimal => Some(number(a).cmp(&number(b))),
        TypeId::Boolean => Some(matches!(a, Value::Bool(true)).cmp(&matches!(b, Value::Bool(true)))),
        _ => Some(a.integral().unwrap_or_default().cmp(&b.integral().unwrap_or_default())),
    };
    holds(op, ordering)
}

/// Whether a comparison holds for an ordering; there is none with NaN.
pub(crate) fn holds(op: BinaryOp, ordering: Option<Ordering>) -> bool {
    match (op, ordering) {
        (BinaryOp::NotEqual, None) => true,
        (_, None) => false,
        (BinaryOp::Less, Some(o)) => o == Ordering::Less,
        (BinaryOp::LessOrEqual, Some(o)) => o != Ordering::Greater,
        (BinaryOp::Greater, Some(o)) => o == Ordering::Greater,
        (BinaryOp::GreaterOrEqual, Some(o)) => o != Ordering::Less,
        (BinaryOp::NotEqual, Some(o)) => o != Ordering::Equal,
        (_, Some(o)) => o == Ordering::Equal,
    }
}

/// `a << b` and `a >> b`.
pub(crate) fn shift(left: bool, on: TypeId, a: &Value, b: &Value) -> Value {
    let count = b.integral().unwrap_or_default() as u32;
    match (on, a) {
        (TypeId::Int64, Value::Long(v)) => Value::Long(if left { v << (count & 63) } else { v >> (count & 63) }),
        (TypeId::UInt64, Value::ULong(v)) => Value::ULong(if left { v << (count & 63) } else { v >> (count & 63) }),
        (TypeId::UInt32, Value::UInt(v)) => Value::UInt(if left { v << (count & 31) } else { v >> (count & 31) }),
        (_, value) => {
            let v = value.integral().unwrap_or_default() as i32;
            Value::Int(if left { v << (count & 31) } else { v >> (count & 31) })
        }
    }
}

/// `-a`
pub(crate) fn negate(on: TypeId, a: &Value, checked: bool) -> Result<Value, Fault> {
    Ok(match (on, a) {
        (TypeId::Double, v) => Value::Double(-real(v)),
        (TypeId::Single, v) => Value::Float(-single(v)),
        (TypeId::Decimal, v) => Value::Decimal(-number(v)),
        (TypeId::TimeSpan, Value::TimeSpan(v)) => Value::TimeSpan(TimeSpan::negate(*v)?),
        (_, v) => return integral(BinaryOp::Subtract, on, 0, v.integral().unwrap_or_default(), checked),
    })
}

/// `~a`
pub(crate) fn complement(on: TypeId, a: &Value) -> Value {
    Value::of_integral(on, !a.integral().unwrap_or_default()).unwrap_or(Value::Null)
}

/// Converts a number, char or enumeration constant to another such type.
pub(crate) fn convert(value: &Value, to: TypeId, checked: bool) -> Result<Value, Fault> {
    Ok(match to {
        TypeId::Double => Value::Double(match value {
            Value::Decimal(d) => numbers::decimal_to_double(*d),
            other => real(other),
        }),
        TypeId::Single => Value::Float(match value {
            Value::Decimal(d) => numbers::decimal_to_double(*d) as f32,
            Value::Double(d) => *d as f32,
            Value::Float(f) => *f,
            other => other.integral().unwrap_or_default() as f32,
        }),
        TypeId::Decimal => Value::Decimal(match value {
            Value::Decimal(d) => *d,
            Value::Double(d) => numbers::double_to_decimal(*d)?,
            Value::Float(f) => numbers::single_to_decimal(*f)?,
            other => numbers::integer_to_decimal(other.integral().unwrap_or_default())?,
        }),
        _ => {
            let range = integer_type(to).unwrap_or(IntegerType::INT32);
            let whole = match value {
                Value::Decimal(d) => numbers::decimal_to_integer(*d, range)?,
                Value::Double(_) | Value::Float(_) if checked => {
                    numbers::double_to_integer_checked(real(value), range)?
                }
                Value::Double(_) | Value::Float(_) => numbers::double_to_integer(real(value), range),
                other => {
                    let whole = other.integral().unwrap_or_default();
                    if checked && !(range.min..=range.max).contains(&whole) {
                        return Err(Fault::overflow());
                    }
                    whole
                }
            };
            match Value::of_integral(to, whole) {
                Some(value) => value,
                None => Value::enumeration(to, numbers::wrap(whole, IntegerType::INT32) as i64),
            }
        }
    })
}
