//! `ICollection<T>`, `IList<T>`, `IReadOnlyCollection<T>`, `IReadOnlyList<T>`: what is called through them.

use super::array::Array;
use super::list_search::copy_to;
use super::{dictionary, dictionary_views, key_value_pair, range, virtual_call};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::types::{Table, TypeId};
use crate::expr::value::Value;

fn fixed_size() -> Fault {
    Fault::not_supported("Collection was of a fixed size.")
}

/// Calls a member that changes the number of items: arrays and views of dictionaries refuse.
fn resize(run: &mut Run<'_>, name: &str, a: &mut [Value]) -> Result<Value, Fault> {
    if a[0].downcast::<Array>().is_some() {
        return Err(fixed_size());
    }
    match dictionary_views::refusal(&a[0]) {
        Some(refusal) => Err(refusal),
        None => virtual_call::method(run, name, a),
    }
}

fn count(run: &mut Run<'_>, a: &mut [Value]) -> Result<Value, Fault> {
    if let Some(array) = a[0].downcast::<Array>() {
        return Ok((array.len() as i32).into());
    }
    match virtual_call::property(run, "Count", a)? {
        Some(count) => Ok(count),
        None => Ok((run.collect(&a[0])?.len() as i32).into()),
    }
}

/// The first place of an item among those that are enumerated.
fn place(run: &mut Run<'_>, a: &[Value]) -> Result<Option<usize>, Fault> {
    let items = run.collect(&a[0])?;
    Ok(items.iter().position(|item| item.equals(&a[1])))
}

fn item(run: &mut Run<'_>, a: &mut [Value]) -> Result<Value, Fault> {
    match a[0].downcast::<Array>() {
        Some(array) => Ok(array.get(range::index(&a[1], array.len())?).unwrap_or(Value::Null)),
        None => virtual_call::item(run, a),
    }
}

/// `Add` and `Remove` of a dictionary as a collection of pairs.
fn as_pair(a: &[Value]) -> Option<(&dictionary::Dictionary, Value, Value)> {
    let dictionary = a[0].downcast::<dictionary::Dictionary>()?;
    let (key, value) = key_value_pair::parts(a.get(1)?);
    Some((dictionary, key, value))
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    for id in [TypeId::ICollection, TypeId::IReadOnlyCollection] {
        table.on(id).def("int Count", count);
    }
    table
        .on(TypeId::ICollection)
        .def("bool IsReadOnly", |_, a| {
            let is_fixed = a[0].downcast::<Array>().is_some() || dictionary_views::refusal(&a[0]).is_some();
            Ok((is_fixed || a[0].ty().id() == Some(TypeId::ReadOnlyCollection)).into())
        })
        .def("void Add(T item)", |run, a| match as_pair(a) {
            Some((dictionary, key, value)) => dictionary.add(run, &key, &value).map(|()| Value::Null),
            None => resize(run, "Add", a),
        })
        .def("bool Remove(T item)", |run, a| match as_pair(a) {
            Some((dictionary, key, value)) => {
                let has = dictionary.get(run, &key)?.is_some_and(|found| found.equals(&value));
                let removed = has.then(|| dictionary.table.with(|state| state.remove(&key)));
                Ok(removed.flatten().is_some().into())
            }
            None => resize(run, "Remove", a),
        })
        .def("void Clear()", |run, a| resize(run, "Clear", a))
        .def("bool Contains(T item)", |run, a| Ok(place(run, a)?.is_some().into()))
        .def("void CopyTo(T[] array, int arrayIndex)", |run, a| {
            let items = run.collect(&a[0])?;
            copy_to(run, &items, &a[1], range::count(&a[2], "arrayIndex")?)
        });
    table.on(TypeId::IReadOnlyList).def("T this[int index]", item);
    table
        .on(TypeId::IList)
        .def_set("T this[int index]", item, |run, a| match a[0].downcast::<Array>() {
            Some(array) => {
                array.set(range::index(&a[1], array.len())?, a[2].clone());
                Ok(Value::Null)
            }
            None => virtual_call::set_item(run, a),
        })
        .def("int IndexOf(T item)", |run, a| Ok(place(run, a)?.map_or(-1, |at| at as i32).into()))
        .def("void Insert(int index, T item)", |run, a| resize(run, "Insert", a))
        .def("void RemoveAt(int index)", |run, a| resize(run, "RemoveAt", a));
}
