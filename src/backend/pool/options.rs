//! What a pool can do beyond Azure's, and the choices that Azure does not document.

use std::time::Duration;

use super::affinity_options::{AffinityCookie, AffinityFailure};
use super::hash_key::HashKey;
use super::outlier::OutlierEjection;
use super::url_member::UrlMember;
use crate::backend::budget::RetryBudget;
use crate::random::Random;
use crate::secret::Secret;

/// Settings of a pool that entities do not have; the defaults are what Azure does or, where nobody knows, what is
/// likeliest.
///
/// ```
/// use std::time::Duration;
/// use gatewright::backend::{Balance, OutlierEjection, PoolOptions};
///
/// let options = PoolOptions::new()
///     .balance(Balance::LeastRequests)
///     .outlier_ejection(OutlierEjection::new().failures_in_a_row(3))
///     .slow_start(Duration::from_secs(30))
///     .fail_over(2)
///     .fail_over_statuses([429])
///     .hedge_after(Duration::from_millis(200));
/// # let _ = options;
/// ```
#[derive(Clone, Debug)]
pub struct PoolOptions {
    pub(super) balance: Balance,
    pub(super) absent_priority: u32,
    pub(super) absent_weight: u32,
    pub(super) zero_weight_serves: bool,
    pub(super) outliers: Option<OutlierEjection>,
    pub(super) affinity_key: Option<Secret>,
    pub(super) affinity_cookie: AffinityCookie,
    pub(super) affinity_failure: AffinityFailure,
    pub(super) credentials_apply: bool,
    pub(super) url_members: Vec<UrlMember>,
    pub(super) nested: bool,
    pub(super) address_interval: Option<Duration>,
    pub(super) fail_over: u32,
    pub(super) fail_over_statuses: Vec<u16>,
    pub(super) hedge_after: Option<Duration>,
    pub(super) retry_budget: Option<RetryBudget>,
    pub(super) latency_decay: Duration,
    pub(super) slow_start: Option<Duration>,
    pub(super) random: Random,
}

/// Which member of the best priority group a request goes to, of those that are candidates.
///
/// A request is under way until the body of its response has ended; in a `PoolService`, whose bodies may be of any type,
/// until its headers are there. `docs/pools.md` says when to use which.
///
/// ```
/// use gatewright::backend::{Balance, HashKey, PoolOptions};
/// use http::HeaderName;
///
/// let by_tenant = HashKey::Header(HeaderName::from_static("x-tenant"));
/// let options = PoolOptions::new().balance(Balance::Hash(by_tenant));
/// # let _ = options;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Balance {
    /// Each in its turn, by weight: what Azure does.
    #[default]
    RoundRobin,
    /// The one with the fewest requests under way for its weight, and of equals each in its turn.
    LeastRequests,
    /// Of two that chance draws by weight, the one with fewer requests under way for its weight.
    RandomTwo,
    /// Of two that chance draws by weight, the one where a request is to wait less for its weight: the time until the
    /// headers of responses, times the requests under way and this one; what callers take to send a body is none of it, but in
    /// a `PoolService`, which leaves bodies alone. The time is a moving average that a slower answer
    /// raises at once and faster ones lower with [`PoolOptions::latency_decay`] (peak EWMA, as Finagle and tower have it). It
    /// falls while nobody asks, so that a slow member is tried again. An answer of 429, or of 500 and more, or none, lowers nothing.
    PeakLatency,
    /// The one that the key stands for, by weight: consistent hashing. Members that trip, come or go move no keys but their
    /// own, and get them back; a retry goes to the key's next member.
    Hash(HashKey),
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self {
            balance: Balance::RoundRobin,
            absent_priority: 1,
            absent_weight: 1,
            zero_weight_serves: true,
            outliers: None,
            affinity_key: None,
            affinity_cookie: AffinityCookie::new(),
            affinity_failure: AffinityFailure::AnotherMember,
            credentials_apply: false,
            url_members: Vec::new(),
            nested: false,
            address_interval: None,
            fail_over: 0,
            fail_over_statuses: Vec::new(),
            hedge_after: None,
            retry_budget: None,
            latency_decay: Duration::from_secs(10),
            slow_start: None,
            random: Random::system(),
        }
    }
}

impl PoolOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Which member of the best group a request goes to.
    #[must_use]
    pub fn balance(mut self, balance: Balance) -> Self {
        self.balance = balance;
        self
    }

    /// The priority of members without one, when others have one; 1 by default.
    #[must_use]
    pub fn absent_priority(mut self, priority: u32) -> Self {
        self.absent_priority = priority;
        self
    }

    /// The weight of members without one, when others of their group have one; 1 by default, up to 100.
    #[must_use]
    pub fn absent_weight(mut self, weight: u32) -> Self {
        self.absent_weight = weight.min(100);
        self
    }

    /// Whether members of weight 0 serve when nobody else in their group can; true by default.
    #[must_use]
    pub fn zero_weight_serves(mut self, serves: bool) -> Self {
        self.zero_weight_serves = serves;
        self
    }

    /// Leaves out members that fail several times in a row; none by default.
    #[must_use]
    pub fn outlier_ejection(mut self, outliers: OutlierEjection) -> Self {
        self.outliers = Some(outliers);
        self
    }

    /// A key for the cookies of session affinity: without it, whoever knows the ids of a pool's members can make a cookie
    /// for the one he wants. Give all instances the same.
    #[must_use]
    pub fn affinity_key(mut self, key: Secret) -> Self {
        self.affinity_key = Some(key);
        self
    }

    /// How many other members a request tries that the backend has certainly not seen (no connection, or closed before
    /// it was written); 0 by default. Its body must be empty or in memory.
    #[must_use]
    pub fn fail_over(mut self, members: u32) -> Self {
        self.fail_over = members;
        self
    }

    /// Statuses after which a request is sent to another member too, as often as [`fail_over`](Self::fail_over) says: a
    /// member without room (429, 503) hands its request over, and need not be tripped for that. None by default. The
    /// backend has seen the request then: list only statuses that say that it did nothing.
    #[must_use]
    pub fn fail_over_statuses(mut self, statuses: impl IntoIterator<Item = u16>) -> Self {
        self.fail_over_statuses = statuses.into_iter().collect();
        self
    }

    /// Limits what [`fail_over`](Self::fail_over) and [`hedge_after`](Self::hedge_after) send; no limit by default.
    #[must_use]
    pub fn retry_budget(mut self, budget: RetryBudget) -> Self {
        self.retry_budget = Some(budget);
        self
    }

    /// Asks a second member when the first has not answered after this time, and takes whichever answers first; the other
    /// request is given up. Only for `GET`, `HEAD` and `OPTIONS` with an empty body or one in memory. Off by default.
    #[must_use]
    pub fn hedge_after(mut self, time: Duration) -> Self {
        self.hedge_after = Some(time);
        self
    }

    /// The time in which [`Balance::PeakLatency`] forgets all but a third (1/e) of a latency; 10 seconds by default, at least
    /// a millisecond. Shorter follows changes sooner, longer tries slow members less often.
    #[must_use]
    pub fn latency_decay(mut self, time: Duration) -> Self {
        self.latency_decay = time;
        self
    }

    /// Gives a member that comes back its share little by little, in 16 steps over this time: after its circuit was open, it was
    /// ejected or unhealthy, or when another configuration adds it to a pool that is in use. Off by default. Its weight grows,
    /// which all ways to balance respect: with [`Balance::Hash`] so many of its keys return, the same ones each time.
    ///
    /// A pool notices that a member is out when its turn comes, so that a short absence which no request met counts as none.
    /// Alone in its priority group, a member has all requests at once.
    #[must_use]
    pub fn slow_start(mut self, time: Duration) -> Self {
        self.slow_start = Some(time);
        self
    }

    /// Where chance comes from for [`Balance::RandomTwo`] and [`Balance::PeakLatency`]; the system's source by default, which
    /// gives each pool the seed of a sequence of its own.
    #[must_use]
    pub fn random(mut self, random: Random) -> Self {
        self.random = random;
        self
    }

    /// Whether requests are under way until their bodies have ended.
    pub(super) fn counts_bodies(&self) -> bool {
        matches!(self.balance, Balance::LeastRequests | Balance::RandomTwo | Balance::PeakLatency)
    }

    pub(in crate::backend) fn fail_over_limit(&self) -> u32 {
        self.fail_over
    }

    pub(in crate::backend) fn starts_slowly(&self) -> bool {
        self.slow_start.is_some()
    }

    pub(in crate::backend) fn hedge(&self) -> Option<Duration> {
        self.hedge_after
    }

    pub(in crate::backend) fn budget(&self) -> Option<&RetryBudget> {
        self.retry_budget.as_ref()
    }

    pub(in crate::backend) fn fails_over_after(&self, status: u16) -> bool {
        self.fail_over_statuses.contains(&status)
    }

    /// Whether a request may be sent more than once.
    pub(in crate::backend) fn tries_again(&self) -> bool {
        self.fail_over > 0 || self.hedge_after.is_some()
    }

    pub(in crate::backend) fn credentials_are_shared(&self) -> bool {
        self.credentials_apply
    }

    pub(in crate::backend) fn takes_pools(&self) -> bool {
        self.nested
    }
}
