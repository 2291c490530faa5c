//! Errors at run time: what a statement reports, and what `context.LastError` and the caller see of it.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::messages::{MessageBody, ResponseState};
use super::redaction::Redaction;
use super::settings::EngineSettings;
use super::spec::{Scope, Section};
use crate::forward::ForwardError;

/// Why a statement could not do its work; the run loop adds where it stands.
#[derive(Clone, Debug)]
pub struct Failure {
    pub(crate) reason: Cow<'static, str>,
    pub(crate) message: Cow<'static, str>,
    pub(crate) status: StatusCode,
    answer: Answer,
    /// Whether a `retry` around the statement sees the answer as `context.Response`.
    shown: bool,
    /// Where the statement stands, when it is one in another.
    place: Option<u32>,
    /// The reason phrase of the answer, when it is not the status's own.
    phrase: Option<&'static str>,
}

#[derive(Clone, Debug)]
enum Answer {
    /// `Internal server error` with the request's id.
    Internal,
    /// `message` of the body.
    Message(Cow<'static, str>, Vec<(HeaderName, HeaderValue)>),
    /// This JSON.
    #[cfg_attr(not(feature = "graphql"), allow(dead_code))]
    Body(Cow<'static, str>),
    /// What the backend answered stays.
    Keep,
}

impl Failure {
    /// A fault that the caller sees as `500 Internal server error`; details are in `context.LastError` only.
    pub fn internal(reason: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Box<Self> {
        Box::new(Self {
            reason: reason.into(),
            message: message.into(),
            status: StatusCode::INTERNAL_SERVER_ERROR,
            answer: Answer::Internal,
            shown: false,
            place: None,
            phrase: None,
        })
    }

    /// The reason of [`caller_has_gone`](Self::caller_has_gone).
    pub(crate) const CALLER_HAS_GONE: &'static str = "ClientConnectionFailure";

    /// There is no response of the backend.
    pub(crate) fn without_response(error: ForwardError, settings: &EngineSettings) -> Box<Self> {
        let failure = Box::<Self>::from(error);
        let (status, public) = match &*failure.reason {
            _ if !settings.gateway_statuses || failure.status != StatusCode::INTERNAL_SERVER_ERROR => return failure,
            "BackendConnectionFailure" => (StatusCode::BAD_GATEWAY, "Bad Gateway"),
            "Timeout" => (StatusCode::GATEWAY_TIMEOUT, "Gateway Timeout"),
            _ => return failure,
        };
        Self::refused(status, failure.reason, failure.message).public_message(public)
    }

    /// The caller went away. Nobody is there to see the status; it is what other servers log.
    pub(crate) fn caller_has_gone() -> Box<Self> {
        let status = StatusCode::from_u16(499).unwrap_or(StatusCode::BAD_REQUEST);
        Self::refused(status, Self::CALLER_HAS_GONE, "The operation was canceled.")
    }

    /// A refusal: the caller sees `status` and the message.
    pub fn refused(
        status: StatusCode,
        reason: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Box<Self> {
        let message = message.into();
        let answer = Answer::Message(message.clone(), Vec::new());
        Box::new(Self { reason: reason.into(), message, status, answer, shown: false, place: None, phrase: None })
    }

    /// The backend's own error status, raised as an error; its response stays.
    pub(crate) fn backend_status(status: StatusCode) -> Box<Self> {
        Box::new(Self {
            reason: "BackendErrorStatusCode".into(),
            message: format!("Backend returned status code {}.", status.as_u16()).into(),
            status,
            answer: Answer::Keep,
            shown: false,
            place: None,
            phrase: None,
        })
    }

    /// An expression that failed.
    pub(crate) fn expression(message: impl fmt::Display) -> Box<Self> {
        Self::internal("ExpressionValueEvaluationFailure", format!("Expression evaluation failed. {message}"))
    }

    /// Says something else to the caller than to `context.LastError`.
    #[must_use]
    pub fn public_message(mut self: Box<Self>, text: impl Into<Cow<'static, str>>) -> Box<Self> {
        if let Answer::Message(message, _) = &mut self.answer {
            *message = text.into();
        }
        self
    }

    /// Answers with a body of its own, which is JSON.
    #[cfg(feature = "graphql")]
    pub(crate) fn body(mut self: Box<Self>, json: String) -> Box<Self> {
        self.answer = Answer::Body(json.into());
        self
    }

    /// The same failure without secrets.
    pub(crate) fn redacted(&self, redaction: &Redaction) -> Self {
        let mut failure = self.clone();
        failure.message = redaction.message(failure.message);
        if let Answer::Message(text, _) | Answer::Body(text) = &mut failure.answer {
            *text = redaction.message(std::mem::take(text));
        }
        failure
    }

    /// Adds a header to the answer.
    #[must_use]
    pub fn header(mut self: Box<Self>, name: HeaderName, value: HeaderValue) -> Box<Self> {
        if let Answer::Message(_, headers) = &mut self.answer {
            headers.push((name, value));
        }
        self
    }

    /// Gives the answer a reason phrase of its own.
    pub(crate) fn reason_phrase(mut self: Box<Self>, phrase: &'static str) -> Box<Self> {
        self.phrase = Some(phrase);
        self
    }

    /// Whether a `retry` around the statement sees the answer as `context.Response`, as it does when a backend is left
    /// alone; it sees none when a backend fails.
    pub(crate) fn is_shown(&self) -> bool {
        self.shown
    }

    /// The failure of a statement inside of the one that reports it; the innermost place holds.
    pub(crate) fn at(mut self: Box<Self>, place: u32) -> Box<Self> {
        self.place.get_or_insert(place);
        self
    }

    /// Where the statement stands that failed, when it is inside of `outer`.
    pub(crate) fn place_in(&self, outer: u32) -> u32 {
        self.place.unwrap_or(outer)
    }

    pub(crate) fn keeps_response(&self) -> bool {
        matches!(self.answer, Answer::Keep)
    }

    /// The response that stands before `on-error` starts.
    pub(crate) fn response(&self, request_id: impl FnOnce() -> String) -> ResponseState {
        let code = self.status.as_u16();
        let mut headers = HeaderMap::with_capacity(2);
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        let body = match &self.answer {
            Answer::Message(message, extra) => {
                headers.extend(extra.iter().cloned());
                format!("{{ \"statusCode\": {code}, \"message\": {} }}", JsonText(message))
            }
            Answer::Body(json) => json.clone().into_owned(),
            Answer::Internal | Answer::Keep => format!(
                "{{ \"statusCode\": {code}, \"message\": \"Internal server error\", \"activityId\": \"{}\" }}",
                request_id()
            ),
        };
        let reason = self.phrase.map(Into::into);
        ResponseState { status: self.status, reason, headers, body: MessageBody::Bytes(body.into()) }
    }
}

impl From<ForwardError> for Box<Failure> {
    fn from(error: ForwardError) -> Self {
        let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if let Some(seconds) = error.retry_after {
            // The message names backends: it is not for the caller.
            let public = status.canonical_reason().unwrap_or("Service Unavailable");
            let mut failure = Failure::refused(status, error.reason, error.message)
                .public_message(public)
                .header(header::RETRY_AFTER, seconds.into());
            failure.shown = true;
            return failure;
        }
        match status {
            StatusCode::INTERNAL_SERVER_ERROR => Failure::internal(error.reason, error.message),
            StatusCode::SERVICE_UNAVAILABLE => {
                Failure::refused(status, error.reason, error.message).public_message("Service Unavailable")
            }
            _ => Failure::refused(status, error.reason, error.message),
        }
    }
}

/// A JSON string literal of a text.
struct JsonText<'a>(&'a str);

impl fmt::Display for JsonText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '\n' => f.write_str("\\n")?,
                '\r' => f.write_str("\\r")?,
                '\t' => f.write_str("\\t")?,
                c if c < ' ' => write!(f, "\\u{:04x}", c as u32)?,
                c => f.write_char(c)?,
            }
        }
        f.write_char('"')
    }
}

/// An error of a request: what `context.LastError` holds.
///
/// Source: "Error handling in API Management policies".
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PolicyError {
    /// The policy element, or a built-in step such as `configuration` or `authorization`.
    pub source: Cow<'static, str>,
    /// The code that documents match on, such as `BackendConnectionFailure`.
    pub reason: Cow<'static, str>,
    /// Text for people.
    pub message: Cow<'static, str>,
    /// The scope of the document that holds the failing statement.
    pub scope: Option<Scope>,
    /// The section that failed.
    pub section: Option<Section>,
    /// Where the statement stands, such as `choose[3]/when[2]/set-header`.
    pub path: Option<String>,
    /// The `id` attribute of the statement.
    pub policy_id: Option<Arc<str>>,
    /// The status that the error maps to.
    pub status: StatusCode,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` failed: {}: {}", self.source, self.reason, self.message)
    }
}

impl std::error::Error for PolicyError {}
