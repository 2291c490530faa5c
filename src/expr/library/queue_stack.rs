//! `Queue<T>` and `Stack<T>`: both enumerate from the item that leaves next.

use super::args::required;
use super::array::array;
use super::items::Items;
use super::list_search::copy_to;
use super::range;
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Iterate, Object, Value};

/// A `Queue<T>` or `Stack<T>` object; the item that leaves next is the first.
pub(crate) struct Line {
    id: TypeId,
    element: Ty,
    items: Items,
}

impl Object for Line {
    fn ty(&self) -> Ty {
        Ty::generic(self.id, [self.element.clone()])
    }

    fn iterate(&self, _: &mut Run<'_>) -> Result<Option<Box<dyn Iterate>>, Fault> {
        Ok(Some(self.items.iterate()))
    }
}

fn this(a: &[Value]) -> Result<&Line, Fault> {
    a.first().and_then(Value::downcast).ok_or_else(Fault::null_reference)
}

fn make(run: &mut Run<'_>, id: TypeId, items: Vec<Value>) -> Result<Value, Fault> {
    run.charge(64)?;
    Ok(Value::object(Line { id, element: run.type_arg(0), items: Items::new(items) }))
}

fn first(line: &Line) -> Result<Value, Fault> {
    line.items.get(0).ok_or_else(|| nothing(line))
}

fn take(line: &Line) -> Result<Value, Fault> {
    match line.items.len() {
        0 => Err(nothing(line)),
        _ => line.items.change(std::collections::VecDeque::pop_front).ok_or_else(|| nothing(line)),
    }
}

fn nothing(line: &Line) -> Fault {
    let name = if line.id == TypeId::Queue { "Queue" } else { "Stack" };
    Fault::invalid_operation(format!("{name} empty."))
}

/// `TryPeek` and its kin: writes the item, or the default, into the last argument.
fn attempt(run: &mut Run<'_>, a: &mut [Value], work: fn(&Line) -> Result<Value, Fault>) -> Result<Value, Fault> {
    let found = work(this(a)?).ok();
    let has = found.is_some();
    a[1] = found.unwrap_or_else(|| Value::default_of(&run.type_arg(0)));
    Ok(has.into())
}

fn common(table: &mut Table, id: TypeId) {
    table
        .on(id)
        .def("int Count", |_, a| Ok((this(a)?.items.len() as i32).into()))
        .def("T Peek()", |_, a| first(this(a)?))
        .def("bool TryPeek(out T result)", |run, a| attempt(run, a, first))
        .def("bool Contains(T item)", |run, a| {
            let items = &this(a)?.items;
            Ok(items.position(run, &a[1], 0, items.len())?.is_some().into())
        })
        .def("void Clear()", |_, a| {
            this(a)?.items.replace(Vec::new());
            Ok(Value::Null)
        })
        .def("T[] ToArray()", |run, a| Ok(array(run.type_arg(0), this(a)?.items.copy(run)?)))
        .def("void TrimExcess()", |_, a| this(a).map(|_| Value::Null))
        .def("void CopyTo(T[] array, int arrayIndex)", |run, a| {
            let items = this(a)?.items.copy(run)?;
            copy_to(run, &items, &a[1], range::count(&a[2], "arrayIndex")?)
        });
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    register_queue(table);
    register_stack(table);
}

fn register_queue(table: &mut Table) {
    common(table, TypeId::Queue);
    table
        .on(TypeId::Queue)
        .def("new()", |run, _| make(run, TypeId::Queue, Vec::new()))
        .def("new(int capacity)", |run, a| {
            run.charge(range::count(&a[0], "capacity")?.saturating_mul(size_of::<Value>()))?;
            make(run, TypeId::Queue, Vec::new())
        })
        .def("new(IEnumerable<T> collection)", |run, a| {
            let element = run.type_arg(0);
            let items = run.collect(required(&a[0], "collection")?)?;
            Ok(Value::object(Line { id: TypeId::Queue, element, items: Items::new(items) }))
        })
        .def("void Enqueue(T item)", |run, a| {
            run.charge(size_of::<Value>())?;
            let item = a[1].clone();
            this(a)?.items.change(|items| items.push_back(item));
            Ok(Value::Null)
        })
        .def("T Dequeue()", |_, a| take(this(a)?))
        .def("bool TryDequeue(out T result)", |run, a| attempt(run, a, take));
}

fn register_stack(table: &mut Table) {
    common(table, TypeId::Stack);
    table
        .on(TypeId::Stack)
        .def("new()", |run, _| make(run, TypeId::Stack, Vec::new()))
        .def("new(int capacity)", |run, a| {
            run.charge(range::count(&a[0], "capacity")?.saturating_mul(size_of::<Value>()))?;
            make(run, TypeId::Stack, Vec::new())
        })
        .def("new(IEnumerable<T> collection)", |run, a| {
            let element = run.type_arg(0);
            let mut items = run.collect(required(&a[0], "collection")?)?;
            items.reverse();
            Ok(Value::object(Line { id: TypeId::Stack, element, items: Items::new(items) }))
        })
        .def("void Push(T item)", |run, a| {
            run.charge(size_of::<Value>())?;
            let item = a[1].clone();
            this(a)?.items.change(|items| items.push_front(item));
            Ok(Value::Null)
        })
        .def("T Pop()", |_, a| take(this(a)?))
        .def("bool TryPop(out T result)", |run, a| attempt(run, a, take));
}
