//! Takes down what policies say to the sinks.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::sink::{TraceEvent, TraceSeverity, TraceSink};

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

/// The sink of one test.
#[derive(Debug, Default)]
pub(super) struct Recorder {
    traces: Mutex<Vec<Trace>>,
}

impl Recorder {
    pub(super) fn shared() -> Arc<Self> {
        Arc::default()
    }

    pub(super) fn traces(&self) -> Vec<Trace> {
        lock(&self.traces).clone()
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

/// What a panicking test left is still what it was.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
