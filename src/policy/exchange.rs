//! The mutable state of one request on its way: request, response, variables, last error.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Extensions, HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, Version, header};

use super::buffered::Buffered;
use super::error::{Failure, PolicyError};
use super::fabric::FabricUse;
use super::facts::Facts;
use super::limits::Limited;
use super::pipeline::Needs;
use super::query;
use super::redaction::Redaction;
use super::settings::EngineSettings;
use super::spec::{Scope, Section};
use super::statements::cors;
use super::tracer::Tracer;
use super::tracing::DebugAccess;
use crate::body::Body;
use crate::expr::Value;
use crate::forward::{self, CertificateName, ClientAddress, ClientScheme, ServedBy, Target, Tried, WebProxy};
use crate::outbound::Outbound;
use crate::sink::{TraceEvent, TraceSeverity};

/// One request on its way through a pipeline.
pub struct Exchange {
    pub(crate) request: RequestState,
    pub(crate) response: Option<ResponseState>,
    pub(crate) variables: Variables,
    pub(crate) last_error: Option<Box<PolicyError>>,
    pub(crate) target: Option<Target>,
    /// Which member of the pool answered, and the target that was the pool.
    pub(crate) served_by: Option<(Target, ServedBy)>,
    /// Which members of a pool the runs of a `retry` went to.
    pub(crate) tried: Option<Tried>,
    /// The scope whose document set a backend id; a base URL of a narrower one does not override it.
    pub(crate) backend_set_by: Option<Scope>,
    /// What is asked of a Service Fabric cluster, when the target is one.
    pub(crate) fabric: Option<Box<FabricUse>>,
    pub(crate) facts: Facts,
    pub(crate) parameters: Vec<(Arc<str>, String)>,
    pub(crate) settings: Arc<EngineSettings>,
    /// The client certificate for the backend: `authentication-certificate`.
    pub(crate) certificate: Option<CertificateName>,
    /// The web proxy to the backend: `proxy`.
    pub(crate) proxy: Option<WebProxy>,
    /// What sends the requests of policies, when the pipeline has such policies.
    pub(crate) outbound: Option<Arc<dyn Outbound>>,
    /// The trace of the request, when it is traced.
    pub(crate) tracer: Option<Box<Tracer>>,
    /// What the caller's token for tracing is good for.
    pub(crate) debug_access: DebugAccess,
    /// What `cors` puts on the final response, whatever it is.
    pub(crate) cors: Option<Box<cors::Answer>>,
    /// What limits and quotas keep of the request.
    pub(crate) limited: Option<Box<Limited>>,
    /// How much of the caller's path is the API's, with version and revision, in bytes.
    pub(crate) api_path_length: usize,
    /// The caller's address, when the request does not say it.
    pub(crate) client: Option<IpAddr>,
    /// Keeps secrets of the documents out of messages and events.
    pub(crate) redaction: Redaction,
    id: Option<[u8; 16]>,
    received: Option<SystemTime>,
}

/// Which message a statement acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    Request,
    Response,
}

impl Message {
    /// What a statement reports when a body that it makes would be larger than what is read into memory.
    pub(crate) fn too_large(self, limit: usize) -> Box<Failure> {
        match self {
            Self::Request => {
                Failure::internal("RequestBodyTooLarge", format!("Request body is larger than {limit} bytes."))
            }
            Self::Response => {
                Failure::internal("ResponseBodyTooLarge", format!("Response body is larger than {limit} bytes."))
            }
        }
    }

    /// What a statement needs that reads the body of the message.
    pub(crate) fn body_needs(self) -> Needs {
        match self {
            Self::Request => Needs::REQUEST_BODY,
            Self::Response => Needs::RESPONSE_BODY,
        }
    }

    /// The message that the statements of a section act on.
    pub(crate) fn of(section: Section) -> Self {
        match section {
            Section::Inbound | Section::Backend => Self::Request,
            Section::Outbound | Section::OnError => Self::Response,
        }
    }
}

/// The request as policies have changed it.
pub(crate) struct RequestState {
    pub(crate) method: Method,
    /// As the caller sent it, when a policy changed it.
    pub(crate) original_method: Option<Method>,
    /// As the caller sent it.
    pub(crate) original_uri: Uri,
    /// The caller's `Host`, kept when a policy changes the header.
    pub(crate) original_host: Option<HeaderValue>,
    pub(crate) rest: Rest,
    pub(crate) headers: HeaderMap,
    pub(crate) version: Version,
    pub(crate) extensions: Extensions,
    pub(crate) body: MessageBody,
    pub(crate) keep_host: bool,
    /// Whether only the query follows the backend's base URL.
    pub(crate) is_path_left_out: bool,
}

/// The path and query that follow the backend's base URL.
pub(crate) enum Rest {
    /// The caller's, from this byte of the path on.
    Original(usize),
    /// What policies made of it.
    Changed(String),
}

/// The response as policies have changed it.
pub(crate) struct ResponseState {
    pub(crate) status: StatusCode,
    /// The reason phrase, when it is not the status's own.
    pub(crate) reason: Option<Box<str>>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: MessageBody,
}

/// The body of a message.
#[derive(Debug, Default)]
pub(crate) enum MessageBody {
    /// There is none: `context.Request.Body` is null.
    #[default]
    None,
    /// Not read yet.
    Stream(Body),
    /// In memory.
    Bytes(Buffered),
    /// Read by an expression without `preserveContent`.
    Consumed,
    /// Streamed to a backend.
    Sent,
}

impl MessageBody {
    pub(crate) fn new(body: Body) -> Self {
        if body.is_empty() {
            return Self::None;
        }
        match Buffered::of(&body) {
            Some(buffered) => Self::Bytes(buffered),
            None => Self::Stream(body),
        }
    }

    /// The body to send; what was consumed is empty. Bytes in memory are there still afterwards.
    pub(crate) fn take(&mut self) -> Body {
        match self {
            Self::Bytes(buffered) => buffered.to_body(),
            Self::None | Self::Consumed | Self::Sent => Body::empty(),
            Self::Stream(_) => match std::mem::replace(self, Self::Sent) {
                Self::Stream(body) => body,
                _ => Body::empty(),
            },
        }
    }
}

impl Exchange {
    /// Starts with a request; `facts` and the rest come from the gateway.
    pub(crate) fn new(request: Request<Body>, settings: Arc<EngineSettings>) -> Self {
        let (mut parts, body) = request.into_parts();
        forward::arrive(&mut parts.headers);
        Self {
            request: RequestState {
                method: parts.method,
                original_method: None,
                original_uri: parts.uri,
                original_host: None,
                rest: Rest::Original(0),
                headers: parts.headers,
                version: parts.version,
                extensions: parts.extensions,
                body: MessageBody::new(body),
                keep_host: false,
                is_path_left_out: false,
            },
            response: None,
            variables: Variables::default(),
            last_error: None,
            target: None,
            served_by: None,
            tried: None,
            backend_set_by: None,
            fabric: None,
            facts: Facts::default(),
            parameters: Vec::new(),
            settings,
            certificate: None,
            proxy: None,
            outbound: None,
            tracer: None,
            debug_access: DebugAccess::Denied,
            cors: None,
            limited: None,
            api_path_length: 0,
            client: None,
            redaction: Redaction::default(),
            id: None,
            received: None,
        }
    }

    /// `context.RequestId`, drawn when it is first asked for.
    pub(crate) fn id(&mut self) -> [u8; 16] {
        *self.id.get_or_insert_with(|| {
            let mut bytes = [0; 16];
            // A failing random source gives the nil id: a request is not refused for want of a name.
            self.settings.random.fill(&mut bytes);
            // A random GUID, in .NET's order of bytes.
            bytes[7] = bytes[7] & 0x0f | 0x40;
            bytes[8] = bytes[8] & 0x3f | 0x80;
            bytes
        })
    }

    /// `context.RequestId` as text.
    pub(crate) fn id_text(&mut self) -> String {
        let mut out = String::with_capacity(36);
        let id = self.id();
        // .NET keeps the first three groups little-endian.
        let order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
        for (i, byte) in order.map(|at| id[at]).into_iter().enumerate() {
            if matches!(i, 4 | 6 | 8 | 10) {
                out.push('-');
            }
            for digit in [byte >> 4, byte & 15] {
                out.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
            }
        }
        out
    }

    /// `context.Timestamp`; pipelines that need it ask for it before they start.
    pub(crate) fn received(&mut self) -> SystemTime {
        *self.received.get_or_insert_with(|| self.settings.clock.wall())
    }

    /// The caller's address, when the host told.
    pub(crate) fn client_ip(&self) -> Option<IpAddr> {
        self.request.extensions.get::<ClientAddress>().map(|address| address.0).or(self.client)
    }

    /// Whether the caller came over TLS, as far as the host told.
    pub(crate) fn is_tls(&self) -> bool {
        self.request.extensions.get::<ClientScheme>().is_some_and(|scheme| *scheme == ClientScheme::Https)
    }

    /// The host that the caller asked for, with its port.
    pub(crate) fn original_host(&self) -> &str {
        if let Some(authority) = self.request.original_uri.authority() {
            return authority.as_str();
        }
        let header = self.request.original_host.as_ref().or_else(|| self.request.headers.get(header::HOST));
        header.and_then(|host| host.to_str().ok()).unwrap_or_default()
    }

    /// Whether a parameter of the URL template stands for the rest of the path.
    pub(crate) fn is_wildcard(&self, name: &str) -> bool {
        let template = self.facts.operation.as_ref().map_or("", |operation| &*operation.url_template);
        template
            .match_indices("{*")
            .any(|(at, _)| template[at + 2..].split_once('}').is_some_and(|(known, _)| known.trim() == name))
    }

    /// Whether a query parameter belongs to the operation's URL template.
    pub(crate) fn is_template_query(&self, name: &str) -> bool {
        let template = self.facts.operation.as_ref().map_or("", |operation| &*operation.url_template);
        query::parameters(query::split(template).1).any(|parameter| query::is_named(parameter, name))
    }

    /// Keeps the caller's `Host` for `OriginalUrl`, before a policy changes the header.
    pub(crate) fn host_changes(&mut self) {
        let request = &mut self.request;
        if !request.keep_host {
            request.original_host = request.headers.get(header::HOST).cloned();
            request.keep_host = true;
        }
    }

    /// Where in the caller's path begins what follows the backend's base URL, in bytes.
    #[cfg(feature = "client")]
    pub(crate) fn rest_starts_at(&mut self, byte: usize) {
        self.request.rest = Rest::Original(byte);
        self.api_path_length = byte;
    }

    /// Body and headers of a message; none of a response that does not exist yet.
    pub(crate) fn message(&mut self, message: Message) -> Option<(&mut MessageBody, &mut HeaderMap)> {
        match message {
            Message::Request => Some((&mut self.request.body, &mut self.request.headers)),
            Message::Response => self.response.as_mut().map(|response| (&mut response.body, &mut response.headers)),
        }
    }

    /// Hands a message to the host's trace sink, without secrets.
    pub(crate) fn trace(
        &mut self,
        source: &str,
        severity: TraceSeverity,
        message: &str,
        mut metadata: Vec<(String, String)>,
    ) {
        let id = self.id_text();
        let (source, message) = (self.redaction.redact(source), self.redaction.redact(message));
        for text in metadata.iter_mut().flat_map(|(name, value)| [name, value]) {
            if let Cow::Owned(shown) = self.redaction.redact(text) {
                *text = shown;
            }
        }
        let mut event = TraceEvent::new(&id, &source, &message);
        event.severity = severity;
        event.metadata = &metadata;
        event.api = self.facts.api.as_deref().map(|api| &*api.id);
        event.operation = self.facts.operation.as_deref().map(|operation| &*operation.id);
        self.settings.trace_sink.trace(&event);
        let (source, message) = (source.into_owned(), message.into_owned());
        self.trace_message(&source, &message, &metadata);
    }

    /// Changes the path and query that follow the backend's base URL.
    pub(crate) fn set_rest(&mut self, rest: String) {
        self.request.rest = Rest::Changed(rest);
    }
}

impl RequestState {
    /// The path and query that follow the backend's base URL; empty, or starting with `/` or `?`.
    pub(crate) fn rest(&self) -> &str {
        let rest = match &self.rest {
            Rest::Changed(text) => text,
            Rest::Original(start) => {
                let whole = self.original_uri.path_and_query().map_or("/", PathAndQuery::as_str);
                whole.get(*start..).unwrap_or_default()
            }
        };
        if self.is_path_left_out { rest.find('?').map_or("", |query| &rest[query..]) } else { rest }
    }

    /// The same as a URI for the service behind.
    pub(crate) fn rest_uri(&self) -> Result<PathAndQuery, http::uri::InvalidUri> {
        match (&self.rest, self.original_uri.path_and_query()) {
            (Rest::Original(0), Some(whole)) if !self.is_path_left_out => Ok(whole.clone()),
            (Rest::Original(0), None) if !self.is_path_left_out => Ok(PathAndQuery::from_static("/")),
            _ => match self.rest() {
                // Nothing cannot be said in a URI; an empty query is left out when the base URL is put in front.
                "" => Ok(PathAndQuery::from_static("?")),
                rest => PathAndQuery::try_from(rest),
            },
        }
    }
}

impl ResponseState {
    /// The response that a variable holds.
    pub(crate) fn of_value(value: &crate::expr::Response) -> Self {
        let mut headers = HeaderMap::new();
        for (name, values) in value.headers() {
            let Ok(name) = http::HeaderName::from_bytes(name.as_bytes()) else { continue };
            for value in values {
                headers.extend(HeaderValue::from_str(value).ok().map(|value| (name.clone(), value)));
            }
        }
        let status = u16::try_from(value.status()).ok().and_then(|status| StatusCode::from_u16(status).ok());
        let status = status.unwrap_or(StatusCode::OK);
        let reason = Some(value.reason()).filter(|reason| status.canonical_reason() != Some(*reason));
        // What an expression has consumed already is empty.
        let body =
            value.body(true).ok().flatten().map_or(MessageBody::None, |body| MessageBody::Bytes(body.bytes.into()));
        Self { status, reason: reason.map(Into::into), headers, body }
    }

    /// The response as a variable holds it, with these bytes as its body.
    pub(crate) fn to_value(&self, bytes: Vec<u8>) -> crate::expr::Response {
        let values = |name| self.headers.get_all(name).iter().map(|v| String::from_utf8_lossy(v.as_bytes()).into());
        let headers = self.headers.keys().map(|name| (name.as_str().to_owned(), values(name).collect()));
        let content_type = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let body = crate::expr::Body { bytes, content_type: content_type.map(str::to_owned) };
        crate::expr::Response::new(self.status.as_u16(), &self.reason(), headers.collect(), Some(body))
    }

    /// `200 OK` without headers and body.
    pub(crate) fn ok() -> Self {
        Self { status: StatusCode::OK, reason: None, headers: HeaderMap::new(), body: MessageBody::None }
    }

    pub(crate) fn from_response(response: Response<Body>) -> Self {
        let (mut parts, body) = response.into_parts();
        Self {
            status: parts.status,
            reason: reason_of(&mut parts.extensions),
            headers: parts.headers,
            body: MessageBody::new(body),
        }
    }

    pub(crate) fn into_response(mut self) -> Response<Body> {
        let mut response = Response::new(self.body.take());
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        if let Some(reason) = self.reason {
            set_reason(response.extensions_mut(), &reason);
        }
        response
    }

    /// The reason phrase, or the standard one.
    pub(crate) fn reason(&self) -> Cow<'_, str> {
        match &self.reason {
            Some(reason) => Cow::Borrowed(reason),
            None => Cow::Borrowed(self.status.canonical_reason().unwrap_or_default()),
        }
    }

    /// Puts other bytes in place of the body.
    pub(crate) fn replace_body(&mut self, bytes: Bytes) {
        replace_body(&mut self.body, &mut self.headers, bytes);
    }
}

impl From<Response<Body>> for ResponseState {
    fn from(response: Response<Body>) -> Self {
        Self::from_response(response)
    }
}

/// Puts other bytes in place of a message's body, without its trailers, with the headers that follow from it.
pub(crate) fn replace_body(body: &mut MessageBody, headers: &mut HeaderMap, bytes: Bytes) {
    *body = if bytes.is_empty() { MessageBody::None } else { MessageBody::Bytes(bytes.into()) };
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::TRANSFER_ENCODING);
}

#[cfg(feature = "client")]
fn reason_of(extensions: &mut Extensions) -> Option<Box<str>> {
    let reason = extensions.remove::<hyper::ext::ReasonPhrase>()?;
    Some(String::from_utf8_lossy(reason.as_bytes()).into())
}

#[cfg(not(feature = "client"))]
fn reason_of(_: &mut Extensions) -> Option<Box<str>> {
    None
}

#[cfg(feature = "client")]
fn set_reason(extensions: &mut Extensions, reason: &str) {
    // A reason that HTTP/1.1 cannot carry is left out; the status says the same.
    if let Ok(reason) = hyper::ext::ReasonPhrase::try_from(reason.as_bytes().to_vec()) {
        extensions.insert(reason);
    }
}

#[cfg(not(feature = "client"))]
fn set_reason(_: &mut Extensions, _: &str) {}

/// `context.Variables`: names are case-sensitive.
#[derive(Default)]
pub(crate) struct Variables {
    entries: Vec<(Arc<str>, Value)>,
    /// In a fork, the names of what was set in it.
    written: Option<Vec<Arc<str>>>,
}

impl Variables {
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.entries.iter().find(|(key, _)| **key == *name).map(|(_, value)| value)
    }

    pub(crate) fn set(&mut self, name: Arc<str>, value: Value) {
        if let Some(written) = &mut self.written {
            written.push(name.clone());
        }
        match self.entries.iter_mut().find(|(key, _)| *key == name) {
            Some((_, old)) => *old = value,
            None => self.entries.push((name, value)),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Arc<str>, &Value)> {
        self.entries.iter().map(|(name, value)| (name, value))
    }

    /// The same variables, to be changed apart from these.
    pub(crate) fn fork(&self) -> Self {
        Self { entries: self.entries.clone(), written: Some(Vec::new()) }
    }

    /// Takes over what was set in a fork.
    pub(crate) fn adopt(&mut self, fork: Self) {
        for name in fork.written.iter().flatten() {
            if let Some(value) = fork.get(name) {
                self.set(name.clone(), value.clone());
            }
        }
    }
}
