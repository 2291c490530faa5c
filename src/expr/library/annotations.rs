//! Annotations: objects that C# code attaches to JSON tokens and XML nodes.

use std::sync::Arc;

use super::object::TypeObject;
use super::sequence;
use crate::expr::arena::{Annotated, Note};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::library::args::required;
use crate::expr::types::{Table, Ty, TypeId, is_subtype};
use crate::expr::value::Value;

fn target(value: &Value) -> Result<&dyn Annotated, Fault> {
    if let Some(token) = value.downcast::<crate::expr::json::JToken>() {
        return Ok(token.annotated());
    }
    match value.downcast::<crate::expr::xlinq::XObject>() {
        Some(object) => Ok(object.annotated()),
        None => Err(Fault::null_reference()),
    }
}

fn is_a(note: &Note, ty: &Ty) -> bool {
    note.downcast_ref::<Value>().is_some_and(|value| is_subtype(&value.ty(), ty))
}

/// The annotations of a type.
fn found(args: &[Value], ty: &Ty) -> Result<Vec<Value>, Fault> {
    let notes = target(&args[0])?.notes();
    Ok(notes.iter().filter(|note| is_a(note, ty)).filter_map(|note| note.downcast_ref::<Value>().cloned()).collect())
}

fn first(args: &[Value], ty: &Ty) -> Result<Value, Fault> {
    Ok(found(args, ty)?.into_iter().next().unwrap_or(Value::Null))
}

fn remove(args: &[Value], ty: &Ty) -> Result<Value, Fault> {
    target(&args[0])?.remove_notes(&|note| is_a(note, ty));
    Ok(Value::Null)
}

fn type_argument(value: &Value) -> Result<Ty, Fault> {
    let ty = value.downcast::<TypeObject>().ok_or_else(|| Fault::argument_null("type"))?;
    Ok(ty.0.clone())
}

fn add(run: &mut Run<'_>, args: &mut [Value]) -> Result<Value, Fault> {
    run.charge(64)?;
    target(&args[0])?.add_note(Arc::new(required(&args[1], "annotation")?.clone()));
    Ok(Value::Null)
}

/// Adds the members to both kinds of trees.
pub(super) fn register(table: &mut Table) {
    for id in [TypeId::JToken, TypeId::XObject] {
        table
            .on(id)
            .def("void AddAnnotation(object annotation)", add)
            .def("T Annotation<T>()", |run, a| first(a, &run.type_arg(0)))
            .def("object Annotation(Type type)", |_, a| first(a, &type_argument(&a[1])?))
            .def("IEnumerable<T> Annotations<T>()", |run, a| {
                let ty = run.type_arg(0);
                let found = found(a, &ty)?;
                Ok(sequence::of(ty, found))
            })
            .def("IEnumerable<object> Annotations(Type type)", |_, a| {
                Ok(sequence::of(Ty::Object, found(a, &type_argument(&a[1])?)?))
            })
            .def("void RemoveAnnotations<T>()", |run, a| remove(a, &run.type_arg(0)))
            .def("void RemoveAnnotations(Type type)", |_, a| remove(a, &type_argument(&a[1])?));
    }
}
