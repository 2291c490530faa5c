//! Whether a backend answers when it is asked how it is: an option beyond Azure, off by default.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How a backend's health is found out.
///
/// An unhealthy backend is left out of all pools; requests to itself go on. Nothing is asked until the host runs the future
/// of [`Backends::check_health`](super::Backends::check_health).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    pub(super) path: String,
    pub(super) interval: Duration,
    pub(super) timeout: Duration,
    healthy_after: u32,
    unhealthy_after: u32,
}

impl HealthCheck {
    /// A `GET` of this path, below the entity's URL, every 10 seconds: it is healthy after two answers of 200 to 399 in a
    /// row, each within 5 seconds, and unhealthy after three others.
    pub fn new(path: impl Into<String>) -> Self {
        let seconds = Duration::from_secs;
        Self { path: path.into(), interval: seconds(10), timeout: seconds(5), healthy_after: 2, unhealthy_after: 3 }
    }

    /// The time from one check to the next; 10 seconds by default, at least a millisecond.
    #[must_use]
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval.max(Duration::from_millis(1));
        self
    }

    /// How long an answer may take; 5 seconds by default.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many good answers in a row make it healthy again, 2 by default, and how many others unhealthy, 3 by default.
    #[must_use]
    pub fn thresholds(mut self, healthy_after: u32, unhealthy_after: u32) -> Self {
        (self.healthy_after, self.unhealthy_after) = (healthy_after.max(1), unhealthy_after.max(1));
        self
    }
}

/// The health of one entity.
#[derive(Debug)]
pub(super) struct Health {
    pub(super) check: HealthCheck,
    is_good: AtomicBool,
    in_a_row: AtomicU32,
    due: Mutex<Option<Instant>>,
    version: Arc<AtomicU64>,
}

impl Health {
    /// Good, until the contrary is shown. `version` changes whenever it does.
    pub(super) fn new(check: &HealthCheck, version: &Arc<AtomicU64>) -> Self {
        Self {
            check: check.clone(),
            is_good: AtomicBool::new(true),
            in_a_row: AtomicU32::new(0),
            due: Mutex::default(),
            version: Arc::clone(version),
        }
    }

    pub(super) fn is_good(&self) -> bool {
        self.is_good.load(Ordering::Relaxed)
    }

    /// When the next check is due; checks that are due now are those of whoever asks.
    pub(super) fn take_due(&self, now: Instant) -> Result<(), Instant> {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        match *due {
            Some(due) if due > now => Err(due),
            _ => {
                *due = Some(now + self.check.interval);
                Ok(())
            }
        }
    }

    /// When the next check is due; none before the first.
    pub(super) fn due(&self) -> Option<Instant> {
        *self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One check ended; true when the health changed.
    pub(super) fn checked(&self, went_well: bool) -> bool {
        if went_well == self.is_good() {
            self.in_a_row.store(0, Ordering::Relaxed);
            return false;
        }
        let needed = if went_well { self.check.healthy_after } else { self.check.unhealthy_after };
        if self.in_a_row.fetch_add(1, Ordering::Relaxed) + 1 < needed {
            return false;
        }
        self.in_a_row.store(0, Ordering::Relaxed);
        self.is_good.store(went_well, Ordering::Relaxed);
        self.version.fetch_add(1, Ordering::Release);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_after_several_checks_in_a_row() {
        let version = Arc::new(AtomicU64::new(0));
        let health = Health::new(&HealthCheck::new("/up").thresholds(2, 3), &version);
        let steps = [
            (false, true),
            (false, true),
            (true, true),
            (false, true),
            (false, true),
            (false, false),
            (true, false),
            (false, false),
            (true, false),
            (true, true),
        ];
        for (index, (went_well, expected)) in steps.into_iter().enumerate() {
            health.checked(went_well);
            assert_eq!(health.is_good(), expected, "step {index}");
        }
        assert_eq!(version.load(Ordering::Relaxed), 2);
    }
}
