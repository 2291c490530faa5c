//! Rules of a circuit breaker, checked and made ready.

use std::time::Duration;

use super::outcome::{FailureReason, Outcome};
use crate::model::{CircuitBreaker, CircuitBreakerRule, FailureResponse};

/// What the portal of Azure fills in for `interval` and `tripDuration`.
const AN_HOUR: Duration = Duration::from_secs(3600);

/// More rules than this are refused; an outcome is a set of rules in one word.
const MOST_RULES: usize = 15;

/// One rule, all times in nanoseconds.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) name: Box<str>,
    pub(super) count: Option<u64>,
    pub(super) percentage: Option<u64>,
    pub(super) interval: u64,
    pub(super) trip: u64,
    pub(super) accept_retry_after: bool,
    /// The status that is answered while the circuit is open.
    pub(super) status: u16,
    ranges: Vec<(u16, u16)>,
    reasons: Vec<FailureReason>,
}

impl Rule {
    pub(super) fn is_failure(&self, outcome: Outcome) -> bool {
        match outcome {
            Outcome::Status(status, _) => self.ranges.iter().any(|(min, max)| (*min..=*max).contains(&status)),
            Outcome::Failure(reason) => self.reasons.contains(&reason),
        }
    }
}

/// The rules of an entity, and what its author should know; or everything that is wrong with them.
pub(super) fn compile(breaker: &CircuitBreaker) -> Result<(Vec<Rule>, Vec<String>), Vec<String>> {
    let (mut rules, mut notes, mut problems) = (Vec::new(), Vec::new(), Vec::new());
    if breaker.rules.len() > MOST_RULES {
        problems.push(format!("it has {} rules: expected at most {MOST_RULES}", breaker.rules.len()));
    }
    for (index, rule) in breaker.rules.iter().enumerate() {
        let name = rule.name.clone().unwrap_or_else(|| format!("rule-{}", index + 1));
        match one(&name, rule, &mut notes) {
            Ok(rule) => rules.push(rule),
            Err(found) => problems.extend(found.into_iter().map(|problem| format!("rule `{name}`: {problem}"))),
        }
    }
    if problems.is_empty() { Ok((rules, notes)) } else { Err(problems) }
}

fn one(name: &str, rule: &CircuitBreakerRule, notes: &mut Vec<String>) -> Result<Rule, Vec<String>> {
    let condition = rule.failure_condition.clone().unwrap_or_default();
    let mut problems = Vec::new();
    let mut within = |field: &str, value: Option<u64>, least: u64, most: u64| {
        if let Some(value) = value.filter(|value| !(least..=most).contains(value)) {
            problems.push(format!("`{field}` is {value}: expected {least} to {most}"));
        }
    };
    within("count", condition.count, 1, 10_000);
    within("percentage", condition.percentage, 1, 100);
    for range in &condition.status_code_ranges {
        within("min", Some(range.min.into()), 200, 599);
        within("max", Some(range.max.into()), 200, 599);
    }
    if let Some(range) = condition.status_code_ranges.iter().find(|range| range.min > range.max) {
        problems.push(format!("`statusCodeRanges` has {} to {}: expected `min` up to `max`", range.min, range.max));
    }
    if condition.count.is_none() && condition.percentage.is_none() {
        problems.push("neither `count` nor `percentage` is set: expected one of them".to_owned());
    }
    if condition.status_code_ranges.is_empty() && condition.error_reasons.is_empty() {
        problems.push("neither `statusCodeRanges` nor `errorReasons` is set: nothing would be a failure".to_owned());
    }
    let mut time = |field: &str, value: Option<Duration>| {
        let value = value.unwrap_or(AN_HOUR);
        if value.is_zero() {
            problems.push(format!("`{field}` is `PT0S`: expected a longer time, such as `PT1M`"));
        }
        nanoseconds(value)
    };
    let (interval, trip) = (time("interval", condition.interval), time("tripDuration", rule.trip_duration));
    let status = failure_status(rule.failure_response.as_ref()).unwrap_or_else(|problem| {
        problems.push(problem);
        503
    });
    let mut reasons = Vec::new();
    for text in &condition.error_reasons {
        match FailureReason::parse(text) {
            Some(reason) => reasons.push(reason),
            None => notes.push(format!("rule `{name}`: `{text}` in `errorReasons` counts nothing: {REASONS}")),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(Rule {
        name: name.into(),
        count: condition.count,
        percentage: condition.percentage,
        interval,
        trip,
        accept_retry_after: rule.accept_retry_after.unwrap_or(false),
        status,
        ranges: condition.status_code_ranges.iter().map(|range| (range.min, range.max)).collect(),
        reasons,
    })
}

const REASONS: &str =
    "only `BackendConnectionFailure`, `Timeout` and `ClientConnectionFailure` are reasons of failed attempts";

/// The status of a `failureResponse`: 503 when it is not given.
pub(in super::super) fn failure_status(response: Option<&FailureResponse>) -> Result<u16, String> {
    match response.and_then(|response| response.status_code) {
        None => Ok(503),
        Some(status) if (200..=599).contains(&status) => Ok(status),
        Some(status) => Err(format!(
            "`statusCode` of `failureResponse` is {status}: expected 200 to 599, the statuses of an answer"
        )),
    }
}

/// A time in nanoseconds; what is longer than a century is a century, which leaves room for sums.
pub(super) fn nanoseconds(time: Duration) -> u64 {
    const CENTURY: u64 = 3_155_760_000_000_000_000;
    u64::try_from(time.as_nanos()).map_or(CENTURY, |time| time.min(CENTURY))
}
