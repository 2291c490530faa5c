//! Picks the member whose turn it is, without a lock.

mod ways;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::time::Instant;

use self::ways::Way;
use super::Pool;
use super::latency::Seen;
use super::nested::Below;
use super::options::PoolOptions;
use super::outlier::Ejections;
use super::schedule::{self, Share};
use super::slow_start::{Roster, SlowStart, Warmth};
use super::upload::Upload;
use crate::backend::breaker::Breaker;
use crate::backend::health::Health;
use crate::clock::Clock;

/// The most members a picker can have; a set of members is one word.
pub(in crate::backend) const MOST_MEMBERS: usize = 128;

/// Chooses among the members of one pool.
///
/// The order of turns is made beforehand for the members that are candidates, and made again when it meets a member that
/// is none any more, or when the time has come at which one may be a candidate again.
pub(super) struct Picker {
    seats: Vec<Seat>,
    shares: Vec<Share>,
    turns: ArcSwap<Turns>,
    next: AtomicU64,
    /// Changes when the health of a backend does.
    version: Arc<AtomicU64>,
    clock: Clock,
    epoch: Instant,
    way: Way,
    zero_weight_serves: bool,
    ejections: Option<Ejections>,
    slow_start: Option<SlowStart>,
}

/// What decides whether a member is a candidate.
#[derive(Default)]
pub(super) struct Seat {
    pub(super) breaker: Option<Arc<Breaker>>,
    pub(super) health: Option<Arc<Health>>,
    /// When the member is a pool, which decides for itself.
    pool: Option<Arc<Pool>>,
    in_flight: AtomicU32,
}

/// Which members take turns, and how long that holds.
#[derive(Debug, Default)]
struct Turns {
    order: Vec<u8>,
    members: Vec<(usize, u32)>,
    /// Of each member of the pool; 0 for those that take no turns.
    weights: Vec<u32>,
    /// How far those are that came back, when one of them takes turns.
    warmth: Option<Warmth>,
    /// Nanoseconds since the epoch; none when nobody is left out who comes back by himself, and nobody has less than his share.
    until: Option<u64>,
    version: u64,
}

/// A request that went to a member.
#[derive(Debug)]
pub(super) struct UnderWay {
    member: usize,
    /// Nanoseconds since the epoch, until it is known how long the member took.
    since: Option<u64>,
    /// What its caller takes for the body, when it is sent as it comes.
    upload: Option<Arc<Upload>>,
}

/// A set of members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::backend) struct Members(u128);

impl Members {
    pub(in crate::backend) fn insert(&mut self, member: usize) {
        self.0 |= 1_u128.checked_shl(u32::try_from(member).unwrap_or(u32::MAX)).unwrap_or(0);
    }

    pub(in crate::backend) fn remove(&mut self, member: usize) {
        self.0 &= !1_u128.checked_shl(u32::try_from(member).unwrap_or(u32::MAX)).unwrap_or(0);
    }

    pub(super) fn iter(self) -> impl Iterator<Item = usize> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let member = usize::try_from(left.trailing_zeros()).ok().filter(|_| left != 0)?;
            left &= left - 1;
            Some(member)
        })
    }

    /// All others.
    pub(super) fn others(self) -> Self {
        Self(!self.0)
    }

    /// Those of both.
    fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(in crate::backend) fn contains(self, member: usize) -> bool {
        let bit = 1_u128.checked_shl(u32::try_from(member).unwrap_or(u32::MAX)).unwrap_or(0);
        self.0 & bit != 0
    }
}

impl UnderWay {
    /// Whether it is to be known how long the member takes.
    pub(super) fn is_timed(&self) -> bool {
        self.since.is_some()
    }

    /// The body is sent as it comes: what its caller takes for it is not the member's time.
    pub(super) fn uploads(&mut self, upload: &Arc<Upload>) {
        self.upload = Some(Arc::clone(upload));
    }
}

impl Turns {
    fn weight(&self, member: usize) -> u32 {
        self.weights.get(member).copied().unwrap_or_default()
    }
}

impl Seat {
    pub(super) fn new(breaker: Option<Arc<Breaker>>, health: Option<Arc<Health>>) -> Self {
        Self { breaker, health, ..Self::default() }
    }

    /// The seat of a member.
    pub(super) fn of(member: &Below) -> Self {
        match member {
            Below::Pool(pool) => Self { pool: Some(Arc::clone(pool)), ..Self::default() },
            Below::Goal(goal) => {
                let protection = goal.protection();
                Self::new(protection.and_then(|p| p.breaker.clone()), protection.and_then(|p| p.health.clone()))
            }
        }
    }
}

impl Picker {
    /// A picker for members with these names, in one order.
    pub(super) fn new(
        seats: Vec<Seat>,
        (names, shares): (&[&str], Vec<Share>),
        options: &PoolOptions,
        clock: &Clock,
        version: &Arc<AtomicU64>,
    ) -> Self {
        let ejections = options.outliers.clone().map(|settings| Ejections::new(settings, seats.len()));
        let slow_start = options
            .slow_start
            .map(|time| SlowStart::new(time, Arc::new(Roster::new(names.iter().copied(), &[], clock.instant()))));
        let picker = Self {
            way: Way::new(options, names, &shares),
            shares,
            turns: ArcSwap::from_pointee(Turns::default()),
            next: AtomicU64::new(0),
            version: Arc::clone(version),
            clock: clock.clone(),
            epoch: clock.instant(),
            zero_weight_serves: options.zero_weight_serves,
            slow_start,
            seats,
            ejections,
        };
        picker.turns.store(Arc::new(picker.turns_without(Members::default())));
        picker
    }

    /// The same picker, for members of which something is known.
    pub(super) fn acquainted(mut self, time: Duration, roster: Arc<Roster>) -> Self {
        self.slow_start = Some(SlowStart::new(time, roster));
        self.turns.store(Arc::new(self.turns_without(Members::default())));
        self
    }

    /// The member that is to serve a request with this key, other than those in `tried`; none when there is no candidate.
    /// Only consistent hashing looks at the key.
    #[inline]
    pub(super) fn pick(&self, key: Option<u64>, tried: Members) -> Option<usize> {
        if let Some(member) = self.member_of(&self.turns.load(), key, tried) {
            return Some(member);
        }
        self.pick_again(key, tried)
    }

    /// As [`pick`](Self::pick), and none of `avoided` while there is another one as good.
    pub(super) fn pick_avoiding(&self, key: Option<u64>, tried: Members, avoided: Members) -> Option<usize> {
        if avoided == Members::default() {
            return self.pick(key, tried);
        }
        let other = self.pick(key, tried.and(avoided)).filter(|member| {
            let is_candidate = |member| !tried.contains(member) && self.is_candidate(member);
            let best = schedule::in_turn(&self.shares, self.zero_weight_serves, is_candidate);
            best.iter().any(|(known, _)| known == member)
        });
        other.or_else(|| self.pick(key, tried))
    }

    /// The member whose turn it is; none when the turns do not hold any more, or it is not for that one to serve.
    #[inline]
    fn member_of(&self, turns: &Turns, key: Option<u64>, tried: Members) -> Option<usize> {
        if !self.is_current(turns) {
            return None;
        }
        self.next_of(turns, key).filter(|member| !tried.contains(*member) && self.is_candidate(*member))
    }

    #[cold]
    fn pick_again(&self, key: Option<u64>, tried: Members) -> Option<usize> {
        let turns = Arc::new(self.turns_without(Members::default()));
        self.turns.store(Arc::clone(&turns));
        if tried == Members::default() {
            return self.next_of(&turns, key);
        }
        self.next_of(&self.turns_without(tried), key)
    }

    fn is_current(&self, turns: &Turns) -> bool {
        turns.version == self.version.load(Ordering::Acquire) && turns.until.is_none_or(|until| self.now() < until)
    }

    /// Whether requests may go to a member now.
    pub(super) fn is_candidate(&self, member: usize) -> bool {
        self.out_for(member).is_none()
    }

    /// How long a member is out; a very long time when nobody knows.
    pub(super) fn out_for(&self, member: usize) -> Option<Duration> {
        let seat = self.seats.get(member)?;
        let unhealthy = seat.health.as_ref().filter(|health| !health.is_good()).map(|_| Duration::MAX);
        let open = seat.breaker.as_ref().and_then(|breaker| breaker.open_for());
        let ejected = self.ejections.as_ref().and_then(|ejections| ejections.out_for(member, || self.now()));
        let out = unhealthy.into_iter().chain(open).chain(ejected).max();
        match &seat.pool {
            None => out,
            Some(pool) => out.max(pool.out_for()),
        }
    }

    fn turns_without(&self, left_out: Members) -> Turns {
        let version = self.version.load(Ordering::Acquire);
        let at = self.clock.instant();
        let now = self.since_epoch(at);
        let out: Vec<_> = (0..self.seats.len()).map(|member| self.out_for(member)).collect();
        let is_out = |member: usize| left_out.contains(member) || out.get(member).is_none_or(Option::is_some);
        let mut members = schedule::in_turn(&self.shares, self.zero_weight_serves, |member| !is_out(member));
        let soonest = out.iter().flatten().min().and_then(|soonest| u64::try_from(soonest.as_nanos()).ok());
        let mut until = soonest.map(|soonest| now.saturating_add(soonest));
        let is_away = |member: usize| out.get(member).is_none_or(Option::is_some);
        let warmth = self.slow_start.as_ref().map(|slow| slow.warmth(is_away, at));
        let warmth = warmth.filter(|warmth| warmth.is_less(&members));
        if let Some(warmth) = &warmth {
            members = warmth.weigh(&members);
            until = until.into_iter().chain(warmth.next.map(|next| self.since_epoch(next))).min();
        }
        let mut weights = vec![0; self.seats.len()];
        for (member, weight) in &members {
            if let Some(own) = weights.get_mut(*member) {
                *own = *weight;
            }
        }
        Turns { order: schedule::cycle(&members), members, weights, warmth, until, version }
    }

    /// The time until the first member comes back, of those whose return is known.
    pub(super) fn soonest(&self) -> Option<Duration> {
        let known = (0..self.seats.len()).filter_map(|member| self.out_for(member));
        known.filter(|out| *out < Duration::MAX).min()
    }

    /// A request goes to a member.
    pub(super) fn started(&self, member: usize) -> UnderWay {
        if let Some(seat) = self.seats.get(member) {
            seat.in_flight.fetch_add(1, Ordering::Relaxed);
        }
        UnderWay { member, since: matches!(self.way, Way::PeakLatency(..)).then(|| self.now()), upload: None }
    }

    /// The member of a request answered with a status, or failed.
    pub(super) fn judge(&self, request: &mut UnderWay, status: Option<u16>) {
        let is_good = status.is_some_and(|status| status < 500);
        if let Some(ejections) = &self.ejections {
            ejections.judge(request.member, is_good, || self.now());
        }
        // Whoever throttles is quick at it.
        let is_work = is_good && status != Some(429);
        self.time(request, if is_work { Seen::Answer } else { Seen::Failure });
    }

    /// A request that went to a member is over.
    pub(super) fn ended(&self, request: &mut UnderWay) {
        self.time(request, Seen::GivenUp);
        if let Some(seat) = self.seats.get(request.member) {
            seat.in_flight.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Notes once how long a request took.
    fn time(&self, request: &mut UnderWay, seen: Seen) {
        let (Way::PeakLatency(_, latencies), Some(since)) = (&self.way, request.since.take()) else { return };
        let now = self.now();
        let upload = request.upload.as_ref().map_or(Some(0), |upload| upload.took());
        let took = match (upload, seen) {
            (Some(upload), _) => now.saturating_sub(since).saturating_sub(upload),
            // The caller may be who takes so long.
            (None, Seen::Failure) => 0,
            (None, Seen::Answer | Seen::GivenUp) => return,
        };
        latencies.note(request.member, seen, took, now);
    }

    /// Requests that a member has not answered yet.
    pub(super) fn in_flight(&self, member: usize) -> u32 {
        self.seats.get(member).map_or(0, |seat| seat.in_flight.load(Ordering::Relaxed))
    }

    /// The number of members.
    pub(super) fn len(&self) -> usize {
        self.seats.len()
    }

    /// The clock that it was made with.
    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The circuit breaker of a member.
    pub(super) fn breaker(&self, member: usize) -> Option<&Arc<Breaker>> {
        self.seats.get(member)?.breaker.as_ref()
    }

    fn since_epoch(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.epoch).as_nanos()).unwrap_or(u64::MAX)
    }

    fn now(&self) -> u64 {
        self.since_epoch(self.clock.instant())
    }
}

#[cfg(test)]
mod interleavings;
#[cfg(test)]
mod tests;
