//! `set-status`: status code and reason phrase of the response.

use http::StatusCode;

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement};
use super::super::messages::ResponseState;
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Spec};
use crate::xml::Element;

const CODE: Attribute = Attribute::required("code", "a status code from 200 to 999").or_expression();
const REASON: Attribute = Attribute::optional("reason", "text", "the standard phrase of the code").or_expression();

pub(crate) const SPEC: Spec = Spec::new("set-status", "Sets status code and reason phrase of the response.")
    .attributes(&[CODE, REASON])
    .differences(&[
        "Codes are those from 200 to 999. Before there is a response it has no effect, which the trace says.",
    ]);

/// `set-status`, compiled.
#[derive(Debug)]
pub(crate) struct SetStatus {
    code: Setting<i64>,
    reason: Option<Setting<Option<String>>>,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    Some(step("set-status", SetStatus::compile(compiler, element)?))
}

impl SetStatus {
    /// Reads the element, also as a child of `return-response`.
    pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        let code = compiler.setting(element, &CODE)?;
        if let Setting::Constant(code) = code
            && status(code).is_none()
        {
            let message = format!("`code` of `set-status` is `{code}`: expected {}", CODE.kind);
            compiler.error(element.span.start, message);
            return None;
        }
        Some(Self { code, reason: compiler.setting(element, &REASON) })
    }

    /// Works out status and reason; a reason that is not given is the standard one.
    pub(crate) fn change(&self, exchange: &mut Exchange) -> Result<StatusChange, Box<Failure>> {
        let code = *self.code.get(exchange)?;
        let status = status(code)
            .ok_or_else(|| Failure::internal("InvalidStatusCode", format!("{code} is not a valid status code.")))?;
        let reason = match &self.reason {
            Some(reason) => Some(reason.get(exchange)?.as_deref().unwrap_or_default().into()),
            None => None,
        };
        Ok(StatusChange { status, reason })
    }
}

/// A status and reason phrase, ready to be applied.
pub(crate) struct StatusChange {
    status: StatusCode,
    reason: Option<Box<str>>,
}

impl StatusChange {
    pub(crate) fn apply(self, response: &mut ResponseState) {
        response.status = self.status;
        response.reason = self.reason;
    }
}

fn status(code: i64) -> Option<StatusCode> {
    u16::try_from(code).ok().filter(|code| *code >= 200).and_then(|code| StatusCode::from_u16(code).ok())
}

impl Statement for SetStatus {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let change = self.change(exchange)?;
        match &mut exchange.response {
            Some(response) => change.apply(response),
            None => exchange.warn("set-status", "there is no response yet"),
        }
        Ok(Flow::Continue)
    }

    fn needs(&self) -> Needs {
        self.code.needs() | self.reason.as_ref().map_or(Needs::NONE, Setting::needs)
    }
}
