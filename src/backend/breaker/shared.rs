//! A circuit breaker that all requests of an entity share.

use std::fmt;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::circuit::{Change, Circuit, Entry, Limits, State, Trial};
use super::event::{BreakerEvent, BreakerObserver, Transition};
use super::options::BreakerOptions;
use super::outcome::{FailureReason, Outcome};
use super::rule::{self, Rule, nanoseconds};
use super::snapshot::{BreakerSnapshot, CircuitState};
use super::window::BUCKETS;
use crate::clock::Clock;
use crate::model::CircuitBreaker;

/// The circuit breaker of one Backend entity.
///
/// Whether it is closed is one atomic word, `gate`, which is all that a request looks at that a rule takes for no
/// failure. Failures, trips and trials take a lock. Attempts, which only percentages need, are counted in another word
/// and go behind the lock once in a bucket of a window.
pub(crate) struct Breaker {
    /// Closed: twice the number of the closing. Otherwise: one more than twice the time at which it may close.
    gate: AtomicU64,
    /// Attempts that wait to be counted: the tick in the upper half, their number in the lower.
    pending: AtomicU64,
    /// Nanoseconds in a tick; none when no rule has a percentage.
    tick: Option<NonZeroU64>,
    circuit: Mutex<Circuit>,
    rules: Vec<Rule>,
    limits: Limits,
    clock: Clock,
    epoch: Instant,
    backend: Arc<str>,
    observer: Arc<dyn BreakerObserver>,
    opened: AtomicU64,
    refused: AtomicU64,
    failures: AtomicU64,
}

/// That a request may pass: the value that `gate` had. It goes back with `record` or `release`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Permit(NonZeroU64);

/// Why a request may not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The status that the rule answers with.
    pub(crate) status: u16,
    /// How long the circuit stays open.
    pub(crate) remaining: Duration,
}

impl Permit {
    fn is_trial(self) -> bool {
        self.0.get() & 1 == 1
    }
}

/// The first closing; not zero, so that a permit is never zero.
const FIRST: u64 = 2;

impl Breaker {
    /// A closed breaker, and notes for the author of its rules; or everything that is wrong with them.
    pub(crate) fn new(
        backend: &str,
        breaker: &CircuitBreaker,
        options: &BreakerOptions,
        clock: &Clock,
        observer: &Arc<dyn BreakerObserver>,
    ) -> Result<(Self, Vec<String>), Vec<String>> {
        let (rules, notes) = rule::compile(breaker)?;
        let shares = rules.iter().filter(|rule| rule.percentage.is_some());
        let tick = shares.map(|rule| (rule.interval / BUCKETS as u64).max(1_000_000)).min().and_then(NonZeroU64::new);
        let made = Self {
            gate: AtomicU64::new(FIRST),
            pending: AtomicU64::new(0),
            tick,
            circuit: Mutex::new(Circuit::new(&rules)),
            rules,
            limits: options.limits(),
            clock: clock.clone(),
            epoch: clock.instant(),
            backend: backend.into(),
            observer: Arc::clone(observer),
            opened: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            failures: AtomicU64::new(0),
        };
        Ok((made, notes))
    }

    /// Whether `Retry-After` of a response matters to a rule.
    pub(crate) fn minds_retry_after(&self) -> bool {
        self.rules.iter().any(|rule| rule.accept_retry_after)
    }

    /// The id of the entity.
    pub(crate) fn backend(&self) -> &Arc<str> {
        &self.backend
    }

    /// The clock that it was made with.
    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    /// A request asks to pass.
    pub(crate) fn admit(&self) -> Result<Permit, Refusal> {
        let gate = self.gate.load(Ordering::Acquire);
        match NonZeroU64::new(gate) {
            Some(closed) if gate & 1 == 0 => Ok(Permit(closed)),
            _ => self.admit_open(),
        }
    }

    /// How long it is open yet; none when it is closed, or would let a request try.
    pub(crate) fn open_for(&self) -> Option<Duration> {
        let gate = self.gate.load(Ordering::Acquire);
        if gate & 1 == 0 {
            return None;
        }
        let remaining = (gate >> 1).checked_sub(self.now()).filter(|remaining| *remaining > 0)?;
        Some(Duration::from_nanos(remaining))
    }

    #[cold]
    fn admit_open(&self) -> Result<Permit, Refusal> {
        let now = self.now();
        let mut circuit = self.lock();
        let (entry, change) = circuit.enter(now, self.limits);
        self.set_gate(change);
        let seen = self.gate.load(Ordering::Relaxed);
        drop(circuit);
        self.tell(change, now);
        match (entry, NonZeroU64::new(seen)) {
            (Entry::Refused { until, rule }, _) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                let status = self.rules.get(rule).map_or(503, |rule| rule.status);
                let remaining = Duration::from_nanos(until.saturating_sub(now));
                let backend = &*self.backend;
                tracing::debug!(target: "gatewright::breaker", backend, ?remaining, "a request is refused");
                Err(Refusal { status, remaining })
            }
            (_, Some(seen)) => Ok(Permit(seen)),
            // INVARIANT: the gate starts above zero, and neither a closing nor a time is stored as zero.
            (_, None) => Ok(Permit(NonZeroU64::MIN)),
        }
    }

    /// An attempt ended.
    pub(crate) fn record(&self, permit: Permit, outcome: Outcome) {
        let mut failed = 0;
        for (index, rule) in self.rules.iter().enumerate() {
            failed |= u32::from(rule.is_failure(outcome)) << index;
        }
        let is_client_gone = outcome == Outcome::Failure(FailureReason::ClientConnectionFailure);
        if failed == 0 && is_client_gone {
            return self.release(permit);
        }
        if failed == 0 && !permit.is_trial() {
            if let Some(tick) = self.tick {
                self.count_attempt(permit, self.now() / tick);
            }
            return;
        }
        self.record_slowly(permit, outcome, failed);
    }

    /// Another instance opened the circuit, for so long yet; not for longer than the rule could here.
    pub(crate) fn open_elsewhere(&self, rule: &str, remaining: Duration) {
        let index = self.rules.iter().position(|known| *known.name == *rule).unwrap_or_default();
        let Some(rule) = self.rules.get(index) else { return };
        let asked = if rule.accept_retry_after { self.limits.longest_retry_after } else { 0 };
        let now = self.now();
        let until = now.saturating_add(nanoseconds(remaining).min(rule.trip.max(asked)));
        let mut circuit = self.lock();
        let change = circuit.open_elsewhere(index, until, now);
        self.set_gate(change);
        drop(circuit);
        self.tell_of(change, now, true);
    }

    /// Nobody waited for the end of an attempt.
    pub(crate) fn release(&self, permit: Permit) {
        if permit.is_trial() {
            self.end_trial(permit, Trial::Abandoned);
        }
    }

    fn record_slowly(&self, permit: Permit, outcome: Outcome, failed: u32) {
        let retry_after = match outcome {
            Outcome::Status(_, asked) => asked.map(nanoseconds),
            Outcome::Failure(_) => None,
        };
        if failed != 0 {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
        if permit.is_trial() {
            let trial = match outcome {
                // Without a response nothing was learned that speaks for the backend, whatever the rules count.
                Outcome::Failure(_) if failed == 0 => Trial::Failed(u32::MAX, None),
                _ if failed == 0 => Trial::Succeeded,
                _ => Trial::Failed(failed, retry_after),
            };
            return self.end_trial(permit, trial);
        }
        let now = self.now();
        let mut circuit = self.lock();
        // An attempt that began before a trip says nothing about the time after it.
        if !self.is_current(permit) {
            return;
        }
        self.drain(&mut circuit, now);
        let change = circuit.fail(&self.rules, failed, now, retry_after, self.limits);
        self.set_gate(change);
        drop(circuit);
        self.tell(change, now);
    }

    fn end_trial(&self, permit: Permit, trial: Trial) {
        let now = self.now();
        let mut circuit = self.lock();
        if !self.is_current(permit) {
            return;
        }
        let change = circuit.trial_ended(&self.rules, trial, now, self.limits);
        self.set_gate(change);
        drop(circuit);
        self.tell(change, now);
    }

    /// Counts an attempt that did not fail, in a given tick.
    fn count_attempt(&self, permit: Permit, tick: u64) {
        if self.is_current(permit) {
            self.add_attempt(self.pending.load(Ordering::Relaxed), tick);
        }
    }

    /// Whether the circuit has not changed since a request was let pass.
    fn is_current(&self, permit: Permit) -> bool {
        self.gate.load(Ordering::Relaxed) == permit.0.get()
    }

    /// Counts an attempt where `pending` had a value. Should the circuit or the tick change in between, the attempt counts
    /// in the next one.
    fn add_attempt(&self, pending: u64, tick: u64) {
        if pending >> 32 == tick & u64::from(u32::MAX) && pending & 0x8000_0000 == 0 {
            self.pending.fetch_add(1, Ordering::Relaxed);
        } else {
            self.next_tick(tick);
        }
    }

    #[cold]
    fn next_tick(&self, tick: u64) {
        let mut circuit = self.lock();
        let Some(length) = self.tick else { return };
        self.drain(&mut circuit, tick * length.get());
        self.pending.fetch_add(1, Ordering::Relaxed);
    }

    /// Moves waiting attempts into the windows, and starts a tick.
    fn drain(&self, circuit: &mut Circuit, now: u64) {
        let Some(length) = self.tick else { return };
        let tick = now / length;
        let waiting = self.pending.swap((tick & u64::from(u32::MAX)) << 32, Ordering::Relaxed);
        let attempts = waiting & u64::from(u32::MAX);
        if attempts > 0 {
            let age = (tick as u32).wrapping_sub((waiting >> 32) as u32);
            circuit.succeed(tick.saturating_sub(age.into()) * length.get(), attempts);
        }
    }

    /// Writes into the gate what changed; the lock is held.
    fn set_gate(&self, change: Option<Change>) {
        match change {
            Some(Change::Opened { until, .. }) => {
                self.opened.fetch_add(1, Ordering::Relaxed);
                self.gate.store(until << 1 | 1, Ordering::Release);
            }
            Some(Change::Closed { .. }) => {
                self.pending.store(0, Ordering::Relaxed);
                // Each closing follows another opening, so that its number is its own.
                let number = self.opened.load(Ordering::Relaxed);
                self.gate.store((number << 1) + FIRST, Ordering::Release);
            }
            None => {}
        }
    }

    fn tell(&self, change: Option<Change>, now: u64) {
        self.tell_of(change, now, false);
    }

    fn tell_of(&self, change: Option<Change>, now: u64, is_elsewhere: bool) {
        let (transition, rule, time) = match change {
            None => return,
            Some(Change::Opened { rule, until }) => (Transition::Opened, rule, Some(until)),
            Some(Change::Closed { rule }) => (Transition::Closed, rule, None),
        };
        let Some(rule) = self.rules.get(rule) else { return };
        let remaining = time.map(|until| Duration::from_nanos(until.saturating_sub(now)));
        self.observer.changed(&BreakerEvent {
            transition,
            backend: &self.backend,
            rule: &rule.name,
            trip_duration: Duration::from_nanos(rule.trip),
            open_for: remaining.unwrap_or_default(),
            at: self.clock.wall(),
            is_elsewhere,
        });
    }

    /// What it is like now.
    pub(crate) fn snapshot(&self) -> BreakerSnapshot {
        let now = self.now();
        let state = match self.lock().state {
            State::Closed => CircuitState::Closed,
            State::Open { until, rule } if now < until => {
                let rule = self.rules.get(rule).map_or_else(String::new, |rule| rule.name.to_string());
                CircuitState::Open { rule, remaining: Duration::from_nanos(until - now) }
            }
            State::Open { .. } if self.limits.trials == 0 => CircuitState::Closed,
            State::Open { .. } | State::HalfOpen { .. } => CircuitState::HalfOpen,
        };
        BreakerSnapshot {
            backend: self.backend.to_string(),
            state,
            trips: self.opened.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
        }
    }

    fn now(&self) -> u64 {
        nanoseconds(self.clock.instant().saturating_duration_since(self.epoch))
    }

    fn lock(&self) -> MutexGuard<'_, Circuit> {
        self.circuit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Breaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Breaker").field(&self.snapshot()).finish()
    }
}

#[cfg(test)]
mod interleavings;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod timelines;
