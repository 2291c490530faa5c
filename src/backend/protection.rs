//! What stands between requests and one entity: its breaker, its places, its health.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use super::breaker::{Breaker, BreakerObserver, BreakerOptions};
use super::budget::RetryBudget;
use super::health::{Health, HealthCheck};
use super::limit::Limit;
use super::openings::{SharedCircuit, Sharing};
use crate::clock::Clock;
use crate::model::CircuitBreaker;

/// Settings of one Backend entity that entities do not have; the defaults are what Azure does.
///
/// ```
/// use std::time::Duration;
/// use gatewright::backend::{BackendOptions, BreakerOptions, HealthCheck};
///
/// let options = BackendOptions::new()
///     .breaker(BreakerOptions::new().half_open(1))
///     .attempt_timeout(Duration::from_secs(10))
///     .body_idle_timeout(Duration::from_secs(60))
///     .max_requests(64, 128)
///     .hedge_after(Duration::from_millis(300))
///     .health_check(HealthCheck::new("/health"))
///     .refresh_addresses(Duration::from_secs(60));
/// # let _ = options;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BackendOptions {
    breaker: BreakerOptions,
    attempt_timeout: Option<Duration>,
    body_idle_timeout: Option<Duration>,
    /// Requests at a time, and how many may wait.
    max_requests: Option<(usize, usize)>,
    health_check: Option<HealthCheck>,
    hedge_after: Option<Duration>,
    retry_budget: Option<RetryBudget>,
    refresh_addresses: Option<Duration>,
}

impl BackendOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// How the circuit breaker of the entity behaves, when it has rules.
    #[must_use]
    pub fn breaker(mut self, options: BreakerOptions) -> Self {
        self.breaker = options;
        self
    }

    /// How long each attempt may take until the response headers are there. It ends as a `Timeout`, which counts for the
    /// breaker. No limit by default, other than `timeout` of `forward-request`.
    #[must_use]
    pub fn attempt_timeout(mut self, limit: Duration) -> Self {
        self.attempt_timeout = Some(limit);
        self
    }

    /// How long the body of a response may send nothing while somebody waits for it, from a millisecond to a year; then it
    /// breaks off with an error, and its connection is given up. A caller who reads slowly takes no time of it. No limit by
    /// default.
    ///
    /// For the circuit breaker the attempt has counted when its status came, and counts no more, as when a body is cut off.
    /// Events that are sent as they happen (`text/event-stream`) need a limit longer than the pauses between them, or a
    /// backend that sends comments.
    #[must_use]
    pub fn body_idle_timeout(mut self, limit: Duration) -> Self {
        self.body_idle_timeout = Some(limit.clamp(Duration::from_millis(1), Duration::from_secs(365 * 24 * 3600)));
        self
    }

    /// How many requests the entity has at a time, at least 1, with all its addresses
    /// ([`PoolOptions::member_per_address`](super::PoolOptions::member_per_address)), and how many more may wait for their turn;
    /// whoever comes then is refused with 503. A request has its place until the body of its response has ended. No limit by default.
    #[must_use]
    pub fn max_requests(mut self, at_a_time: usize, waiting: usize) -> Self {
        self.max_requests = Some((at_a_time, waiting));
        self
    }

    /// Sends a call a second time when there is no response after this time, and takes whichever comes first; the other
    /// request is given up. Only for `GET`, `HEAD` and `OPTIONS` with a body that is empty or in memory, and for calls of
    /// the entity by itself: a pool has [its own](super::PoolOptions::hedge_after). Off by default.
    #[must_use]
    pub fn hedge_after(mut self, time: Duration) -> Self {
        self.hedge_after = Some(time);
        self
    }

    /// Limits the second requests of [`hedge_after`](Self::hedge_after); no limit by default.
    #[must_use]
    pub fn retry_budget(mut self, budget: RetryBudget) -> Self {
        self.retry_budget = Some(budget);
        self
    }

    /// Asks the backend how it is, from time to time; off by default.
    #[must_use]
    pub fn health_check(mut self, check: HealthCheck) -> Self {
        self.health_check = Some(check);
        self
    }

    /// Resolves the addresses of a Service Fabric service again when they are this old and requests use them, so that a
    /// service that moves is found before a request fails; off by default. While the cluster does not answer, the addresses
    /// that are known serve on, and it is asked again after the same time. The host runs
    /// [`Backends::watch_addresses`](super::Backends::watch_addresses) or `Gateway::watch_addresses` in a task. Other
    /// entities take no notice of it.
    #[must_use]
    pub fn refresh_addresses(mut self, after: Duration) -> Self {
        self.refresh_addresses = Some(after);
        self
    }

    /// Whether health checks are made.
    pub(super) fn is_checked(&self) -> bool {
        self.health_check.is_some()
    }

    pub(super) fn refresh_after(&self) -> Option<Duration> {
        self.refresh_addresses
    }
}

/// Shared by all who call the entity; it outlives the configuration when its settings stay the same.
#[derive(Debug)]
pub(super) struct Protection {
    pub(super) breaker: Option<Arc<Breaker>>,
    /// The circuit of the breaker, when instances share it.
    pub(super) shared: Option<Arc<SharedCircuit>>,
    pub(super) health: Option<Arc<Health>>,
    /// That of the entity, for its addresses too.
    pub(super) limit: Option<Arc<Limit>>,
    pub(super) attempt_timeout: Option<Duration>,
    pub(super) body_idle_timeout: Option<Duration>,
    pub(super) hedge_after: Option<Duration>,
    pub(super) retry_budget: Option<RetryBudget>,
    source: (CircuitBreaker, BackendOptions),
    notes: Vec<String>,
}

/// What all protections share.
pub(super) struct Around<'a> {
    pub(super) clock: &'a Clock,
    pub(super) observer: &'a Arc<dyn BreakerObserver>,
    pub(super) version: &'a Arc<AtomicU64>,
    pub(super) sharing: Option<&'a Arc<Sharing>>,
}

impl Protection {
    /// What an entity asks for, or everything that is wrong with its rules; of one of its addresses, with the places of all.
    pub(super) fn new(
        (scope, id): (&str, &str),
        rules: &CircuitBreaker,
        options: &BackendOptions,
        whole: Option<&Self>,
        around: &Around<'_>,
    ) -> Result<Self, Vec<String>> {
        let (mut breaker, mut shared, mut notes) = (None, None, Vec::new());
        if !rules.rules.is_empty() {
            shared = around.sharing.map(|sharing| {
                Arc::new(SharedCircuit::new((scope, id, rules), sharing, around.clock, around.observer))
            });
            let observer = shared.clone().map_or_else(|| Arc::clone(around.observer), |shared| shared as _);
            let (made, found) = Breaker::new(id, rules, &options.breaker, around.clock, &observer)?;
            (breaker, notes) = (Some(Arc::new(made)), found);
        }
        Ok(Self {
            breaker,
            shared,
            health: options.health_check.as_ref().map(|check| Arc::new(Health::new(check, around.version))),
            limit: match whole {
                Some(whole) => whole.limit.clone(),
                None => options.max_requests.map(|(requests, waiting)| Arc::new(Limit::new(requests, waiting))),
            },
            attempt_timeout: options.attempt_timeout,
            body_idle_timeout: options.body_idle_timeout,
            hedge_after: options.hedge_after,
            retry_budget: options.retry_budget.clone(),
            source: (rules.clone(), options.clone()),
            notes,
        })
    }

    /// Whether there is nothing to be protected by.
    pub(super) fn is_none(rules: &CircuitBreaker, options: &BackendOptions) -> bool {
        let BackendOptions { attempt_timeout, body_idle_timeout, max_requests, health_check, hedge_after, .. } =
            options;
        let is_timed = attempt_timeout.is_some() || body_idle_timeout.is_some() || hedge_after.is_some();
        rules.rules.is_empty() && !is_timed && max_requests.is_none() && health_check.is_none()
    }

    /// Whether it was made of these settings, and with the places of `whole` when it is a part of that.
    pub(super) fn is_of(&self, rules: &CircuitBreaker, options: &BackendOptions, whole: Option<&Self>) -> bool {
        let is_shared = |whole: &Self| self.limit.as_ref().map(Arc::as_ptr) == whole.limit.as_ref().map(Arc::as_ptr);
        self.source.0 == *rules && self.source.1 == *options && whole.is_none_or(is_shared)
    }

    /// What the author of the rules should know.
    pub(super) fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Whether a call of the entity by itself is more than one exchange.
    pub(super) fn is_managed(&self) -> bool {
        self.waits() || self.hedge_after.is_some()
    }

    /// Whether an attempt has to wait for something besides its response.
    pub(super) fn waits(&self) -> bool {
        self.limit.is_some() || self.attempt_timeout.is_some()
    }
}
