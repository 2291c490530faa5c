//! `JsonConvert`: values to JSON text and back.

use super::deserialize::deserialize;
use super::serialize::to_token;
use super::token::{formatting, json_text};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::json::{Formatting, JToken};
use crate::expr::library::args::string;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::Value;

fn serialize(run: &mut Run<'_>, value: &Value, formatting: Formatting<'_>) -> Result<Value, Fault> {
    let text = match value.downcast::<JToken>() {
        Some(token) => json_text(run, token, formatting)?,
        None => {
            let token = to_token(run, value)?;
            json_text(run, &token, formatting)?
        }
    };
    Ok(Value::Str(text))
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::JsonConvert)
        .def("static string SerializeObject(object value)", |run, a| serialize(run, &a[0], Formatting::None))
        .def("static string SerializeObject(object value, Formatting formatting)", |run, a| {
            let formatting = formatting(run, &a[1]);
            serialize(run, &a[0], formatting)
        })
        .def("static object DeserializeObject(string value)", |run, a| {
            deserialize(run, &string(&a[0], "value")?.text(), &Ty::Object)
        })
        .def("static T DeserializeObject<T>(string value)", |run, a| {
            let ty = run.type_arg(0);
            deserialize(run, &string(&a[0], "value")?.text(), &ty)
        });
}
