//! The cases in `timelines.txt`.

use std::time::SystemTime;

use super::*;
use crate::backend::breaker::TracingObserver;
use crate::model::{CircuitBreakerRule, FailureCondition, StatusCodeRange};

pub(super) fn breaker(settings: &str, clock: &Clock) -> Breaker {
    breaker_with(settings, clock, Arc::new(TracingObserver))
}

pub(super) fn breaker_with(settings: &str, clock: &Clock, observer: Arc<dyn BreakerObserver>) -> Breaker {
    let (mut rule, mut condition) = (CircuitBreakerRule::new().name("r"), FailureCondition::new());
    let mut options = BreakerOptions::new();
    for setting in settings.split_whitespace() {
        let (name, value) = setting.split_once('=').unwrap_or((setting, ""));
        let number = || value.parse::<u64>().unwrap();
        let time = || Duration::from_secs(number());
        match name {
            "count" => condition = condition.count(number()),
            "percentage" => condition = condition.percentage(number()),
            "interval" => condition = condition.interval(time()),
            "status" => {
                let (min, max) = value.split_once('-').unwrap();
                condition =
                    condition.status_code_range(StatusCodeRange::new(min.parse().unwrap(), max.parse().unwrap()));
            }
            "reason" => condition.error_reasons.push(value.to_owned()),
            "trip" => rule = rule.trip_duration(time()),
            "retry-after" => rule = rule.accept_retry_after(true),
            "samples" => options = options.minimum_samples(number()),
            "trials" => options = options.half_open(u32::try_from(number()).unwrap()),
            "longest" => options = options.longest_retry_after(time()),
            other => panic!("unknown setting `{other}`"),
        }
    }
    let breaker = CircuitBreaker::new().rule(rule.failure_condition(condition));
    Breaker::new("b", &breaker, &options, clock, &observer).unwrap().0
}

pub(super) fn shown(breaker: &Breaker) -> String {
    match breaker.snapshot().state {
        CircuitState::Closed => "closed".to_owned(),
        CircuitState::HalfOpen => "half-open".to_owned(),
        CircuitState::Open { remaining, .. } => format!("open {}", remaining.as_secs_f64()),
    }
}

#[test]
fn does_what_the_cases_say() {
    let text = include_str!("timelines.txt");
    let (mut name, mut current, mut clock, mut now) = ("", None, Clock::system(), Duration::ZERO);
    let mut cases = 0;
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if line.starts_with('[') {
            (name, current) = (line, None);
            cases += 1;
            continue;
        }
        let Some(breaker) = &current else {
            clock = Clock::manual(SystemTime::UNIX_EPOCH);
            now = Duration::ZERO;
            current = Some(breaker(line, &clock));
            continue;
        };
        let [time, attempt, expected] = line.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("{name}: `{line}`") };
        let time = Duration::from_secs_f64(time.parse().unwrap());
        clock.advance(time - now);
        now = time;
        assert_eq!(step(breaker, attempt), expected, "{name}: `{line}`");
    }
    assert!(cases > 20, "{cases} cases");
}

fn step(breaker: &Breaker, attempt: &str) -> String {
    if attempt == "-" {
        return shown(breaker);
    }
    match breaker.admit() {
        Err(refusal) => {
            assert_eq!(breaker.open_for(), Some(refusal.remaining));
            return format!("refused {}", refusal.remaining.as_secs_f64());
        }
        Ok(permit) => breaker.record(permit, outcome(attempt)),
    }
    shown(breaker)
}

fn outcome(text: &str) -> Outcome {
    if let Some(reason) = FailureReason::parse(text) {
        return Outcome::Failure(reason);
    }
    let (status, asked) = text.split_once('/').unwrap_or((text, ""));
    let asked = (!asked.is_empty()).then(|| Duration::from_secs(asked.parse().unwrap()));
    Outcome::Status(status.parse().unwrap(), asked)
}

#[test]
fn attempts_of_before_the_trip_say_nothing() {
    let clock = Clock::manual(SystemTime::UNIX_EPOCH);
    let breaker = breaker("count=2 interval=60 status=500-599 trip=10", &clock);
    let early: Vec<_> = (0..6).map(|_| breaker.admit().unwrap()).collect();
    for permit in &early[..4] {
        breaker.record(*permit, Outcome::Status(500, None));
    }
    assert_eq!((shown(&breaker).as_str(), breaker.snapshot().trips), ("open 10", 1));
    clock.advance(Duration::from_secs(10));
    assert!(breaker.admit().is_ok());
    for permit in &early[4..] {
        breaker.record(*permit, Outcome::Status(500, None));
    }
    assert_eq!(shown(&breaker), "closed");
}

#[test]
fn a_trial_that_nobody_waits_for_leaves_its_place() {
    let clock = Clock::manual(SystemTime::UNIX_EPOCH);
    let breaker = breaker("count=1 interval=60 status=500-599 trip=10 trials=1", &clock);
    breaker.record(breaker.admit().unwrap(), Outcome::Status(500, None));
    clock.advance(Duration::from_secs(10));
    let trial = breaker.admit().unwrap();
    assert!(breaker.admit().is_err(), "one trial at a time");
    breaker.release(trial);
    let trial = breaker.admit().unwrap();
    breaker.record(trial, Outcome::Status(200, None));
    assert_eq!(shown(&breaker), "closed");
}

#[test]
fn what_is_wrong_with_rules_is_reported() {
    let range = |min, max| FailureCondition::new().count(1).status_code_range(StatusCodeRange::new(min, max));
    let cases = [
        (FailureCondition::new(), "neither `count` nor `percentage` is set"),
        (FailureCondition::new().count(1), "neither `statusCodeRanges` nor `errorReasons` is set"),
        (range(199, 599), "`min` is 199: expected 200 to 599"),
        (range(500, 600), "`max` is 600: expected 200 to 599"),
        (range(500, 400), "`statusCodeRanges` has 500 to 400"),
        (range(500, 599).count(0), "`count` is 0: expected 1 to 10000"),
        (range(500, 599).count(10_001), "`count` is 10001"),
        (range(500, 599).percentage(101), "`percentage` is 101: expected 1 to 100"),
        (range(500, 599).interval(Duration::ZERO), "`interval` is `PT0S`"),
    ];
    for (condition, expected) in cases {
        let rules = CircuitBreaker::new().rule(CircuitBreakerRule::new().failure_condition(condition));
        let problems = rule::compile(&rules).unwrap_err();
        assert!(
            problems.iter().any(|problem| problem.starts_with(&format!("rule `rule-1`: {expected}"))),
            "{problems:?}"
        );
    }
    let rule = CircuitBreakerRule::new().failure_condition(range(500, 599).error_reasons(["Server errors", "TIMEOUT"]));
    let (_, notes) = rule::compile(&CircuitBreaker::new().rule(rule.clone())).unwrap();
    assert_eq!(notes.len(), 1, "{notes:?}");
    let many = (0..16).fold(CircuitBreaker::new(), |breaker, _| breaker.rule(rule.clone()));
    assert_eq!(rule::compile(&many).unwrap_err(), ["it has 16 rules: expected at most 15"]);
}

#[test]
fn each_rule_has_its_own_time() {
    let clock = Clock::manual(SystemTime::UNIX_EPOCH);
    let rule = |name: &str, status, trip| {
        let condition = FailureCondition::new().count(1).status_code_range(StatusCodeRange::new(status, status));
        CircuitBreakerRule::new().name(name).failure_condition(condition).trip_duration(Duration::from_secs(trip))
    };
    let rules = CircuitBreaker::new().rule(rule("busy", 429, 5)).rule(rule("down", 503, 60)).rule(rule("any", 429, 20));
    let observer: Arc<dyn BreakerObserver> = Arc::new(TracingObserver);
    let breaker = Breaker::new("b", &rules, &BreakerOptions::new(), &clock, &observer).unwrap().0;
    for (status, expected) in [(503, "down"), (429, "any")] {
        breaker.record(breaker.admit().unwrap(), Outcome::Status(status, None));
        let CircuitState::Open { rule, remaining } = breaker.snapshot().state else { panic!("{status}") };
        assert_eq!(rule, expected);
        clock.advance(remaining);
    }
}
