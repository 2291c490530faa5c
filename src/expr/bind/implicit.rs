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
        match implicit(source, constant, inner) {
            Some(Implicit::Number) => return Some(Implicit::Number),
            Some(Implicit::User(method)) if from == source => return Some(Implicit::User(method)),
            _ => {}
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
    if from.is_reference() && to.is_reference() && is_reference_conversion(from, to) {
        return Some(Implicit::Same);
    }
    user_conversion(from, to, true).map(Implicit::User)
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
            let takes = *from == parameter.ty || (from.is_reference() && is_subtype(from, &parameter.ty));
            let number_takes = !takes && standard_number(from, &parameter.ty);
            let narrow_takes = !takes && !implicit_only && is_subtype(&parameter.ty, from) && from.is_reference();
            let gives = method.ty == *to || method.ty == *target;
            let base_gives = !gives && method.ty.is_reference() && is_subtype(&method.ty, to);
            let derived_gives = !gives && !implicit_only && method.ty.is_reference() && is_subtype(to, &method.ty);
            let number_gives = !gives
                && match (method.ty.underlying().id(), target.id()) {
                    (Some(a), Some(b)) => {
                        widens(a, b)
                            || (!implicit_only && a != b && method.ty.underlying().is_numeric() && target.is_numeric())
                    }
                    _ => false,
                };
            let takes_rank = if takes {
                0
            } else if number_takes {
                2
            } else if narrow_takes {
                4
            } else {
                continue;
            };
            let gives_rank = if method.ty == *to {
                0
            } else if gives {
                1
            } else if base_gives || derived_gives {
                2
            } else if number_gives {
                8
            } else {
                continue;
            };
            let rank = takes_rank * 4 + gives_rank + u8::from(!is_implicit);
            if found.is_none_or(|(_, r)| rank < r) {
                found = Some((method, rank));
            }
        }
    }
    found.map(|(method, _)| method)
}

pub(super) fn standard_number(from: &Ty, to: &Ty) -> bool {
    matches!((from.id(), to.id()), (Some(a), Some(b)) if widens(a, b))
}
