//! `System.Array` and arrays of every element type.

use std::sync::{Mutex, PoisonError};

use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::library::args::int;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Iterate, Object, Value, release};

/// An array object.
pub(crate) struct Array {
    element: Ty,
    /// The lengths of the dimensions.
    pub(crate) lengths: Vec<usize>,
    items: Mutex<Items>,
}

/// The items of an array; bytes are kept small.
#[derive(Clone, Debug)]
enum Items {
    Bytes(Vec<u8>),
    Values(Vec<Value>),
}

/// An array of values.
pub(crate) fn array(element: Ty, items: Vec<Value>) -> Value {
    rectangular(element, vec![items.len()], items)
}

/// An array with several dimensions.
pub(crate) fn rectangular(element: Ty, lengths: Vec<usize>, items: Vec<Value>) -> Value {
    let items = if element == Ty::Named(TypeId::Byte) {
        Items::Bytes(items.iter().map(|v| int(v) as u8).collect())
    } else {
        Items::Values(items)
    };
    Value::object(Array { element, lengths, items: Mutex::new(items) })
}

/// A `byte[]`.
pub(crate) fn bytes(items: Vec<u8>) -> Value {
    let lengths = vec![items.len()];
    Value::object(Array { element: Ty::Named(TypeId::Byte), lengths, items: Mutex::new(Items::Bytes(items)) })
}

/// A `string[]`.
pub(crate) fn strings<S: Into<Value>>(items: impl IntoIterator<Item = S>) -> Value {
    array(Ty::String, items.into_iter().map(Into::into).collect())
}

/// The bytes of a `byte[]` that must not be null.
pub(crate) fn to_bytes(value: &Value, parameter: &str) -> Result<Vec<u8>, Fault> {
    match value.downcast::<Array>() {
        Some(array) => Ok(array.with(|items| match items {
            Items::Bytes(bytes) => bytes.clone(),
            Items::Values(values) => values.iter().map(|v| int(v) as u8).collect(),
        })),
        None => Err(Fault::argument_null(parameter)),
    }
}

impl Array {
    fn with<R>(&self, work: impl FnOnce(&mut Items) -> R) -> R {
        work(&mut self.items.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn element(&self) -> &Ty {
        &self.element
    }

    pub(crate) fn len(&self) -> usize {
        self.with(|items| match items {
            Items::Bytes(b) => b.len(),
            Items::Values(v) => v.len(),
        })
    }

    /// The length of a `byte[]`; 0 for other arrays.
    pub(crate) fn byte_count(&self) -> usize {
        if self.element == Ty::Named(TypeId::Byte) { self.len() } else { 0 }
    }

    /// The place of an item in the order of storage.
    pub(crate) fn offset(&self, indices: &[Value]) -> Option<usize> {
        let mut offset = 0usize;
        for (index, length) in indices.iter().zip(&self.lengths) {
            let index = usize::try_from(index.integral()?).ok().filter(|i| i < length)?;
            offset = offset * length + index;
        }
        Some(offset)
    }

    pub(crate) fn get(&self, index: usize) -> Option<Value> {
        self.with(|items| match items {
            Items::Bytes(b) => b.get(index).map(|b| Value::Byte(*b)),
            Items::Values(v) => v.get(index).cloned(),
        })
    }

    /// Stores an item; false when there is no such index.
    pub(crate) fn set(&self, index: usize, value: Value) -> bool {
        self.with(|items| match items {
            Items::Bytes(b) => b.get_mut(index).map(|slot| *slot = int(&value) as u8).is_some(),
            Items::Values(v) => v.get_mut(index).map(|slot| *slot = value).is_some(),
        })
    }

    /// A copy of the items.
    pub(crate) fn to_vec(&self) -> Vec<Value> {
        self.with(|items| match items {
            Items::Bytes(b) => b.iter().map(|b| Value::Byte(*b)).collect(),
            Items::Values(v) => v.clone(),
        })
    }

    /// Replaces all items; the number must be the same.
    pub(crate) fn replace(&self, new: Vec<Value>) {
        self.with(|items| match items {
            Items::Bytes(b) => *b = new.iter().map(|v| int(v) as u8).collect(),
            Items::Values(v) => *v = new,
        });
    }
}

impl Drop for Array {
    fn drop(&mut self) {
        self.with(|items| {
            if let Items::Values(values) = items {
                release(std::mem::take(values));
            }
        });
    }
}

impl Object for Array {
    fn ty(&self) -> Ty {
        Ty::Array(std::sync::Arc::new(self.element.clone()), self.lengths.len() as u8)
    }

    fn iterate(&self, _: &mut Run<'_>) -> Result<Option<Box<dyn Iterate>>, Fault> {
        let mut items = self.to_vec().into_iter();
        Ok(Some(Box::new(move |_: &mut Run<'_>| Ok(items.next()))))
    }
}

/// Adds the members of arrays.
pub(super) fn register(table: &mut Table) {
    let mut on = table.on(TypeId::Array);
    on.def("int Length", |_, a| Ok(Value::Int(a[0].downcast::<Array>().map_or(0, Array::len) as i32)));
}
