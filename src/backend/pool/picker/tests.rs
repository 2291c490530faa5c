use std::time::SystemTime;

use proptest::prelude::*;

use super::*;
use crate::backend::breaker::{BreakerObserver, BreakerOptions, Outcome, TracingObserver};
use crate::backend::health::HealthCheck;
use crate::backend::pool::hash_key::{HashKey, hash};
use crate::backend::pool::options::Balance;
use crate::backend::pool::outlier::OutlierEjection;
use crate::model::{CircuitBreaker, CircuitBreakerRule, FailureCondition, StatusCodeRange};
use crate::random::Random;

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
    made(shares, &PoolOptions::new(), clock)
}

/// Members `m0`, `m1`, … by priority and weight.
pub(super) fn made(shares: &[(u32, u32)], options: &PoolOptions, clock: &Clock) -> Picker {
    let seats = shares.iter().map(|_| Seat::new(Some(touchy(clock)), None)).collect();
    let names: Vec<_> = (0..shares.len()).map(|member| format!("m{member}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let shares = shares.iter().map(|(priority, weight)| Share { priority: *priority, weight: *weight }).collect();
    Picker::new(seats, (&names, shares), options, clock, &Arc::new(AtomicU64::new(0)))
}

/// Each way to balance, with chance that is fixed.
pub(super) fn ways() -> Vec<PoolOptions> {
    let by_address = Balance::Hash(HashKey::ClientAddress);
    let ways = [Balance::RoundRobin, Balance::LeastRequests, Balance::RandomTwo, Balance::PeakLatency, by_address];
    ways.into_iter().map(|balance| PoolOptions::new().balance(balance).random(Random::seeded(7))).collect()
}

pub(super) fn key(number: u64) -> Option<u64> {
    hash(&number.to_le_bytes())
}

fn clock() -> Clock {
    Clock::manual(SystemTime::UNIX_EPOCH)
}

fn picks(picker: &Picker, number: usize) -> Vec<usize> {
    (0..number).map(|_| picker.pick(None, Members::default()).unwrap()).collect()
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
    assert_eq!(picker.pick(None, Members::default()), None);
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
    while let Some(member) = picker.pick(None, tried) {
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
        let picks = (0..6).map(|_| picker.pick_avoiding(None, Members::default(), avoided).unwrap());
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
    let options = PoolOptions::new().balance(Balance::LeastRequests);
    let picker = made(&[(1, 1), (1, 2), (1, 1)], &options, &clock());
    let mut first = picker.started(0);
    picker.started(1);
    assert_eq!(picks(&picker, 3), [2, 2, 2]);
    picker.started(2);
    assert_eq!(picks(&picker, 3), [1, 1, 1], "it has twice the weight");
    picker.started(1);
    let mut even = picks(&picker, 6);
    even.sort_unstable();
    assert_eq!(even, [0, 0, 1, 1, 2, 2]);
    picker.ended(&mut first);
    assert_eq!(picks(&picker, 2), [0, 0]);
}

#[test]
fn outliers_are_left_out_for_a_while() {
    let clock = clock();
    let outliers = OutlierEjection::new().failures_in_a_row(2).time(Duration::from_secs(5));
    let picker = made(&[(1, 1), (1, 1), (2, 1)], &PoolOptions::new().outlier_ejection(outliers), &clock);
    for _ in 0..2 {
        let mut request = picker.started(0);
        picker.judge(&mut request, None);
        picker.ended(&mut request);
    }
    assert_eq!(picks(&picker, 3), [1, 1, 1]);
    clock.advance(Duration::from_secs(5));
    assert!(picks(&picker, 2).contains(&0));
}

#[test]
fn of_two_that_are_drawn_the_less_busy_wins() {
    let options = PoolOptions::new().balance(Balance::RandomTwo).random(Random::seeded(3));
    let picker = made(&[(1, 1), (1, 1)], &options, &clock());
    let busy = picker.started(0);
    assert_eq!(picks(&picker, 50), [1; 50]);
    assert_eq!(busy.member, 0);
    let picker = made(&[(1, 3), (1, 1)], &options, &clock());
    let _under_way: Vec<_> = [0, 0, 1].into_iter().map(|member| picker.started(member)).collect();
    assert_eq!(picks(&picker, 50), [0; 50], "two of three are less than one of one");
}

/// Requests that nobody answers: with two that are drawn the most loaded has hardly more than the mean.
#[test]
fn two_that_are_drawn_spread_the_load() {
    let options = PoolOptions::new().balance(Balance::RandomTwo).random(Random::seeded(3));
    let weights = [1, 1, 2, 4, 1, 1, 2, 4, 1, 1];
    let picker = made(&weights.map(|weight| (1, weight)), &options, &clock());
    for _ in 0..1_800 {
        picker.started(picker.pick(None, Members::default()).unwrap());
    }
    for (member, weight) in weights.into_iter().enumerate() {
        let running = picker.in_flight(member);
        assert!((95 * weight..=105 * weight).contains(&running), "{member}: {running}");
    }
}

/// A slow member gets what it can do, and is used again when it has become fast.
#[test]
fn who_answers_late_gets_less() {
    let clock = clock();
    let options = PoolOptions::new().balance(Balance::PeakLatency).random(Random::seeded(3));
    let picker = made(&[(1, 1), (1, 1), (1, 1)], &options, &clock);
    let run = |latencies: [u64; 3]| {
        let mut counts = [0_usize; 3];
        let mut under_way: Vec<(u64, UnderWay)> = Vec::new();
        // A request in each millisecond.
        for now in 0..60_000_u64 {
            clock.advance(Duration::from_millis(1));
            for (_, mut request) in under_way.extract_if(.., |(end, _)| *end <= now) {
                picker.judge(&mut request, Some(200));
                picker.ended(&mut request);
            }
            let member = picker.pick(None, Members::default()).unwrap();
            counts[member] += usize::from(now >= 30_000);
            under_way.push((now + latencies[member], picker.started(member)));
        }
        for (_, mut request) in under_way {
            picker.ended(&mut request);
        }
        counts
    };
    let slow = run([5, 5, 100]);
    assert!(slow[2] < 1_500 && slow[2] > 0 && slow[0] > 12_000 && slow[1] > 12_000, "{slow:?}");
    let equal = run([5, 5, 5]);
    assert!(equal.iter().all(|count| *count > 8_000), "{equal:?}");
}

#[test]
fn a_member_that_fails_or_throttles_quickly_is_not_the_fastest() {
    for refusal in [None, Some(500), Some(429)] {
        let clock = clock();
        let options = PoolOptions::new().balance(Balance::PeakLatency).random(Random::seeded(3));
        let picker = made(&[(1, 1), (1, 1)], &options, &clock);
        let mut counts = [0; 2];
        for _ in 0..10_000 {
            let member = picker.pick(None, Members::default()).unwrap();
            let mut request = picker.started(member);
            clock.advance(Duration::from_millis(if member == 0 { 20 } else { 1 }));
            picker.judge(&mut request, if member == 0 { Some(404) } else { refusal });
            picker.ended(&mut request);
            counts[member] += 1;
        }
        assert!(counts[1] < 500, "{refusal:?}: {counts:?}");
    }
}

#[test]
fn a_key_stays_with_its_member_and_has_its_turn_without_one() {
    let clock = clock();
    let options = PoolOptions::new().balance(Balance::Hash(HashKey::ClientAddress));
    let picker = made(&[(1, 1), (1, 1), (1, 2), (2, 1)], &options, &clock);
    let of = |number: u64, tried: Members| picker.pick(key(number), tried).unwrap();
    let whole: Vec<_> = (0..4_000).map(|number| of(number, Members::default())).collect();
    assert!(whole.iter().all(|member| *member < 3));
    let heavy = whole.iter().filter(|member| **member == 2).count();
    assert!((1_850..2_150).contains(&heavy), "{heavy}");
    trip(picker.breaker(1).unwrap());
    for (number, before) in whole.iter().enumerate() {
        let now = of(number as u64, Members::default());
        assert!(now == *before || *before == 1 && now != 1);
        // Another attempt goes where the key goes when its member is out.
        let mut tried = Members::default();
        tried.insert(now);
        let next = of(number as u64, tried);
        assert!(next != now && next != 1 && next < 3);
    }
    clock.advance(Duration::from_secs(10));
    assert!(whole.iter().enumerate().all(|(number, before)| of(number as u64, Members::default()) == *before));
    assert_eq!(picks(&picker, 5), [2, 0, 1, 2, 2], "who has no key takes turns");
}

/// How many of these picks go to the first member.
fn first_of(picker: &Picker, number: u64) -> f64 {
    let first = |number: &u64| picker.pick(key(*number), Members::default()) == Some(0);
    (0..number).filter(first).count() as f64
}

#[test]
fn who_comes_back_gets_its_share_little_by_little() {
    for options in ways() {
        let clock = clock();
        let is_hash = matches!(options.balance, Balance::Hash(_));
        let picker = made(&[(1, 1), (1, 1)], &options.clone().slow_start(Duration::from_secs(16)), &clock);
        trip(picker.breaker(0).unwrap());
        assert_eq!(first_of(&picker, 100), 0.0);
        clock.advance(Duration::from_secs(10));
        picker.pick(None, Members::default());
        for level in 1..=20_u32 {
            let level = f64::from(level.min(16));
            let due = 4_000.0 * if is_hash { level / 32.0 } else { level / (level + 16.0) };
            let share = first_of(&picker, 4_000);
            assert!((share - due).abs() < 100.0, "{options:?}: {level}: {share}, not {due}");
            clock.advance(Duration::from_secs(1));
        }
    }
}

#[test]
fn requests_under_way_at_who_comes_back_are_few() {
    let clock = clock();
    let options = PoolOptions::new().balance(Balance::LeastRequests).slow_start(Duration::from_secs(16));
    let picker = made(&[(1, 1), (1, 1)], &options, &clock);
    trip(picker.breaker(0).unwrap());
    let busy: Vec<_> = (0..40).map(|_| picker.started(picker.pick(None, Members::default()).unwrap())).collect();
    clock.advance(Duration::from_secs(10));
    for (level, most) in [(1, 5), (5, 16), (9, 24)] {
        let new = (0..20).map(|_| picker.started(picker.pick(None, Members::default()).unwrap()));
        let mut new: Vec<_> = new.collect();
        assert!((1..=most).contains(&picker.in_flight(0)), "{level}: {}", picker.in_flight(0));
        new.iter_mut().for_each(|request| picker.ended(request));
        clock.advance(Duration::from_secs(4));
    }
    assert_eq!(busy.len(), 40);
}

/// However a member came to be out, it starts slowly.
#[test]
fn each_way_back_is_slow() {
    let clock = clock();
    let version = Arc::new(AtomicU64::new(0));
    let health = Arc::new(Health::new(&HealthCheck::new("/").thresholds(1, 1), &version));
    let seats = vec![Seat::new(Some(touchy(&clock)), Some(health.clone())), Seat::new(None, None)];
    let shares = vec![Share { priority: 1, weight: 1 }; 2];
    let outliers = OutlierEjection::new().failures_in_a_row(1).time(Duration::from_secs(10));
    let options = PoolOptions::new().slow_start(Duration::from_secs(16)).outlier_ejection(outliers);
    let picker = Picker::new(seats, (&["a", "b"], shares), &options, &clock, &version);
    let trips = |picker: &Picker| trip(picker.breaker(0).unwrap());
    let is_ejected = |picker: &Picker| {
        let mut request = picker.started(0);
        picker.judge(&mut request, None);
        picker.ended(&mut request);
    };
    let sick = |_: &Picker| assert!(health.checked(false));
    let causes: [(&str, &dyn Fn(&Picker)); 3] = [("trip", &trips), ("ejection", &is_ejected), ("health", &sick)];
    for (name, cause) in causes {
        assert_eq!(first_of(&picker, 100), 50.0, "{name}");
        cause(&picker);
        assert_eq!(first_of(&picker, 100), 0.0, "{name}");
        clock.advance(Duration::from_secs(10));
        if !health.is_good() {
            health.checked(true);
        }
        assert_eq!(first_of(&picker, 170), 10.0, "{name}");
        clock.advance(Duration::from_secs(16));
    }
}

proptest! {
    /// The pick is what the rules say, whoever is tripped, tried or busy, and whichever way it is made.
    #[test]
    fn agrees_with_the_rules(
        shares in prop::collection::vec((0_u32..3, 0_u32..4), 1..8),
        steps in prop::collection::vec((0_usize..8, 0_u64..6, prop::collection::vec(0_usize..8, 0..3)), 1..40),
        way in 0..ways().len(),
        is_slow: bool,
    ) {
        let clock = clock();
        let mut options = ways().remove(way);
        if is_slow {
            options = options.slow_start(Duration::from_secs(7));
        }
        let picker = made(&shares, &options, &clock);
        let mut open_until = vec![0_u64; shares.len()];
        let mut under_way = Vec::new();
        let mut now = 0;
        for (step, (member, seconds, passed_over)) in steps.into_iter().enumerate() {
            let mut tried = Members::default();
            passed_over.iter().for_each(|member| tried.insert(*member));
            let is_open = |member: usize, now: u64| open_until[member] > now || passed_over.contains(&member);
            let pick = picker.pick(key(step as u64), tried);
            let candidates: Vec<_> = (0..shares.len()).filter(|member| !is_open(*member, now)).collect();
            let best = candidates.iter().map(|member| shares[*member].0).min();
            let group: Vec<_> = candidates.into_iter().filter(|member| Some(shares[*member].0) == best).collect();
            let weighted: Vec<_> = group.iter().copied().filter(|member| shares[*member].1 > 0).collect();
            let allowed = if weighted.is_empty() { group } else { weighted };
            match pick {
                None => prop_assert!(allowed.is_empty()),
                Some(pick) => {
                    prop_assert!(allowed.contains(&pick), "{pick} of {allowed:?}");
                    under_way.push(picker.started(pick));
                }
            }
            if let Some(breaker) = picker.breaker(member).filter(|breaker| breaker.open_for().is_none()) {
                trip(breaker);
                open_until[member] = now + 10;
            }
            clock.advance(Duration::from_secs(seconds));
            now += seconds;
            if step % 3 == 0 && let Some(mut request) = under_way.pop() {
                picker.judge(&mut request, Some(200));
                picker.ended(&mut request);
            }
        }
    }
}
