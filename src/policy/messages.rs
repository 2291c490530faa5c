//! The request and the response of an exchange, and their bodies.

use std::borrow::Cow;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{Extensions, HeaderMap, HeaderValue, Method, Response, StatusCode, Uri, Version, header};

use super::buffered::Buffered;
use super::header_name;
use crate::body::Body;

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
        let headers = self.headers.keys().map(|name| (header_name::usual(name), values(name).collect()));
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
