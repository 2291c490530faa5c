//! The trace of one request: what each step did, in the form in which API Management shows it.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

/// The section of a policy document in which an entry of a trace was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TraceSection {
    /// `inbound`.
    Inbound,
    /// `backend`.
    Backend,
    /// `outbound`.
    Outbound,
    /// `on-error`.
    OnError,
}

impl TraceSection {
    const ALL: [Self; 4] = [Self::Inbound, Self::Backend, Self::Outbound, Self::OnError];

    fn name(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Backend => "backend",
            Self::Outbound => "outbound",
            Self::OnError => "on-error",
        }
    }
}

/// What one step of a request did.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TraceEntry {
    /// Where the step stands.
    pub section: TraceSection,
    /// The policy element, or a built-in step such as `api-inspector`.
    pub source: String,
    /// When it was done.
    pub timestamp: SystemTime,
    /// How long after the start of the request.
    pub elapsed: Duration,
    /// What it did: an object or a text.
    pub data: Value,
}

/// The trace of one request. Secrets are masked in it already.
///
/// Source: "Tutorial: Debug your APIs using request tracing".
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RequestTrace {
    /// The name of the service.
    pub service_name: Arc<str>,
    /// The id that the caller finds in `Apim-Trace-Id`.
    pub id: String,
    /// The entries in the order in which they were made.
    pub entries: Vec<TraceEntry>,
}

impl RequestTrace {
    pub(crate) fn new(service_name: Arc<str>, id: String) -> Self {
        Self { service_name, id, entries: Vec::new() }
    }

    pub(crate) fn push(
        &mut self,
        section: TraceSection,
        source: String,
        (timestamp, elapsed): (SystemTime, Duration),
        data: Value,
    ) {
        self.entries.push(TraceEntry { section, source, timestamp, elapsed, data });
    }

    /// The document that *list trace* answers with.
    ///
    /// `{"serviceName": "…", "traceId": "…", "traceEntries": {"inbound": [{"source": "…", "timestamp":
    /// "2023-05-03T12:03:04.6899436Z", "elapsed": "00:00:00.2983315", "data": …}], "backend": […], …}}`; sections that did
    /// not run are empty.
    pub fn to_json(&self) -> Value {
        let section = |section: TraceSection| -> Vec<Value> {
            let entries = self.entries.iter().filter(|entry| entry.section == section);
            entries.map(TraceEntry::to_json).collect()
        };
        let sections = TraceSection::ALL.map(|known| (known.name().to_owned(), section(known).into()));
        json!({
            "serviceName": &*self.service_name,
            "traceId": self.id,
            "traceEntries": serde_json::Map::from_iter(sections),
        })
    }
}

impl TraceEntry {
    fn to_json(&self) -> Value {
        json!({
            "source": self.source,
            "timestamp": timestamp(self.timestamp),
            "elapsed": elapsed(self.elapsed),
            "data": self.data,
        })
    }
}

/// `yyyy-MM-ddTHH:mm:ss.fffffffZ`.
fn timestamp(time: SystemTime) -> String {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let (days, seconds) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = date(days);
    let ticks = since.subsec_nanos() / 100;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ticks:07}Z")
}

/// Year, month and day of a number of days after 1970-01-01, in the Gregorian calendar.
fn date(days: u64) -> (u64, u64, u64) {
    // Years begin in March, so that the leap day is the last one.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

/// `hh:mm:ss.fffffff`.
fn elapsed(time: Duration) -> String {
    let (seconds, ticks) = (time.as_secs(), time.subsec_nanos() / 100);
    let mut out = String::with_capacity(16);
    // INVARIANT: writing to a String does not fail.
    let _ = write!(out, "{:02}:{:02}:{:02}.{ticks:07}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    out
}

/// Takes the traces of requests, each when its response has been sent. It must not block.
pub trait RequestTraceSink: Send + Sync + 'static {
    /// Takes one trace.
    fn request_traced(&self, trace: RequestTrace);
}

const _: Option<&dyn RequestTraceSink> = None;

/// Keeps the last traces in memory, to be asked for by their id. Clones share them.
#[derive(Clone, Debug)]
pub struct RecentTraces {
    traces: Arc<Mutex<VecDeque<RequestTrace>>>,
    most: usize,
}

impl RecentTraces {
    /// Keeps up to `most` traces; an older one goes when a new one comes.
    pub fn new(most: usize) -> Self {
        Self { traces: Arc::default(), most: most.max(1) }
    }

    /// The trace with this id, when it is there still.
    pub fn get(&self, id: &str) -> Option<RequestTrace> {
        let traces = self.traces.lock().unwrap_or_else(PoisonError::into_inner);
        traces.iter().find(|trace| trace.id == id).cloned()
    }
}

impl Default for RecentTraces {
    /// Keeps up to 100.
    fn default() -> Self {
        Self::new(100)
    }
}

impl RequestTraceSink for RecentTraces {
    fn request_traced(&self, trace: RequestTrace) {
        let mut traces = self.traces.lock().unwrap_or_else(PoisonError::into_inner);
        if traces.len() >= self.most {
            traces.pop_front();
        }
        traces.push_back(trace);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_in_net() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.0000001Z"),
            (951_782_399, "2000-02-28T23:59:59.0000001Z"),
            (951_782_400, "2000-02-29T00:00:00.0000001Z"),
            (1_710_498_645, "2024-03-15T10:30:45.0000001Z"),
            (4_107_542_400, "2100-03-01T00:00:00.0000001Z"),
        ] {
            assert_eq!(timestamp(SystemTime::UNIX_EPOCH + Duration::new(seconds, 123)), text);
        }
        assert_eq!(elapsed(Duration::new(3723, 456_789_100)), "01:02:03.4567891");
    }

    #[test]
    fn the_oldest_trace_goes() {
        let recent = RecentTraces::new(2);
        for id in ["a", "b", "c"] {
            recent.request_traced(RequestTrace::new("s".into(), id.to_owned()));
        }
        assert!(recent.get("a").is_none() && recent.get("b").is_some() && recent.get("c").is_some());
        let sections = json!({"inbound": [], "backend": [], "outbound": [], "on-error": []});
        let trace = recent.get("c").map(|trace| trace.to_json());
        assert_eq!(trace, Some(json!({"serviceName": "s", "traceId": "c", "traceEntries": sections})));
    }
}
