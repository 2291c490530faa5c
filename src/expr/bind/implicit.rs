//! Implicit conversions: which exist.

use crate::expr::types::{Method, Ty, TypeId, is_reference_conversion, is_subtype, table};
use crate::expr::value::Value;

/// An implicit conversion that exists.
#[derive(Clone, Debug)]
pub(super) enum Implicit {
    /// The value stays as it is: identity, reference, boxing, null, `T` to `T?`.
    Same,
    /// A number changes its representation; for nullables too.
    Number,
    User(&'static Method),
}

/// Whether an implicit numeric conversion exists.
pub(super) fn widens(from: TypeId, to: TypeId) -> bool {
    use TypeId::*;
    match from {
        SByte => matches!(to, Int16 | Int32 | Int64 | Single | Double | Decimal),
        Byte => matches!(to, Int16 | UInt16 | Int32 | UInt32 | Int64 | UInt64 | Single | Double | Decimal),
        Int16 => matches!(to, Int32 | Int64 | Single | Double | Decimal),
        UInt16 => matches!(to, Int32 | UInt32 | Int64 | UInt64 | Single | Double | Decimal),
        Int32 => matches!(to, Int64 | Single | Double | Decimal),
        UInt32 => matches!(to, Int64 | UInt64 | Single | Double | Decimal),
        Int64 | UInt64 => matches!(to, Single | Double | Decimal),
        Char => matches!(to, UInt16 | Int32 | UInt32 | Int64 | UInt64 | Single | Double | Decimal),
        Single => matches!(to, Double),
        _ => false,
    }
}

/// Whether a constant int or long fits an integral type.
pub(super) fn constant_fits(value: &Value, to: TypeId) -> bool {
    use TypeId::*;
    let v = match value {
        Value::Int(v) => i128::from(*v),
        Value::Long(v) if to == UInt64 => i128::from(*v),
        _ => return false,
    };
    match to {
        SByte => i8::try_from(v).is_ok(),
        Byte => u8::try_from(v).is_ok(),
        Int16 => i16::try_from(v).is_ok(),
        UInt16 => u16::try_from(v).is_ok(),
        UInt32 => u32::try_from(v).is_ok(),
        UInt64 => u64::try_from(v).is_ok(),
        _ => false,
    }
}

/// The implicit conversion between two types, for a constant when it is one.
pub(super) fn implicit(from: &Ty, constant: Option<&Value>, to: &Ty) -> Option<Implicit> {
    match standard(from, constant, to) {
        Some(conversion) => Some(conversion),
        None if matches!(from, Ty::Null | Ty::Void) || matches!(to, Ty::Null | Ty::Void) => None,
        None => {
            let lifted = match to {
                Ty::Nullable(inner) if !matches!(from, Ty::Nullable(_)) => user_conversion(from, inner, true),
                _ => None,
            };
            let own = || (!matches!(from, Ty::Nullable(_))).then(|| user_conversion(from, to, true)).flatten();
            lifted.or_else(own).map(Implicit::User)
        }
    }
}

/// The implicit conversion that the language has, without those that types declare.
pub(super) fn standard(from: &Ty, constant: Option<&Value>, to: &Ty) -> Option<Implicit> {
    if from == to || from.is_error() || to.is_error() {
        return Some(Implicit::Same);
    }
    if matches!(from, Ty::Void) || matches!(to, Ty::Void | Ty::Null) {
        return None;
    }
    if matches!(from, Ty::Null) {
        return (to.is_reference() || matches!(to, Ty::Nullable(_))).then_some(Implicit::Same);
    }
    if let (Some(a), Some(b)) = (from.id(), to.id()) {
        if widens(a, b) {
            return Some(Implicit::Number);
        }
        if let Some(value) = constant {
            if constant_fits(value, b) {
                return Some(Implicit::Number);
            }
            if to.is_enum() && matches!(value, Value::Int(0)) {
                return Some(Implicit::Number);
            }
        }
    }
    if let Ty::Nullable(inner) = to {
        let source = from.underlying();
        let constant = constant.filter(|_| !matches!(from, Ty::Nullable(_)));
        if source == &**inner {
            return Some(Implicit::Same);
        }
        if let Some(Implicit::Number) = standard(source, constant, inner) {
            return Some(Implicit::Number);
        }
    }
    if matches!(from, Ty::Nullable(_)) {
        if is_subtype(from.underlying(), to) && to.is_reference() {
            return Some(Implicit::Same);
        }
        return user_conversion(from, to, true).filter(|m| m.params.iter().all(|p| p.ty == *from)).map(Implicit::User);
    }
    if to.is_reference() && is_subtype(from, to) {
        return Some(Implicit::Same);
    }
    (from.is_reference() && to.is_reference() && is_reference_conversion(from, to)).then_some(Implicit::Same)
}

/// A conversion operator of either type.
pub(super) fn user_conversion(from: &Ty, to: &Ty, implicit_only: bool) -> Option<&'static Method> {
    if from.is_interface() || to.is_interface() || *from == Ty::Object || *to == Ty::Object {
        return None;
    }
    let mut found: Option<(&'static Method, u8)> = None;
    let target = to.underlying();
    let mut owners = Vec::new();
    for ty in [from.underlying(), target] {
        let mut next = ty.id();
        while let Some(id) = next {
            if id == TypeId::Object {
                break;
            }
            owners.push(id);
            next = table().info(id).base.as_ref().and_then(Ty::id);
        }
    }
    for id in owners {
        for (is_implicit, method) in &table().info(id).conversions {
            if implicit_only && !is_implicit {
                continue;
            }
            let Some(parameter) = method.params.first() else { continue };
            let Some(takes) = takes_rank(from, &parameter.ty, implicit_only) else { continue };
            let Some(gives) = gives_rank(&method.ty, to, implicit_only) else { continue };
            let rank = takes * 4 + gives + u8::from(!is_implicit);
            if found.is_none_or(|(_, r)| rank < r) {
                found = Some((method, rank));
            }
        }
    }
    found.map(|(method, _)| method)
}

/// How far a type is from the parameter of a conversion operator; none when the operator cannot take it.
fn takes_rank(from: &Ty, parameter: &Ty, implicit_only: bool) -> Option<u8> {
    if from == parameter || (from.is_reference() && is_subtype(from, parameter)) {
        Some(0)
    } else if standard_number(from, parameter) {
        Some(2)
    } else {
        (!implicit_only && from.is_reference() && is_subtype(parameter, from)).then_some(4)
    }
}

/// How far the result of a conversion operator is from the type that is wanted; none when it cannot become it.
fn gives_rank(result: &Ty, to: &Ty, implicit_only: bool) -> Option<u8> {
    let target = to.underlying();
    if result == to {
        return Some(0);
    }
    if result == target {
        return Some(1);
    }
    if result.is_reference() {
        return (is_subtype(result, to) || (!implicit_only && is_subtype(to, result))).then_some(2);
    }
    let (a, b) = (result.underlying().id()?, target.id()?);
    let numbers = !implicit_only && a != b && result.underlying().is_numeric() && target.is_numeric();
    (widens(a, b) || numbers).then_some(8)
}

pub(super) fn standard_number(from: &Ty, to: &Ty) -> bool {
    matches!((from.id(), to.id()), (Some(a), Some(b)) if widens(a, b))
}
