//! What this instance has to tell, and what it has heard.

use std::collections::{HashMap, VecDeque};
use std::fmt::{self, Write as _};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::{BreakerStore, Opening};
use crate::backend::breaker::{BreakerEvent, BreakerObserver, Transition};
use crate::clock::Clock;
use crate::model::CircuitBreaker;

/// The sharing of one `Resilience`.
pub(in crate::backend) struct Sharing {
    pub(super) store: Arc<dyn BreakerStore>,
    pub(super) interval: Duration,
    /// Openings that the store does not have yet, by circuit: there are no more than circuits.
    news: Mutex<HashMap<Box<str>, News>>,
    /// Somebody put something there.
    pub(super) wake: Notify,
    /// What the store told, and the version of it. One asks at a time.
    pub(super) told: tokio::sync::Mutex<(u64, Vec<(Opening, Instant)>)>,
    pub(super) is_failing: AtomicBool,
}

struct News {
    id: u64,
    rule: Box<str>,
    until: Instant,
}

/// What lasts for less is not told again.
const A_WHILE: Duration = Duration::from_secs(1);
/// The openings of a circuit that are remembered, of each kind.
const REMEMBERED: usize = 16;

impl Sharing {
    pub(in crate::backend) fn new(store: Arc<dyn BreakerStore>, interval: Duration) -> Self {
        Self {
            store,
            interval,
            news: Mutex::default(),
            wake: Notify::new(),
            told: tokio::sync::Mutex::default(),
            is_failing: AtomicBool::new(false),
        }
    }

    fn news(&self) -> MutexGuard<'_, HashMap<Box<str>, News>> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What there is to tell now; what is over is left out for good.
    pub(super) fn to_tell(&self, now: Instant) -> Vec<Opening> {
        let mut news = self.news();
        news.retain(|_, news| news.until > now);
        let openings = news.iter().map(|(circuit, news)| Opening {
            circuit: circuit.to_string(),
            id: news.id,
            rule: news.rule.to_string(),
            remaining: news.until - now,
        });
        openings.collect()
    }

    /// The store has these.
    pub(super) fn is_told(&self, openings: &[Opening]) {
        let mut news = self.news();
        for opening in openings {
            if news.get(opening.circuit.as_str()).is_some_and(|known| known.id == opening.id) {
                news.remove(opening.circuit.as_str());
            }
        }
    }

    /// The store kept `before` and keeps `after`: what it has lost is to be told again, whoever told it, as long as it lasts.
    pub(super) fn compare(&self, before: &[(Opening, Instant)], after: &[(Opening, Instant)], now: Instant) {
        let kept: HashMap<_, _> =
            after.iter().map(|(opening, until)| (&*opening.circuit, (opening.id, *until))).collect();
        let is_lost = |(opening, until): &&(Opening, Instant)| {
            let has =
                |(id, later): &(u64, Instant)| *id == opening.id || until.saturating_duration_since(*later) < A_WHILE;
            until.saturating_duration_since(now) > A_WHILE && !kept.get(&*opening.circuit).is_some_and(has)
        };
        let mut lost = before.iter().filter(is_lost).peekable();
        if lost.peek().is_none() {
            return;
        }
        let mut news = self.news();
        for (opening, until) in lost {
            // Of one circuit, the store keeps what lasts longest.
            if news.get(&*opening.circuit).is_none_or(|known| known.until < *until) {
                let again = News { id: opening.id, rule: (&*opening.rule).into(), until: *until };
                news.insert((&*opening.circuit).into(), again);
            }
        }
        self.wake.notify_one();
    }
}

/// The circuit of an entity, as instances know it: it is told what happens to the breaker here.
pub(in crate::backend) struct SharedCircuit {
    pub(super) name: Box<str>,
    sharing: Arc<Sharing>,
    clock: Clock,
    observer: Arc<dyn BreakerObserver>,
    heard: Mutex<Heard>,
}

/// The openings that are not heard again: a store may tell of one for a long time, or again after others.
#[derive(Default)]
struct Heard {
    ours: Recent,
    theirs: Recent,
}

/// The last few openings, the latest first.
#[derive(Default)]
struct Recent(VecDeque<u64>);

impl Recent {
    /// Puts an opening first; whether it was there.
    fn note(&mut self, id: u64) -> bool {
        let known = self.0.iter().position(|known| *known == id);
        if let Some(at) = known {
            self.0.remove(at);
        }
        self.0.truncate(REMEMBERED - 1);
        self.0.push_front(id);
        known.is_some()
    }
}

impl SharedCircuit {
    /// The circuit of an entity in a scope (the service or a workspace): that of another instance is the same when its rules
    /// are.
    pub(in crate::backend) fn new(
        (scope, id, rules): (&str, &str, &CircuitBreaker),
        sharing: &Arc<Sharing>,
        clock: &Clock,
        observer: &Arc<dyn BreakerObserver>,
    ) -> Self {
        let rules = serde_json::to_vec(rules).unwrap_or_default();
        let mut digest = Sha256::new();
        for part in [scope.to_ascii_lowercase().as_bytes(), id.to_ascii_lowercase().as_bytes(), &rules] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        let mut name = String::with_capacity(32);
        for byte in digest.finalize().iter().take(16) {
            // INVARIANT: writing to a String does not fail.
            let _ = write!(name, "{byte:02x}");
        }
        let (sharing, clock, observer) = (Arc::clone(sharing), clock.clone(), Arc::clone(observer));
        Self { name: name.into(), sharing, clock, observer, heard: Mutex::default() }
    }

    /// Whether an opening is heard of for the first time.
    pub(super) fn hears(&self, id: u64) -> bool {
        let mut heard = self.heard();
        !heard.ours.0.contains(&id) && !heard.theirs.note(id)
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BreakerObserver for SharedCircuit {
    fn changed(&self, event: &BreakerEvent<'_>) {
        self.observer.changed(event);
        if event.transition != Transition::Opened || event.is_elsewhere {
            return;
        }
        let now = self.clock.instant();
        let Some(until) = now.checked_add(event.open_for) else { return };
        let id = getrandom::u64().unwrap_or_default() | 1;
        self.heard().ours.note(id);
        {
            let mut news = self.sharing.news();
            news.retain(|_, news| news.until > now);
            news.insert(self.name.clone(), News { id, rule: event.rule.into(), until });
        }
        self.sharing.wake.notify_one();
    }
}

impl fmt::Debug for SharedCircuit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SharedCircuit").field(&self.name).finish()
    }
}
