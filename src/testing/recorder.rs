//! Takes down what policies say to the sinks, and plays the gateway's identity.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;

use crate::identity::{
    AuthorizationContext, AuthorizationIdentity, AuthorizationRequest, CredentialManager, Error, Token, TokenRequest,
    TokenSource,
};
use crate::sink::{MetricEvent, MetricSink, RequestTrace, RequestTraceSink, TraceEvent, TraceSeverity, TraceSink};

/// A message of the `trace` policy, or of `context.Trace`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trace {
    /// The `source` attribute, or `context.Trace`.
    pub source: String,
    /// The `severity` attribute.
    pub severity: TraceSeverity,
    /// The message.
    pub message: String,
    /// Names and values, each name once.
    pub metadata: Vec<(String, String)>,
}

impl fmt::Display for Trace {
    /// One line: `Verbose source: message name=value`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}: {}", self.severity, self.source, self.message)?;
        self.metadata.iter().try_for_each(|(name, value)| write!(f, " {name}={value}"))
    }
}

/// A value of the `emit-metric` policy.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Metric {
    /// The `namespace` attribute, or `API Management`.
    pub namespace: String,
    /// The `name` attribute.
    pub name: String,
    /// The value.
    pub value: f64,
    /// Names and values in the order of the document.
    pub dimensions: Vec<(String, String)>,
}

impl fmt::Display for Metric {
    /// One line: `namespace/name value dimension=value;…`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dimensions: Vec<_> = self.dimensions.iter().map(|(name, value)| format!("{name}={value}")).collect();
        write!(f, "{}/{} {} {}", self.namespace, self.name, self.value, dimensions.join(";"))
    }
}

/// The sinks of one test.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    traces: Mutex<Vec<Trace>>,
    metrics: Mutex<Vec<Metric>>,
    requests: Mutex<Vec<RequestTrace>>,
}

impl Recorder {
    pub(super) fn shared() -> Arc<Self> {
        Arc::default()
    }

    pub(super) fn traces(&self) -> Vec<Trace> {
        lock(&self.traces).clone()
    }

    pub(super) fn metrics(&self) -> Vec<Metric> {
        lock(&self.metrics).clone()
    }

    pub(super) fn request(&self) -> Option<RequestTrace> {
        lock(&self.requests).first().cloned()
    }
}

impl TraceSink for Recorder {
    fn trace(&self, event: &TraceEvent<'_>) {
        lock(&self.traces).push(Trace {
            source: event.source.to_owned(),
            severity: event.severity,
            message: event.message.to_owned(),
            metadata: event.metadata.to_vec(),
        });
    }
}

impl MetricSink for Recorder {
    fn emit(&self, event: &MetricEvent<'_>) {
        lock(&self.metrics).push(Metric {
            namespace: event.namespace.to_owned(),
            name: event.name.to_owned(),
            value: event.value,
            dimensions: event.dimensions.to_vec(),
        });
    }
}

impl RequestTraceSink for Recorder {
    fn request_traced(&self, trace: RequestTrace) {
        lock(&self.requests).push(trace);
    }
}

/// Gives tokens of managed identities that say what they are for.
pub(super) struct Tokens;

#[async_trait]
impl TokenSource for Tokens {
    async fn token(&self, request: &TokenRequest) -> Result<Token, Error> {
        if &*request.resource == "refused" {
            return Err(Error::refused("there is no such resource"));
        }
        let client = request.client_id.as_ref().map_or(String::new(), |id| format!(" as {id}"));
        let text = format!("token of {}{client}", request.resource);
        Ok(Token::new(text, SystemTime::now() + Duration::from_secs(3600)))
    }
}

/// What asks no SQL Server: a test reaches no network.
#[cfg(feature = "sql")]
pub(super) struct NoServers;

#[cfg(feature = "sql")]
#[async_trait]
impl crate::sql::SqlExecutor for NoServers {
    async fn execute(&self, _: crate::sql::SqlRequest) -> Result<crate::sql::SqlRows, crate::sql::SqlError> {
        Err(crate::sql::SqlError::new("the test has no `EngineSettings::sql`, which answers for SQL Servers"))
    }
}

/// Authorizations of `get-authorization-context`, named after themselves.
pub(super) struct Credentials;

#[async_trait]
impl CredentialManager for Credentials {
    async fn get(&self, request: &AuthorizationRequest) -> Result<AuthorizationContext, Error> {
        if &*request.authorization == "refused" {
            return Err(Error::refused("there is no such authorization"));
        }
        let by = match request.identity {
            AuthorizationIdentity::Managed => "",
            AuthorizationIdentity::Jwt(_) => " by a token",
        };
        let text = format!("token of {}/{}{by}", request.provider, request.authorization);
        Ok(AuthorizationContext::new(text).claim("scope", "all".into()).claim("expires_in", 3600.into()))
    }
}

/// What a panicking test left is still what it was.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
