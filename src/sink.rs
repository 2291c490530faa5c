//! Where events go: the messages of the `trace` policy and of `context.Trace`.

use std::sync::Arc;

/// One message of the `trace` policy, or of `context.Trace` in an expression.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TraceEvent<'a> {
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
    /// An event with severity `verbose` and no metadata.
    pub fn new(request_id: &'a str, source: &'a str, message: &'a str) -> Self {
        Self {
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

/// The default sink: `tracing` events with the target `gatewright::policy::trace`.
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

/// The default sink, shared.
pub(crate) fn default_sink() -> Arc<dyn TraceSink> {
    Arc::new(TracingSink)
}
