//! `ReadOnlyCollection<T>`: a view of a list.

use super::args::{int, required};
use super::list::List;
use super::list_search::copy_to;
use super::{items::Items, range};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Iterate, Object, Value};

/// A `ReadOnlyCollection<T>` object.
pub(crate) struct ReadOnlyCollection {
    element: Ty,
    items: Items,
}

impl Object for ReadOnlyCollection {
    fn ty(&self) -> Ty {
        Ty::generic(TypeId::ReadOnlyCollection, [self.element.clone()])
    }

    fn iterate(&self, _: &mut Run<'_>) -> Result<Option<Box<dyn Iterate>>, Fault> {
        Ok(Some(self.items.iterate()))
    }
}

/// A collection of items.
pub(super) fn make(element: Ty, items: Vec<Value>) -> Value {
    Value::object(ReadOnlyCollection { element, items: Items::new(items) })
}

/// A view of a list; a copy of any other sequence.
fn wrap(run: &mut Run<'_>, source: &Value) -> Result<Value, Fault> {
    let element = run.type_arg(0);
    let items = match source.downcast::<List>() {
        Some(list) => list.items.clone(),
        None => Items::new(run.collect(source)?),
    };
    run.charge(64)?;
    Ok(Value::object(ReadOnlyCollection { element, items }))
}

fn this(a: &[Value]) -> Result<&ReadOnlyCollection, Fault> {
    a.first().and_then(Value::downcast).ok_or_else(Fault::null_reference)
}

fn position(run: &mut Run<'_>, a: &[Value]) -> Result<Option<usize>, Fault> {
    let items = &this(a)?.items;
    items.position(run, &a[1], 0, items.len())
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table.on(TypeId::List).def("ReadOnlyCollection<T> AsReadOnly()", |run, a| wrap(run, &a[0]));
    table.on(TypeId::Array).def("static ReadOnlyCollection<T> AsReadOnly<T>(T[] array)", |run, a| {
        let source = required(&a[0], "array")?;
        wrap(run, source)
    });
    table
        .on(TypeId::ReadOnlyCollection)
        .def("new(IList<T> list)", |run, a| wrap(run, required(&a[0], "list")?))
        .def("int Count", |_, a| Ok((this(a)?.items.len() as i32).into()))
        .def("T this[int index]", |_, a| {
            let index = usize::try_from(int(&a[1])).map_err(|_| Fault::list_index())?;
            this(a)?.items.get(index).ok_or_else(Fault::list_index)
        })
        .def("bool Contains(T value)", |run, a| Ok(position(run, a)?.is_some().into()))
        .def("int IndexOf(T value)", |run, a| Ok(position(run, a)?.map_or(-1, |at| at as i32).into()))
        .def("void CopyTo(T[] array, int index)", |run, a| {
            let items = this(a)?.items.copy(run)?;
            copy_to(run, &items, &a[1], range::count(&a[2], "index")?)
        });
}
