//! `send-request`: asks an outside service, and waits for what it answers.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use serde_json::json;
use tokio::time::timeout;

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Resume, Statement};
use super::super::messages::ResponseState;
use super::super::own_request::{self, CHILDREN, MODE, OwnRequest, Prepared, TIMEOUT, Variable, unavailable};
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Content, Spec};
use crate::body::{Body, CollectError};
use crate::expr::{Response, Value};
use crate::xml::Element;

const VARIABLE: Attribute =
    Attribute::optional("response-variable-name", "the name of a variable", "none").or_expression();
const TIMEOUT_MS: Attribute =
    Attribute::optional("timeout-ms", "milliseconds, a whole number from 0; it wins over `timeout`", "none")
        .or_expression();
const IGNORE: Attribute = Attribute::optional("ignore-error", "`true` or `false`", "false");
const BUFFER: Attribute = Attribute::optional(
    "buffer-response",
    "`true` or `false`: whether the time limit covers the body; it is read in any case",
    "true",
);
const FAIL: Attribute = Attribute::optional("fail-on-error-status-code", "`true` or `false`", "false");

pub(crate) const SPEC: Spec = Spec::new(
    "send-request",
    "Sends a request of its own and waits for the response, which a variable then holds; `null` when it failed and \
     `ignore-error` is `true`.",
)
.attributes(&[MODE, VARIABLE, TIMEOUT, TIMEOUT_MS, IGNORE, BUFFER, FAIL])
.content(Content::Elements(CHILDREN)).differences(&["The response is read into memory, also with `buffer-response=\"false\"`; the time limit covers the headers only then.", "Redirects are not followed."]);

/// `send-request`, compiled.
#[derive(Debug)]
pub(crate) struct SendRequest {
    request: OwnRequest,
    variable: Option<Setting<String>>,
    limit: Limit,
    ignores_errors: bool,
    limits_body: bool,
    fails_on_status: bool,
}

#[derive(Debug)]
enum Limit {
    Seconds(Setting<i64>),
    Milliseconds(Setting<i64>),
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let request = OwnRequest::compile(compiler, element);
    let variable = compiler.setting(element, &VARIABLE);
    let seconds = own_request::seconds(compiler, element, &TIMEOUT).unwrap_or(Setting::Constant(60));
    let milliseconds = own_request::seconds(compiler, element, &TIMEOUT_MS);
    let send = SendRequest {
        request: request?,
        variable,
        limit: milliseconds.map_or(Limit::Seconds(seconds), Limit::Milliseconds),
        ignores_errors: compiler.constant(element, &IGNORE).unwrap_or(false),
        limits_body: compiler.constant(element, &BUFFER).unwrap_or(true),
        fails_on_status: compiler.constant(element, &FAIL).unwrap_or(false),
    };
    Some(step("send-request", send))
}

/// How a response is taken.
#[derive(Clone, Copy)]
struct Terms {
    limit: Duration,
    limits_body: bool,
    fails_on_status: bool,
    body_limit: usize,
}

/// What came of a request.
struct Got {
    response: Response,
    token: Option<(Variable, String)>,
}

impl Terms {
    async fn get(self, prepared: Prepared) -> Result<Got, Box<Failure>> {
        let late = |_| Failure::internal("Timeout", "Request to the backend service timed out");
        if self.limits_body {
            return timeout(self.limit, async { self.take(prepared.send().await?).await }).await.map_err(late)?;
        }
        let sent = timeout(self.limit, prepared.send()).await.map_err(late)??;
        self.take(sent).await
    }

    async fn take(self, sent: own_request::Sent) -> Result<Got, Box<Failure>> {
        let status = sent.response.status();
        if self.fails_on_status && (status.is_client_error() || status.is_server_error()) {
            return Err(failed_status(status));
        }
        let (parts, body) = sent.response.into_parts();
        let bytes = read(body, self.body_limit).await?;
        let state = ResponseState::from_response(http::Response::from_parts(parts, Body::empty()));
        Ok(Got { response: state.to_value(bytes), token: sent.token })
    }
}

/// The bytes of a body.
pub(crate) async fn read(body: Body, limit: usize) -> Result<Vec<u8>, Box<Failure>> {
    match body.collect(limit).await {
        Ok(body) => Ok(body.as_bytes().map_or_else(Vec::new, |bytes| bytes.to_vec())),
        Err(CollectError::TooLarge(limit)) => {
            Err(Failure::internal("ResponseBodyTooLarge", format!("Response body is larger than {limit} bytes.")))
        }
        Err(CollectError::Read(_)) => Err(unavailable("Underlying transport connection was unexpectedly closed.")),
    }
}

fn failed_status(status: StatusCode) -> Box<Failure> {
    let message = format!("Backend returned status code {}.", status.as_u16());
    Failure::internal("BackendErrorStatusCode", message)
}

impl SendRequest {
    fn terms(&self, exchange: &mut Exchange) -> Result<Terms, Box<Failure>> {
        let limit = match &self.limit {
            Limit::Seconds(n) => Duration::from_secs(own_request::positive(*n.get(exchange)?)?),
            Limit::Milliseconds(n) => Duration::from_millis(own_request::positive(*n.get(exchange)?)?),
        };
        let (limits_body, fails_on_status) = (self.limits_body, self.fails_on_status);
        Ok(Terms { limit, limits_body, fails_on_status, body_limit: exchange.settings.body_limit })
    }
}

impl Statement for SendRequest {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let variable: Option<Arc<str>> = match &self.variable {
            Some(name) => Some(name.get(exchange)?.as_str().into()),
            None => None,
        };
        let terms = self.terms(exchange)?;
        let prepared = self.request.prepare(exchange)?;
        prepared.trace(exchange, SPEC.element, terms.limit);
        let ignores_errors = self.ignores_errors;
        Ok(Flow::Wait(Box::pin(async move {
            let got = terms.get(prepared).await;
            let resume: Resume = Box::new(move |exchange| {
                let value = match got {
                    Ok(got) => {
                        let (code, reason) = (got.response.status(), got.response.reason());
                        exchange.trace_entry(
                            SPEC.element,
                            |_, _| json!({ "response": { "status": { "code": code, "reason": reason } } }),
                        );
                        if let Some((name, token)) = got.token {
                            exchange.mask_token(&token);
                            exchange.variables.set(name, Value::from(token.as_str()));
                        }
                        Value::from(got.response)
                    }
                    Err(failure) if ignores_errors => {
                        let failure = failure.redacted(&exchange.redaction);
                        let (reason, message) = (&*failure.reason, &*failure.message);
                        tracing::debug!(target: "gatewright::policy", reason, "send-request: ignored: {message}");
                        exchange.trace_note(|| format!("The error was ignored. {reason}: {message}"));
                        Value::Null
                    }
                    Err(failure) => return Err(failure),
                };
                if let Some(variable) = variable {
                    exchange.variables.set(variable, value);
                }
                Ok(Flow::Continue)
            });
            resume
        })))
    }

    fn needs(&self) -> Needs {
        let limit = match &self.limit {
            Limit::Seconds(limit) | Limit::Milliseconds(limit) => limit.needs(),
        };
        self.request.needs() | limit | self.variable.as_ref().map_or(Needs::NONE, Setting::needs)
    }
}
