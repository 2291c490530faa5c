//! Policy expressions: the host answers from the request when the expression asks.

use std::borrow::Cow;
use std::hint::black_box;

use gatewright::expr::{Body, BodyError, Budget, Expression, Host, Library, Message, Part, Text, Url, Value};

use crate::measure::Way;
use crate::request::{Answer, Case, Request};

fn source(case: Case) -> &'static str {
    match case {
        Case::Condition => {
            r#"@(context.Request.Method == "POST" && context.Request.Headers.GetValueOrDefault("x-tenant", "") == "contoso")"#
        }
        Case::Text => {
            r#"@("https://" + context.Request.Url.Host + "/t/" + context.Request.Headers.GetValueOrDefault("x-tenant", "") + context.Request.Url.Path)"#
        }
        Case::Json => r#"@((string)context.Request.Body.As<JObject>(true)["customer"]["name"])"#,
        Case::Numbers => {
            r#"@((int)context.Variables["attempts"] * 2 + 1 <= 5 && ((int)context.Variables["size"] > 65536 || (int)context.Variables["priority"] == 1))"#
        }
    }
}

/// One evaluation.
pub fn way(case: Case, request: &Request) -> Way<'_> {
    let expression = Expression::compile(source(case), &Library::strict()).unwrap();
    let budget = Budget::default();
    Box::new(move || match expression.eval(&mut Bound(black_box(request)), &budget).unwrap() {
        Value::Bool(value) => Answer::Bool(value),
        value => Answer::Text(value.to_text().unwrap_or_default()),
    })
}

struct Bound<'a>(&'a Request);

impl Host for Bound<'_> {
    fn has(&mut self, part: Part) -> bool {
        part == Part::RequestBody
    }

    fn text(&mut self, member: Text) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(match member {
            Text::RequestMethod => self.0.method.as_str(),
            Text::UrlPath(Url::Current) => &self.0.path,
            Text::UrlHost(Url::Current) => &self.0.host,
            _ => return None,
        }))
    }

    fn header_values(&mut self, _: Message, name: &str) -> Vec<Cow<'_, str>> {
        self.0.headers.get_all(name).into_iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect()
    }

    fn header_text(&mut self, _: Message, name: &str) -> Option<Cow<'_, str>> {
        let mut values = self.0.headers.get_all(name).into_iter();
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
        Ok(Body { bytes: self.0.body.clone(), content_type: Some("application/json".to_owned()) })
    }
}
