//! `JProperty`.

use super::content::{is_many, token_of, tokens_of};
use super::token::{this, token_at, value};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::json::{JToken, TokenClass};
use crate::expr::library::args::string;
use crate::expr::types::{Table, TypeId};
use crate::expr::value::Value;

/// `new JProperty(name, content)`: several items become an array.
fn build(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Fault> {
    let name = string(&args[0], "name")?.text();
    run.charge(128 + name.len())?;
    let content = if is_many(&args[1]) {
        let array = JToken::array();
        for item in tokens_of(run, &args[1])? {
            array.add(&item)?;
        }
        array
    } else {
        token_of(&args[1])?
    };
    if content.parent().is_some() {
        run.charge(content.subtree_weight())?;
    }
    Ok(value(JToken::property(&name, Some(&content))?))
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::JProperty)
        .def("new(JProperty other)", |_, a| match token_at(a, 0)? {
            Some(other) if other.class() == TokenClass::Property => Ok(value(other.deep_clone())),
            _ => Err(Fault::null_reference()),
        })
        .def("new(string name, object content)", |run, a| build(run, a))
        .def("new(string name, params object[] content)", |run, a| build(run, a))
        .def("string Name", |_, a| Ok(Value::from(this(a)?.name())))
        .def_set(
            "JToken Value",
            |_, a| Ok(value(this(a)?.property_value())),
            |_, a| Ok(this(a)?.set_property_value(token_at(a, 1)?).map(|()| Value::Null)?),
        );
}
