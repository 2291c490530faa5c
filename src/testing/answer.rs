//! What a service that is not there answers.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};

use crate::body::Body;
use crate::forward::ForwardError;

/// What the backend answers, or the service that `send-request` calls: a response, or none.
///
/// ```
/// use gatewright::testing::Answer;
/// use serde_json::json;
///
/// let answers = [
///     Answer::new(200).json(&json!({ "id": 7 })).header("ETag", "\"1\""),
///     Answer::new(503).reason("Try later"),
///     Answer::times_out(),
///     Answer::refuses(),
/// ];
/// ```
#[derive(Clone, Debug)]
pub struct Answer {
    pub(super) delay: Duration,
    pub(super) kind: Kind,
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Response(Reply),
    TimesOut,
    /// No connection, or one that broke; the message is that of `context.LastError`.
    Fails(Cow<'static, str>),
}

#[derive(Clone, Debug)]
pub(super) struct Reply {
    status: StatusCode,
    reason: Option<String>,
    headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    /// A response without headers and body.
    ///
    /// # Panics
    ///
    /// When `status` is not from 100 to 999.
    #[track_caller]
    pub fn new(status: u16) -> Self {
        let Ok(status) = StatusCode::from_u16(status) else { panic!("{status} is not a status code") };
        let reply = Reply { status, reason: None, headers: HeaderMap::new(), body: Bytes::new() };
        Self { delay: Duration::ZERO, kind: Kind::Response(reply) }
    }

    /// No response headers within the time limit of `forward-request` or `send-request`, whatever it is: the error is
    /// raised at once.
    pub fn times_out() -> Self {
        Self { delay: Duration::ZERO, kind: Kind::TimesOut }
    }

    /// Nobody listens at the address.
    pub fn refuses() -> Self {
        Self::fails("Unable to connect to the remote server")
    }

    /// A connection that fails; `message` is that of `context.LastError`, the reason `BackendConnectionFailure`.
    pub fn fails(message: impl Into<Cow<'static, str>>) -> Self {
        Self { delay: Duration::ZERO, kind: Kind::Fails(message.into()) }
    }

    /// The reason phrase, when it is not the standard one.
    #[must_use]
    pub fn reason(mut self, reason: impl Into<String>) -> Self {
        if let Kind::Response(reply) = &mut self.kind {
            reply.reason = Some(reason.into());
        }
        self
    }

    /// Adds a header.
    ///
    /// # Panics
    ///
    /// When name or value is not valid in HTTP.
    #[must_use]
    #[track_caller]
    pub fn header(self, name: &str, value: &str) -> Self {
        self.try_header(name, value).unwrap_or_else(|problem| panic!("{problem}"))
    }

    pub(super) fn try_header(mut self, name: &str, value: &str) -> Result<Self, String> {
        let (name, value) = header_line(name, value)?;
        if let Kind::Response(reply) = &mut self.kind {
            reply.headers.append(name, value);
        }
        Ok(self)
    }

    /// The body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        if let Kind::Response(reply) = &mut self.kind {
            reply.body = body.into();
        }
        self
    }

    /// A JSON body, with its `Content-Type`.
    #[must_use]
    pub fn json(mut self, body: &serde_json::Value) -> Self {
        if let Kind::Response(reply) = &mut self.kind {
            reply.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        self.body(body.to_string())
    }

    /// Lets the answer come after a time: `#[tokio::test(start_paused = true)]` does not wait for it.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

impl Reply {
    /// The response, its body streaming as one from a connection does.
    pub(super) fn into_response(self) -> Response<Body> {
        let mut response = Response::new(streaming(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        if let Some(reason) = self.reason.filter(|reason| self.status.canonical_reason() != Some(reason))
            && let Ok(reason) = hyper::ext::ReasonPhrase::try_from(reason.into_bytes())
        {
            response.extensions_mut().insert(reason);
        }
        response
    }
}

/// A body that is not known to be in memory.
pub(super) fn streaming(bytes: Bytes) -> Body {
    if bytes.is_empty() {
        return Body::empty();
    }
    Body::new(Full::new(bytes).map_err(|never| match never {}))
}

/// A header as HTTP has it, or what is wrong with it.
pub(super) fn header_line(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), String> {
    let name = name.parse::<HeaderName>().map_err(|error| format!("`{name}` is not a header name: {error}"))?;
    let value = HeaderValue::from_str(value).map_err(|error| format!("the value of header `{name}`: {error}"))?;
    Ok((name, value))
}

/// The error of a call that times out.
pub(super) fn timed_out() -> ForwardError {
    ForwardError {
        reason: "Timeout",
        message: "Request to the backend service timed out".into(),
        status: 500,
        retry_after: None,
    }
}

/// The error of a connection that fails.
pub(super) fn failed(message: Cow<'static, str>) -> ForwardError {
    ForwardError { reason: "BackendConnectionFailure", message, status: 500, retry_after: None }
}
