//! `IDictionary<K, V>` and `IReadOnlyDictionary<K, V>`: what is called through them, of dictionaries and of `context`.

use super::args::string;
use super::array::array;
use super::dictionary::missing;
use super::{dictionary_view, key_value_pair, virtual_call};
use crate::expr::code::{Run, View};
use crate::expr::fault::Fault;
use crate::expr::types::{Table, TypeId};
use crate::expr::value::Value;

/// The part of `context` that an instance is.
fn view(a: &[Value]) -> Option<View> {
    match a.first() {
        Some(Value::View(view)) => Some(*view),
        _ => None,
    }
}

/// The value of a key of a part of `context`.
fn look_up(run: &mut Run<'_>, view: View, key: &Value) -> Result<Option<Value>, Fault> {
    let key = string(key, "key")?.clone();
    dictionary_view::get(run, view, &key.text())
}

fn item(run: &mut Run<'_>, a: &mut [Value]) -> Result<Value, Fault> {
    let Some(view) = view(a) else { return virtual_call::item(run, a) };
    match look_up(run, view, &a[1])? {
        Some(value) => Ok(value),
        None => Err(missing(run, &a[1])),
    }
}

fn contains_key(run: &mut Run<'_>, a: &mut [Value]) -> Result<Value, Fault> {
    match view(a) {
        Some(view) => Ok(look_up(run, view, &a[1])?.is_some().into()),
        None => virtual_call::method(run, "ContainsKey", a),
    }
}

fn try_get(run: &mut Run<'_>, a: &mut [Value]) -> Result<Value, Fault> {
    let Some(view) = view(a) else { return virtual_call::method(run, "TryGetValue", a) };
    let default = Value::default_of(&run.type_arg(1));
    let found = look_up(run, view, &a[1])?;
    let has = found.is_some();
    a[2] = found.unwrap_or(default);
    Ok(has.into())
}

/// `Keys` or `Values`: of an object without such a property, from its pairs.
fn half(run: &mut Run<'_>, a: &mut [Value], name: &str) -> Result<Value, Fault> {
    let is_keys = name == "Keys";
    let element = run.type_arg(usize::from(!is_keys));
    if let Some(found) = virtual_call::property(run, name, a)? {
        return Ok(found);
    }
    let pairs = run.collect(&a[0])?;
    let half = pairs.iter().map(key_value_pair::parts).map(|(key, value)| if is_keys { key } else { value });
    Ok(array(element, half.collect()))
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::IReadOnlyDictionary)
        .def("V this[K key]", item)
        .def("bool ContainsKey(K key)", contains_key)
        .def("bool TryGetValue(K key, out V value)", try_get)
        .def("IEnumerable<K> Keys", |run, a| half(run, a, "Keys"))
        .def("IEnumerable<V> Values", |run, a| half(run, a, "Values"));
    table
        .on(TypeId::IDictionary)
        .def_set("V this[K key]", item, virtual_call::set_item)
        .def("bool ContainsKey(K key)", contains_key)
        .def("bool TryGetValue(K key, out V value)", try_get)
        .def("void Add(K key, V value)", |run, a| virtual_call::method(run, "Add", a))
        .def("bool Remove(K key)", |run, a| virtual_call::method(run, "Remove", a))
        .def("ICollection<K> Keys", |run, a| half(run, a, "Keys"))
        .def("ICollection<V> Values", |run, a| half(run, a, "Values"));
}
