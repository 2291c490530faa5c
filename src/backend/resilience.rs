//! How backends are guarded, and what is known of them: more than one configuration has.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use super::breaker::{BreakerObserver, TracingObserver};
use super::discovery::{NameResolver, Names};
use super::openings::{BreakerStore, Sharing};
use super::pool::{PoolOptions, Roster};
use super::protection::{Around, BackendOptions, Protection};
use crate::clock::Clock;
use crate::model::CircuitBreaker;

/// The state of circuit breakers, and how backends are guarded beyond what entities say.
///
/// Keep one for as long as the process lives and build each new configuration with it: then a breaker that is open stays
/// open when its rules are the same as before. A clone shares the state. State belongs to an entity; all APIs and pools
/// that use the entity share it.
///
/// ```
/// use gatewright::backend::{BackendOptions, BreakerOptions, PoolOptions, Resilience};
///
/// let resilience = Resilience::new()
///     .backends(BackendOptions::new().breaker(BreakerOptions::new().half_open(1)))
///     .pool("orders", PoolOptions::new().fail_over(1));
/// # let _ = resilience;
/// ```
#[derive(Clone)]
#[must_use]
pub struct Resilience {
    pub(super) clock: Clock,
    observer: Arc<dyn BreakerObserver>,
    for_all: BackendOptions,
    by_id: ById<BackendOptions>,
    for_pools: PoolOptions,
    pools: ById<PoolOptions>,
    kept: Arc<Mutex<Kept<Protection>>>,
    rosters: Arc<Mutex<Kept<Roster>>>,
    pub(super) sharing: Option<Arc<Sharing>>,
    pub(super) version: Arc<AtomicU64>,
    pub(super) names: Arc<Names>,
}

/// By id, and in some workspaces by id there, all in lower case.
type ById<T> = HashMap<(Option<String>, String), T>;

/// By scope (the service or a workspace) and id, in lower case. There may be several: that of the configuration in use, and
/// that of one that is being made, which may be refused yet.
type Kept<T> = HashMap<(Box<str>, Box<str>), Vec<Weak<T>>>;

impl Default for Resilience {
    fn default() -> Self {
        Self {
            clock: Clock::system(),
            observer: Arc::new(TracingObserver),
            for_all: BackendOptions::default(),
            by_id: HashMap::new(),
            for_pools: PoolOptions::default(),
            pools: HashMap::new(),
            kept: Arc::default(),
            rosters: Arc::default(),
            sharing: None,
            version: Arc::new(AtomicU64::new(1)),
            names: Arc::default(),
        }
    }
}

impl Resilience {
    /// The system's clock, `tracing` events, and no options.
    pub fn new() -> Self {
        Self::default()
    }

    /// The time by which circuits open and close.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Who is told when a circuit opens or closes, instead of `tracing`.
    pub fn observer(mut self, observer: impl BreakerObserver) -> Self {
        self.observer = Arc::new(observer);
        self
    }

    /// Shares with other instances which circuits are open: what one of them opens is open for all of them, for the time that
    /// is left. Off by default.
    ///
    /// [`watch_breakers`](Self::watch_breakers) of this one or a clone tells and hears, and asks the store every 250
    /// milliseconds. No request waits for it.
    ///
    /// ```
    /// use gatewright::backend::{MemoryBreakers, Resilience};
    ///
    /// # tokio::runtime::Runtime::new().unwrap().block_on(async {
    /// let resilience = Resilience::new().share(MemoryBreakers::new()); // or `RedisStores::breakers`
    /// let shared = resilience.clone();
    /// tokio::spawn(async move { shared.watch_breakers().await });
    /// // Gateway::builder().resilience(resilience)…
    /// # });
    /// ```
    pub fn share(self, store: impl BreakerStore) -> Self {
        self.share_every(Duration::from_millis(250), store)
    }

    /// As [`share`](Self::share), and asks the store in this interval, at least a millisecond.
    pub fn share_every(mut self, interval: Duration, store: impl BreakerStore) -> Self {
        self.sharing = Some(Arc::new(Sharing::new(Arc::new(store), interval.max(Duration::from_millis(1)))));
        self
    }

    /// Where the addresses of hosts come from for [`PoolOptions::member_per_address`], instead of the system's resolver.
    pub fn resolver(mut self, resolver: impl NameResolver) -> Self {
        self.names = Arc::new(Names::new(resolver));
        self
    }

    /// The options of all entities that have none of their own.
    pub fn backends(mut self, options: BackendOptions) -> Self {
        self.for_all = options;
        self
    }

    /// The options of one entity, whatever the case of its letters; they replace those of all. The entities of this id in
    /// workspaces have them too, unless they have [their own](Self::workspace_backend).
    pub fn backend(mut self, id: &str, options: BackendOptions) -> Self {
        self.by_id.insert((None, id.to_ascii_lowercase()), options);
        self
    }

    /// The options of one entity of a workspace.
    pub fn workspace_backend(mut self, workspace: &str, id: &str, options: BackendOptions) -> Self {
        self.by_id.insert((Some(workspace.to_ascii_lowercase()), id.to_ascii_lowercase()), options);
        self
    }

    /// The options of all pools that have none of their own.
    pub fn pools(mut self, options: PoolOptions) -> Self {
        self.for_pools = options;
        self
    }

    /// The options of one pool, whatever the case of its letters; they replace those of all. The pools of this id in
    /// workspaces have them too, unless they have [their own](Self::workspace_pool).
    pub fn pool(mut self, id: &str, options: PoolOptions) -> Self {
        self.pools.insert((None, id.to_ascii_lowercase()), options);
        self
    }

    /// The options of one pool of a workspace.
    pub fn workspace_pool(mut self, workspace: &str, id: &str, options: PoolOptions) -> Self {
        self.pools.insert((Some(workspace.to_ascii_lowercase()), id.to_ascii_lowercase()), options);
        self
    }

    pub(super) fn backend_options(&self, scope: &str, id: &str) -> &BackendOptions {
        of(&self.by_id, scope, id).unwrap_or(&self.for_all)
    }

    pub(super) fn pool_options(&self, scope: &str, id: &str) -> &PoolOptions {
        of(&self.pools, scope, id).unwrap_or(&self.for_pools)
    }

    /// What is known of the members of a pool, when they are to start slowly.
    pub(super) fn roster<'a>(
        &self,
        scope: &str,
        id: &str,
        options: &PoolOptions,
        names: impl Iterator<Item = &'a str>,
    ) -> Option<Arc<Roster>> {
        if !options.starts_slowly() {
            return None;
        }
        let key = key(scope, id);
        let mut rosters = self.rosters.lock().unwrap_or_else(PoisonError::into_inner);
        let in_use = in_use(&mut rosters, &key);
        let made = Arc::new(Roster::new(names, &in_use, self.clock.instant()));
        rosters.entry(key).or_default().push(Arc::downgrade(&made));
        Some(made)
    }

    /// The protection of an entity: the one it has, when its settings are the same.
    pub(super) fn protect(
        &self,
        scope: &str,
        id: &str,
        rules: Option<&CircuitBreaker>,
    ) -> Result<Option<Arc<Protection>>, Vec<String>> {
        self.protect_part(scope, id, (id, None), rules)
    }

    /// The protection of one address of an entity: with the options of the entity, and the places of its protection.
    pub(super) fn protect_part(
        &self,
        scope: &str,
        id: &str,
        (entity, whole): (&str, Option<&Protection>),
        rules: Option<&CircuitBreaker>,
    ) -> Result<Option<Arc<Protection>>, Vec<String>> {
        let none = CircuitBreaker::default();
        let rules = rules.unwrap_or(&none);
        let key = key(scope, id);
        let options = self.backend_options(scope, entity);
        if Protection::is_none(rules, options) {
            return Ok(None);
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = in_use(&mut kept, &key).into_iter().find(|known| known.is_of(rules, options, whole)) {
            return Ok(Some(known));
        }
        let sharing = self.sharing.as_ref();
        let around = Around { clock: &self.clock, observer: &self.observer, version: &self.version, sharing };
        let made = Arc::new(Protection::new((scope, id), rules, options, whole, &around)?);
        kept.entry(key).or_default().push(Arc::downgrade(&made));
        Ok(Some(made))
    }

    /// The protections of all entities that are in use.
    pub(super) fn protections(&self) -> Vec<Arc<Protection>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.values().flatten().filter_map(Weak::upgrade).collect()
    }
}

fn key(scope: &str, id: &str) -> (Box<str>, Box<str>) {
    (scope.to_ascii_lowercase().into(), id.to_ascii_lowercase().into())
}

/// What is kept for a key, without what nobody uses any more. Of other keys that is found out before there is to be room for more.
fn in_use<T>(kept: &mut Kept<T>, key: &(Box<str>, Box<str>)) -> Vec<Arc<T>> {
    let is_used = |known: &Weak<T>| known.strong_count() > 0;
    if kept.len() == kept.capacity() {
        kept.retain(|_, known| {
            known.retain(is_used);
            !known.is_empty()
        });
    }
    let Some(known) = kept.get_mut(key) else { return Vec::new() };
    known.retain(is_used);
    known.iter().filter_map(Weak::upgrade).collect()
}

/// The options of an entity in a scope, or else those of its id anywhere.
fn of<'a, T>(options: &'a ById<T>, scope: &str, id: &str) -> Option<&'a T> {
    let id = id.to_ascii_lowercase();
    let there = (Some(scope.to_ascii_lowercase()), id.clone());
    options.get(&there).or_else(|| options.get(&(None, id)))
}

impl fmt::Debug for Resilience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resilience").field("backends", &self.for_all).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn options_of_a_workspace_come_first() {
        let timeout = |seconds| BackendOptions::new().attempt_timeout(Duration::from_secs(seconds));
        let resilience = Resilience::new()
            .backends(timeout(1))
            .backend("B", timeout(2))
            .workspace_backend("Team", "b", timeout(3))
            .pool("p", PoolOptions::new().fail_over(1))
            .workspace_pool("team", "P", PoolOptions::new().fail_over(2));
        for (scope, id, expected) in [("", "a", 1), ("", "b", 2), ("other", "b", 2), ("TEAM", "B", 3), ("team", "a", 1)]
        {
            let made = resilience.protect(scope, id, None).unwrap().unwrap();
            assert_eq!(made.attempt_timeout, Some(Duration::from_secs(expected)), "{scope}/{id}");
        }
        for (scope, expected) in [("", 1), ("other", 1), ("team", 2)] {
            assert_eq!(resilience.pool_options(scope, "p").fail_over_limit(), expected, "{scope}");
        }
    }

    #[test]
    fn what_nobody_uses_is_forgotten() {
        let resilience = Resilience::new().backends(BackendOptions::new().max_requests(1, 0));
        let protect = |id: usize| resilience.protect("", &id.to_string(), None).unwrap().unwrap();
        let used: Vec<_> = (0..10).map(protect).collect();
        let kept = || resilience.kept.lock().unwrap().len();
        for id in 10..10_000 {
            protect(id);
            assert!(kept() < 64, "{}", kept());
        }
        for (id, known) in used.iter().enumerate() {
            assert!(Arc::ptr_eq(known, &protect(id)));
        }
    }

    #[test]
    fn what_is_known_stays_while_another_is_tried() {
        let rules = |count| {
            let rule = serde_json::json!({"rules": [{"name": "r", "tripDuration": "PT1M", "failureCondition": {
                "count": count, "interval": "PT1M", "errorReasons": ["Timeout"]}}]});
            serde_json::from_value::<CircuitBreaker>(rule).unwrap()
        };
        let resilience = Resilience::new();
        let protect = |count| resilience.protect("", "b", Some(&rules(count))).unwrap().unwrap();
        let first = protect(1);
        let other = protect(2);
        assert!(!Arc::ptr_eq(&first, &other));
        drop(other);
        assert!(Arc::ptr_eq(&first, &protect(1)));
    }
}
