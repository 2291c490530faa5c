//! Whether a backend answers when it is asked how it is: an option beyond Azure, off by default.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How a backend's health is found out.
///
/// A check is a request to the backend by itself: it has the backend's own credentials, at each of its addresses too, and not
/// those that a pool lends it. Those of a [`UrlMember`](super::UrlMember) are its pool's.
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

    /// The time from one check to the next; 10 seconds by default, at least a millisecond and at most a year. A check that
    /// takes longer is not joined by another one.
    #[must_use]
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval.clamp(Duration::from_millis(1), Duration::from_secs(365 * 24 * 3600));
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
    is_running: AtomicBool,
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
            is_running: AtomicBool::new(false),
            version: Arc::clone(version),
        }
    }

    pub(super) fn is_good(&self) -> bool {
        self.is_good.load(Ordering::Relaxed)
    }

    /// A check, which is that of whoever asks, when one is due and the last one has ended.
    pub(super) fn begin(self: &Arc<Self>, now: Instant) -> Option<Running> {
        let mut due = self.due.lock().unwrap_or_else(PoisonError::into_inner);
        if due.is_some_and(|due| due > now) || self.is_running.swap(true, Ordering::Relaxed) {
            return None;
        }
        *due = Some(now + self.check.interval);
        Some(Running(Arc::clone(self)))
    }

    /// When the next check is due; none before the first, and while one is running.
    pub(super) fn due(&self) -> Option<Instant> {
        let due = *self.due.lock().unwrap_or_else(PoisonError::into_inner);
        due.filter(|_| !self.is_running.load(Ordering::Relaxed))
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

/// A check under way. Dropping it gives the check up.
pub(super) struct Running(pub(super) Arc<Health>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.is_running.store(false, Ordering::Relaxed);
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

    #[test]
    fn one_check_runs_at_a_time() {
        let check = HealthCheck::new("/up").interval(Duration::MAX).interval(Duration::from_secs(1));
        let health = Arc::new(Health::new(&check, &Arc::default()));
        let now = Instant::now();
        let first = health.begin(now);
        let later = now + Duration::from_secs(5);
        assert!(first.is_some() && health.begin(later).is_none() && health.due().is_none());
        drop(first);
        assert_eq!(health.due(), Some(now + Duration::from_secs(1)));
        assert!(health.begin(now).is_none() && health.begin(later).is_some());
        let never = Arc::new(Health::new(&HealthCheck::new("/up").interval(Duration::MAX), &Arc::default()));
        drop(never.begin(now));
        assert!(never.due() > Some(now + Duration::from_secs(300 * 24 * 3600)));
    }
}
