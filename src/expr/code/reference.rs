//! References: what `ref` variables hold and functions that return by reference give.

use std::sync::Arc;

use super::call::evaluate;
use super::cell::Cell;
use super::emit::Emitter;
use super::function::{Code, Place};
use crate::expr::bind::tree::{Node, Target};
use crate::expr::fault::Fault;
use crate::expr::library::array::Array;
use crate::expr::syntax::Span;
use crate::expr::types::Ty;
use crate::expr::value::{Object, Value};

/// A place that can be read and written from elsewhere.
enum Reference {
    Cell(Arc<Cell>),
    /// An array and the offset of an item.
    Element(Value, usize),
}

impl Object for Reference {
    fn ty(&self) -> Ty {
        Ty::Object
    }
}

/// Reads through a reference.
pub(super) fn read(reference: &Value) -> Result<Value, Fault> {
    match reference.downcast::<Reference>() {
        Some(Reference::Cell(cell)) => Ok(cell.get()),
        Some(Reference::Element(array, offset)) => {
            let item = array.downcast::<Array>().and_then(|array| array.get(*offset));
            item.ok_or_else(Fault::index_out_of_range)
        }
        None => Err(Fault::null_reference()),
    }
}

/// Writes through a reference.
pub(super) fn write(reference: &Value, value: Value) -> Result<(), Fault> {
    match reference.downcast::<Reference>() {
        Some(Reference::Cell(cell)) => {
            cell.set(value);
            Ok(())
        }
        Some(Reference::Element(array, offset)) => {
            let stored = array.downcast::<Array>().is_some_and(|array| array.set(*offset, value));
            if stored { Ok(()) } else { Err(Fault::index_out_of_range()) }
        }
        None => Err(Fault::null_reference()),
    }
}

impl Emitter<'_> {
    pub(super) fn deref(&self, reference: &Node, span: Span) -> Code<Value> {
        let reference = self.value(reference);
        Box::new(move |run| read(&reference(run)?).map_err(|f| f.at(span)))
    }

    /// Makes a reference.
    pub(super) fn reference(&self, target: &Target, ty: &Ty, span: Span) -> Code<Value> {
        match target {
            Target::Local(local) => match self.place(*local) {
                Place::Cell(i) => Box::new(move |run| match run.cell(i) {
                    Some(cell) => Ok(Value::object(Reference::Cell(Arc::clone(cell)))),
                    None => Err(Fault::null_reference().at(span)),
                }),
                Place::Slot(_) => Box::new(move |_| Err(Fault::null_reference().at(span))),
            },
            Target::Element(array, indices) => {
                let (array, indices) = (self.value(array), self.values(indices));
                Box::new(move |run| {
                    let target = array(run)?;
                    let indices = evaluate(run, &indices, None)?;
                    let array = target.downcast::<Array>().ok_or_else(|| Fault::null_reference().at(span))?;
                    let offset = array.offset(&indices).filter(|i| array.get(*i).is_some());
                    let offset = offset.ok_or_else(|| Fault::index_out_of_range().at(span))?;
                    Ok(Value::object(Reference::Element(target, offset)))
                })
            }
            Target::Deref(reference) => self.value(reference),
            Target::Discard | Target::Property(_) => {
                let value = Value::default_of(ty);
                Box::new(move |_| Ok(Value::object(Reference::Cell(Cell::alone(value.clone())))))
            }
        }
    }
}
