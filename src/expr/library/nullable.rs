//! `Nullable<T>` and `Nullable`: the instance is the value, or null.

use super::object::TypeObject;
use crate::expr::fault::Fault;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::Value;

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::NullableOf)
        .def("new(T value)", |_, a| Ok(a[0].clone()))
        .def("bool HasValue", |_, a| Ok((!a[0].is_null()).into()))
        .def("T Value", |_, a| {
            if a[0].is_null() {
                Err(Fault::invalid_operation("Nullable object must have a value."))
            } else {
                Ok(a[0].clone())
            }
        })
        .def("T GetValueOrDefault()", |run, a| {
            Ok(if a[0].is_null() { Value::default_of(&run.type_arg(0)) } else { a[0].clone() })
        })
        .def("T GetValueOrDefault(T defaultValue)", |_, a| Ok(if a[0].is_null() { a[1].clone() } else { a[0].clone() }))
        .def("string ToString()", |run, a| Ok(Value::Str(run.text_or_empty(&a[0])?)))
        .def("bool Equals(object other)", |_, a| Ok(a[0].equals(&a[1]).into()))
        .def("int GetHashCode()", |_, a| Ok(a[0].hash_code().into()));
    table
        .on(TypeId::Nullable)
        .def("static int Compare<T>(T? n1, T? n2)", |run, a| Ok((run.compare(&a[0], &a[1])? as i32).into()))
        .def("static bool Equals<T>(T? n1, T? n2)", |_, a| Ok(a[0].equals(&a[1]).into()))
        .def("static Type GetUnderlyingType(Type nullableType)", |_, a| {
            let ty = a[0].downcast::<TypeObject>().ok_or_else(|| Fault::argument_null("nullableType"))?;
            Ok(match &ty.0 {
                Ty::Nullable(inner) => super::type_object((**inner).clone()),
                _ => Value::Null,
            })
        });
}
