//! Objects: everything that is not a simple value.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use super::{Str, Value};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::types::Ty;

/// A shared object of the evaluator: an array, a list, a JSON token, an exception, …
#[derive(Clone)]
pub struct ObjectRef(pub(crate) Arc<dyn Object>);

/// What the evaluator asks of every object. Only [`Object::ty`] is required.
pub(crate) trait Object: Any + Send + Sync {
    /// The run-time type.
    fn ty(&self) -> Ty;

    /// `ToString()`; None gives the type's name.
    fn to_text(&self, run: &mut Run<'_>) -> Result<Option<Str>, Fault> {
        let _ = run;
        Ok(None)
    }

    /// `IFormattable.ToString(format)`; None when the type is not formattable.
    fn format(&self, run: &mut Run<'_>, format: &str) -> Result<Option<Str>, Fault> {
        let _ = (run, format);
        Ok(None)
    }

    /// `Equals`; None compares references.
    fn equals(&self, other: &Value) -> Option<bool> {
        let _ = other;
        None
    }

    /// `GetHashCode()`; must be equal for what `equals` calls equal. None hashes the reference.
    fn hash_code(&self) -> Option<i32> {
        None
    }

    /// Visits the values that `equals` compares one by one, when that is all it does; false when it is not.
    fn parts(&self, visit: &mut dyn FnMut(&Value)) -> bool {
        let _ = visit;
        false
    }

    /// Whether `other` is the same object; for handles that are made anew for one thing.
    fn is_same(&self, other: &dyn Object) -> Option<bool> {
        let _ = other;
        None
    }

    /// `IComparable.CompareTo`.
    fn compare(&self, run: &mut Run<'_>, other: &Value) -> Result<Option<std::cmp::Ordering>, Fault> {
        let _ = (run, other);
        Ok(None)
    }

    /// `GetEnumerator()`; None when it cannot be enumerated.
    fn iterate(&self, run: &mut Run<'_>) -> Result<Option<Box<dyn Iterate>>, Fault> {
        let _ = run;
        Ok(None)
    }

    /// The value of a key, when this is a dictionary; the inner None is a missing key.
    fn lookup(&self, run: &mut Run<'_>, key: &Value) -> Result<Option<Option<Value>>, Fault> {
        let _ = (run, key);
        Ok(None)
    }

    /// Keys and values, when this is a dictionary.
    fn entries(&self) -> Option<Vec<(Value, Value)>> {
        None
    }

    /// How deep values that compare and print by their parts are nested in this one.
    fn nesting(&self) -> u16 {
        0
    }

    /// `Dispose()`.
    fn dispose(&self) {}
}

/// An enumeration in progress.
pub(crate) trait Iterate: Send {
    /// The next item, or None at the end.
    fn next(&mut self, run: &mut Run<'_>) -> Result<Option<Value>, Fault>;
}

impl<F: FnMut(&mut Run<'_>) -> Result<Option<Value>, Fault> + Send> Iterate for F {
    fn next(&mut self, run: &mut Run<'_>) -> Result<Option<Value>, Fault> {
        self(run)
    }
}

impl ObjectRef {
    pub(crate) fn new(object: impl Object) -> Self {
        Self(Arc::new(object))
    }

    /// The object as a Rust type.
    pub(crate) fn downcast<T: Object>(&self) -> Option<&T> {
        let any: &dyn Any = &*self.0;
        any.downcast_ref()
    }

    pub(crate) fn same(&self, other: &Self) -> bool {
        match self.0.is_same(&*other.0) {
            Some(same) => same,
            None => std::ptr::addr_eq(Arc::as_ptr(&self.0), Arc::as_ptr(&other.0)),
        }
    }
}

impl fmt::Debug for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}}", self.0.ty().full_name())
    }
}
