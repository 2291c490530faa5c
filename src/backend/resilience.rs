//! How backends are guarded, and what is known of them: more than one configuration has.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::breaker::{BreakerObserver, TracingObserver};
use super::pool::PoolOptions;
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
    by_id: HashMap<String, BackendOptions>,
    for_pools: PoolOptions,
    pools: HashMap<String, PoolOptions>,
    kept: Arc<Mutex<Kept>>,
    pub(super) version: Arc<AtomicU64>,
}

/// By scope (the service or a workspace) and id, in lower case. There may be several: that of the configuration in use, and
/// that of one that is being made, which may be refused yet.
type Kept = HashMap<(Box<str>, Box<str>), Vec<Weak<Protection>>>;

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
            version: Arc::new(AtomicU64::new(1)),
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

    /// The options of all entities that have none of their own.
    pub fn backends(mut self, options: BackendOptions) -> Self {
        self.for_all = options;
        self
    }

    /// The options of one entity, whatever the case of its letters; they replace those of all.
    pub fn backend(mut self, id: &str, options: BackendOptions) -> Self {
        self.by_id.insert(id.to_ascii_lowercase(), options);
        self
    }

    /// The options of all pools that have none of their own.
    pub fn pools(mut self, options: PoolOptions) -> Self {
        self.for_pools = options;
        self
    }

    /// The options of one pool, whatever the case of its letters; they replace those of all.
    pub fn pool(mut self, id: &str, options: PoolOptions) -> Self {
        self.pools.insert(id.to_ascii_lowercase(), options);
        self
    }

    pub(super) fn pool_options(&self, id: &str) -> &PoolOptions {
        self.pools.get(&id.to_ascii_lowercase()).unwrap_or(&self.for_pools)
    }

    /// The protection of an entity: the one it has, when its settings are the same.
    pub(super) fn protect(
        &self,
        scope: &str,
        id: &str,
        rules: Option<&CircuitBreaker>,
    ) -> Result<Option<Arc<Protection>>, Vec<String>> {
        let none = CircuitBreaker::default();
        let rules = rules.unwrap_or(&none);
        let key = (scope.to_ascii_lowercase().into_boxed_str(), id.to_ascii_lowercase().into_boxed_str());
        let options = self.by_id.get(&*key.1).unwrap_or(&self.for_all);
        if Protection::is_none(rules, options) {
            return Ok(None);
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let mut known = kept.get(&key).into_iter().flatten().filter_map(Weak::upgrade);
        if let Some(known) = known.find(|known| known.is_of(rules, options)) {
            return Ok(Some(known));
        }
        let around = Around { clock: &self.clock, observer: &self.observer, version: &self.version };
        let made = Arc::new(Protection::new(id, rules, options, &around)?);
        kept.retain(|_, known| {
            known.retain(|known| known.strong_count() > 0);
            !known.is_empty()
        });
        kept.entry(key).or_default().push(Arc::downgrade(&made));
        Ok(Some(made))
    }
}

impl fmt::Debug for Resilience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resilience").field("backends", &self.for_all).finish_non_exhaustive()
    }
}
