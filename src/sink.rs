//! Where events go: the messages of the `trace` policy and of `context.Trace`, the metrics of `emit-metric`, and the
//! traces of requests.

mod request_trace;

use std::sync::Arc;
use std::time::SystemTime;

pub use request_trace::{RecentTraces, RequestTrace, RequestTraceSink, TraceEntry, TraceSection};

/// One message of the `trace` policy, or of `context.Trace` in an expression.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TraceEvent<'a> {
    /// When it was made.
    pub timestamp: SystemTime,
    /// `context.RequestId` of the request.
    pub request_id: &'a str,
    /// The API's id, when the request has one.
    pub api: Option<&'a str>,
    /// The operation's id, when the request has one.
    pub operation: Option<&'a str>,
    /// The `source` attribute, or `context.Trace`.
    pub source: &'a str,
    /// How important the author finds it.
    pub severity: TraceSeverity,
    /// The message.
    pub message: &'a str,
    /// Names and values, each name once.
    pub metadata: &'a [(String, String)],
}

impl<'a> TraceEvent<'a> {
    /// An event with severity `verbose` and no metadata, at the beginning of 1970.
    pub fn new(request_id: &'a str, source: &'a str, message: &'a str) -> Self {
        Self {
            timestamp: SystemTime::UNIX_EPOCH,
            request_id,
            api: None,
            operation: None,
            source,
            severity: TraceSeverity::default(),
            message,
            metadata: &[],
        }
    }
}

/// `severity` of the `trace` policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum TraceSeverity {
    /// `verbose`.
    #[default]
    Verbose,
    /// `information`.
    Information,
    /// `error`.
    Error,
}

/// Takes the events of the `trace` policy. It must not block: it is called on the way of a request.
pub trait TraceSink: Send + Sync + 'static {
    /// Takes one event.
    fn trace(&self, event: &TraceEvent<'_>);
}

const _: Option<&dyn TraceSink> = None;

/// One value of the `emit-metric` policy.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MetricEvent<'a> {
    /// `context.RequestId` of the request.
    pub request_id: &'a str,
    /// The `namespace` attribute, or `API Management`.
    pub namespace: &'a str,
    /// The `name` attribute.
    pub name: &'a str,
    /// The value, 1 by default.
    pub value: f64,
    /// Names and values in the order of the document; empty values are those that the request does not have.
    pub dimensions: &'a [(String, String)],
}

impl<'a> MetricEvent<'a> {
    /// A value without dimensions.
    pub fn new(request_id: &'a str, namespace: &'a str, name: &'a str, value: f64) -> Self {
        Self { request_id, namespace, name, value, dimensions: &[] }
    }
}

/// Takes the values of the `emit-metric` policy, one by one: nothing is aggregated before. It must not block: it is
/// called on the way of a request.
pub trait MetricSink: Send + Sync + 'static {
    /// Takes one value.
    fn emit(&self, event: &MetricEvent<'_>);
}

const _: Option<&dyn MetricSink> = None;

/// The default sinks: `tracing` events with the target `gatewright::policy::trace`, and for
/// metrics `gatewright::policy::metric`.
#[derive(Clone, Copy, Debug, Default)]
pub struct TracingSink;

impl TraceSink for TracingSink {
    fn trace(&self, event: &TraceEvent<'_>) {
        let TraceEvent { request_id, api, operation, source, message, metadata, .. } = event;
        macro_rules! emit {
            ($level:ident) => {
                tracing::$level!(target: "gatewright::policy::trace",
                    request_id, api, operation, source, ?metadata, "{message}")
            };
        }
        match event.severity {
            TraceSeverity::Verbose => emit!(debug),
            TraceSeverity::Information => emit!(info),
            TraceSeverity::Error => emit!(error),
        }
    }
}

impl MetricSink for TracingSink {
    fn emit(&self, event: &MetricEvent<'_>) {
        let MetricEvent { request_id, namespace, name, value, dimensions } = event;
        tracing::debug!(target: "gatewright::policy::metric", request_id, namespace, name, value, ?dimensions);
    }
}

/// The default sink, shared.
pub(crate) fn default_sink() -> Arc<dyn TraceSink> {
    Arc::new(TracingSink)
}

/// The default sink of metrics, shared.
pub(crate) fn default_metric_sink() -> Arc<dyn MetricSink> {
    Arc::new(TracingSink)
}
