//! Anonymous objects.

use std::sync::Arc;

use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::types::{Anonymous, Ty};
use crate::expr::value::{Object, Str, Value, release};

/// An anonymous object.
pub(crate) struct AnonymousObject {
    ty: Arc<Anonymous>,
    values: Vec<Value>,
}

impl AnonymousObject {
    /// Names and values, in order.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.ty.names.iter().map(|n| &**n).zip(&self.values)
    }
}

/// An anonymous object of a type.
pub(crate) fn make(ty: Arc<Anonymous>, values: Vec<Value>) -> Value {
    Value::object(AnonymousObject { ty, values })
}

/// A member by its index.
pub(crate) fn member(object: &Value, index: usize) -> Result<Value, Fault> {
    let object = object.downcast::<AnonymousObject>().ok_or_else(Fault::null_reference)?;
    Ok(object.values.get(index).cloned().unwrap_or(Value::Null))
}

impl Drop for AnonymousObject {
    fn drop(&mut self) {
        release(std::mem::take(&mut self.values));
    }
}

impl Object for AnonymousObject {
    fn ty(&self) -> Ty {
        Ty::Anonymous(Arc::clone(&self.ty))
    }

    fn to_text(&self, run: &mut Run<'_>) -> Result<Option<Str>, Fault> {
        let mut out = String::from("{ ");
        for (i, (name, value)) in self.members().enumerate() {
            if i > 0 {
                out.push_str(", ");
            }
            out.push_str(name);
            out.push_str(" = ");
            if !value.is_null() {
                out.push_str(&run.text_of(value)?.text());
            }
        }
        out.push_str(" }");
        Ok(Some(out.into()))
    }

    fn equals(&self, other: &Value) -> Option<bool> {
        let Some(other) = other.downcast::<Self>() else { return Some(false) };
        Some(self.ty == other.ty && self.values.iter().zip(&other.values).all(|(a, b)| a.equals(b)))
    }

    fn hash_code(&self) -> Option<i32> {
        Some(self.values.iter().fold(17, |h: i32, v| h.wrapping_mul(31).wrapping_add(v.hash_code())))
    }

    fn parts(&self, visit: &mut dyn FnMut(&Value)) -> bool {
        self.values.iter().for_each(visit);
        true
    }
}
