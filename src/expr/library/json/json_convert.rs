//! `JsonConvert`: values to JSON text and back.

use super::deserialize::deserialize;
use super::serialize::to_token;
use super::token::{formatting, json_text};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::json::{Formatting, JToken};
use crate::expr::library::args::string;
use crate::expr::library::object::TypeObject;
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

/// `DeserializeObject<T>(value)`
fn to_argument(run: &mut Run<'_>, args: &mut [Value]) -> Result<Value, Fault> {
    let ty = run.type_arg(0);
    deserialize(run, &string(&args[0], "value")?.text(), &ty)
}

/// `DeserializeObject(value, type)`; no type stands for any.
fn to_type(run: &mut Run<'_>, args: &mut [Value]) -> Result<Value, Fault> {
    let ty = args[1].downcast::<TypeObject>().map_or(Ty::Object, |ty| ty.0.clone());
    deserialize(run, &string(&args[0], "value")?.text(), &ty)
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
        .def("static string SerializeObject(object value, params JsonConverter[] converters)", |run, a| {
            serialize(run, &a[0], Formatting::None)
        })
        .def("static string SerializeObject(object value, JsonSerializerSettings settings)", |run, a| {
            serialize(run, &a[0], Formatting::None)
        })
        .def("static string SerializeObject(object value, Type type, JsonSerializerSettings settings)", |run, a| {
            serialize(run, &a[0], Formatting::None)
        });
    for text in [
        "static string SerializeObject(object value, Formatting formatting, params JsonConverter[] converters)",
        "static string SerializeObject(object value, Formatting formatting, JsonSerializerSettings settings)",
    ] {
        table.on(TypeId::JsonConvert).def(text, |run, a| {
            let formatting = formatting(run, &a[1]);
            serialize(run, &a[0], formatting)
        });
    }
    table
        .on(TypeId::JsonConvert)
        .def(
            "static string SerializeObject(object value, Type type, Formatting formatting, JsonSerializerSettings settings)",
            |run, a| {
                let formatting = formatting(run, &a[2]);
                serialize(run, &a[0], formatting)
            },
        )
        .def("static object DeserializeObject(string value, JsonSerializerSettings settings)", |run, a| {
            deserialize(run, &string(&a[0], "value")?.text(), &Ty::Object)
        })
        .def("static object DeserializeObject(string value, Type type)", to_type)
        .def("static object DeserializeObject(string value, Type type, params JsonConverter[] converters)", to_type)
        .def("static object DeserializeObject(string value, Type type, JsonSerializerSettings settings)", to_type)
        .def("static T DeserializeObject<T>(string value, params JsonConverter[] converters)", to_argument)
        .def("static T DeserializeObject<T>(string value, JsonSerializerSettings settings)", to_argument)
        .def("lenient static string SerializeXmlNode(XmlNode node)", |run, a| serialize(run, &a[0], Formatting::None))
        .def("lenient static string SerializeXmlNode(XmlNode node, Formatting formatting)", |run, a| {
            let formatting = formatting(run, &a[1]);
            serialize(run, &a[0], formatting)
        })
        .def("static object DeserializeObject(string value)", |run, a| {
            deserialize(run, &string(&a[0], "value")?.text(), &Ty::Object)
        })
        .def("static T DeserializeObject<T>(string value)", to_argument);
}
