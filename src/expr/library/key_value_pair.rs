//! `KeyValuePair<K, V>`.

use std::sync::Arc;

use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Str, Value, release};

/// A `KeyValuePair<K, V>`, boxed.
pub(crate) struct KeyValuePair {
    types: Arc<[Ty]>,
    key: Value,
    value: Value,
    nesting: u16,
}

/// A `KeyValuePair<K, V>`.
pub(crate) fn make(key: Ty, value: Ty, k: Value, v: Value) -> Value {
    let nesting = nesting([&k, &v]);
    Value::object(KeyValuePair { types: Arc::from([key, value]), key: k, value: v, nesting })
}

/// A pair of a dictionary with these type arguments.
pub(super) fn pair(types: &Arc<[Ty]>, key: Value, value: Value) -> Result<Value, Fault> {
    let nesting = nesting([&key, &value]);
    shallow(nesting)?;
    Ok(Value::object(KeyValuePair { types: Arc::clone(types), key, value, nesting }))
}

/// Key and value; nulls when it is another thing.
pub(crate) fn parts(value: &Value) -> (Value, Value) {
    match value.downcast::<KeyValuePair>() {
        Some(pair) => (pair.key.clone(), pair.value.clone()),
        None => (Value::Null, Value::Null),
    }
}

/// How deep values that compare and print by their parts are nested.
pub(super) fn nesting<'a>(parts: impl IntoIterator<Item = &'a Value>) -> u16 {
    let depths = parts.into_iter().map(|part| match part {
        Value::Object(object) => object.0.nesting(),
        _ => 0,
    });
    depths.max().unwrap_or(0).saturating_add(1)
}

/// Refuses what is nested too deep to be compared or printed.
pub(super) fn shallow(nesting: u16) -> Result<(), Fault> {
    if nesting > 200 { Err(Fault::budget("the expression nested its values too deep")) } else { Ok(()) }
}

impl Object for KeyValuePair {
    fn ty(&self) -> Ty {
        Ty::Generic(TypeId::KeyValuePair, Arc::clone(&self.types))
    }

    fn to_text(&self, run: &mut Run<'_>) -> Result<Option<Str>, Fault> {
        let part = |run: &mut Run<'_>, value: &Value| if value.is_null() { Ok("".into()) } else { run.text_of(value) };
        let (key, value) = (part(run, &self.key)?, part(run, &self.value)?);
        run.charge(key.byte_len() + value.byte_len())?;
        Ok(Some(format!("[{key}, {value}]").into()))
    }

    fn equals(&self, other: &Value) -> Option<bool> {
        let other = other.downcast::<Self>();
        Some(other.is_some_and(|other| {
            self.types == other.types && self.key.equals(&other.key) && self.value.equals(&other.value)
        }))
    }

    fn hash_code(&self) -> Option<i32> {
        Some(self.key.hash_code().wrapping_mul(31) ^ self.value.hash_code())
    }

    fn parts(&self, visit: &mut dyn FnMut(&Value)) -> bool {
        [&self.key, &self.value].into_iter().for_each(visit);
        true
    }

    fn nesting(&self) -> u16 {
        self.nesting
    }
}

impl Drop for KeyValuePair {
    fn drop(&mut self) {
        release([std::mem::replace(&mut self.key, Value::Null), std::mem::replace(&mut self.value, Value::Null)]);
    }
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::KeyValuePair)
        .def("new(K key, V value)", |run, a| {
            run.charge(64)?;
            let types = Arc::from([run.type_arg(0), run.type_arg(1)]);
            pair(&types, a[0].clone(), a[1].clone())
        })
        .def("K Key", |_, a| Ok(parts(&a[0]).0))
        .def("V Value", |_, a| Ok(parts(&a[0]).1))
        .def("void Deconstruct(out K key, out V value)", |_, a| {
            (a[1], a[2]) = parts(&a[0]);
            Ok(Value::Null)
        });
}
