//! Requests that policies make on their own: what the children of `send-request` and its kin describe.

mod address;
mod asking;
mod parts;
mod sending;

use std::sync::Arc;

use http::header::{CONTENT_LENGTH, HOST};
use http::{HeaderMap, HeaderValue, Method, Request, Uri};

use super::compile::Compiler;
use super::error::Failure;
use super::exchange::{Exchange, Message};
use super::list::Statement as _;
use super::messages::{MessageBody, replace_body};
use super::pipeline::Needs;
use super::setting::{Literal, Setting};
use super::spec::{Attribute, Child, Content};
use super::statements::authentication_basic::{self, AuthenticationBasic};
use super::statements::authentication_certificate::{self, AuthenticationCertificate};
use super::statements::authentication_managed_identity::{self, AuthenticationManagedIdentity};
use super::statements::proxy::{self, Proxy};
use super::statements::set_backend_service::{self, SetBackendService};
use super::statements::set_body::{self, SetBody, say_utf8};
use super::statements::set_header::{self, SetHeader};
use crate::expr::Value;
use crate::forward::{Target, hop_by_hop};
use crate::outbound::OutboundOptions;
use crate::xml::Element;
use address::{absolute, current};
pub(crate) use asking::Asking;
use parts::Parts;
pub(crate) use sending::{Prepared, Sent, Wanted, acquire, unavailable};

pub(crate) const MODE: Attribute = Attribute::optional("mode", "`new` or `copy`", "new").or_expression();
pub(crate) const TIMEOUT: Attribute =
    Attribute::optional("timeout", "seconds, a whole number from 0", "60").or_expression();

const METHOD: &str = "an HTTP method such as `POST`";
const URL: &str = "an absolute URL such as `https://contoso.com/orders`";
pub(crate) const SET_URL: Child = Child::new("set-url", "0..1", Content::Text { expressions: true });
/// As `set-method`, but for expressions.
pub(crate) const SET_METHOD: Child =
    Child { is_policy: true, ..Child::new("set-method", "0..1", Content::Text { expressions: false }) };
pub(crate) const SET_HEADER: Child = Child::policy(&set_header::SPEC, "0..n");
pub(crate) const SET_BODY: Child = Child::policy(&set_body::SPEC, "0..1");
pub(crate) const SET_BACKEND: Child = Child::policy(&set_backend_service::SPEC, "0..1");
pub(crate) const BASIC: Child = Child::policy(&authentication_basic::SPEC, "0..1");
pub(crate) const CERTIFICATE: Child = Child::policy(&authentication_certificate::SPEC, "0..1");
pub(crate) const IDENTITY: Child = Child::policy(&authentication_managed_identity::SPEC, "0..1");
pub(crate) const PROXY: Child = Child::policy(&proxy::SPEC, "0..1");

/// What may stand in an element that describes a request.
pub(crate) const CHILDREN: &[Child] =
    &[SET_URL, SET_METHOD, SET_HEADER, SET_BODY, SET_BACKEND, BASIC, CERTIFICATE, IDENTITY, PROXY];

/// The description of a request, compiled.
#[derive(Debug)]
pub(crate) struct OwnRequest {
    /// The message of the section: a copy has a body only where it is the request.
    message: Message,
    mode: Setting<Mode>,
    url: Option<To>,
    method: Option<Method>,
    changes: Vec<Change>,
}

#[derive(Debug)]
enum To {
    Constant(Uri),
    Computed(Setting<String>),
}

/// A child, applied in order.
#[derive(Debug)]
enum Change {
    Header(SetHeader),
    Body(SetBody),
    Backend(SetBackendService),
    Basic(AuthenticationBasic),
    Certificate(AuthenticationCertificate),
    Identity(AuthenticationManagedIdentity),
    Proxy(Proxy),
}

/// What a request starts from: `mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Nothing.
    New,
    /// The request on its way.
    Copy,
}

impl Literal for Mode {
    fn literal(text: &str) -> Option<Self> {
        match text.trim() {
            "new" => Some(Self::New),
            "copy" => Some(Self::Copy),
            _ => None,
        }
    }

    fn value(value: Value) -> Result<Self, String> {
        let text = value.to_text().unwrap_or_default();
        Self::literal(&text).ok_or_else(|| format!("'{text}' is neither 'new' nor 'copy'."))
    }
}

impl OwnRequest {
    /// Reads the children of `element`, and its `mode`.
    pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        let mode = match element.attribute(MODE.name) {
            Some(_) => compiler.setting(element, &MODE),
            None => Some(Setting::Constant(Mode::New)),
        };
        let mut parts = Parts::default();
        let has_backend = element.elements().any(|child| *child.name == *SET_BACKEND.element);
        parts.read(compiler, element, has_backend);
        let needs_url = matches!(mode, Some(Setting::Constant(Mode::New)));
        if needs_url && parts.url.is_none() && element.elements().all(|child| &*child.name != "set-url") {
            let message = format!("`{}` has no `set-url`: it needs one unless `mode` is `copy`", element.name);
            compiler.error(element.span.start, message);
            return None;
        }
        let (mode, message) = (mode?, Message::of(compiler.section));
        let Parts { url, method, changes, is_broken } = parts;
        (!is_broken).then_some(Self { message, mode, url, method, changes })
    }

    /// Works the request out against an exchange.
    pub(crate) fn prepare(&self, exchange: &mut Exchange) -> Result<Prepared, Box<Failure>> {
        let mode = *self.mode.get(exchange)?;
        let (mut method, mut headers, mut body) = match mode {
            Mode::New => (Method::GET, HeaderMap::new(), MessageBody::None),
            Mode::Copy => self.copy(exchange),
        };
        if let Some(own) = &self.method {
            method = own.clone();
        }
        let has_backend = self.changes.iter().any(|change| matches!(change, Change::Backend(_)));
        let mut url = match &self.url {
            Some(To::Constant(uri)) => Ok(uri.clone()),
            Some(To::Computed(text)) => {
                let text = text.get(exchange)?;
                match has_backend && text.starts_with('/') {
                    true => absolute(&format!("http://backend{text}"))?,
                    false => absolute(&text)?,
                }
            }
            None if mode == Mode::Copy => Ok(current(exchange)?),
            None => return Err(invalid("The request has no URL: set-url is missing.")),
        };
        let mut options = OutboundOptions::default();
        let mut wanted = None;
        for change in &self.changes {
            match change {
                Change::Header(header) => header.change(exchange).map_err(as_invalid)?.apply(&mut headers),
                Change::Body(content) => {
                    replace_body(&mut body, &mut headers, content.bytes(exchange)?);
                    say_utf8(&mut headers);
                }
                Change::Backend(backend) => {
                    options.fabric = backend.fabric(exchange)?;
                    match backend.target(exchange).map_err(as_invalid)? {
                        Target::Backend(id) => options.backend = Some(id),
                        Target::Url(base) => {
                            let uri = url.as_ref().ok();
                            let rest = match (uri, backend.is_complete()) {
                                (None, _) => String::new(),
                                (Some(uri), true) => uri.query().map_or(String::new(), |query| format!("?{query}")),
                                (Some(uri), false) => uri.path_and_query().map_or("/", |rest| rest.as_str()).to_owned(),
                            };
                            url = absolute(&base.join(&rest).to_string())?;
                        }
                    }
                }
                Change::Basic(basic) => {
                    headers.insert(http::header::AUTHORIZATION, basic.header(exchange)?);
                }
                Change::Certificate(certificate) => options.certificate = Some(certificate.choice(exchange)?),
                Change::Identity(identity) => wanted = Some(identity.wanted(exchange)?),
                Change::Proxy(proxy) => options.proxy = Some(proxy.get(exchange).map_err(as_invalid)?),
            }
        }
        let mut request = Request::new(body.take());
        *request.method_mut() = method;
        *request.headers_mut() = headers;
        Prepared::new(exchange, url, request, options, wanted)
    }

    /// Method, headers and body of the request on its way, without what belongs to its connection.
    fn copy(&self, exchange: &mut Exchange) -> (Method, HeaderMap, MessageBody) {
        let request = &mut exchange.request;
        let mut headers = request.headers.clone();
        for name in [HOST, CONTENT_LENGTH] {
            headers.remove(name);
        }
        hop_by_hop::strip_request(&mut headers);
        let body = match (&request.body, self.message) {
            (MessageBody::Bytes(bytes), Message::Request) => MessageBody::Bytes(bytes.clone()),
            _ => MessageBody::None,
        };
        (request.method.clone(), headers, body)
    }

    pub(crate) fn needs(&self) -> Needs {
        let mut needs = Needs::OUTBOUND | self.mode.needs();
        if !matches!(self.mode, Setting::Constant(Mode::New)) {
            needs |= Needs::REQUEST;
            let replaces_body = self.changes.iter().any(|change| matches!(change, Change::Body(_)));
            if self.message == Message::Request && !replaces_body {
                needs |= Needs::REQUEST_BODY;
            }
        }
        if let Some(To::Computed(text)) = &self.url {
            needs |= text.needs();
        }
        self.changes.iter().fold(needs, |needs, change| {
            needs
                | match change {
                    Change::Header(header) => header.needs(),
                    Change::Body(body) => body.needs(),
                    Change::Backend(backend) => backend.needs(),
                    Change::Basic(basic) => basic.needs(),
                    Change::Certificate(certificate) => certificate.needs(),
                    Change::Identity(identity) => identity.needs(),
                    Change::Proxy(proxy) => proxy.needs(),
                }
        })
    }
}

/// The configuration of the request is wrong, which `ignore-error` does not cover.
fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Box<Failure> {
    Failure::internal("SendRequestInvalid", message)
}

/// What a child made wrong is a fault of the request; an expression that failed is its own.
fn as_invalid(failure: Box<Failure>) -> Box<Failure> {
    match &*failure.reason {
        "InvalidHeaderName" | "InvalidHeaderValue" | "InvalidBackendUrl" | "InvalidProxy" => invalid(failure.message),
        _ => failure,
    }
}

/// Reads a time limit: the literal is checked, an expression is when it is worked out.
pub(crate) fn seconds(compiler: &mut Compiler<'_>, element: &Element, attribute: &Attribute) -> Option<Setting<i64>> {
    let setting = compiler.setting::<i64>(element, attribute);
    if let Some(Setting::Constant(n)) = setting
        && n < 0
    {
        let message = format!("`{}` of `{}` is `{n}`: expected {}", attribute.name, element.name, attribute.kind);
        compiler.error(element.span.start, message);
    }
    setting
}

/// A number of seconds or milliseconds that an expression gave.
pub(crate) fn positive(n: i64) -> Result<u64, Box<Failure>> {
    u64::try_from(n).map_err(|_| Failure::expression(format_args!("The time-out {n} is negative.")))
}

/// `Bearer` with a token, marked sensitive.
fn bearer(token: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::try_from(format!("Bearer {token}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The name of a variable.
pub(crate) type Variable = Arc<str>;
