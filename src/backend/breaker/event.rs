//! What happens to circuit breakers, told to whoever wants to know.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

/// A circuit opened or closed.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct BreakerEvent<'a> {
    /// Which of both.
    pub transition: Transition,
    /// The id of the Backend entity.
    pub backend: &'a str,
    /// The name of the rule.
    pub rule: &'a str,
    /// `tripDuration` of the rule.
    pub trip_duration: Duration,
    /// How long it stays open, which `Retry-After` may have set; zero when it closed.
    pub open_for: Duration,
    /// When it happened. A circuit closes when the first request after its time is seen.
    pub at: SystemTime,
    /// Whether it opened because another instance said so: see [`Resilience::share`](crate::backend::Resilience::share).
    pub is_elsewhere: bool,
}

/// What happened to a circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transition {
    /// It opened, or a trial failed and it is open again.
    Opened,
    /// It closed.
    Closed,
}

impl BreakerEvent<'_> {
    /// The type of the event in Event Grid: `Microsoft.ApiManagement.CircuitBreaker.Opened` or `….Closed`.
    pub fn event_type(&self) -> &'static str {
        match self.transition {
            Transition::Opened => "Microsoft.ApiManagement.CircuitBreaker.Opened",
            Transition::Closed => "Microsoft.ApiManagement.CircuitBreaker.Closed",
        }
    }

    /// Its subject: `/backends/{backend}/circuit-breaker/rules/{rule}`.
    pub fn subject(&self) -> String {
        format!("/backends/{}/circuit-breaker/rules/{}", self.backend, self.rule)
    }

    /// Its data, as in Event Grid: `{"backendName": …, "circuitBreaker": {"rules": {…: {"tripDuration": "00:00:01"}}}}`.
    pub fn data(&self) -> Value {
        let mut rules = serde_json::Map::new();
        rules.insert(self.rule.to_owned(), json!({ "tripDuration": clock_text(self.trip_duration) }));
        json!({ "backendName": self.backend, "circuitBreaker": { "rules": rules } })
    }
}

/// `hh:mm:ss`, with days before it when there are any.
fn clock_text(time: Duration) -> String {
    let seconds = time.as_secs();
    let (days, hours, minutes, seconds) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    match days {
        0 => format!("{hours:02}:{minutes:02}:{seconds:02}"),
        days => format!("{days}.{hours:02}:{minutes:02}:{seconds:02}"),
    }
}

/// Is told when a circuit opens or closes. It must not block: it is called on the way of a request.
///
/// Events of one circuit come in order, unless they follow each other faster than a thread can tell them.
pub trait BreakerObserver: Send + Sync + 'static {
    /// Takes one event.
    fn changed(&self, event: &BreakerEvent<'_>);
}

const _: Option<&dyn BreakerObserver> = None;

/// The default observer: `tracing` events with the target `gatewright::breaker`.
#[derive(Clone, Copy, Debug, Default)]
pub struct TracingObserver;

impl BreakerObserver for TracingObserver {
    fn changed(&self, event: &BreakerEvent<'_>) {
        let BreakerEvent { backend, rule, open_for, is_elsewhere, .. } = event;
        match event.transition {
            Transition::Opened => {
                // Said only of those that another instance opened.
                let is_elsewhere = is_elsewhere.then_some(true);
                tracing::info!(target: "gatewright::breaker", backend, rule, ?open_for, is_elsewhere, "circuit opened");
            }
            Transition::Closed => tracing::info!(target: "gatewright::breaker", backend, rule, "circuit closed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_is_that_of_event_grid() {
        let event = BreakerEvent {
            transition: Transition::Opened,
            backend: "orders",
            rule: "5xx",
            trip_duration: Duration::from_secs(1),
            open_for: Duration::from_secs(7),
            at: SystemTime::UNIX_EPOCH,
            is_elsewhere: false,
        };
        assert_eq!(event.event_type(), "Microsoft.ApiManagement.CircuitBreaker.Opened");
        assert_eq!(event.subject(), "/backends/orders/circuit-breaker/rules/5xx");
        let expected = r#"{"backendName":"orders","circuitBreaker":{"rules":{"5xx":{"tripDuration":"00:00:01"}}}}"#;
        assert_eq!(event.data().to_string(), expected);
        for (seconds, text) in [(3_600, "01:00:00"), (86_399, "23:59:59"), (90_061, "1.01:01:01")] {
            assert_eq!(clock_text(Duration::from_secs(seconds)), text);
        }
    }
}
