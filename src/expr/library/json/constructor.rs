//! `JConstructor`: `new Date(1)` in JSON.

use super::content::insert_all;
use super::token::{this, value};
use crate::expr::json::JToken;
use crate::expr::library::args::string;
use crate::expr::types::{Table, TypeId};
use crate::expr::value::Value;

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::JConstructor)
        .def("new(string name)", |_, a| Ok(value(JToken::constructor(&string(&a[0], "name")?.text()))))
        .def("new(string name, object content)", |run, a| {
            let token = JToken::constructor(&string(&a[0], "name")?.text());
            insert_all(run, &token, 0, &a[1])?;
            Ok(value(token))
        })
        .def("new(string name, params object[] content)", |run, a| {
            let token = JToken::constructor(&string(&a[0], "name")?.text());
            insert_all(run, &token, 0, &a[1])?;
            Ok(value(token))
        })
        .def("string Name", |_, a| Ok(Value::from(this(a)?.name())));
}
