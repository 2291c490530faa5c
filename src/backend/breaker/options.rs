//! What a circuit breaker can do beyond Azure's.

use std::time::Duration;

use super::circuit::Limits;
use super::rule::nanoseconds;

/// Settings of a circuit breaker that entities do not have; the defaults are what Azure does.
///
/// ```
/// use gatewright::backend::BreakerOptions;
///
/// let options = BreakerOptions::new().half_open(3).minimum_samples(20);
/// # let _ = options;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakerOptions {
    trials: u32,
    minimum_samples: u64,
    longest_retry_after: Option<Duration>,
}

impl Default for BreakerOptions {
    fn default() -> Self {
        Self { trials: 0, minimum_samples: 1, longest_retry_after: None }
    }
}

impl BreakerOptions {
    /// As Azure does: no trials, a percentage of one attempt is enough, `Retry-After` may be as long as it likes.
    pub fn new() -> Self {
        Self::default()
    }

    /// When the time is over, lets at most this many requests try, and closes when as many succeeded; the first failure
    /// opens the circuit again. 0, the default, closes it at once.
    #[must_use]
    pub fn half_open(mut self, trials: u32) -> Self {
        self.trials = trials;
        self
    }

    /// How many attempts an interval must have before a percentage says anything; 1 by default. A higher number is wiser:
    /// with 1, the first attempt of an interval that fails is a share of 100.
    #[must_use]
    pub fn minimum_samples(mut self, attempts: u64) -> Self {
        self.minimum_samples = attempts.max(1);
        self
    }

    /// The longest time that `Retry-After` of a backend can keep a circuit open, where `acceptRetryAfter` is set; without
    /// it, there is no limit.
    #[must_use]
    pub fn longest_retry_after(mut self, limit: Duration) -> Self {
        self.longest_retry_after = Some(limit);
        self
    }

    pub(super) fn limits(&self) -> Limits {
        Limits {
            minimum_samples: self.minimum_samples,
            trials: self.trials,
            longest_retry_after: nanoseconds(self.longest_retry_after.unwrap_or(Duration::MAX)).max(1),
        }
    }
}
