use std::time::SystemTime;

use proptest::prelude::*;

use super::*;
use crate::backend::breaker::{BreakerObserver, BreakerOptions, Outcome, TracingObserver};
use crate::model::{CircuitBreaker, CircuitBreakerRule, FailureCondition, StatusCodeRange};

/// A breaker that one 503 opens for ten seconds.
pub(super) fn touchy(clock: &Clock) -> Arc<Breaker> {
    let condition = FailureCondition::new().count(1).status_code_range(StatusCodeRange::new(503, 503));
    let rule = CircuitBreakerRule::new().failure_condition(condition).trip_duration(Duration::from_secs(10));
    let observer: Arc<dyn BreakerObserver> = Arc::new(TracingObserver);
    let made = Breaker::new("b", &CircuitBreaker::new().rule(rule), &BreakerOptions::new(), clock, &observer);
    Arc::new(made.unwrap().0)
}

pub(super) fn trip(breaker: &Breaker) {
    breaker.record(breaker.admit().unwrap(), Outcome::Status(503, None));
}

/// Members by priority and weight.
pub(super) fn picker(shares: &[(u32, u32)], clock: &Clock) -> Picker {
    balanced(shares, Balance::RoundRobin, None, clock)
}

fn balanced(shares: &[(u32, u32)], balance: Balance, outliers: Option<OutlierEjection>, clock: &Clock) -> Picker {
    let seats = shares.iter().map(|_| Seat::new(Some(touchy(clock)), None)).collect();
    let shares = shares.iter().map(|(priority, weight)| Share { priority: *priority, weight: *weight }).collect();
    Picker::new(seats, shares, (balance, true), outliers, clock, &Arc::new(AtomicU64::new(0)))
}

fn clock() -> Clock {
    Clock::manual(SystemTime::UNIX_EPOCH)
}

fn picks(picker: &Picker, number: usize) -> Vec<usize> {
    (0..number).map(|_| picker.pick(Members::default()).unwrap()).collect()
}

#[test]
fn is_fair_within_one_percent_over_ten_thousand_picks() {
    let clock = clock();
    let cases: [&[u32]; 5] = [&[1, 1, 1, 1], &[3, 1], &[80, 20], &[100, 99, 98, 1], &[7, 11, 13, 17, 19]];
    for weights in cases {
        let shares: Vec<_> = weights.iter().map(|weight| (1, *weight)).collect();
        let picker = picker(&shares, &clock);
        let picks = picks(&picker, 10_000);
        let total: u32 = weights.iter().sum();
        for (member, weight) in weights.iter().enumerate() {
            let count = picks.iter().filter(|pick| **pick == member).count() as f64;
            let due = 10_000.0 * f64::from(*weight) / f64::from(total);
            assert!((count - due).abs() <= 100.0, "{weights:?}: {member} has {count}, not {due}");
        }
    }
}

#[test]
fn the_first_request_goes_to_the_first_listed() {
    assert_eq!(picks(&picker(&[(1, 50), (1, 50)], &clock()), 4), [0, 1, 0, 1]);
}

#[test]
fn lower_groups_serve_when_all_of_the_better_are_tripped() {
    let clock = clock();
    let picker = picker(&[(1, 1), (1, 1), (2, 1), (3, 1)], &clock);
    assert_eq!(picks(&picker, 4), [0, 1, 0, 1]);
    trip(picker.breaker(0).unwrap());
    assert_eq!(picks(&picker, 3), [1, 1, 1]);
    clock.advance(Duration::from_secs(4));
    trip(picker.breaker(1).unwrap());
    assert_eq!(picks(&picker, 3), [2, 2, 2]);
    trip(picker.breaker(2).unwrap());
    assert_eq!(picks(&picker, 2), [3, 3]);
    trip(picker.breaker(3).unwrap());
    assert_eq!(picker.pick(Members::default()), None);
    assert_eq!(picker.soonest(), Some(Duration::from_secs(6)));
    clock.advance(Duration::from_secs(6));
    assert_eq!(picks(&picker, 3), [0, 0, 0], "back at once");
    clock.advance(Duration::from_secs(4));
    assert!(picks(&picker, 4).contains(&1), "back at once");
}

#[test]
fn the_rest_is_fair_when_one_is_tripped() {
    let clock = clock();
    let picker = picker(&[(1, 1), (1, 1), (1, 1), (1, 1)], &clock);
    trip(picker.breaker(1).unwrap());
    let picks = picks(&picker, 9_000);
    for member in [0, 2, 3] {
        let count = picks.iter().filter(|pick| **pick == member).count();
        assert!((2_990..=3_010).contains(&count), "{member}: {count}");
    }
}

#[test]
fn members_that_were_tried_are_passed_over() {
    let picker = picker(&[(1, 1), (1, 1), (2, 1)], &clock());
    let mut tried = Members::default();
    let mut seen = Vec::new();
    while let Some(member) = picker.pick(tried) {
        tried.insert(member);
        seen.push(member);
    }
    assert_eq!(seen.len(), 3);
    assert_eq!(seen[2], 2, "the worse group is the last resort");
}

#[test]
fn members_of_earlier_attempts_are_avoided_while_others_are_as_good() {
    let clock = clock();
    let picker = picker(&[(1, 1), (1, 1), (1, 0), (2, 1)], &clock);
    let avoiding = |members: &[usize]| {
        let mut avoided = Members::default();
        members.iter().for_each(|member| avoided.insert(*member));
        let picks = (0..6).map(|_| picker.pick_avoiding(Members::default(), avoided).unwrap());
        let mut picks: Vec<_> = picks.collect();
        picks.sort_unstable();
        picks.dedup();
        picks
    };
    assert_eq!(avoiding(&[]), [0, 1]);
    assert_eq!(avoiding(&[0]), [1]);
    assert_eq!(avoiding(&[0, 1]), [0, 1], "neither weight 0 nor a worse group is as good");
    trip(picker.breaker(0).unwrap());
    assert_eq!(avoiding(&[0, 1]), [1]);
    trip(picker.breaker(1).unwrap());
    assert_eq!(avoiding(&[0, 1]), [2]);
}

#[test]
fn the_least_requests_win() {
    let picker = balanced(&[(1, 1), (1, 2), (1, 1)], Balance::LeastRequests, None, &clock());
    picker.started(0);
    picker.started(1);
    assert_eq!(picks(&picker, 3), [2, 2, 2]);
    picker.started(2);
    assert_eq!(picks(&picker, 3), [1, 1, 1], "it has twice the weight");
    picker.started(1);
    let mut even = picks(&picker, 6);
    even.sort_unstable();
    assert_eq!(even, [0, 0, 1, 1, 2, 2]);
    picker.ended(0);
    assert_eq!(picks(&picker, 2), [0, 0]);
}

#[test]
fn outliers_are_left_out_for_a_while() {
    let clock = clock();
    let outliers = OutlierEjection::new().failures_in_a_row(2).time(Duration::from_secs(5));
    let picker = balanced(&[(1, 1), (1, 1), (2, 1)], Balance::RoundRobin, Some(outliers), &clock);
    picker.judge(0, false);
    picker.judge(0, false);
    assert_eq!(picks(&picker, 3), [1, 1, 1]);
    clock.advance(Duration::from_secs(5));
    assert!(picks(&picker, 2).contains(&0));
}

proptest! {
    /// The pick is what the rules say, whoever is tripped.
    #[test]
    fn agrees_with_the_rules(
        shares in prop::collection::vec((0_u32..3, 0_u32..4), 1..8),
        steps in prop::collection::vec((0_usize..8, 0_u64..6), 1..40),
    ) {
        let clock = clock();
        let picker = picker(&shares, &clock);
        let mut open_until = vec![0_u64; shares.len()];
        let mut now = 0;
        for (member, seconds) in steps {
            let is_open = |member: usize, now: u64| open_until[member] > now;
            let pick = picker.pick(Members::default());
            let candidates: Vec<_> = (0..shares.len()).filter(|member| !is_open(*member, now)).collect();
            let best = candidates.iter().map(|member| shares[*member].0).min();
            let group: Vec<_> = candidates.into_iter().filter(|member| Some(shares[*member].0) == best).collect();
            let weighted: Vec<_> = group.iter().copied().filter(|member| shares[*member].1 > 0).collect();
            let allowed = if weighted.is_empty() { group } else { weighted };
            match pick {
                None => prop_assert!(allowed.is_empty()),
                Some(pick) => prop_assert!(allowed.contains(&pick), "{pick} of {allowed:?}"),
            }
            if let Some(breaker) = picker.breaker(member).filter(|breaker| breaker.open_for().is_none()) {
                trip(breaker);
                open_until[member] = now + 10;
            }
            clock.advance(Duration::from_secs(seconds));
            now += seconds;
        }
    }
}
