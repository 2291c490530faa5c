//! When a backend is left alone: the rules of its circuit breaker.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::extra::Extra;
use super::iso8601;
use super::tolerant;

/// The circuit breaker of a backend.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CircuitBreaker {
    /// The rules; the Azure service accepts one.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "tolerant::list")]
    pub rules: Vec<CircuitBreakerRule>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl CircuitBreaker {
    /// Makes one in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a rule; the Azure service accepts one.
    #[must_use]
    pub fn rule(mut self, rule: CircuitBreakerRule) -> Self {
        self.rules.push(rule);
        self
    }
}

/// When a circuit opens, and for how long.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CircuitBreakerRule {
    /// Name of the rule; appears in events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What opens the circuit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_condition: Option<FailureCondition>,
    /// How long the circuit stays open; written as ISO 8601 (`PT1M`).
    #[serde(default, skip_serializing_if = "Option::is_none", with = "iso8601")]
    pub trip_duration: Option<Duration>,
    /// Whether `Retry-After` of the backend replaces the trip duration; absent means false.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "tolerant::boolean")]
    pub accept_retry_after: Option<bool>,
    /// What is answered while the circuit is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_response: Option<FailureResponse>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl CircuitBreakerRule {
    /// Makes one in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets: name of the rule; appears in events.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets: what opens the circuit.
    #[must_use]
    pub fn failure_condition(mut self, failure_condition: FailureCondition) -> Self {
        self.failure_condition = Some(failure_condition);
        self
    }

    /// Sets: how long the circuit stays open; written as ISO 8601 (`PT1M`).
    #[must_use]
    pub fn trip_duration(mut self, trip_duration: Duration) -> Self {
        self.trip_duration = Some(trip_duration);
        self
    }

    /// Sets: whether `Retry-After` of the backend replaces the trip duration; absent means false.
    #[must_use]
    pub fn accept_retry_after(mut self, accept_retry_after: bool) -> Self {
        self.accept_retry_after = Some(accept_retry_after);
        self
    }

    /// Sets: what is answered while the circuit is open.
    #[must_use]
    pub fn failure_response(mut self, failure_response: FailureResponse) -> Self {
        self.failure_response = Some(failure_response);
        self
    }
}

/// How many failures of which kind in which time open a circuit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct FailureCondition {
    /// Number of failures in the interval, from 1 to 10000.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "tolerant::integer")]
    pub count: Option<u64>,
    /// Share of failures in the interval, from 1 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "tolerant::integer")]
    pub percentage: Option<u64>,
    /// Counting window; written as ISO 8601 (`PT1H`).
    #[serde(default, skip_serializing_if = "Option::is_none", with = "iso8601")]
    pub interval: Option<Duration>,
    /// Status codes that are failures.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "tolerant::list")]
    pub status_code_ranges: Vec<StatusCodeRange>,
    /// Error reasons that are failures.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "tolerant::list")]
    pub error_reasons: Vec<String>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl FailureCondition {
    /// Makes one in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets: number of failures in the interval, from 1 to 10000.
    #[must_use]
    pub fn count(mut self, count: u64) -> Self {
        self.count = Some(count);
        self
    }

    /// Sets: share of failures in the interval, from 1 to 100.
    #[must_use]
    pub fn percentage(mut self, percentage: u64) -> Self {
        self.percentage = Some(percentage);
        self
    }

    /// Sets: counting window; written as ISO 8601 (`PT1H`).
    #[must_use]
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = Some(interval);
        self
    }

    /// Adds a range of status codes that are failures.
    #[must_use]
    pub fn status_code_range(mut self, status_code_range: StatusCodeRange) -> Self {
        self.status_code_ranges.push(status_code_range);
        self
    }

    /// Sets: error reasons that are failures.
    #[must_use]
    pub fn error_reasons(mut self, error_reasons: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.error_reasons = error_reasons.into_iter().map(Into::into).collect();
        self
    }
}

/// What is answered when no backend can be asked.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct FailureResponse {
    /// Status code, from 100 to 599; absent means 503.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "tolerant::integer")]
    pub status_code: Option<u16>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl FailureResponse {
    /// Makes one in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets: status code, from 100 to 599; absent means 503.
    #[must_use]
    pub fn status_code(mut self, status_code: u16) -> Self {
        self.status_code = Some(status_code);
        self
    }
}

/// An inclusive range of status codes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct StatusCodeRange {
    /// First status code.
    #[serde(deserialize_with = "tolerant::required_integer")]
    pub min: u16,
    /// Last status code.
    #[serde(deserialize_with = "tolerant::required_integer")]
    pub max: u16,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl StatusCodeRange {
    /// Makes a range of its first and last status code.
    pub fn new(min: u16, max: u16) -> Self {
        Self { min, max, extra: Extra::default() }
    }
}
