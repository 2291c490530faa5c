//! Rhai.

use std::hint::black_box;

use rhai::{Dynamic, Engine, Map, Scope};

use super::Binding;
use crate::measure::Way;
use crate::request::{Answer, Case, Request};

fn source(case: Case) -> &'static str {
    match case {
        Case::Condition => r#"request.method == "POST" && request.headers["x-tenant"] == "contoso""#,
        Case::Text => r#""https://" + request.host + "/t/" + request.headers["x-tenant"] + request.path"#,
        Case::Json => "parse_json(request.body).customer.name",
        Case::Numbers => "request.attempts * 2 + 1 <= 5 && (request.size > 65536 || request.priority == 1)",
    }
}

/// One evaluation.
pub fn way(case: Case, binding: Binding, request: &Request) -> Way<'_> {
    let engine = Engine::new();
    let program = engine.compile(source(case)).unwrap();
    Box::new(move || {
        let mut scope = Scope::new();
        scope.push_constant("request", bind(case, binding, black_box(request)));
        let value: Dynamic = engine.eval_ast_with_scope(&mut scope, &program).unwrap();
        match value.as_bool() {
            Ok(value) => Answer::Bool(value),
            Err(_) => Answer::Text(value.into_string().unwrap()),
        }
    })
}

fn bind(case: Case, binding: Binding, request: &Request) -> Map {
    let mut map = Map::new();
    let mut set = |name: &str, value: Dynamic| {
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
        let tenant: Dynamic = request.header("x-tenant").into();
        set("headers", Map::from([("x-tenant".into(), tenant)]).into());
    }
    if all || case == Case::Numbers {
        for name in ["attempts", "size", "priority"] {
            set(name, request.number(name).into());
        }
    }
    if case == Case::Json {
        set("body", std::str::from_utf8(&request.body).unwrap().into());
    }
    map
}
