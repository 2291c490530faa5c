//! `JConstructor`: `new Date(1)` in JSON.

use super::content::insert_all;
use super::token::{item, set_item, this, token_at, value};
use crate::expr::fault::Fault;
use crate::expr::json::JToken;
use crate::expr::library::args::string;
use crate::expr::types::{Table, TypeId};
use crate::expr::value::Value;

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::JConstructor)
        .def("new()", |_, _| Ok(value(JToken::constructor(""))))
        .def("new(JConstructor other)", |run, a| match a[0].downcast::<JToken>() {
            Some(other) => {
                run.charge(other.subtree_weight())?;
                Ok(value(other.deep_clone()))
            }
            None => Err(Fault::argument_null("other")),
        })
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
        .def_set(
            "string Name",
            |_, a| Ok(Value::from(this(a)?.name())),
            |run, a| {
                let name = a[1].as_text().map(|name| name.text().into_owned()).unwrap_or_default();
                run.charge(name.len())?;
                this(a)?.rename(&name);
                Ok(Value::Null)
            },
        )
        .def_set(
            "JToken this[object key]",
            |_, a| Ok(value(item(this(a)?, &a[1])?)),
            |_, a| set_item(this(a)?, &a[1], token_at(a, 2)?).map(|()| Value::Null),
        );
}
