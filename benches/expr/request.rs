//! The request that expressions read, and the host that answers `context` from it.

use std::borrow::Cow;
use std::collections::HashMap;

use gatewright::expr::{Body, BodyError, Host, Message, Part, Text, Url, Value};
use http::{HeaderMap, Method, Request};

/// A request of a client, with the variables that policies set on it.
pub struct Incoming {
    /// What the client sent.
    pub request: Request<Vec<u8>>,
    /// What policies have set, by name.
    pub variables: HashMap<String, Value>,
}

impl Incoming {
    /// A POST with eight headers and a body of 1 KB.
    pub fn new() -> Self {
        let request = Request::post("https://gateway.example.com/orders/4711?expand=lines")
            .header("host", "gateway.example.com")
            .header("user-agent", "bench/1.0")
            .header("accept", "application/json")
            .header("accept-language", "en")
            .header("content-type", "application/json")
            .header("authorization", "Bearer 3f2504e04f8911d39a0c0305e82c3301")
            .header("x-request-id", "3f2504e0-4f89-11d3-9a0c-0305e82c3301")
            .header("x-tenant", "contoso")
            .body(order().into_bytes())
            .unwrap();
        let variables = [
            ("tenant", Value::from("contoso")),
            ("token", Value::from("3f2504e04f8911d39a0c0305e82c3301")),
            ("attempts", Value::from(2)),
        ];
        Self { request, variables: variables.map(|(name, value)| (name.to_owned(), value)).into() }
    }

    /// The body as it is.
    pub fn body(&self) -> &[u8] {
        self.request.body()
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

/// `context` of one evaluation.
pub struct Bound<'a>(pub &'a Incoming);

impl Bound<'_> {
    fn headers(&self, message: Message) -> Option<&HeaderMap> {
        (message == Message::Request).then(|| self.0.request.headers())
    }
}

impl Host for Bound<'_> {
    fn has(&mut self, part: Part) -> bool {
        part == Part::RequestBody
    }

    fn text(&mut self, member: Text) -> Option<Cow<'_, str>> {
        let uri = self.0.request.uri();
        Some(Cow::Borrowed(match member {
            Text::RequestMethod => self.0.request.method().as_str(),
            Text::UrlPath(Url::Current) => uri.path(),
            Text::UrlHost(Url::Current) => uri.host()?,
            Text::UrlQueryString(Url::Current) => {
                let whole = uri.path_and_query()?.as_str();
                &whole[whole.find('?').unwrap_or(whole.len())..]
            }
            _ => return None,
        }))
    }

    fn header_values(&mut self, message: Message, name: &str) -> Vec<Cow<'_, str>> {
        let values = self.headers(message).into_iter().flat_map(|headers| headers.get_all(name));
        values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect()
    }

    fn header_text(&mut self, message: Message, name: &str) -> Option<Cow<'_, str>> {
        let mut values = self.headers(message)?.get_all(name).into_iter();
        let mut text = String::from_utf8_lossy(values.next()?.as_bytes());
        for more in values {
            text.to_mut().push(',');
            text.to_mut().push_str(&String::from_utf8_lossy(more.as_bytes()));
        }
        Some(text)
    }

    fn variable(&mut self, name: &str) -> Option<Cow<'_, Value>> {
        self.0.variables.get(name).map(Cow::Borrowed)
    }

    fn body(&mut self, _: Message, _: bool) -> Result<Body, BodyError> {
        Ok(Body { bytes: self.0.body().to_vec(), content_type: Some("application/json".to_owned()) })
    }
}

/// A header as text; empty when it is missing.
pub fn header<'a>(incoming: &'a Incoming, name: &str) -> &'a str {
    incoming.request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// A variable that holds text; empty when it is missing or something else.
pub fn variable<'a>(incoming: &'a Incoming, name: &str) -> &'a str {
    incoming.variables.get(name).and_then(Value::as_text).and_then(|text| text.as_str()).unwrap_or_default()
}

/// Whether it is a POST.
pub fn is_post(incoming: &Incoming) -> bool {
    *incoming.request.method() == Method::POST
}
