//! The breaker against a model that is too simple to be wrong: it keeps every attempt.

use std::time::SystemTime;

use proptest::prelude::*;

use super::super::window::BUCKETS;
use super::timelines::{breaker, shown};
use super::*;

struct Model {
    count: Option<u64>,
    percentage: Option<u64>,
    samples: u64,
    interval: u64,
    trip: u64,
    open_until: Option<u64>,
    /// When, and whether it failed.
    attempts: Vec<(u64, bool)>,
}

impl Model {
    /// Whether it was let pass.
    fn attempt(&mut self, now: u64, failed: bool) -> bool {
        if let Some(until) = self.open_until {
            if now < until {
                return false;
            }
            self.open_until = None;
            self.attempts.clear();
        }
        self.attempts.push((now, failed));
        let width = self.interval.div_ceil(BUCKETS as u64);
        let oldest = (now / width + 1).saturating_sub(BUCKETS as u64) * width;
        let recent = self.attempts.iter().filter(|(at, _)| *at >= oldest);
        let (all, failures) =
            recent.fold((0, 0), |(all, failures), (_, failed)| (all + 1, failures + u64::from(*failed)));
        let trips = self.count.is_some_and(|count| failures >= count)
            || self.percentage.is_some_and(|share| all >= self.samples && failures * 100 >= all * share);
        if failed && trips {
            self.open_until = Some(now + self.trip);
        }
        true
    }
}

proptest! {
    #[test]
    fn agrees_with_the_model(
        count in prop::option::of(1_u64..6),
        share in prop::option::of(1_u64..=100),
        samples in 1_u64..5,
        interval in 1_u64..100,
        trip in 1_u64..100,
        steps in prop::collection::vec((0_u64..20_000, prop::bool::weighted(0.4)), 1..150),
    ) {
        let count = if share.is_none() { count.or(Some(2)) } else { count };
        let setting = |name: &str, value: Option<u64>| value.map_or(String::new(), |value| format!("{name}={value} "));
        let settings = format!(
            "{}{}samples={samples} interval={interval} trip={trip} status=500-599",
            setting("count", count), setting("percentage", share)
        );
        let clock = Clock::manual(SystemTime::UNIX_EPOCH);
        let breaker = breaker(&settings, &clock);
        let seconds = |seconds: u64| seconds * 1_000_000_000;
        let mut model = Model {
            count, percentage: share, samples, interval: seconds(interval), trip: seconds(trip), open_until: None, attempts: Vec::new(),
        };
        let mut now = 0;
        for (milliseconds, failed) in steps {
            now += milliseconds * 1_000_000;
            clock.advance(Duration::from_millis(milliseconds));
            let permit = breaker.admit();
            prop_assert_eq!(permit.is_ok(), model.attempt(now, failed), "{} at {}", settings, now);
            if let Ok(permit) = permit {
                breaker.record(permit, Outcome::Status(if failed { 500 } else { 200 }, None));
            }
            let is_open = model.open_until.is_some_and(|until| now < until);
            prop_assert_eq!(shown(&breaker).starts_with("open"), is_open, "{} at {}", settings, now);
        }
    }
}
