//! `JValue` and `JRaw`.

use super::content::{no_json_type, token_of};
use super::conversions::{from_token_value, to_token_value};
use super::token::{this, token_at, value};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::json::{IntType, JToken, JTokenType, TokenValue};
use crate::expr::types::{Table, TypeId};
use crate::expr::value::{Object, Value};

/// `new JValue(v)` for a parameter of a simple type: integers become long, a null string keeps its token type.
fn typed(_: &mut Run<'_>, args: &mut [Value]) -> Result<Value, Fault> {
    let held = to_token_value(&args[0]).ok_or_else(|| no_json_type(&args[0]))?;
    Ok(value(match held {
        TokenValue::Integer(IntType::UInt64, _) => JToken::value_of(&held),
        TokenValue::Integer(_, number) => JToken::value_of(&TokenValue::Integer(IntType::Int64, number)),
        other => JToken::value_of(&other),
    }))
}

fn text_token(args: &[Value], token_type: JTokenType) -> Value {
    let held = args[0].as_text().map_or(TokenValue::Null, |text| TokenValue::String(text.text().into_owned()));
    value(JToken::typed(token_type, &held))
}

fn compare(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Fault> {
    let order = this(args)?.compare(run, &args[1])?;
    Ok(Value::Int(order.map_or(0, |order| order as i32)))
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    let mut on = table.on(TypeId::JValue);
    on.def("new(JValue other)", |_, a| match token_at(a, 0)? {
        Some(other) => Ok(value(other.deep_clone())),
        None => Err(Fault::null_reference()),
    })
    .def("new(string value)", |_, a| Ok(text_token(a, JTokenType::String)))
    .def("new(object value)", |_, a| match a[0].downcast::<JToken>() {
        Some(_) => Err(no_json_type(&a[0])),
        None => Ok(value(token_of(&a[0])?)),
    });
    for signature in [
        "new(long value)",
        "new(decimal value)",
        "new(char value)",
        "new(ulong value)",
        "new(double value)",
        "new(float value)",
        "new(DateTime value)",
        "new(DateTimeOffset value)",
        "new(bool value)",
        "new(Guid value)",
        "new(Uri value)",
        "new(TimeSpan value)",
    ] {
        on.def(signature, typed);
    }
    on.def("static JValue CreateComment(string value)", |_, a| Ok(text_token(a, JTokenType::Comment)))
        .def("static JValue CreateString(string value)", |_, a| Ok(text_token(a, JTokenType::String)))
        .def("static JValue CreateNull()", |_, _| Ok(value(JToken::null())))
        .def("static JValue CreateUndefined()", |_, _| {
            Ok(value(JToken::typed(JTokenType::Undefined, &TokenValue::Null)))
        })
        .def_set(
            "object Value",
            |_, a| Ok(from_token_value(&this(a)?.value().unwrap_or(TokenValue::Null))),
            |_, a| {
                let held = to_token_value(&a[1]).ok_or_else(|| no_json_type(&a[1]))?;
                this(a)?.set_value(&held);
                Ok(Value::Null)
            },
        )
        .def("bool Equals(JValue other)", |_, a| {
            let token = this(a)?;
            Ok(token_at(a, 1)?.is_some_and(|other| token.value_equals(other)).into())
        })
        .def("int CompareTo(JValue obj)", |run, a| compare(run, a))
        .def("string ToString(string format)", |run, a| {
            let format = a[1].as_text().map(|format| format.text().into_owned()).unwrap_or_default();
            let token = this(a)?.clone();
            Ok(Value::from(token.format(run, &format)?))
        });
    table
        .on(TypeId::JRaw)
        .def("new(JRaw other)", |_, a| match token_at(a, 0)? {
            Some(other) => Ok(value(other.deep_clone())),
            None => Err(Fault::null_reference()),
        })
        .def("new(object rawJson)", |_, a| {
            let held = to_token_value(&a[0]).ok_or_else(|| no_json_type(&a[0]))?;
            Ok(value(JToken::raw(&held)))
        });
}
