//! Stores that others share, with a time limit and a way to go on without them.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::cache::{CacheEntry, CacheKey, CacheStore};
use super::counters::{Answer, CounterStore, Decision, Key, Limit, Remaining, StoreError};
use super::health::{Outcome, StoreHealth};
use super::memory::MemoryCounters;

/// What limits decide when their store does not answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnFailure {
    /// Requests pass, and nothing is counted.
    #[default]
    Allow,
    /// Requests are refused: with the status of the limit, and `Retry-After: 1`.
    Deny,
    /// Requests are counted in this process alone.
    Local,
}

/// A [`CounterStore`] that answers within a time, whatever the store behind it does.
///
/// A store that answers with an error or too late is left alone for a second; then one question tries it again. Meanwhile
/// limits decide as [`OnFailure`] says: [`Decision::WithoutStore`]. An error that is about a key alone
/// ([`StoreError::of_key`]) leaves other keys as they are. A question that was too late may have been counted all the same.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use gatewright::policy::EngineSettings;
/// use gatewright::state::{GuardedCounters, MemoryCounters, OnFailure};
///
/// let mine = Arc::new(MemoryCounters::new()); // or a store of your own, behind a network
/// let mut settings = EngineSettings::default();
/// settings.counters = Arc::new(GuardedCounters::new(mine, OnFailure::Local, Duration::from_millis(100)));
/// ```
#[derive(Clone, Debug)]
pub struct GuardedCounters {
    store: Arc<dyn CounterStore>,
    on_failure: OnFailure,
    local: Arc<MemoryCounters>,
    health: StoreHealth,
}

/// What is done with limits.
#[derive(Clone, Copy)]
enum Verb {
    Take,
    Add,
}

impl GuardedCounters {
    /// Waits for `store` for `timeout` at most.
    pub fn new(store: Arc<dyn CounterStore>, on_failure: OnFailure, timeout: Duration) -> Self {
        let health = StoreHealth::new("counters", timeout);
        Self { store, on_failure, local: Arc::new(MemoryCounters::new()), health }
    }

    /// How the store does.
    pub fn health(&self) -> &StoreHealth {
        &self.health
    }

    fn ask(&self, verb: Verb, limits: &[Limit<'_>], now: SystemTime) -> Answer<Decision> {
        let without = || Answer::Ready(Ok(self.without(verb, limits, now).decide()));
        if !self.health.may_ask() {
            return without();
        }
        let answer = match verb {
            Verb::Take => self.store.take(limits, now),
            Verb::Add => self.store.add(limits, now),
        };
        match self.health.within(answer) {
            Outcome::Ready(Ok(decision)) => Answer::Ready(Ok(decision)),
            Outcome::Ready(Err(_)) => without(),
            Outcome::Later(decision) => {
                let without = self.without(verb, limits, now);
                Answer::Later(Box::pin(async move { Ok(decision.await.unwrap_or_else(|_| without.decide())) }))
            }
        }
    }

    /// The decision that is made without the store.
    fn without(&self, verb: Verb, limits: &[Limit<'_>], now: SystemTime) -> Without {
        match (self.on_failure, verb) {
            (OnFailure::Local, _) => Without::Local(self.local.clone(), verb, OwnedLimits::new(limits), now),
            (OnFailure::Deny, Verb::Take) => Without::Refused,
            _ => Without::Allowed(Remaining::of(limits.iter().map(|limit| limit.limit))),
        }
    }
}

impl CounterStore for GuardedCounters {
    fn take(&self, limits: &[Limit<'_>], now: SystemTime) -> Answer<Decision> {
        self.ask(Verb::Take, limits, now)
    }

    fn add(&self, limits: &[Limit<'_>], now: SystemTime) -> Answer<Decision> {
        self.ask(Verb::Add, limits, now)
    }
}

/// What is decided when the store does not answer.
enum Without {
    Refused,
    Allowed(Remaining),
    Local(Arc<MemoryCounters>, Verb, OwnedLimits, SystemTime),
}

impl Without {
    fn decide(self) -> Decision {
        match self {
            Self::Refused => Decision::WithoutStore(None),
            Self::Allowed(each) => Decision::allowed_without_store(each),
            Self::Local(counters, verb, limits, now) => {
                let decision = limits.with(|limits| match verb {
                    Verb::Take => counters.decide(limits, now),
                    Verb::Add => counters.count_all(limits, now),
                });
                Decision::WithoutStore(Some(Box::new(decision)))
            }
        }
    }
}

/// Limits that outlive the question.
struct OwnedLimits(Vec<(Vec<Box<str>>, Limit<'static>)>);

impl OwnedLimits {
    fn new(limits: &[Limit<'_>]) -> Self {
        let owned = limits.iter().map(|limit| {
            let parts = limit.key.parts.iter().map(|part| Box::from(*part)).collect();
            (parts, Limit { key: Key { family: limit.key.family, parts: &[] }, ..*limit })
        });
        Self(owned.collect())
    }

    fn with<T>(&self, ask: impl FnOnce(&[Limit<'_>]) -> T) -> T {
        let parts: Vec<Vec<&str>> =
            self.0.iter().map(|(parts, _)| parts.iter().map(|part| &**part).collect()).collect();
        let limits = self.0.iter().zip(&parts).map(|((_, limit), parts)| {
            let key = Key { family: limit.key.family, parts };
            Limit { key, ..*limit }
        });
        ask(&limits.collect::<Vec<_>>())
    }
}

/// A [`CacheStore`] that answers within a time: while the store behind it fails, nothing is found and nothing is kept.
///
/// A store that answers with an error or too late is left alone for a second; then one question tries it again.
#[derive(Clone, Debug)]
pub struct GuardedCache {
    store: Arc<dyn CacheStore>,
    health: StoreHealth,
}

impl GuardedCache {
    /// Waits for `store` for `timeout` at most.
    pub fn new(store: Arc<dyn CacheStore>, timeout: Duration) -> Self {
        Self { store, health: StoreHealth::new("cache", timeout) }
    }

    /// How the store does.
    pub fn health(&self) -> &StoreHealth {
        &self.health
    }

    fn ask<T: Send + 'static>(&self, ask: impl FnOnce(&dyn CacheStore) -> Answer<T>) -> Answer<T> {
        if !self.health.may_ask() {
            return Answer::Ready(Err(StoreError::new("the cache is not asked: it has just failed")));
        }
        match self.health.within(ask(&*self.store)) {
            Outcome::Ready(answer) => Answer::Ready(answer),
            Outcome::Later(answer) => Answer::Later(Box::pin(answer)),
        }
    }
}

impl CacheStore for GuardedCache {
    fn get(&self, key: &CacheKey, now: SystemTime) -> Answer<Option<CacheEntry>> {
        self.ask(|store| store.get(key, now))
    }

    fn put(&self, key: CacheKey, entry: CacheEntry, lifetime: Duration, now: SystemTime) -> Answer<()> {
        self.ask(|store| store.put(key, entry, lifetime, now))
    }

    fn remove(&self, key: &CacheKey) -> Answer<()> {
        self.ask(|store| store.remove(key))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

    use super::super::counters::Window;
    use super::super::memory::MemoryCache;
    use super::*;

    /// A store that answers (0), fails (1), does not answer (2), or fails for this key (3), and counts the questions.
    #[derive(Debug, Default)]
    struct Shaky {
        mode: AtomicU8,
        asked: AtomicU64,
        cache: MemoryCache,
    }

    impl Shaky {
        fn answer<T: Send + 'static>(&self, answer: T) -> Answer<T> {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let mode = self.mode.load(Ordering::Relaxed);
            Answer::Later(Box::pin(async move {
                match mode {
                    0 => Ok(answer),
                    1 => Err(StoreError::new("gone")),
                    3 => Err(StoreError::of_key("not a counter")),
                    _ => std::future::pending().await,
                }
            }))
        }
    }

    impl CounterStore for Shaky {
        fn take(&self, _: &[Limit<'_>], _: SystemTime) -> Answer<Decision> {
            self.answer(Decision::allowed([7].into_iter()))
        }

        fn add(&self, limits: &[Limit<'_>], now: SystemTime) -> Answer<Decision> {
            self.take(limits, now)
        }
    }

    impl CacheStore for Shaky {
        fn get(&self, _: &CacheKey, _: SystemTime) -> Answer<Option<CacheEntry>> {
            self.answer(None)
        }

        fn put(&self, _: CacheKey, _: CacheEntry, _: Duration, _: SystemTime) -> Answer<()> {
            self.answer(())
        }

        fn remove(&self, key: &CacheKey) -> Answer<()> {
            let _ = self.cache.remove(key);
            self.answer(())
        }
    }

    const LIMIT: Duration = Duration::from_millis(50);

    async fn take(counters: &GuardedCounters) -> Decision {
        let key = Key { family: "test", parts: &["a", "b"] };
        let window = Window::Sliding(Duration::from_secs(60));
        let limit = Limit { key, limit: 2, window, need: 1, cost: 1 };
        counters.take(&[limit], SystemTime::UNIX_EPOCH + Duration::from_secs(1)).wait().await.unwrap()
    }

    fn allowed(remaining: u64) -> Decision {
        Decision::allowed([remaining].into_iter())
    }

    /// What is decided of the first, second and third question that a store does not answer.
    fn without() -> [(OnFailure, [Option<Decision>; 3]); 3] {
        let exceeded = Decision::Exceeded { limit: 0, wait: Some(Duration::from_secs(60)) };
        [
            (OnFailure::Allow, [Some(allowed(2)), Some(allowed(2)), Some(allowed(2))]),
            (OnFailure::Deny, [None, None, None]),
            (OnFailure::Local, [Some(allowed(1)), Some(allowed(0)), Some(exceeded)]),
        ]
    }

    #[tokio::test(start_paused = true)]
    async fn an_error_about_a_key_leaves_other_keys_as_they_are() {
        let store = Arc::new(Shaky::default());
        store.mode.store(3, Ordering::Relaxed);
        for (on_failure, without) in without() {
            let counters = GuardedCounters::new(store.clone(), on_failure, LIMIT);
            for decision in without {
                assert_eq!(take(&counters).await, Decision::WithoutStore(decision.map(Box::new)), "{on_failure:?}");
            }
            let health = counters.health();
            assert_eq!((health.failures(), health.left_alone(), health.is_up()), (3, 0, true), "all were asked");
        }
        let cache = GuardedCache::new(store.clone(), LIMIT);
        let found = cache.get(&CacheKey::value("k"), SystemTime::UNIX_EPOCH).wait().await;
        assert_eq!(found.unwrap_err().to_string(), "not a counter");
        store.mode.store(0, Ordering::Relaxed);
        assert!(cache.get(&CacheKey::value("k"), SystemTime::UNIX_EPOCH).wait().await.unwrap().is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_fails_is_left_alone_and_tried_again() {
        let store = Arc::new(Shaky::default());
        for (on_failure, without) in without() {
            for mode in [1, 2] {
                let counters = GuardedCounters::new(store.clone(), on_failure, LIMIT);
                let asked = || store.asked.load(Ordering::Relaxed);
                store.mode.store(0, Ordering::Relaxed);
                assert_eq!(take(&counters).await, allowed(7));
                store.mode.store(mode, Ordering::Relaxed);
                let (before, began) = (asked(), Instant::now());
                for decision in &without {
                    let expected = Decision::WithoutStore(decision.clone().map(Box::new));
                    assert_eq!(take(&counters).await, expected, "{on_failure:?} {mode}");
                }
                assert_eq!((asked() - before, counters.health().failures()), (1, 1));
                assert_eq!((counters.health().left_alone(), counters.health().is_up()), (2, false));
                assert!(began.elapsed() <= LIMIT + Duration::from_millis(2), "only the first one waits");
                tokio::time::advance(Duration::from_millis(1_001)).await;
                take(&counters).await;
                assert_eq!((asked() - before, counters.health().failures()), (2, 2), "one tries it");
                store.mode.store(0, Ordering::Relaxed);
                take(&counters).await;
                assert_eq!(asked() - before, 2, "still left alone");
                tokio::time::advance(Duration::from_millis(1_001)).await;
                assert_eq!(take(&counters).await, allowed(7));
                assert!(counters.health().is_up());
                assert_eq!(take(&counters).await, allowed(7));
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_cache_that_fails_finds_nothing_and_keeps_nobody_waiting() {
        let store = Arc::new(Shaky::default());
        let cache = GuardedCache::new(store.clone(), LIMIT);
        let key = CacheKey::value("k");
        assert!(cache.get(&key, SystemTime::UNIX_EPOCH).wait().await.unwrap().is_none());
        store.mode.store(2, Ordering::Relaxed);
        let began = Instant::now();
        let late = cache.get(&key, SystemTime::UNIX_EPOCH).wait().await.unwrap_err();
        assert_eq!(late.to_string(), "no answer within 50ms");
        let rests = cache.remove(&key).wait().await.unwrap_err();
        assert_eq!(rests.to_string(), "the cache is not asked: it has just failed");
        assert!(began.elapsed() <= LIMIT + Duration::from_millis(2));
        assert_eq!((cache.health().failures(), cache.health().left_alone()), (1, 1));
        store.mode.store(1, Ordering::Relaxed);
        tokio::time::advance(Duration::from_millis(1_001)).await;
        assert_eq!(cache.remove(&key).wait().await.unwrap_err().to_string(), "gone", "as the store says");
    }

    use tokio::time::Instant;
}
