//! Why a request got no response from its backend.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Response, StatusCode};

use super::breaker::Refusal;
use super::certificates::CertificateError;
use crate::Body;
use crate::body::BoxError;
use crate::forward::{ForwardError, Reported};

/// Why a request got no response from its backend.
///
/// `Display` is for the operator: the backend, what failed, and the cause. [`reason`](Self::reason) and
/// [`message`](Self::message) are the words that API Management uses in `context.LastError`. No part holds a secret or
/// the query of the request.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: Kind,
    backend: Option<Arc<str>>,
    cause: Reported,
    /// The status of a refusal, and the seconds after which to come back.
    refusal: Option<(u16, u32)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    NotFound,
    /// The circuit is open.
    Open,
    /// No member of the pool is a candidate.
    Exhausted,
    /// The backend has all the requests it may have, and so has its queue.
    Full,
    /// The client certificate that the request asks for is not there.
    NoCertificate,
    /// There is no token of the managed identity.
    NoToken,
    Unsendable,
    /// A cluster did not say where the service is.
    Unresolved,
    Dns,
    Connect,
    ConnectTimeout,
    Certificate,
    Handshake,
    /// The backend refuses the client certificate, or misses one.
    ClientCertificate,
    /// The web proxy opened no tunnel, or wants other credentials.
    Proxy,
    /// The connection ended before the request was written.
    Unsent,
    Closed,
    Malformed,
    Timeout,
    ClientGone,
    /// The gateway calls itself again and again.
    #[cfg_attr(not(feature = "policy"), allow(dead_code))]
    Loop,
}

/// Who a failure is to be blamed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The caller, who went away or whose body broke off.
    Client,
    /// The gateway: its configuration, or a request that a policy made impossible to send.
    Gateway,
    /// The backend or the network before it.
    Backend,
}

impl Error {
    pub(super) fn new(kind: Kind) -> Self {
        Self(Box::new(Inner { kind, backend: None, cause: Reported::default(), refusal: None }))
    }

    pub(super) fn caused_by(kind: Kind, source: impl Into<BoxError>) -> Self {
        let mut error = Self::new(kind);
        error.0.cause.source = Some(source.into());
        error
    }

    /// The gateway called itself once too often; `why` is shown to the caller.
    #[cfg(feature = "policy")]
    pub(crate) fn call_loop(why: String) -> Self {
        Self::caused_by(Kind::Loop, why)
    }

    /// No connection; `why` is for the operator.
    #[cfg(feature = "testing")]
    pub(crate) fn not_connected(why: String) -> Self {
        Self::caused_by(Kind::Connect, why)
    }

    /// What the operator is told besides.
    pub(super) fn because(mut self, why: String) -> Self {
        self.0.cause.source = Some(why.into());
        self
    }

    pub(super) fn of(mut self, backend: Arc<str>) -> Self {
        self.0.backend = Some(backend);
        // Its text names the backend.
        self.0.cause.error.take();
        self
    }

    /// A circuit breaker let nothing pass.
    pub(super) fn open(refusal: Refusal) -> Self {
        let mut error = Self::new(Kind::Open);
        error.0.refusal = Some((refusal.status, whole_seconds(refusal.remaining)));
        error
    }

    /// A pool has no candidate; the first one may be back after `soonest`.
    pub(super) fn exhausted(status: u16, soonest: Option<Duration>) -> Self {
        let mut error = Self::new(Kind::Exhausted);
        error.0.refusal = Some((status, whole_seconds(soonest.unwrap_or_default())));
        error
    }

    /// The error of whoever limits the time until the response headers arrive, such as `forward-request timeout`.
    pub fn timeout() -> Self {
        Self::new(Kind::Timeout)
    }

    /// The code in `context.LastError.Reason`: `BackendConnectionFailure`, `Timeout`, `ClientConnectionFailure`,
    /// `BackendNotFound`, `CircuitBreakerOpen`, `BackendPoolUnavailable`, `BackendConcurrencyLimitExceeded`,
    /// `CertificateNotFound` or `ManagedIdentityTokenNotAcquired`.
    pub fn reason(&self) -> &'static str {
        match self.0.kind {
            Kind::NotFound => "BackendNotFound",
            Kind::Open => "CircuitBreakerOpen",
            Kind::Exhausted => "BackendPoolUnavailable",
            Kind::Full => "BackendConcurrencyLimitExceeded",
            Kind::NoCertificate => "CertificateNotFound",
            Kind::NoToken => "ManagedIdentityTokenNotAcquired",
            Kind::Timeout => "Timeout",
            Kind::ClientGone => "ClientConnectionFailure",
            _ => "BackendConnectionFailure",
        }
    }

    /// The text in `context.LastError.Message`.
    pub fn message(&self) -> Cow<'static, str> {
        let text = match self.0.kind {
            Kind::NotFound => {
                return format!("Backend {} was not found.", self.backend().unwrap_or_default()).into();
            }
            Kind::Open | Kind::Full => {
                return format!("Backend {} is temporarily unavailable.", self.backend().unwrap_or_default()).into();
            }
            Kind::Exhausted => {
                return format!("Backend pool {} is temporarily unavailable.", self.backend().unwrap_or_default())
                    .into();
            }
            Kind::Loop => {
                return self.0.cause.source.as_ref().map_or("".into(), |why| why.to_string().into());
            }
            Kind::NoCertificate => match self.certificate() {
                Some(id) => return format!("Certificate {id} was not found.").into(),
                None => "The client certificate was not found.",
            },
            Kind::NoToken => "The token of the managed identity could not be acquired.",
            Kind::Unsendable => "The request could not be sent to the backend.",
            Kind::Unresolved => "The address of the service could not be resolved.",
            Kind::Dns | Kind::Connect | Kind::ConnectTimeout | Kind::Proxy => "Unable to connect to the remote server",
            Kind::Certificate => {
                "The underlying connection was closed: Could not establish trust relationship for the SSL/TLS secure channel."
            }
            Kind::Handshake | Kind::ClientCertificate => {
                "The underlying connection was closed: An unexpected error occurred on a send."
            }
            Kind::Unsent | Kind::Closed => "Underlying transport connection was unexpectedly closed.",
            Kind::Malformed => "The server committed a protocol violation.",
            Kind::Timeout => "Request to the backend service timed out",
            Kind::ClientGone => "The operation was canceled.",
        };
        text.into()
    }

    /// The status that the caller gets when no policy changes it: 500, or 499 (for logs) when the caller went away, or
    /// 508 when the gateway calls itself without end. An open circuit and a pool without candidates have the status of
    /// their `failureResponse`, or 503.
    pub fn status(&self) -> u16 {
        match self.0.kind {
            Kind::ClientGone => 499,
            Kind::Loop => 508,
            Kind::Full => 503,
            _ => self.0.refusal.map_or(500, |(status, _)| status),
        }
    }

    /// The seconds for `Retry-After`, at least 1, when nothing was sent because the backend is left alone or full.
    pub fn retry_after(&self) -> Option<u32> {
        match self.0.kind {
            Kind::Full => Some(1),
            _ => self.0.refusal.map(|(_, seconds)| seconds),
        }
    }

    fn reported(&self) -> ForwardError {
        ForwardError {
            reason: self.reason(),
            message: self.message(),
            status: self.status(),
            retry_after: self.retry_after(),
        }
    }

    /// Whether nothing was sent because a circuit is open, a pool has no candidate, or the backend is full.
    pub fn is_refusal(&self) -> bool {
        matches!(self.0.kind, Kind::Open | Kind::Exhausted | Kind::Full)
    }

    /// Whether nothing was sent because the circuit of a backend is open.
    pub(super) fn is_open(&self) -> bool {
        self.0.kind == Kind::Open
    }

    /// Who is to be blamed.
    pub fn side(&self) -> Side {
        match self.0.kind {
            Kind::ClientGone => Side::Client,
            Kind::NotFound | Kind::Open | Kind::Exhausted | Kind::Full => Side::Gateway,
            Kind::NoCertificate | Kind::NoToken | Kind::Unsendable | Kind::Loop => Side::Gateway,
            _ => Side::Backend,
        }
    }

    /// Whether the backend has certainly not seen the request, so that sending it again cannot act twice.
    pub fn is_retry_safe(&self) -> bool {
        self.is_connect() || matches!(self.0.kind, Kind::Unsent | Kind::Unresolved | Kind::NoToken) || self.is_refusal()
    }

    /// Whether no connection came to be: name, network, time limit or TLS.
    pub fn is_connect(&self) -> bool {
        matches!(
            self.0.kind,
            Kind::Dns
                | Kind::Connect
                | Kind::ConnectTimeout
                | Kind::Certificate
                | Kind::Handshake
                | Kind::ClientCertificate
                | Kind::Proxy
        )
    }

    /// Whether a time limit was exceeded, for connecting or for the response headers.
    pub fn is_timeout(&self) -> bool {
        matches!(self.0.kind, Kind::Timeout | Kind::ConnectTimeout)
    }

    /// Whether the certificate of the backend was refused.
    pub fn is_certificate(&self) -> bool {
        self.0.kind == Kind::Certificate
    }

    /// The id or thumbprint of the client certificate that is not there, when it has one.
    fn certificate(&self) -> Option<&str> {
        match self.0.cause.source.as_ref()?.downcast_ref()? {
            CertificateError::Unknown(id) | CertificateError::Unusable { id, .. } => Some(id),
            _ => None,
        }
    }

    /// The id of the Backend entity, when the request was for one.
    pub fn backend(&self) -> Option<&str> {
        self.0.backend.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(id) = self.backend() {
            write!(f, "backend `{id}`: ")?;
        }
        f.write_str(match self.0.kind {
            Kind::NotFound => "not defined",
            Kind::Open => "its circuit breaker is open",
            Kind::Exhausted => "no member of the pool can be asked",
            Kind::Full => "it has all the requests that it may have",
            Kind::NoCertificate => "the client certificate cannot be used",
            Kind::NoToken => "there is no token of the managed identity",
            Kind::Unsendable => "the request cannot be sent",
            Kind::Unresolved => "the address of the service was not resolved",
            Kind::Dns => "the name of the host was not resolved",
            Kind::Connect => "the host refused the connection or cannot be reached",
            Kind::ConnectTimeout => "no connection within the time limit",
            Kind::Certificate => "the certificate was refused",
            Kind::Handshake => "the TLS handshake failed",
            Kind::ClientCertificate => "the backend refuses the client certificate, or misses one",
            Kind::Proxy => "the web proxy refused",
            Kind::Unsent => "the connection ended before the request was sent",
            Kind::Closed => "the connection ended before the response came",
            Kind::Malformed => "the response is not valid HTTP",
            Kind::Timeout => "no response headers within the time limit",
            Kind::ClientGone => "the body of the request broke off",
            Kind::Loop => "the gateway calls itself",
        })?;
        if let Some((_, seconds)) = self.0.refusal {
            write!(f, ", next try in {seconds} s")?;
        }
        let mut cause = self.0.cause.source();
        while let Some(error) = cause {
            // Its text is the name of a step inside the HTTP library.
            if !error.is::<hyper_util::client::legacy::Error>() {
                write!(f, ": {error}")?;
            }
            cause = error.source();
        }
        Ok(())
    }
}

impl StdError for Error {
    /// First a link that displays as [`message`](Error::message), by which `PolicyLayer` knows what to report; then what
    /// caused the failure, if anything did.
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let reported = &self.0.cause;
        reported.error.get_or_init(|| self.reported());
        Some(reported)
    }
}

/// Rounded up, at least 1.
fn whole_seconds(time: Duration) -> u32 {
    let seconds = time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0));
    u32::try_from(seconds).unwrap_or(u32::MAX).max(1)
}

/// What the caller gets: the status, `Retry-After` when there is one, and `{"statusCode": …, "message": "…"}` with the name of
/// the status, as Azure words it. Nothing of the cause is in it.
impl From<Error> for Response<Body> {
    fn from(error: Error) -> Self {
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let message = match status {
            StatusCode::INTERNAL_SERVER_ERROR => "Internal server error",
            status => status.canonical_reason().unwrap_or_default(),
        };
        let code = status.as_u16();
        let mut response = Self::new(Body::from(format!(r#"{{ "statusCode": {code}, "message": "{message}" }}"#)));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(seconds) = error.retry_after() {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl From<Error> for ForwardError {
    fn from(error: Error) -> Self {
        error.reported()
    }
}
