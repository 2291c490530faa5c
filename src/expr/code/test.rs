//! Type tests at run time.

use crate::expr::fault::Fault;
use crate::expr::types::{Ty, TypeId, is_subtype};
use crate::expr::value::Value;

/// `value is T`; null is nothing.
pub(crate) fn is_instance(value: &Value, ty: &Ty) -> bool {
    if value.is_null() {
        return false;
    }
    if *ty == Ty::Object {
        return true;
    }
    is_subtype(&value.ty(), ty.underlying())
}

/// `(T)boxed` for a value type.
pub(crate) fn unbox(value: Value, ty: &Ty) -> Result<Value, Fault> {
    if let (Value::Int(_), Ty::Named(TypeId::Int32)) | (Value::Bool(_), Ty::Named(TypeId::Boolean)) = (&value, ty) {
        return Ok(value);
    }
    if value.is_null() {
        return match ty {
            Ty::Nullable(_) => Ok(value),
            _ => Err(Fault::null_reference()),
        };
    }
    let found = value.ty();
    let wanted = ty.underlying();
    if found == *wanted {
        return Ok(value);
    }
    let converted = match (&value, wanted) {
        (Value::Enum(_, number), Ty::Named(TypeId::Int32)) => Some(Value::Int(*number as i32)),
        (Value::Int(number), Ty::Named(id)) if wanted.is_enum() => Some(Value::enumeration(*id, i64::from(*number))),
        _ => None,
    };
    converted.ok_or_else(|| Fault::invalid_cast(&found, wanted))
}

/// `(T)value` for an `object`.
pub(crate) fn cast(value: Value, ty: &Ty) -> Result<Value, Fault> {
    if ty.is_value_type() {
        return unbox(value, ty);
    }
    if value.is_null() || is_instance(&value, ty) {
        return Ok(value);
    }
    Err(Fault::invalid_cast(&value.ty(), ty))
}
