//! What can be seen of a circuit breaker.

use std::time::Duration;

/// A circuit breaker at one moment. The numbers only grow, from when the breaker was made: a host's metrics can read
/// them as counters.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BreakerSnapshot {
    /// The id of the Backend entity.
    pub backend: String,
    /// Whether requests pass.
    pub state: CircuitState,
    /// How often it opened.
    pub trips: u64,
    /// How many attempts a rule took for a failure.
    pub failures: u64,
    /// How many requests were refused because it was open.
    pub refused: u64,
}

/// Whether requests pass.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CircuitState {
    /// They pass.
    Closed,
    /// Nothing is sent.
    Open {
        /// The rule that opened it.
        rule: String,
        /// How long it stays open.
        remaining: Duration,
    },
    /// The time is over, and some requests may try the backend. Only with
    /// [`BreakerOptions::half_open`](super::BreakerOptions::half_open).
    HalfOpen,
}
