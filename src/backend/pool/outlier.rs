//! Members that fail several times in a row are left out of their pool for a while.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

/// When a member is an outlier: an option beyond Azure, off by default.
///
/// It is left out of this one pool only; the circuit breaker of the entity is another thing. A response of 500 and more
/// or none at all is a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutlierEjection {
    failures: u32,
    time: Duration,
    largest_share: u32,
}

impl Default for OutlierEjection {
    fn default() -> Self {
        Self { failures: 5, time: Duration::from_secs(30), largest_share: 50 }
    }
}

impl OutlierEjection {
    /// Five failures in a row, for 30 seconds, at most half of the members.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many failures in a row; 5 by default, at least 1.
    #[must_use]
    pub fn failures_in_a_row(mut self, failures: u32) -> Self {
        self.failures = failures.max(1);
        self
    }

    /// How long it is left out; 30 seconds by default.
    #[must_use]
    pub fn time(mut self, time: Duration) -> Self {
        self.time = time;
        self
    }

    /// The largest share of members that may be left out at once, in percent; 50 by default.
    #[must_use]
    pub fn largest_share(mut self, percent: u32) -> Self {
        self.largest_share = percent.min(100);
        self
    }
}

/// Who is left out of one pool.
#[derive(Debug)]
pub(super) struct Ejections {
    settings: OutlierEjection,
    records: Vec<Record>,
}

#[derive(Debug, Default)]
struct Record {
    in_a_row: AtomicU32,
    /// Nanoseconds; 0 for a member that was never left out.
    out_until: AtomicU64,
}

impl Ejections {
    pub(super) fn new(settings: OutlierEjection, members: usize) -> Self {
        Self { settings, records: (0..members).map(|_| Record::default()).collect() }
    }

    pub(super) fn out_for(&self, member: usize, now: impl FnOnce() -> u64) -> Option<Duration> {
        let until = self.records.get(member)?.out_until.load(Ordering::Relaxed);
        if until == 0 {
            return None;
        }
        until.checked_sub(now()).filter(|left| *left > 0).map(Duration::from_nanos)
    }

    pub(super) fn judge(&self, member: usize, is_good: bool, now: impl FnOnce() -> u64) {
        let Some(record) = self.records.get(member) else { return };
        if is_good {
            if record.in_a_row.load(Ordering::Relaxed) != 0 {
                record.in_a_row.store(0, Ordering::Relaxed);
            }
            return;
        }
        if record.in_a_row.fetch_add(1, Ordering::Relaxed) + 1 < self.settings.failures {
            return;
        }
        let now = now();
        let out = self.records.iter().filter(|record| record.out_until.load(Ordering::Relaxed) > now).count();
        // Two members that fail at the same moment may both go: the share is a guide, not a lock.
        if (out + 1) * 100 <= self.records.len() * self.settings.largest_share as usize {
            let time = u64::try_from(self.settings.time.as_nanos()).unwrap_or(u64::MAX >> 1);
            record.in_a_row.store(0, Ordering::Relaxed);
            record.out_until.store(now.saturating_add(time), Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leaves_out_at_most_its_share() {
        let settings = OutlierEjection::new().failures_in_a_row(2).time(Duration::from_nanos(100)).largest_share(50);
        let ejections = Ejections::new(settings, 4);
        for member in 0..4 {
            ejections.judge(member, false, || 10);
            ejections.judge(member, true, || 10);
            ejections.judge(member, false, || 10);
            assert_eq!(ejections.out_for(member, || 10), None, "not in a row");
            ejections.judge(member, false, || 10);
        }
        let out: Vec<_> = (0..4).map(|member| ejections.out_for(member, || 50).is_some()).collect();
        assert_eq!(out, [true, true, false, false]);
        assert_eq!(ejections.out_for(0, || 110), None);
        ejections.judge(2, false, || 110);
        assert!(ejections.out_for(2, || 110).is_some(), "there is room again");
    }
}
