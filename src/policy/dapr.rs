//! The Dapr sidecar: its address, the target of an invocation, and the requests of policies to it.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Request};
use percent_encoding::utf8_percent_encode;
use tokio::time::timeout;

use super::compile::Compiler;
use super::error::Failure;
use super::exchange::Exchange;
use super::list::{Flow, Resume};
use super::messages::ResponseState;
use super::own_request::{Prepared, positive, seconds};
use super::pipeline::Needs;
use super::query::UNRESERVED;
use super::setting::Setting;
use super::spec::Attribute;
use super::statements::send_request;
use crate::body::Body;
use crate::expr::Value;
use crate::forward::BaseUrl;
use crate::outbound::OutboundOptions;
use crate::xml::Element;

const APP: Attribute = Attribute::optional("dapr-app-id", "an application id", "none").or_expression();
const METHOD: Attribute = Attribute::optional("dapr-method", "a method name", "none").or_expression();
const NAMESPACE: Attribute = Attribute::optional("dapr-namespace", "a namespace", "none").or_expression();
/// The attributes of `set-backend-service` for a method of another application.
pub(crate) const TARGET: [Attribute; 3] = [APP, METHOD, NAMESPACE];

const IGNORE: Attribute = Attribute::optional("ignore-error", "`true` or `false`", "false");
const VARIABLE: Attribute = Attribute::optional("response-variable-name", "the name of a variable", "none");
const TIMEOUT: Attribute = Attribute::optional("timeout", "seconds, a whole number from 1 to 240", "5").or_expression();
const TEMPLATE: Attribute = Attribute::optional("template", "`Liquid`", "none");
const CONTENT: Attribute = Attribute::optional("content-type", "`application/json`", "application/json");
/// The attributes that every request to Dapr has.
pub(crate) const CALL: [Attribute; 5] = [IGNORE, VARIABLE, TIMEOUT, TEMPLATE, CONTENT];

/// The sidecar of this machine: port 3500, or that in `DAPR_HTTP_PORT`.
pub(crate) fn sidecar() -> Arc<BaseUrl> {
    let port = std::env::var("DAPR_HTTP_PORT").ok().and_then(|port| port.parse::<u16>().ok()).unwrap_or(3500);
    let url = BaseUrl::parse(&format!("http://localhost:{port}"));
    // INVARIANT: a host and a port are a base URL.
    Arc::new(url.expect("a host and a port are a base URL"))
}

/// `dapr-app-id` and its kin: a method of another application.
#[derive(Debug)]
pub(crate) struct Invocation {
    app: Setting<String>,
    method: Setting<String>,
    namespace: Option<Setting<String>>,
}

impl Invocation {
    pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        let backend = Attribute::optional("backend-id", "`dapr`", "none");
        let id = compiler.constant::<String>(element, &backend);
        if id.as_deref() != Some("dapr") || element.attribute("base-url").is_some() {
            let message =
                "`set-backend-service` has attributes for Dapr: expected `backend-id` to be `dapr`, without `base-url`";
            compiler.error(element.span.start, message.to_owned());
            return None;
        }
        for attribute in [&APP, &METHOD].into_iter().filter(|attribute| element.attribute(attribute.name).is_none()) {
            let message =
                format!("`set-backend-service` for Dapr needs the attribute `{}`: {}", attribute.name, attribute.kind);
            compiler.error(element.span.start, message);
        }
        let (app, method) = (compiler.setting(element, &APP), compiler.setting(element, &METHOD));
        let namespace = compiler.setting(element, &NAMESPACE);
        Some(Self { app: app?, method: method?, namespace })
    }

    /// `{sidecar}/v1.0/invoke/{app}[.{namespace}]/method/{method}`.
    pub(crate) fn url(&self, exchange: &mut Exchange) -> Result<BaseUrl, Box<Failure>> {
        let mut app = self.app.get(exchange)?.trim().to_owned();
        if let Some(namespace) = &self.namespace {
            let namespace = namespace.get(exchange)?;
            if !namespace.trim().is_empty() {
                app = format!("{app}.{}", namespace.trim());
            }
        }
        let method = self.method.get(exchange)?;
        let path = format!("/v1.0/invoke/{}/method/{}", segment(&app), method.trim().trim_start_matches('/'));
        let url = exchange.settings.dapr.join(&path).to_string();
        BaseUrl::parse(&url).map_err(|error| Failure::internal("InvalidBackendUrl", error.to_string()))
    }

    pub(crate) fn needs(&self) -> Needs {
        let namespace = self.namespace.as_ref().map_or(Needs::NONE, Setting::needs);
        self.app.needs() | self.method.needs() | namespace
    }
}

/// One segment of a path.
pub(crate) fn segment(text: &str) -> impl Display {
    utf8_percent_encode(text, UNRESERVED)
}

/// How a request to the sidecar is made and what becomes of its response.
#[derive(Debug)]
pub(crate) struct Call {
    ignores_errors: bool,
    variable: Option<Arc<str>>,
    limit: Setting<i64>,
    content_type: HeaderValue,
}

impl Call {
    /// Reads the attributes of `element`; also says whether its content is a Liquid template.
    pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> (Option<Self>, bool) {
        let limit = seconds(compiler, element, &TIMEOUT).unwrap_or(Setting::Constant(5));
        if let Setting::Constant(n) = limit
            && !(1..=240).contains(&n)
        {
            let message = format!("`timeout` of `{}` is `{n}`: expected {}", element.name, TIMEOUT.kind);
            compiler.error(element.span.start, message);
        }
        let template = compiler.constant::<String>(element, &TEMPLATE);
        let is_liquid = template.as_deref().is_some_and(|template| template.eq_ignore_ascii_case("liquid"));
        if let Some(template) = template.filter(|_| !is_liquid) {
            let message = format!("`template` of `{}` is `{template}`: expected {}", element.name, TEMPLATE.kind);
            compiler.error(element.span.start, message);
        }
        let content_type = compiler.constant::<String>(element, &CONTENT);
        let content_type = content_type.unwrap_or_else(|| CONTENT.default.to_owned());
        let Ok(content_type) = HeaderValue::try_from(content_type.trim()) else {
            let message = format!("`content-type` of `{}` cannot be sent: expected {}", element.name, CONTENT.kind);
            compiler.error(element.span.start, message);
            return (None, is_liquid);
        };
        let ignores_errors = compiler.constant(element, &IGNORE).unwrap_or(false);
        let variable = compiler.constant::<String>(element, &VARIABLE).map(Into::into);
        (Some(Self { ignores_errors, variable, limit, content_type }), is_liquid)
    }

    pub(crate) fn needs(&self) -> Needs {
        Needs::OUTBOUND | self.limit.needs()
    }

    /// Posts a body to a path of the sidecar, and waits for the response.
    pub(crate) fn post(&self, exchange: &mut Exchange, path: &str, body: Vec<u8>) -> Result<Flow, Box<Failure>> {
        let limit = Duration::from_secs(positive(*self.limit.get(exchange)?)?.clamp(1, 240));
        let mut request = Request::post(exchange.settings.dapr.join(path).to_string())
            .body(Body::from(body))
            .map_err(|error| Failure::internal("DaprRequestFailure", error.to_string()))?;
        request.headers_mut().insert(CONTENT_TYPE, self.content_type.clone());
        let uri = request.uri().clone();
        let prepared = Prepared::new(exchange, Ok(uri), request, OutboundOptions::default(), None)?;
        let (ignores_errors, variable) = (self.ignores_errors, self.variable.clone());
        let body_limit = exchange.settings.body_limit;
        Ok(Flow::Wait(Box::pin(async move {
            let got = timeout(limit, answer(prepared, body_limit)).await;
            let got = got.unwrap_or_else(|_| Err(failed("The Dapr sidecar did not answer in time.")));
            let resume: Resume = Box::new(move |exchange| {
                let value = match got {
                    Ok(response) => Value::from(response),
                    Err(failure) if ignores_errors => {
                        let message = exchange.redaction.message(failure.message.clone());
                        tracing::debug!(target: "gatewright::policy", "dapr: ignored: {message}");
                        exchange.trace_note(|| format!("The error was ignored. {}: {message}", failure.reason));
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
}

/// The response of the sidecar; an error status is a failure.
async fn answer(prepared: Prepared, limit: usize) -> Result<crate::expr::Response, Box<Failure>> {
    let sent = prepared.send().await.map_err(|failure| failed(failure.message))?;
    let status = sent.response.status();
    if status.is_client_error() || status.is_server_error() {
        return Err(failed(format!("The Dapr sidecar answered with status {}.", status.as_u16())));
    }
    let (parts, body) = sent.response.into_parts();
    let bytes = send_request::read(body, limit).await.map_err(|failure| failed(failure.message))?;
    Ok(ResponseState::from_response(http::Response::from_parts(parts, Body::empty())).to_value(bytes))
}

fn failed(message: impl Into<std::borrow::Cow<'static, str>>) -> Box<Failure> {
    Failure::internal("DaprRequestFailure", message)
}
