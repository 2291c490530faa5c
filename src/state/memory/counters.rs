//! Counters in memory, in shards.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::super::counters::{Answer, CounterStore, Decision, Key, Limit};
use super::counter::{Check, Counter, milliseconds};

#[cfg(test)]
mod tests;

/// Counters in the memory of the process: exact, and without a wait.
///
/// A counter is forgotten when its window is over. At most [`capacity`](Self::capacity) are kept; when more are alive,
/// those that would be forgotten first are forgotten early, and what they counted is allowed again.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use gatewright::state::{Answer, CounterStore, Decision, Key, Limit, MemoryCounters, Window};
///
/// let counters = MemoryCounters::new();
/// let key = Key { family: "example", parts: &["caller"] };
/// let limit = Limit { key, limit: 1, window: Window::Sliding(Duration::from_secs(60)), need: 1, cost: 1 };
/// let now = SystemTime::now();
/// assert!(matches!(counters.take(&[limit], now), Answer::Ready(Ok(Decision::Allowed { remaining: 0, .. }))));
/// assert!(matches!(counters.take(&[limit], now), Answer::Ready(Ok(Decision::Exceeded { .. }))));
/// ```
pub struct MemoryCounters {
    shards: Box<[Mutex<Shard>]>,
    /// A secret hash, which callers cannot make collide.
    hasher: RandomState,
    /// Of a faster one.
    seeds: [u64; 2],
    capacity: usize,
}

#[derive(Default)]
struct Shard {
    counters: HashMap<Id, Counter, BuildHasherDefault<Plain>>,
    /// At how many counters those that are over are looked for.
    sweep_at: usize,
}

/// Stands for a key; 128 random-looking bits, so that the key's text need not be kept.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Id(u64, u64);

impl Hash for Id {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0);
    }
}

/// Takes an [`Id`] as it is.
#[derive(Default)]
struct Plain(u64);

impl Hasher for Plain {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

const SHARDS: usize = 64;
const FIRST_SWEEP: usize = 64;
/// How many counters are compared when one has to go.
const SAMPLE: usize = 8;

impl MemoryCounters {
    /// No counters; at most a million at a time.
    pub fn new() -> Self {
        let seeds = [RandomState::new().hash_one(0), RandomState::new().hash_one(1)];
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { shards, hasher: RandomState::new(), seeds, capacity: 1_000_000 }
    }

    /// How many counters are kept at most; a counter takes 75 to 150 bytes, more when it counts more than four times in a
    /// sliding window.
    #[must_use]
    pub fn capacity(mut self, counters: usize) -> Self {
        self.capacity = counters;
        self
    }

    /// How many counters there are now, with those that are over and not swept yet.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).counters.len()).sum()
    }

    /// Whether there is no counter.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn id(&self, key: &Key<'_>) -> Id {
        // In one piece it is hashed in half the time; the same key always goes the same way.
        let mut room = [0; ROOM];
        match flat(key, &mut room) {
            Some(text) => Id(self.hasher.hash_one(text), mix(text, self.seeds)),
            None => Id(self.hasher.hash_one(key), self.hasher.hash_one((key, self.seeds))),
        }
    }

    fn shard(&self, limits: &[Limit<'_>]) -> MutexGuard<'_, Shard> {
        let first = limits.first().and_then(|limit| limit.key.parts.first()).copied().unwrap_or_default();
        let at = mix(first.as_bytes(), self.seeds) as usize % self.shards.len();
        lock(&self.shards[at])
    }
}

/// A fast hash, which spreads well; whoever knew the seeds could make it collide.
fn mix(bytes: &[u8], [seed, factor]: [u64; 2]) -> u64 {
    let fold = |hash: u64| {
        let product = u128::from(hash) * u128::from(factor | 1);
        product as u64 ^ (product >> 64) as u64
    };
    let (words, rest) = bytes.as_chunks::<8>();
    let hash = words.iter().fold(seed ^ bytes.len() as u64, |hash, word| fold(hash ^ u64::from_le_bytes(*word)));
    let mut last = [0; 8];
    last.iter_mut().zip(rest).for_each(|(place, byte)| *place = *byte);
    fold(fold(hash ^ u64::from_le_bytes(last)) ^ seed)
}

/// How long a key may be that is hashed in one piece.
const ROOM: usize = 128;

/// The key as one text that no other key has, if it has room.
fn flat<'a>(key: &Key<'_>, room: &'a mut [u8; ROOM]) -> Option<&'a [u8]> {
    let mut at = 0;
    for part in std::iter::once(&key.family).chain(key.parts) {
        let end = at + 1 + part.len();
        let place = room.get_mut(at..end)?;
        let (length, text) = place.split_first_mut()?;
        *length = u8::try_from(part.len()).ok()?;
        text.copy_from_slice(part.as_bytes());
        at = end;
    }
    room.get(..at)
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shard {
    fn counter(&mut self, id: Id, limit: &Limit<'_>, now: u64, capacity: usize) -> &mut Counter {
        if self.counters.len() >= self.sweep_at.min(capacity) && !self.counters.contains_key(&id) {
            self.make_room(now, capacity);
        }
        self.counters.entry(id).or_insert_with(|| Counter::new(limit, now))
    }

    /// Forgets counters that are over; when the shard is full of others, the one of a few that is over first.
    fn make_room(&mut self, now: u64, capacity: usize) {
        if self.counters.len() >= self.sweep_at {
            self.counters.retain(|_, counter| counter.expires() > now);
            self.sweep_at = (self.counters.len() * 2).max(FIRST_SWEEP);
            if self.counters.capacity() > 4 * self.sweep_at {
                self.counters.shrink_to(self.sweep_at);
            }
        }
        while self.counters.len() >= capacity.max(1) {
            let first = self.counters.iter().take(SAMPLE).min_by_key(|(_, counter)| counter.expires());
            let Some(id) = first.map(|(id, _)| *id) else { return };
            self.counters.remove(&id);
        }
    }
}

impl CounterStore for MemoryCounters {
    fn take(&self, limits: &[Limit<'_>], now: SystemTime) -> Answer<Decision> {
        Answer::Ready(Ok(self.decide(limits, now)))
    }

    fn add(&self, limits: &[Limit<'_>], now: SystemTime) -> Answer<Decision> {
        Answer::Ready(Ok(self.count_all(limits, now)))
    }
}

impl MemoryCounters {
    /// What [`take`](CounterStore::take) answers.
    pub(in crate::state) fn decide(&self, limits: &[Limit<'_>], now: SystemTime) -> Decision {
        let (now, capacity) = (milliseconds(now), self.capacity / SHARDS);
        let mut shard = self.shard(limits);
        // Nearly always there is one limit, whose counter is looked for once.
        if let [limit] = limits {
            let counter = shard.counter(self.id(&limit.key), limit, now, capacity);
            return match counter.check(limit, now) {
                Check::Kept => Decision::allowed([counter.count(limit, now)].into_iter()),
                Check::Exceeded(wait) => Decision::Exceeded { limit: 0, wait: wait.map(Duration::from_millis) },
            };
        }
        let mut exceeded: Option<(usize, Option<u64>)> = None;
        for (at, limit) in limits.iter().enumerate() {
            let Check::Exceeded(wait) = shard.counter(self.id(&limit.key), limit, now, capacity).check(limit, now)
            else {
                continue;
            };
            exceeded = Some(match exceeded {
                None => (at, wait),
                Some((first, longest)) => (first, longest.zip(wait).map(|(a, b)| a.max(b))),
            });
        }
        if let Some((limit, wait)) = exceeded {
            let wait = wait.map(Duration::from_millis);
            return Decision::Exceeded { limit, wait };
        }
        self.count(&mut shard, limits, now)
    }

    /// What [`add`](CounterStore::add) answers.
    pub(in crate::state) fn count_all(&self, limits: &[Limit<'_>], now: SystemTime) -> Decision {
        self.count(&mut self.shard(limits), limits, milliseconds(now))
    }

    fn count(&self, shard: &mut Shard, limits: &[Limit<'_>], now: u64) -> Decision {
        let capacity = self.capacity / SHARDS;
        Decision::allowed(
            limits.iter().map(|limit| shard.counter(self.id(&limit.key), limit, now, capacity).count(limit, now)),
        )
    }
}

impl Default for MemoryCounters {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryCounters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryCounters").field("len", &self.len()).field("capacity", &self.capacity).finish()
    }
}
