//! `GetValueOrDefault` of the dictionaries of `context`.

use super::args::string;
use super::dictionary_view;
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Str, Value};

/// The value of a key; None when it is missing.
pub(crate) fn find(run: &mut Run<'_>, dictionary: &Value, key: &Value) -> Result<Option<Value>, Fault> {
    match dictionary {
        Value::View(view) => {
            let key = string(key, "key")?.text();
            dictionary_view::get(run, *view, &key)
        }
        Value::Object(object) => {
            if key.is_null() {
                return Err(Fault::argument_null("key"));
            }
            let object = std::sync::Arc::clone(&object.0);
            Ok(object.lookup(run, key)?.flatten())
        }
        _ => Err(Fault::argument_null("dictionary")),
    }
}

/// The strings of an array joined with commas.
fn join(run: &mut Run<'_>, values: &Value) -> Result<Value, Fault> {
    if values.is_null() {
        return Ok(Value::Null);
    }
    let items = run.collect(values)?;
    let texts: Vec<String> = items.iter().filter_map(|v| v.as_text().map(Str::to_string)).collect();
    Ok(texts.join(",").into())
}

/// `(T)variable`, or the default when it is not set.
fn variable(run: &mut Run<'_>, a: &[Value], ty: &Ty, default: Value) -> Result<Value, Fault> {
    let Some(value) = find(run, &a[0], &a[1])? else { return Ok(default) };
    crate::expr::code::cast(value, ty)
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::ContextExtensions)
        .def(
            "static string GetValueOrDefault(this IReadOnlyDictionary<string, string[]> d, string key, string defaultValue = null)",
            |run, a| match find(run, &a[0], &a[1])? {
                Some(values) => join(run, &values),
                None => Ok(a[2].clone()),
            },
        )
        .def(
            "static string[] GetValueOrDefault(this IReadOnlyDictionary<string, string[]> d, string key, string[] defaultValue)",
            |run, a| Ok(find(run, &a[0], &a[1])?.unwrap_or_else(|| a[2].clone())),
        )
        .def(
            "static string GetValueOrDefault(this IReadOnlyDictionary<string, string> d, string key, string defaultValue = null)",
            |run, a| Ok(find(run, &a[0], &a[1])?.unwrap_or_else(|| a[2].clone())),
        )
        .def("static object GetValueOrDefault(this IReadOnlyDictionary<string, object> d, string key)", |run, a| {
            Ok(find(run, &a[0], &a[1])?.unwrap_or(Value::Null))
        })
        .def("static T GetValueOrDefault<T>(this IReadOnlyDictionary<string, object> d, string key)", |run, a| {
            let ty = run.type_arg(0);
            let default = Value::default_of(&ty);
            variable(run, a, &ty, default)
        })
        .def(
            "static T GetValueOrDefault<T>(this IReadOnlyDictionary<string, object> d, string key, T defaultValue)",
            |run, a| {
                let ty = run.type_arg(0);
                let default = a[2].clone();
                variable(run, a, &ty, default)
            },
        );
}
