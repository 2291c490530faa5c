use std::sync::Arc;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;

use super::super::super::counters::Window;
use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn at(milliseconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000) + Duration::from_millis(milliseconds)
}

fn limit<'a>(parts: &'a [&'a str], limit: u64, window: Window) -> Limit<'a> {
    Limit { key: Key { family: "test", parts }, limit, window, need: 1, cost: 1 }
}

fn take(counters: &MemoryCounters, limits: &[Limit<'_>], now: u64) -> Decision {
    match counters.take(limits, at(now)) {
        Answer::Ready(Ok(decision)) => decision,
        other => panic!("{other:?}"),
    }
}

fn add(counters: &MemoryCounters, limits: &[Limit<'_>], now: u64) -> Decision {
    match counters.add(limits, at(now)) {
        Answer::Ready(Ok(decision)) => decision,
        other => panic!("{other:?}"),
    }
}

/// One question, so many milliseconds after the last one.
#[derive(Clone, Debug)]
struct Asked {
    after: u64,
    need: i64,
    cost: i64,
    adds: bool,
}

fn asked() -> impl Strategy<Value = Asked> {
    let asked = (0_u64..9_000, -2_i64..4, -2_i64..5, prop::bool::weighted(0.3));
    asked.prop_map(|(after, need, cost, adds)| Asked { after, need, cost, adds })
}

fn allowed(decision: Decision) -> bool {
    matches!(decision, Decision::Allowed { .. })
}

/// The sliding window as it is defined: an event log.
#[derive(Default)]
struct Model(Vec<u64>);

impl Model {
    fn take(&mut self, limit: u64, period: u64, now: u64) -> Result<u64, u64> {
        self.0.retain(|event| now - event < period);
        let used = self.0.len() as u64;
        if used < limit {
            self.0.push(now);
            return Ok(limit - used - 1);
        }
        if limit == 0 {
            return Err(period);
        }
        // The earliest time at which fewer than `limit` are left.
        Err(self.0[(used - limit) as usize] + period - now)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_sliding_window_of_few_counts_is_exact(
        most in 0_u64..=60, period in 1_u64..300, steps in prop::collection::vec(0_u64..9_000, 1..300),
    ) {
        let (counters, mut model, mut now) = (MemoryCounters::new(), Model::default(), 0);
        let limit = limit(&["key"], most, Window::Sliding(SECOND * period as u32));
        for step in steps {
            now += step;
            let expected = match model.take(most, period * 1000, now) {
                Ok(remaining) => Decision::allowed([remaining].into_iter()),
                Err(wait) => Decision::Exceeded { limit: 0, wait: Some(Duration::from_millis(wait)) },
            };
            prop_assert_eq!(take(&counters, &[limit], now), expected);
        }
    }

    #[test]
    fn a_sliding_window_of_many_counts_never_passes_too_many_and_is_late_by_a_sixtieth_at_most(
        most in 61_u64..500, steps in prop::collection::vec(0_u64..400, 500..2_000),
    ) {
        let (counters, mut now, mut passed) = (MemoryCounters::new(), 0, Vec::new());
        let period = 60_000;
        let limit = limit(&["key"], most, Window::Sliding(SECOND * 60));
        for step in steps {
            now += step;
            let within = |window: u64| passed.iter().filter(|event| now - **event < window).count() as u64;
            let (exact, late) = (within(period), within(period + period / 60 + 1));
            if allowed(take(&counters, &[limit], now)) {
                prop_assert!(exact < most, "{exact} of {most} in the window, and one more passed");
                passed.push(now);
            } else {
                prop_assert!(late >= most, "{late} of {most} in a window that is longer by a sixtieth, but refused");
            }
        }
    }

    #[test]
    fn a_bucket_decides_as_exact_arithmetic_does(
        most in 0_u64..=40, period in 1_u64..300, steps in prop::collection::vec(asked(), 1..200),
    ) {
        let (counters, mut now) = (MemoryCounters::new(), 0);
        // What is taken, times the milliseconds of the period: each of them gives `most` back.
        let (period_ms, limit_of, mut taken) = (i128::from(period) * 1000, i128::from(most), 0_i128);
        for Asked { after, need, cost, adds } in steps {
            now += after;
            taken = (taken - limit_of * i128::from(after)).max(0);
            let limit = Limit { need, cost, ..limit(&["key"], most, Window::TokenBucket(SECOND * period as u32)) };
            let over = taken - (limit_of - i128::from(need)) * period_ms;
            let decision = if adds { add(&counters, &[limit], now) } else { take(&counters, &[limit], now) };
            if adds || over <= 0 {
                taken = (taken + i128::from(cost) * period_ms).max(0);
                let left = limit_of - (taken + period_ms - 1).div_euclid(period_ms);
                prop_assert_eq!(decision, Decision::allowed([left.max(0) as u64].into_iter()));
                continue;
            }
            let expected = if most == 0 { period_ms } else { (over + limit_of - 1) / limit_of };
            let Decision::Exceeded { limit: 0, wait: Some(wait) } = decision else { panic!("{decision:?}") };
            prop_assert!(expected.abs_diff(wait.as_millis() as i128) <= 1, "{wait:?}, not {expected} ms");
        }
    }

    #[test]
    fn a_fixed_window_counts_what_is_in_it(
        most in 0_u64..=40, period in 1_u64..300, steps in prop::collection::vec(asked(), 1..200),
    ) {
        let (counters, mut now) = (MemoryCounters::new(), 0);
        let mut used = std::collections::HashMap::<u64, i64>::new();
        for Asked { after, need, cost, adds } in steps {
            now += after;
            let (start, length) = (now / (period * 1000) * period * 1000, period * 1000);
            let window = Window::Fixed { start: at(start), end: Some(at(start + length)) };
            let limit = Limit { need, cost, ..limit(&["key"], most, window) };
            let used = used.entry(start).or_default();
            let decision = if adds { add(&counters, &[limit], now) } else { take(&counters, &[limit], now) };
            let wait = Some(Duration::from_millis(start + length - now));
            let expected = if adds || *used <= most as i64 - need {
                *used += cost;
                Decision::allowed([(most as i64 - *used).max(0) as u64].into_iter())
            } else {
                Decision::Exceeded { limit: 0, wait }
            };
            prop_assert_eq!(decision, expected);
        }
    }

    #[test]
    fn a_sliding_window_of_any_costs_and_needs_is_exact(
        most in 0_u64..=40, period in 1_u64..300, steps in prop::collection::vec(asked(), 1..59),
    ) {
        let (counters, mut now, mut log) = (MemoryCounters::new(), 0, Vec::<(u64, i64)>::new());
        for Asked { after, need, cost, adds } in steps {
            now += after;
            log.retain(|(at, _)| now - at < period * 1000);
            let used: i64 = log.iter().map(|(_, cost)| cost).sum();
            let limit = Limit { need, cost, ..limit(&["key"], most, Window::Sliding(SECOND * period as u32)) };
            let decision = if adds { add(&counters, &[limit], now) } else { take(&counters, &[limit], now) };
            if adds || used <= most as i64 - need {
                log.push((now, cost));
                let left = (most as i64 - used - cost).max(0) as u64;
                prop_assert_eq!(decision, Decision::allowed([left].into_iter()));
            } else {
                prop_assert!(!allowed(decision));
            }
        }
    }

    #[test]
    fn a_bucket_gives_its_limit_at_once_and_its_rate_after_that(most in 1_u64..100, period in 1_u64..300) {
        let counters = MemoryCounters::new();
        let limit = limit(&["key"], most, Window::TokenBucket(SECOND * period as u32));
        let first = (0..most + 10).filter(|_| allowed(take(&counters, &[limit], 0))).count() as u64;
        prop_assert_eq!(first, most);
        let Decision::Exceeded { wait: Some(wait), .. } = take(&counters, &[limit], 0) else { panic!("passed") };
        let wait = wait.as_millis() as u64;
        prop_assert!(wait <= (period * 1000).div_ceil(most) + 1, "{wait}");
        prop_assert!(allowed(take(&counters, &[limit], wait + 1)));
        prop_assert!(!allowed(take(&counters, &[limit], wait + 1)));
    }
}

#[test]
fn a_run_seen_on_the_live_service() {
    let counters = MemoryCounters::new();
    let limit = limit(&["key"], 100, Window::Sliding(SECOND * 60));
    for _ in 0..59 {
        assert!(allowed(take(&counters, &[limit], 2_000)));
    }
    assert_eq!(take(&counters, &[Limit { cost: 0, ..limit }], 2_000), Decision::allowed([41].into_iter()));
    for _ in 0..41 {
        assert!(allowed(take(&counters, &[limit], 17_000)));
    }
    let wait = |now| match take(&counters, &[limit], now) {
        Decision::Exceeded { wait, .. } => wait.map(|wait| wait.as_secs()),
        Decision::Allowed { .. } | Decision::WithoutStore(_) => None,
    };
    assert_eq!([wait(33_000), wait(48_000), wait(64_000)], [Some(29), Some(14), None]);
}

#[test]
fn nothing_is_counted_when_one_of_several_limits_is_exceeded() {
    let counters = MemoryCounters::new();
    let (tight, wide) = (["s", "tight"], ["s", "wide"]);
    let window = Window::Sliding(SECOND * 10);
    let limits = [limit(&wide, 10, window), limit(&tight, 1, window)];
    assert_eq!(take(&counters, &limits, 0), Decision::allowed([9, 0].into_iter()));
    assert_eq!(take(&counters, &limits, 4_000), Decision::Exceeded { limit: 1, wait: Some(Duration::from_secs(6)) });
    assert_eq!(take(&counters, &limits[..1], 4_000), Decision::allowed([8].into_iter()));
}

#[test]
fn a_fixed_window_starts_empty() {
    let counters = MemoryCounters::new();
    let window = |k: u64| Window::Fixed { start: at(k * 1000), end: Some(at((k + 1) * 1000)) };
    assert!(allowed(take(&counters, &[limit(&["k"], 1, window(0))], 10)));
    let exceeded = Decision::Exceeded { limit: 0, wait: Some(Duration::from_millis(700)) };
    assert_eq!(take(&counters, &[limit(&["k"], 1, window(0))], 300), exceeded);
    assert!(allowed(take(&counters, &[limit(&["k"], 1, window(1))], 1_000)));
    let forever = Window::Fixed { start: SystemTime::UNIX_EPOCH, end: None };
    assert!(allowed(take(&counters, &[limit(&["f"], 1, forever)], 0)));
    assert_eq!(take(&counters, &[limit(&["f"], 1, forever)], 99_999_999), Decision::Exceeded { limit: 0, wait: None });
}

#[test]
fn exactly_the_limit_passes_under_concurrency() {
    let counters = Arc::new(MemoryCounters::new());
    let passed: u64 = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let counters = counters.clone();
                scope.spawn(move || {
                    let limit = limit(&["key"], 1_000, Window::Sliding(SECOND * 300));
                    (0..1_250).filter(|_| allowed(take(&counters, &[limit], 5))).count() as u64
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(passed, 1_000);
}

#[test]
fn a_count_that_is_there_already_allocates_nothing() {
    let counters = MemoryCounters::new();
    let period = SECOND * 60;
    let fixed = Window::Fixed { start: at(0), end: Some(at(60_000)) };
    for window in [Window::Sliding(period), Window::TokenBucket(period), fixed] {
        let parts = [["s", "k"]];
        let limit = limit(&parts[0], 1_000_000, window);
        let limits = [limit, Limit { key: Key { family: "other", ..limit.key }, ..limit }];
        for now in 0..200 {
            take(&counters, &limits, now * 100);
        }
        for limits in [&limits[..1], &limits] {
            let counted = allocation_counter::measure(|| {
                for now in 0..5 {
                    take(&counters, limits, 20_000 + now);
                }
            });
            assert_eq!(counted.count_total, 0, "{window:?}");
        }
    }
}

#[test]
fn a_counter_is_small() {
    assert_eq!(size_of::<(Id, Counter)>(), 64);
}

#[test]
fn amounts_and_windows_may_be_as_large_as_they_like() {
    let (long, forever) = (Duration::from_secs(100 * 24 * 3600), Window::Fixed { start: at(0), end: None });
    for window in [Window::Sliding(SECOND), Window::Sliding(long), Window::TokenBucket(SECOND), forever] {
        let counters = MemoryCounters::new();
        let large = Limit { cost: i64::MAX, ..limit(&["key"], 1_000, window) };
        for now in 0..300 {
            assert_eq!(add(&counters, &[large], now / 2), Decision::allowed([0].into_iter()), "{window:?}");
        }
        assert!(!allowed(take(&counters, &[large], 200)), "{window:?}");
    }
    let counters = MemoryCounters::new();
    let day = 24 * 3600 * 1000;
    let limit = limit(&["key"], 6, Window::Sliding(long));
    let passed = (0..150).filter(|i| allowed(take(&counters, &[limit], i * day))).collect::<Vec<_>>();
    assert_eq!(passed, [0, 1, 2, 3, 4, 5, 100, 101, 102, 103, 104, 105]);
}

#[test]
fn a_clock_that_goes_back_locks_nobody_out() {
    let counters = MemoryCounters::new();
    let limit = limit(&["key"], 1, Window::Sliding(SECOND * 10));
    assert!(allowed(take(&counters, &[limit], 3_600_000)));
    assert!(!allowed(take(&counters, &[limit], 0)));
    assert!(allowed(take(&counters, &[limit], 10_000)));
}

#[test]
fn counters_that_are_over_are_forgotten_and_their_number_is_bounded() {
    let counters = MemoryCounters::new().capacity(64_000);
    for i in 0..200_000_u64 {
        let name = i.to_string();
        take(&counters, &[limit(&[&name], 5, Window::Sliding(SECOND))], i);
    }
    assert!(counters.len() <= 64 * 128 + 2_000, "{}", counters.len());
    for i in 0..100_000_u64 {
        let name = i.to_string();
        take(&counters, &[limit(&[&name], 5, Window::Sliding(SECOND * 300))], 300_000);
    }
    assert!(counters.len() <= 64_000, "{}", counters.len());
}
