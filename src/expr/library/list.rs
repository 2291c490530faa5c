//! `List<T>`: the object and its members.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::args::required;
use super::array::array;
use super::items::Items;
use super::range;
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Iterate, Object, Value, release};

/// A `List<T>` object.
pub(crate) struct List {
    element: Ty,
    pub(super) items: Items,
    capacity: AtomicUsize,
}

impl Object for List {
    fn ty(&self) -> Ty {
        Ty::generic(TypeId::List, [self.element.clone()])
    }

    fn iterate(&self, _: &mut Run<'_>) -> Result<Option<Box<dyn Iterate>>, Fault> {
        Ok(Some(self.items.iterate()))
    }
}

/// A `List<T>` of items.
pub(crate) fn make(element: Ty, items: Vec<Value>) -> Value {
    let capacity = AtomicUsize::new(items.len());
    Value::object(List { element, items: Items::new(items), capacity })
}

impl List {
    pub(crate) fn element(&self) -> &Ty {
        &self.element
    }

    /// A copy of the items.
    pub(crate) fn to_vec(&self) -> Vec<Value> {
        self.items.read(|items| items.iter().cloned().collect())
    }

    /// The room that .NET would have: it doubles.
    fn capacity(&self) -> usize {
        let (len, mut room) = (self.items.len(), self.capacity.load(Ordering::Relaxed));
        while room < len {
            room = if room == 0 { 4 } else { room * 2 };
        }
        self.capacity.store(room, Ordering::Relaxed);
        room
    }

    fn set_capacity(&self, room: i32) -> Result<(), Fault> {
        let room = usize::try_from(room).ok().filter(|room| *room >= self.items.len());
        let room =
            room.ok_or_else(|| Fault::out_of_range("capacity was less than the current size. (Parameter 'value')"))?;
        self.capacity.store(room, Ordering::Relaxed);
        Ok(())
    }
}

/// The instance.
pub(super) fn this(a: &[Value]) -> Result<&List, Fault> {
    a.first().and_then(Value::downcast).ok_or_else(Fault::null_reference)
}

fn insertion_index(value: &Value, len: usize) -> Result<usize, Fault> {
    let index = usize::try_from(super::args::int(value)).ok().filter(|index| *index <= len);
    index.ok_or_else(|| Fault::out_of_range("Index must be within the bounds of the List. (Parameter 'index')"))
}

fn insert_all(run: &mut Run<'_>, list: &List, index: usize, added: &Value) -> Result<(), Fault> {
    let added = run.collect(required(added, "collection")?)?;
    if index == list.items.len() {
        list.items.change(|items| items.extend(added));
        return Ok(());
    }
    let mut all = list.items.copy(run)?;
    all.splice(index..index, added);
    list.items.replace(all);
    Ok(())
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::List)
        .def("new()", |run, _| {
            run.charge(128)?;
            Ok(make(run.type_arg(0), Vec::new()))
        })
        .def("new(int capacity)", |run, a| {
            let capacity = range::count(&a[0], "capacity")?;
            run.charge(128 + capacity.saturating_mul(size_of::<Value>()))?;
            let list = List { element: run.type_arg(0), items: Items::new([]), capacity: AtomicUsize::new(capacity) };
            Ok(Value::object(list))
        })
        .def("new(IEnumerable<T> collection)", |run, a| {
            let element = run.type_arg(0);
            run.charge(128)?;
            let items = run.collect(required(&a[0], "collection")?)?;
            Ok(make(element, items))
        })
        .def("int Count", |_, a| Ok((this(a)?.items.len() as i32).into()))
        .def_set(
            "int Capacity",
            |_, a| Ok((this(a)?.capacity() as i32).into()),
            |_, a| this(a)?.set_capacity(super::args::int(&a[1])).map(|()| Value::Null),
        )
        .def("void TrimExcess()", |_, a| {
            let list = this(a)?;
            list.capacity.store(list.items.len(), Ordering::Relaxed);
            Ok(Value::Null)
        })
        .def_set(
            "T this[int index]",
            |_, a| {
                let index = usize::try_from(super::args::int(&a[1])).map_err(|_| Fault::list_index())?;
                this(a)?.items.get(index).ok_or_else(Fault::list_index)
            },
            |_, a| {
                let list = this(a)?;
                let (index, new) = (range::index(&a[1], list.items.len())?, a[2].clone());
                let old = list.items.change(|items| items.get_mut(index).map(|slot| std::mem::replace(slot, new)));
                release(old);
                Ok(Value::Null)
            },
        )
        .def("void Add(T item)", |run, a| {
            run.charge(size_of::<Value>())?;
            let item = a[1].clone();
            this(a)?.items.change(|items| items.push_back(item));
            Ok(Value::Null)
        })
        .def("void AddRange(IEnumerable<T> collection)", |run, a| {
            let list = this(a)?;
            let added = run.collect(required(&a[1], "collection")?)?;
            list.items.change(|items| items.extend(added));
            Ok(Value::Null)
        })
        .def("void Insert(int index, T item)", |run, a| {
            let list = this(a)?;
            let (index, item) = (insertion_index(&a[1], list.items.len())?, a[2].clone());
            run.charge(size_of::<Value>())?;
            run.steps(list.items.len() / 64)?;
            list.items.change(|items| items.insert(index, item));
            Ok(Value::Null)
        })
        .def("void InsertRange(int index, IEnumerable<T> collection)", |run, a| {
            let list = this(a)?;
            let index = insertion_index(&a[1], list.items.len())?;
            insert_all(run, list, index, &a[2])?;
            Ok(Value::Null)
        })
        .def("bool Remove(T item)", |run, a| {
            let list = this(a)?;
            let Some(index) = list.items.position(run, &a[1], 0, list.items.len())? else { return Ok(false.into()) };
            release(list.items.change(|items| items.remove(index)));
            Ok(true.into())
        })
        .def("void RemoveAt(int index)", |run, a| {
            let list = this(a)?;
            let index = range::index(&a[1], list.items.len())?;
            run.steps(list.items.len() / 64)?;
            release(list.items.change(|items| items.remove(index)));
            Ok(Value::Null)
        })
        .def("void RemoveRange(int index, int count)", |_, a| {
            let list = this(a)?;
            let (start, count) = range::part(&a[1], &a[2], list.items.len())?;
            let removed: Vec<Value> = list.items.change(|items| items.drain(start..start + count).collect());
            release(removed);
            Ok(Value::Null)
        })
        .def("void Clear()", |_, a| {
            this(a)?.items.replace(Vec::new());
            Ok(Value::Null)
        })
        .def("T[] ToArray()", |run, a| Ok(array(run.type_arg(0), this(a)?.items.copy(run)?)))
        .def("List<T> GetRange(int index, int count)", |run, a| {
            let list = this(a)?;
            let (start, count) = range::part(&a[1], &a[2], list.items.len())?;
            run.charge(128 + count * size_of::<Value>())?;
            Ok(make(run.type_arg(0), list.items.read(|items| items.range(start..start + count).cloned().collect())))
        });
}
