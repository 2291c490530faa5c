//! How long members take to answer: a moving average that rises at once and falls slowly.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// What is known of a member that has not answered yet, in nanoseconds: more than that of any other.
const UNKNOWN: f64 = 1e15;
/// What a member has that failed before it answered well, in nanoseconds.
const FAILED: f64 = 1e9;

/// The latencies of a pool's members: peak EWMA, as Finagle and tower have it.
#[derive(Debug)]
pub(super) struct Latencies {
    /// Nanoseconds in which what is known loses all but 1/e of its weight.
    decay: f64,
    records: Vec<Record>,
}

#[derive(Debug, Default)]
struct Record {
    /// Nanoseconds, the bits of an `f64`; 0 while nothing is known.
    average: AtomicU64,
    /// When it was that.
    at: AtomicU64,
}

/// What an attempt says about the member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    Answer,
    /// Failures may be quick: they do not make a member look better.
    Failure,
    /// Nobody waited for the end.
    GivenUp,
}

impl Latencies {
    pub(super) fn new(decay: Duration, members: usize) -> Self {
        let decay = decay.max(Duration::from_millis(1)).as_nanos() as f64;
        Self { decay, records: (0..members).map(|_| Record::default()).collect() }
    }

    /// An attempt that took this long, in nanoseconds, is over.
    pub(super) fn note(&self, member: usize, seen: Seen, took: u64, now: u64) {
        let Some(record) = self.records.get(member) else { return };
        let left = self.left(record.at.fetch_max(now, Ordering::Relaxed), now);
        let took = took.max(1) as f64;
        let next = |bits: u64| {
            let known = f64::from_bits(bits);
            let next = match seen {
                Seen::Answer if took >= known => took,
                Seen::Answer => known * left + took * (1.0 - left),
                Seen::Failure if known == 0.0 => took.max(FAILED),
                Seen::Failure => took.max(known),
                Seen::GivenUp => took.max(known * left),
            };
            Some(next.to_bits())
        };
        // INVARIANT: it always gives a value, so that this cannot fail.
        let _ = record.average.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
    }

    /// What a request is to expect of a member that has others under way.
    pub(super) fn cost(&self, member: usize, under_way: u32, now: u64) -> f64 {
        let Some(record) = self.records.get(member) else { return UNKNOWN };
        let at = record.at.load(Ordering::Relaxed);
        let known = f64::from_bits(record.average.load(Ordering::Relaxed)) * self.left(at, now);
        let known = if known == 0.0 && under_way > 0 { UNKNOWN } else { known };
        known * (f64::from(under_way) + 1.0)
    }

    /// What is left of the weight of something old.
    fn left(&self, at: u64, now: u64) -> f64 {
        (-(now.saturating_sub(at) as f64) / self.decay).exp()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn of(decay: u64) -> Latencies {
        Latencies::new(Duration::from_secs(decay), 1)
    }

    #[test]
    fn it_rises_at_once_and_falls_slowly() {
        let latencies = of(10);
        assert_eq!(latencies.cost(0, 0, 0), 0.0, "whoever is not known is asked");
        assert!(latencies.cost(0, 1, 0) > 1e12, "once");
        latencies.note(0, Seen::Answer, 10, SECOND);
        latencies.note(0, Seen::Answer, 1_000, SECOND);
        assert_eq!(latencies.cost(0, 0, SECOND), 1_000.0);
        assert_eq!(latencies.cost(0, 3, SECOND), 4_000.0);
        latencies.note(0, Seen::Answer, 10, SECOND * 11);
        let expected = 1_000.0 / std::f64::consts::E + 10.0 * (1.0 - 1.0 / std::f64::consts::E);
        assert!((latencies.cost(0, 0, SECOND * 11) - expected).abs() < 0.1);
        let later = latencies.cost(0, 0, SECOND * 21);
        assert!((later - expected / std::f64::consts::E).abs() < 0.1, "it is asked again after a while: {later}");
    }

    #[test]
    fn a_failure_makes_nobody_look_fast() {
        let latencies = of(10);
        latencies.note(0, Seen::Failure, 1, SECOND);
        assert_eq!(latencies.cost(0, 0, SECOND), 1e9);
        let latencies = of(10);
        latencies.note(0, Seen::Answer, 5_000, SECOND);
        for second in 2..60 {
            latencies.note(0, Seen::Failure, 1, SECOND * second);
            assert_eq!(latencies.cost(0, 0, SECOND * second), 5_000.0);
        }
        latencies.note(0, Seen::GivenUp, 1, SECOND * 69);
        assert!(latencies.cost(0, 0, SECOND * 69) < 2_000.0, "nothing was learned");
        latencies.note(0, Seen::GivenUp, 70_000, SECOND * 69);
        assert_eq!(latencies.cost(0, 0, SECOND * 69), 70_000.0, "it would have taken longer");
    }

    proptest! {
        /// Whatever happens, the average is between the least and the most that was seen.
        #[test]
        fn it_stays_within_what_was_seen(steps in prop::collection::vec((1_u64..1 << 40, 0_u64..1 << 40, any::<bool>()), 1..50)) {
            let latencies = of(7);
            let mut now = 0;
            let (mut least, mut most) = (f64::INFINITY, FAILED);
            for (took, passed, is_good) in steps {
                now += passed;
                latencies.note(0, if is_good { Seen::Answer } else { Seen::Failure }, took, now);
                (least, most) = (least.min(took as f64), most.max(took as f64));
                let cost = latencies.cost(0, 0, now);
                prop_assert!(cost >= least * 0.999 && cost <= most * 1.001, "{cost}: {least} to {most}");
            }
        }
    }
}
