//! `System.StringComparer`.

use super::comparison::{CULTURE, Comparison, ORDINAL};
use crate::expr::library::args::{boolean, required};
use crate::expr::library::equality::Comparing;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Value};

/// A `StringComparer`.
pub(crate) struct Comparer(pub(crate) Comparison);

impl Object for Comparer {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::StringComparer)
    }
}

fn comparer(value: &Value) -> Comparison {
    value.downcast::<Comparer>().map_or(ORDINAL, |comparer| comparer.0)
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::StringComparer)
        .def("static StringComparer Ordinal", |_, _| Ok(Value::object(Comparer(ORDINAL))))
        .def("static StringComparer OrdinalIgnoreCase", |_, _| {
            Ok(Value::object(Comparer(Comparison::Ordinal { ignores_case: true })))
        })
        .def("static StringComparer CurrentCulture", |_, _| Ok(Value::object(Comparer(CULTURE))))
        .def("static StringComparer CurrentCultureIgnoreCase", |_, _| {
            Ok(Value::object(Comparer(Comparison::Culture { ignores_case: true })))
        })
        .def("static StringComparer InvariantCulture", |_, _| Ok(Value::object(Comparer(CULTURE))))
        .def("static StringComparer InvariantCultureIgnoreCase", |_, _| {
            Ok(Value::object(Comparer(Comparison::Culture { ignores_case: true })))
        })
        .def("int Compare(object x, object y)", |run, a| match (&a[1], &a[2]) {
            (Value::Str(_) | Value::Null, Value::Str(_) | Value::Null) => {
                Ok(comparer(&a[0]).compare_values(&a[1], &a[2]).into())
            }
            (x, y) => Ok((run.compare(x, y)? as i32).into()),
        })
        .def("bool Equals(object x, object y)", |_, a| match (&a[1], &a[2]) {
            (Value::Str(_) | Value::Null, Value::Str(_) | Value::Null) => {
                Ok(comparer(&a[0]).equal(&a[1], &a[2]).into())
            }
            (x, y) => Ok(x.equals(y).into()),
        })
        .def("int GetHashCode(object obj)", |_, a| match required(&a[1], "obj")? {
            Value::Str(_) => Ok(Comparing::of(Some(&a[0])).hash(&a[1]).into()),
            other => Ok(other.hash_code().into()),
        })
        .def("static StringComparer Create(CultureInfo culture, bool ignoreCase)", |_, a| {
            required(&a[0], "culture")?;
            Ok(Value::object(Comparer(Comparison::Culture { ignores_case: boolean(&a[1]) })))
        })
        .def("static StringComparer FromComparison(StringComparison comparisonType)", |_, a| {
            Ok(Value::object(Comparer(Comparison::of(&a[0])?)))
        })
        .def("int Compare(string x, string y)", |_, a| Ok(comparer(&a[0]).compare_values(&a[1], &a[2]).into()))
        .def("bool Equals(string x, string y)", |_, a| Ok(comparer(&a[0]).equal(&a[1], &a[2]).into()))
        .def("int GetHashCode(string obj)", |_, a| {
            required(&a[1], "obj")?;
            Ok(Comparing::of(Some(&a[0])).hash(&a[1]).into())
        });
}
