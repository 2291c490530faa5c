//! CEL, the `cel` crate.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Arc;

use cel::objects::Key;
use cel::{Context, Env, Value};

use super::Binding;
use crate::measure::Way;
use crate::request::{Answer, Case, Request};

fn source(case: Case) -> &'static str {
    match case {
        Case::Condition => r#"request.method == "POST" && request.headers["x-tenant"] == "contoso""#,
        Case::Text => r#""https://" + request.host + "/t/" + request.headers["x-tenant"] + request.path"#,
        Case::Json => "request.body.customer.name",
        Case::Numbers => "request.attempts * 2 + 1 <= 5 && (request.size > 65536 || request.priority == 1)",
    }
}

/// One evaluation.
pub fn way(case: Case, binding: Binding, request: &Request) -> Way<'_> {
    let env = Arc::new(Env::stdlib());
    let program = env.compile(source(case)).unwrap();
    Box::new(move || {
        let mut context = Context::with_env(Arc::clone(&env));
        context.add_variable_from_value("request", bind(case, binding, black_box(request)));
        match program.execute(&context).unwrap() {
            Value::Bool(value) => Answer::Bool(value),
            Value::String(text) => Answer::Text(text.to_string()),
            other => panic!("{other:?}"),
        }
    })
}

type Map = HashMap<Key, Value>;

fn bind(case: Case, binding: Binding, request: &Request) -> Value {
    let mut map = Map::new();
    let mut set = |name: &str, value: Value| {
        map.insert(name.into(), value);
    };
    let all = binding == Binding::Whole;
    if all || case == Case::Condition {
        set("method", request.method.as_str().into());
    }
    if all || case == Case::Text {
        set("host", request.host.as_str().into());
        set("path", request.path.as_str().into());
    }
    if all {
        let headers =
            request.headers.iter().map(|(name, value)| (name.as_str().into(), value.to_str().unwrap().into()));
        set("headers", headers.collect::<Map>().into());
    } else if matches!(case, Case::Condition | Case::Text) {
        set("headers", Map::from([("x-tenant".into(), request.header("x-tenant").into())]).into());
    }
    if all || case == Case::Numbers {
        for name in ["attempts", "size", "priority"] {
            set(name, request.number(name).into());
        }
    }
    if case == Case::Json {
        set("body", json(serde_json::from_slice(&request.body).unwrap()));
    }
    map.into()
}

fn json(value: serde_json::Value) -> Value {
    match value {
        serde_json::Value::Null => Value::Null,
        serde_json::Value::Bool(value) => value.into(),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(whole) => whole.into(),
            None => number.as_f64().unwrap_or_default().into(),
        },
        serde_json::Value::String(text) => text.into(),
        serde_json::Value::Array(items) => items.into_iter().map(json).collect::<Vec<_>>().into(),
        serde_json::Value::Object(map) => {
            map.into_iter().map(|(name, value)| (name.into(), json(value))).collect::<Map>().into()
        }
    }
}
