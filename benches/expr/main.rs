//! What expressions cost, beside Rust that does the same: the host is bound to the request in the measured time.
//!
//! The aims: conditions at most 4 times the closure and without an allocation, text at most 1.5 times `format!`, JSON at
//! most 1.5 times `serde_json`, compiling a typical expression at most 20 µs.
//!
//! `cargo bench --bench expr -- bombs` sets off hostile expressions instead, all or those whose name has a word.

use std::hint::black_box;

use gatewright::expr::{Budget, Expression, Library, Value};
use url::form_urlencoded;

mod bombs;
mod compare;
#[path = "../../tests/expr/hostile.rs"]
mod hostile;
mod request;

use compare::{Cost, alone, compare};
use request::{Bound, Incoming, header, is_post, variable};

type Native<T> = Box<dyn Fn(&Incoming) -> T>;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--bomb", index] => bombs::set_off(index.parse().unwrap()),
        ["bombs"] => bombs::table(""),
        ["bombs", wanted] => bombs::table(wanted),
        _ => costs(),
    }
}

fn costs() {
    let incoming = Incoming::new();
    println!(
        "{:<34} {:>11} {:>7} {:>11} {:>7} {:>7} {:>5}",
        "case", "ours", "allocs", "Rust", "allocs", "ratio", "aim"
    );
    for (name, source, native) in conditions() {
        let value = |value: Value| value.as_bool().unwrap();
        beside(&incoming, name, source, native, value, 4.0);
    }
    for (name, source, native) in texts() {
        beside(&incoming, name, source, native, |value| value.to_text().unwrap(), 1.5);
    }
    beside(&incoming, "JSON: body of 1 KB", JSON, Box::new(json), |value| value.to_text().unwrap(), 1.5);
    let library = Library::strict();
    for (name, source) in SOURCES {
        let cost = alone(|| Expression::compile(black_box(source), &library).unwrap());
        println!("{:<34} {:>8.2} µs {:>7}   (aim: 20 µs)", name, cost.nanos / 1000.0, cost.allocations);
    }
}

fn beside<T: PartialEq + std::fmt::Debug>(
    incoming: &Incoming,
    name: &str,
    source: &str,
    native: Native<T>,
    read: impl Fn(Value) -> T,
    aim: f64,
) {
    let expression = Expression::compile(source, &Library::strict()).unwrap();
    let budget = Budget::default();
    let evaluate = || expression.eval(&mut Bound(black_box(incoming)), &budget).unwrap();
    assert_eq!(read(evaluate()), native(incoming), "{source}");
    let (ours, rust, ratio) = compare(evaluate, || native(black_box(incoming)));
    print(name, &ours, &rust, ratio, aim);
}

fn print(name: &str, ours: &Cost, rust: &Cost, ratio: f64, aim: f64) {
    let (a, b) = (ours.nanos, rust.nanos);
    println!(
        "{name:<34} {a:>8.1} ns {:>7} {b:>8.1} ns {:>7} {ratio:>7.2} {aim:>5}",
        ours.allocations, rust.allocations
    );
}

fn conditions() -> Vec<(&'static str, &'static str, Native<bool>)> {
    vec![
        (
            "condition: method and header",
            r#"@(context.Request.Method == "POST" && context.Request.Headers.GetValueOrDefault("x-tenant", "") == "contoso")"#,
            Box::new(|incoming| is_post(incoming) && header(incoming, "x-tenant") == "contoso"),
        ),
        (
            "condition: header is missing",
            r#"@(context.Request.Headers.GetValueOrDefault("x-absent", "") != "contoso")"#,
            Box::new(|incoming| header(incoming, "x-absent") != "contoso"),
        ),
        (
            "condition: parameter of the query",
            r#"@(context.Request.Url.Query.GetValueOrDefault("expand", "") == "lines")"#,
            Box::new(|incoming| {
                // Escapes are read, as the expression reads them.
                let query = incoming.request.uri().query().unwrap_or_default();
                form_urlencoded::parse(query.as_bytes()).any(|(name, value)| name == "expand" && value == "lines")
            }),
        ),
        (
            "condition: variable",
            r#"@((string)context.Variables["tenant"] == "contoso")"#,
            Box::new(|incoming| variable(incoming, "tenant") == "contoso"),
        ),
    ]
}

fn texts() -> Vec<(&'static str, &'static str, Native<String>)> {
    vec![
        (
            "text: concatenation",
            r#"@("Bearer " + (string)context.Variables["token"] + ";" + context.Request.Method)"#,
            Box::new(|incoming| format!("Bearer {};{}", variable(incoming, "token"), incoming.request.method())),
        ),
        (
            "text: interpolation",
            r#"@($"{context.Request.Method} {context.Request.Url.Path} as {context.Request.Headers.GetValueOrDefault("x-tenant", "")}")"#,
            Box::new(|incoming| {
                let path = incoming.request.uri().path();
                format!("{} {path} as {}", incoming.request.method(), header(incoming, "x-tenant"))
            }),
        ),
    ]
}

const JSON: &str = r#"@((string)context.Request.Body.As<JObject>(true)["customer"]["name"])"#;

fn json(incoming: &Incoming) -> String {
    let body: serde_json::Value = serde_json::from_slice(incoming.body()).unwrap();
    body["customer"]["name"].as_str().unwrap_or_default().to_owned()
}

/// What documents have.
const SOURCES: [(&str, &str); 3] = [
    (
        "compile: condition",
        r#"@(context.Request.Method == "POST" && context.Request.Headers.GetValueOrDefault("x-tenant", "") == "contoso")"#,
    ),
    (
        "compile: claim of a token",
        r#"@(context.Request.Headers.GetValueOrDefault("Authorization","").AsJwt()?.Claims.GetValueOrDefault("oid", "none"))"#,
    ),
    (
        "compile: block with JSON",
        r#"@{
            var body = context.Request.Body.As<JObject>(preserveContent: true);
            var lines = (JArray)body["lines"];
            return new JObject(new JProperty("count", lines.Count), new JProperty("id", (string)body["id"])).ToString();
        }"#,
    ),
];
