//! The request of all cases, and the Rust that answers each case.

use std::collections::HashMap;

use gatewright::expr::Value;
use http::{HeaderMap, Method};

/// What the expressions read.
pub struct Request {
    pub method: Method,
    pub host: String,
    pub path: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// Variables that policies have set.
    pub variables: HashMap<String, Value>,
}

/// What an expression gives.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Bool(bool),
    Text(String),
}

/// The cases, in the order of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// The method is POST and the header `x-tenant` is `contoso`.
    Condition,
    /// A URL of the host, the tenant and the path.
    Text,
    /// `customer.name` of the JSON body of 1 KB.
    Json,
    /// Whole numbers compared, added and multiplied, and logic.
    Numbers,
}

impl Case {
    pub const ALL: [Self; 4] = [Self::Condition, Self::Text, Self::Json, Self::Numbers];

    pub fn name(self) -> &'static str {
        match self {
            Self::Condition => "condition: method and header",
            Self::Text => "text: host, tenant, path",
            Self::Json => "JSON: body of 1 KB",
            Self::Numbers => "condition: numbers and logic",
        }
    }
}

impl Request {
    pub fn new() -> Self {
        let headers = [
            ("host", "gateway.example.com"),
            ("user-agent", "bench/1.0"),
            ("accept", "application/json"),
            ("accept-language", "en"),
            ("content-type", "application/json"),
            ("authorization", "Bearer 3f2504e04f8911d39a0c0305e82c3301"),
            ("x-request-id", "3f2504e0-4f89-11d3-9a0c-0305e82c3301"),
            ("x-tenant", "contoso"),
        ];
        let headers = headers.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        let variables = [("attempts", 2), ("size", 4096), ("priority", 1)];
        Self {
            method: Method::POST,
            host: "gateway.example.com".to_owned(),
            path: "/orders/4711".to_owned(),
            headers: headers.into_iter().collect(),
            body: order().into_bytes(),
            variables: variables.map(|(name, value)| (name.to_owned(), Value::from(value))).into(),
        }
    }

    /// A header as text; empty when it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// A variable that is a whole number; 0 when it is missing.
    pub fn number(&self, name: &str) -> i64 {
        self.variables.get(name).and_then(Value::as_int).unwrap_or_default()
    }

    /// What a Rust program does by hand.
    pub fn by_hand(&self, case: Case) -> Answer {
        match case {
            Case::Condition => Answer::Bool(self.method == Method::POST && self.header("x-tenant") == "contoso"),
            Case::Text => Answer::Text(format!("https://{}/t/{}{}", self.host, self.header("x-tenant"), self.path)),
            Case::Json => {
                let body: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
                Answer::Text(body["customer"]["name"].as_str().unwrap_or_default().to_owned())
            }
            Case::Numbers => {
                let urgent = self.number("size") > 65_536 || self.number("priority") == 1;
                Answer::Bool(self.number("attempts") * 2 + 1 <= 5 && urgent)
            }
        }
    }
}

/// An order of 1 KB.
fn order() -> String {
    let line = |n: u32| {
        format!(
            r#"{{"sku":"SKU-{n:05}","name":"Article number {n}","quantity":{n},"price":{n}.95,"taxed":true,"note":null,"tags":["a","b"]}}"#
        )
    };
    let lines: Vec<String> = (1..=7).map(line).collect();
    format!(
        r#"{{"id":"4711","customer":{{"id":42,"name":"Contoso Ltd.","city":"Zürich"}},"lines":[{}],"total":199.65}}"#,
        lines.join(",")
    )
}
