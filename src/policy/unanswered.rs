//! Tells of a store that gives no answer: a metric, and a note in the trace of the request.

use super::exchange::Exchange;
use crate::sink::MetricEvent;

/// What counters or a cache were asked in vain.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unanswered {
    /// A limit, which lets the request pass.
    Passed,
    /// A limit, which refuses the request.
    Refused,
    /// To count what is known at the end of a request.
    NotCounted,
    /// A cache, which is taken to have nothing, or keeps nothing.
    Cache,
}

impl Unanswered {
    fn store(self) -> &'static str {
        if matches!(self, Self::Cache) { "cache" } else { "counters" }
    }

    fn outcome(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Refused => "refused",
            Self::NotCounted => "not counted",
            Self::Cache => "miss",
        }
    }
}

impl Exchange {
    /// Tells of a store that gave no answer.
    pub(crate) fn unanswered(&mut self, what: Unanswered, note: impl FnOnce() -> String) {
        let id = self.id_text();
        let dimensions = [("Store", what.store()), ("Outcome", what.outcome())];
        let dimensions = dimensions.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut event = MetricEvent::new(&id, "gatewright", "Unanswered Store Questions", 1.0);
        event.dimensions = &dimensions;
        self.settings.metric_sink.emit(&event);
        self.trace_note(note);
    }
}
