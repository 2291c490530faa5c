//! `forward-request`: calls the backend.

use std::time::Duration;

use http::{Response, StatusCode};

use super::super::compile::Compiler;
use super::super::document::{Node, NodeBody};
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::gather::Gather;
use super::super::pipeline::Needs;
use super::super::setting::{Literal, Setting};
use super::super::spec::{Attribute, Section, Spec};
use crate::body::Body;
use crate::forward::{ForwardOptions, HttpVersion};
use crate::xml::Element;

const HTTP_VERSION: Attribute = Attribute::optional("http-version", "`1`, `2` or `2or1`", "1");
const TIMEOUT: Attribute = Attribute::optional("timeout", "seconds, a whole number from 0", "300").or_expression();
const TIMEOUT_MS: Attribute =
    Attribute::optional("timeout-ms", "milliseconds, a whole number from 0", "none").or_expression();
const CONTINUE: Attribute =
    Attribute::optional("continue-timeout", "seconds, a whole number from 0", "none").or_expression();
const REDIRECTS: Attribute =
    Attribute::optional("follow-redirects", "`true`, `false` or an expression", "false").or_expression();
const BUFFER_REQUEST: Attribute = Attribute::optional("buffer-request-body", "`true` or `false`", "false");
const BUFFER_RESPONSE: Attribute =
    Attribute::optional("buffer-response", "`true` (chunks are gathered to 8 KB) or `false`", "false");
const FAIL: Attribute = Attribute::optional("fail-on-error-status-code", "`true` or `false`", "false");

pub(crate) const SPEC: Spec = Spec::new("forward-request", "Sends the request to the backend and takes its response.")
    .sections(&[Section::Backend])
    .attributes(&[HTTP_VERSION, TIMEOUT, TIMEOUT_MS, CONTINUE, REDIRECTS, BUFFER_REQUEST, BUFFER_RESPONSE, FAIL]).differences(&["Without `buffer-response` what the backend sends goes to the caller at once, so that events pass; API Management gathers 8 KB first, as `true` does here.", "`continue-timeout` is how long the body of a request with `Expect: 100-continue` is held back for the interim answer; when none comes in time, the call fails with `Timeout`. Without it the body is sent unasked after one second.", "A document may have several; each makes a call, and its response takes the place of the one before."]);

/// `forward-request`, compiled.
#[derive(Debug)]
pub(crate) struct ForwardRequest {
    version: HttpVersion,
    timeout: Timeout,
    /// In seconds.
    continue_timeout: Option<Setting<i64>>,
    follow_redirects: Setting<bool>,
    buffer_request: bool,
    fail_on_error_status: bool,
    /// Whether small chunks of the response are put together.
    gathers_response: bool,
}

#[derive(Debug)]
enum Timeout {
    Constant(Duration),
    Seconds(Setting<i64>),
    Milliseconds(Setting<i64>),
}

impl Default for ForwardRequest {
    fn default() -> Self {
        Self {
            version: HttpVersion::Http1,
            timeout: Timeout::Constant(Duration::from_secs(300)),
            continue_timeout: None,
            follow_redirects: Setting::Constant(false),
            buffer_request: false,
            fail_on_error_status: false,
            gathers_response: false,
        }
    }
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let default = ForwardRequest::default();
    if element.attribute("timeout").is_some() && element.attribute("timeout-ms").is_some() {
        let message = "`forward-request` has both `timeout` and `timeout-ms`: expected one of them";
        compiler.error(element.span.start, message.to_owned());
    }
    let seconds: Option<Setting<i64>> = compiler.setting(element, &TIMEOUT);
    let millis: Option<Setting<i64>> = compiler.setting(element, &TIMEOUT_MS);
    let continues: Option<Setting<i64>> = compiler.setting(element, &CONTINUE);
    for (attribute, setting) in [(&TIMEOUT, &seconds), (&TIMEOUT_MS, &millis), (&CONTINUE, &continues)] {
        if let Some(Setting::Constant(n)) = setting
            && *n < 0
        {
            let message = format!("`{}` of `forward-request` is `{n}`: expected {}", attribute.name, attribute.kind);
            compiler.error(element.span.start, message);
        }
    }
    let timeout = match (millis, seconds) {
        (Some(Setting::Constant(n)), _) => Timeout::Constant(Duration::from_millis(n.max(0).unsigned_abs())),
        (Some(setting), _) => Timeout::Milliseconds(setting),
        (None, Some(Setting::Constant(n))) => Timeout::Constant(Duration::from_secs(n.max(0).unsigned_abs())),
        (None, Some(setting)) => Timeout::Seconds(setting),
        (None, None) => default.timeout,
    };
    let forward = ForwardRequest {
        version: compiler.constant(element, &HTTP_VERSION).unwrap_or(default.version),
        timeout,
        continue_timeout: continues,
        follow_redirects: compiler.setting(element, &REDIRECTS).unwrap_or(default.follow_redirects),
        buffer_request: compiler.constant(element, &BUFFER_REQUEST).unwrap_or(default.buffer_request),
        fail_on_error_status: compiler.constant(element, &FAIL).unwrap_or(default.fail_on_error_status),
        gathers_response: compiler.constant(element, &BUFFER_RESPONSE).unwrap_or(default.gathers_response),
    };
    Some(Node { element: "forward-request", id: None, body: NodeBody::Forward(forward.into()) })
}

impl Literal for HttpVersion {
    fn literal(text: &str) -> Option<Self> {
        match text {
            "1" => Some(Self::Http1),
            "2" => Some(Self::Http2),
            "2or1" => Some(Self::Http2Or1),
            _ => None,
        }
    }

    fn value(_: crate::expr::Value) -> Result<Self, String> {
        Err("`http-version` does not take an expression".to_owned())
    }
}

impl ForwardRequest {
    /// How this request is to be forwarded, and how long its response headers may take.
    pub(crate) fn options(&self, exchange: &mut Exchange) -> Result<(ForwardOptions, Duration), Box<Failure>> {
        let positive =
            |n: i64| u64::try_from(n).map_err(|_| Failure::expression(format_args!("The time-out {n} is negative.")));
        let limit = match &self.timeout {
            Timeout::Constant(limit) => *limit,
            Timeout::Seconds(setting) => Duration::from_secs(positive(*setting.get(exchange)?)?),
            Timeout::Milliseconds(setting) => Duration::from_millis(positive(*setting.get(exchange)?)?),
        };
        let continue_timeout = match &self.continue_timeout {
            Some(setting) => Some(Duration::from_secs(positive(*setting.get(exchange)?)?)),
            None => None,
        };
        let options = ForwardOptions {
            continue_timeout,
            http_version: self.version,
            follow_redirects: *self.follow_redirects.get(exchange)?,
            keep_host: exchange.request.keep_host,
            client_ip: exchange.client_ip(),
            certificate: exchange.certificate.clone(),
            proxy: exchange.proxy.clone(),
            ..ForwardOptions::default()
        };
        Ok((options, limit))
    }

    /// The response as the pipeline goes on with it.
    pub(crate) fn received(&self, response: Response<Body>) -> Response<Body> {
        if !self.gathers_response || response.body().as_bytes().is_some() || response.body().is_empty() {
            return response;
        }
        response.map(|body| Body::new(Gather::new(body)))
    }

    /// Whether a backend's status is an error.
    pub(crate) fn fails_on(&self, status: StatusCode) -> bool {
        self.fail_on_error_status && (status.is_client_error() || status.is_server_error())
    }

    pub(crate) fn needs(&self) -> Needs {
        let timeout = match &self.timeout {
            Timeout::Constant(_) => Needs::NONE,
            Timeout::Seconds(setting) | Timeout::Milliseconds(setting) => setting.needs(),
        };
        let body = if self.buffer_request { Needs::REQUEST_BODY } else { Needs::NONE };
        let continues = self.continue_timeout.as_ref().map_or(Needs::NONE, Setting::needs);
        timeout | continues | self.follow_redirects.needs() | body
    }
}
