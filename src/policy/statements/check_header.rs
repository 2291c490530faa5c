//! `check-header`: lets a request pass that has a header, with one of some values.

use std::fmt;

use http::HeaderName;
use serde_json::json;

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::header_name::{HeaderSetting, text};
use super::super::list::{Flow, Statement};
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Child, Content, Scope, Section, Spec};
use super::super::status::{self, STATUS};
use crate::xml::Element;

const NAME: Attribute = Attribute::required("name", "a header name").or_expression();
const CODE: Attribute = Attribute::required("failed-check-httpcode", STATUS).or_expression();
const MESSAGE: Attribute =
    Attribute::optional("failed-check-error-message", "text for the caller", "what is wrong").or_expression();
const IGNORE_CASE: Attribute = Attribute::optional("ignore-case", "`true` or `false`", "false").or_expression();
const VALUE: Child = Child::new("value", "0..n", Content::Text { expressions: true });

pub(crate) const SPEC: Spec = Spec::new(
    "check-header",
    "Refuses a request without a header, or with another value than those listed; without `value` any value is good.",
)
.sections(&[Section::Inbound])
.scopes(&[Scope::Global, Scope::Product, Scope::Api, Scope::Operation])
.attributes(&[NAME, CODE, MESSAGE, IGNORE_CASE])
.content(Content::Elements(&[VALUE]));

/// `check-header`, compiled.
#[derive(Debug)]
pub(crate) struct CheckHeader {
    name: HeaderSetting,
    code: Setting<i64>,
    message: Option<Setting<String>>,
    ignores_case: Setting<bool>,
    values: Vec<Setting<String>>,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let name = HeaderSetting::compile(compiler, element, &NAME);
    let code = status::setting(compiler, element, &CODE);
    let message = compiler.setting(element, &MESSAGE);
    let ignores_case = compiler.setting(element, &IGNORE_CASE).unwrap_or(Setting::Constant(false));
    let mut values = Vec::new();
    for child in element.elements().filter(|child| &*child.name == VALUE.element) {
        compiler.check_child(&VALUE, child);
        values.extend(compiler.text(child, true, "text"));
    }
    Some(step("check-header", CheckHeader { name: name?, code: code?, message, ignores_case, values }))
}

/// Why a request does not pass.
enum Refusal {
    NotFound,
    /// The value that is not in the list.
    NotAllowed(String),
}

impl CheckHeader {
    /// What is wrong with the header, if anything is.
    fn refusal(&self, name: Option<&HeaderName>, exchange: &mut Exchange) -> Result<Option<Refusal>, Box<Failure>> {
        let mut lines = name.map(|name| exchange.request.headers.get_all(name)).into_iter().flatten();
        let Some(value) = lines.next().cloned() else { return Ok(Some(Refusal::NotFound)) };
        if lines.next().is_some() {
            let lines = name.map(|name| exchange.request.headers.get_all(name)).into_iter().flatten();
            return Ok(Some(Refusal::NotAllowed(lines.map(text).collect::<Vec<_>>().join(","))));
        }
        if value.is_empty() {
            return Ok(Some(Refusal::NotFound));
        }
        if self.values.is_empty() {
            return Ok(None);
        }
        let ignores_case = *self.ignores_case.get(exchange)?;
        for known in &self.values {
            let known = known.get(exchange)?;
            let is_same = known.as_bytes() == value.as_bytes();
            if is_same || ignores_case && known.to_lowercase() == text(&value).to_lowercase() {
                return Ok(None);
            }
        }
        Ok(Some(Refusal::NotAllowed(text(&value).into_owned())))
    }

    fn fail(&self, exchange: &mut Exchange, name: impl fmt::Display, refusal: Refusal) -> Box<Failure> {
        let (reason, message) = match refusal {
            Refusal::NotFound => {
                ("HeaderNotFound", format!("Header {name} was not found in the request. Access denied."))
            }
            Refusal::NotAllowed(value) => {
                ("HeaderValueNotAllowed", format!("Header {name} value of {value} is not allowed. Access denied."))
            }
        };
        status::refusal(exchange, &self.code, self.message.as_ref(), reason, message).unwrap_or_else(|failure| failure)
    }
}

impl Statement for CheckHeader {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let (shown, name) = self.name.get(exchange)?;
        match self.refusal(name.as_ref(), exchange)? {
            Some(refusal) => Err(self.fail(exchange, shown, refusal)),
            None => {
                exchange.trace_says(|exchange, masks| {
                    let found = name.as_ref().and_then(|name| Some((name, exchange.request.headers.get(name)?)));
                    let value = found.map(|(name, value)| masks.value(name, value));
                    json!({ "message": "Header validated.", "header": { "name": shown, "value": value } })
                });
                Ok(Flow::Continue)
            }
        }
    }

    fn needs(&self) -> Needs {
        let message = self.message.as_ref().map_or(Needs::NONE, Setting::needs);
        self.values
            .iter()
            .fold(self.name.needs() | message | self.code.needs() | self.ignores_case.needs(), |needs, value| {
                needs | value.needs()
            })
    }
}
