//! `IEnumerator<T>`, and `GetEnumerator` of everything that can be enumerated.

use std::sync::{Mutex, PoisonError};

use super::array::Array;
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Iterate, Object, Value};

/// An `IEnumerator<T>` object.
pub(crate) struct Enumerator {
    element: Ty,
    state: Mutex<State>,
}

struct State {
    items: Option<Box<dyn Iterate>>,
    current: Current,
    /// Whether `Current` throws where there is no item, as the enumerators of arrays and strings do.
    is_strict: bool,
}

#[derive(Clone)]
enum Current {
    Before,
    Item(Value),
    After,
}

impl Object for Enumerator {
    fn ty(&self) -> Ty {
        Ty::generic(TypeId::IEnumerator, [self.element.clone()])
    }

    /// What is left of the walk: `foreach` goes over what a type's own `GetEnumerator` gives.
    fn iterate(&self, _: &mut Run<'_>) -> Result<Option<Box<dyn Iterate>>, Fault> {
        Ok(self.with(|state| state.items.take()))
    }

    fn dispose(&self) {
        self.with(|state| state.items = None);
    }
}

impl Enumerator {
    fn with<R>(&self, work: impl FnOnce(&mut State) -> R) -> R {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn move_next(&self, run: &mut Run<'_>) -> Result<bool, Fault> {
        let Some(mut items) = self.with(|state| state.items.take()) else { return Ok(false) };
        let next = items.next(run)?;
        let has = next.is_some();
        self.with(|state| {
            state.current = next.map_or(Current::After, Current::Item);
            state.items = has.then_some(items);
        });
        Ok(has)
    }

    fn current(&self, default: Value) -> Result<Value, Fault> {
        let (current, is_strict) = self.with(|state| (state.current.clone(), state.is_strict));
        match current {
            Current::Item(item) => Ok(item),
            Current::Before if is_strict => {
                Err(Fault::invalid_operation("Enumeration has not started. Call MoveNext."))
            }
            Current::After if is_strict => Err(Fault::invalid_operation("Enumeration already finished.")),
            Current::Before | Current::After => Ok(default),
        }
    }
}

/// The enumerator of a sequence of `element`s.
pub(crate) fn of(run: &mut Run<'_>, source: &Value, element: Ty) -> Result<Value, Fault> {
    let items = Some(run.iterate(source)?);
    let is_strict = source.as_text().is_some() || source.downcast::<Array>().is_some();
    Ok(Value::object(Enumerator { element, state: Mutex::new(State { items, current: Current::Before, is_strict }) }))
}

fn this(a: &[Value]) -> Result<&Enumerator, Fault> {
    a.first().and_then(Value::downcast).ok_or_else(Fault::null_reference)
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table.on(TypeId::IEnumerable).def("IEnumerator<T> GetEnumerator()", |run, a| {
        let element = run.type_arg(0);
        of(run, &a[0], element)
    });
    table.on(TypeId::Array).def("IEnumerator<object> GetEnumerator()", |run, a| of(run, &a[0], Ty::Object));
    table
        .on(TypeId::IEnumerator)
        .def("bool MoveNext()", |run, a| Ok(this(a)?.move_next(run)?.into()))
        .def("T Current", |run, a| this(a)?.current(Value::default_of(&run.type_arg(0))))
        .def("void Reset()", |_, _| Err(Fault::not_supported("Specified method is not supported.")));
}
