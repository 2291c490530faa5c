//! LuaJIT, through `mlua`.

use std::hint::black_box;

use mlua::{Function, Lua, LuaSerdeExt, Table, Value};

use super::Binding;
use crate::measure::Way;
use crate::request::{Answer, Case, Request};

/// A function of the request as a table.
fn of_table(case: Case) -> &'static str {
    match case {
        Case::Condition => {
            r#"return function(request) return request.method == "POST" and request.headers["x-tenant"] == "contoso" end"#
        }
        Case::Text => {
            r#"return function(request) return "https://" .. request.host .. "/t/" .. request.headers["x-tenant"] .. request.path end"#
        }
        Case::Json => "return function(request) return request.body.customer.name end",
        Case::Numbers => {
            "return function(request) return request.attempts * 2 + 1 <= 5 and (request.size > 65536 or request.priority == 1) end"
        }
    }
}

/// A function of the values that it uses.
fn of_values(case: Case) -> &'static str {
    match case {
        Case::Condition => r#"return function(method, tenant) return method == "POST" and tenant == "contoso" end"#,
        Case::Text => r#"return function(host, tenant, path) return "https://" .. host .. "/t/" .. tenant .. path end"#,
        Case::Json => "return function(body) return body.customer.name end",
        Case::Numbers => {
            "return function(attempts, size, priority) return attempts * 2 + 1 <= 5 and (size > 65536 or priority == 1) end"
        }
    }
}

/// One evaluation.
pub fn way(case: Case, binding: Binding, request: &Request) -> Way<'_> {
    let lua = Lua::new();
    let source = if binding == Binding::Whole { of_table(case) } else { of_values(case) };
    let function: Function = lua.load(source).eval().unwrap();
    Box::new(move || {
        let value: Value = match binding {
            Binding::Whole => function.call(table(&lua, case, black_box(request))).unwrap(),
            Binding::Used => used(&lua, &function, case, black_box(request)),
        };
        match value {
            Value::Boolean(value) => Answer::Bool(value),
            Value::String(text) => Answer::Text(text.to_str().unwrap().to_owned()),
            other => panic!("{other:?}"),
        }
    })
}

fn used(lua: &Lua, function: &Function, case: Case, request: &Request) -> Value {
    match case {
        Case::Condition => function.call((request.method.as_str(), request.header("x-tenant"))),
        Case::Text => function.call((request.host.as_str(), request.header("x-tenant"), request.path.as_str())),
        Case::Json => function.call(json(lua, request)),
        Case::Numbers => {
            function.call((request.number("attempts"), request.number("size"), request.number("priority")))
        }
    }
    .unwrap()
}

fn table(lua: &Lua, case: Case, request: &Request) -> Table {
    let table = lua.create_table().unwrap();
    let headers = lua.create_table().unwrap();
    for (name, value) in &request.headers {
        headers.raw_set(name.as_str(), value.to_str().unwrap()).unwrap();
    }
    table.raw_set("headers", headers).unwrap();
    table.raw_set("method", request.method.as_str()).unwrap();
    table.raw_set("host", request.host.as_str()).unwrap();
    table.raw_set("path", request.path.as_str()).unwrap();
    for name in ["attempts", "size", "priority"] {
        table.raw_set(name, request.number(name)).unwrap();
    }
    if case == Case::Json {
        table.raw_set("body", json(lua, request)).unwrap();
    }
    table
}

fn json(lua: &Lua, request: &Request) -> Value {
    let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    lua.to_value(&body).unwrap()
}
