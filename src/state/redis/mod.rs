//! Counters, a cache, and what is told of circuit breakers in Redis or Valkey, which instances share: one server or a cluster.

mod answer;
mod breakers;
mod cache;
mod connection;
mod connection_string;
mod counters;
mod entry;
mod link;
mod names;
mod node;
mod slots;
mod tls;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::guarded::{GuardedCache, GuardedCounters, OnFailure};
use super::health::StoreHealth;
pub(crate) use breakers::OpenCircuit;
pub use breakers::RedisBreakers;
use cache::RedisCache;
use connection::Target;
use connection_string::Address;
pub use connection_string::RedisError;
use counters::RedisCounters;
use link::Link;
use tls::Tls;

/// Says where a Redis or Valkey server is, and how it is used.
///
/// One server of a cluster is enough: the others are learnt. Nothing is connected before the first question.
///
/// ```
/// use std::time::Duration;
/// use gatewright::state::{OnFailure, Redis};
///
/// let redis = Redis::new("contoso.redis.cache.windows.net:6380,password=c2VjcmV0=,ssl=True,abortConnect=False")?
///     .timeout(Duration::from_millis(50))
///     .on_failure(OnFailure::Local);
/// # Ok::<_, gatewright::state::RedisError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Redis {
    address: Address,
    prefix: String,
    timeout: Duration,
    on_failure: OnFailure,
    server_time: bool,
    native_roots: bool,
    roots: Vec<Vec<u8>>,
}

impl Redis {
    /// Reads a connection string, in one of the forms that caches of API Management have:
    ///
    /// - `host:port,password=…,ssl=True,abortConnect=False`, with more options of StackExchange.Redis: `user`,
    ///   `defaultDatabase` and `sslHost` count, several servers may be named, and the others have no effect;
    /// - `redis://user:password@host:port/database`, or `rediss://…` for TLS.
    ///
    /// Without a port it is 6379, or 6380 with TLS.
    ///
    /// # Errors
    ///
    /// What is wrong with the text; the error does not hold it.
    pub fn new(connection: &str) -> Result<Self, RedisError> {
        Ok(Self {
            address: Address::parse(connection)?,
            prefix: "gatewright:".to_owned(),
            timeout: Duration::from_millis(250),
            on_failure: OnFailure::default(),
            server_time: true,
            native_roots: true,
            roots: Vec::new(),
        })
    }

    /// How long a request waits for an answer at most; 250 ms by default.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// What limits decide while the server does not answer; [`OnFailure::Allow`] by default.
    pub fn on_failure(mut self, decision: OnFailure) -> Self {
        self.on_failure = decision;
        self
    }

    /// What all keys begin with, without braces; `gatewright:` by default. Gateways with the same prefix share limits and
    /// caches.
    ///
    /// # Errors
    ///
    /// [`RedisError`] when it has a brace.
    pub fn prefix(mut self, prefix: &str) -> Result<Self, RedisError> {
        if prefix.contains(['{', '}']) {
            return Err(RedisError::new(format!("the prefix `{prefix}` has a brace: expected a text without")));
        }
        self.prefix = prefix.to_owned();
        Ok(self)
    }

    /// Whether sliding windows and buckets go by the clock of the server, so that instances need not agree on the time;
    /// true by default. Otherwise they go by the clock of the gateway, which takes the server longer.
    pub fn server_time(mut self, is_used: bool) -> Self {
        self.server_time = is_used;
        self
    }

    /// Whether the system's root certificates are trusted; true by default.
    pub fn native_roots(mut self, trusted: bool) -> Self {
        self.native_roots = trusted;
        self
    }

    /// Trusts the CA certificates in this PEM text too.
    pub fn root_certificates_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots.push(pem.into());
        self
    }

    /// The stores; nothing is connected yet.
    ///
    /// # Errors
    ///
    /// TLS without roots that can be trusted, or without a crypto provider.
    pub fn stores(&self) -> Result<RedisStores, RedisError> {
        let tls = if self.address.tls { Some(Tls::new(self.native_roots, &self.roots)?) } else { None };
        let target = Arc::new(Target::new(&self.address, tls));
        let link = || Link::new(target.clone(), self.timeout);
        let prefix: Arc<str> = self.prefix.as_str().into();
        // Two connections: a large response does not keep a limit waiting.
        let counters = Arc::new(RedisCounters::new(link(), prefix.clone(), self.server_time));
        let cache = Arc::new(RedisCache::new(link(), prefix));
        Ok(RedisStores {
            counters: Arc::new(GuardedCounters::new(counters, self.on_failure, self.timeout)),
            cache: Arc::new(GuardedCache::new(cache, self.timeout)),
            breakers: RedisBreakers::new(link(), &self.prefix, self.timeout),
        })
    }
}

/// Names no server: an address may hold a password.
impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("prefix", &self.prefix)
            .field("timeout", &self.timeout)
            .field("on_failure", &self.on_failure)
            .finish_non_exhaustive()
    }
}

/// Counters, a cache, and what is told of circuit breakers in Redis; made by [`Redis::stores`]. A clone shares the connections.
#[derive(Clone, Debug)]
pub struct RedisStores {
    counters: Arc<GuardedCounters>,
    cache: Arc<GuardedCache>,
    breakers: RedisBreakers,
}

impl RedisStores {
    /// For `EngineSettings::counters`.
    pub fn counters(&self) -> Arc<GuardedCounters> {
        self.counters.clone()
    }

    /// For `EngineSettings::external_cache`.
    pub fn cache(&self) -> Arc<GuardedCache> {
        self.cache.clone()
    }

    /// For `Resilience::share`: circuits that one instance opens are open for all.
    pub fn breakers(&self) -> RedisBreakers {
        self.breakers.clone()
    }

    /// How the counters do.
    pub fn counters_health(&self) -> &StoreHealth {
        self.counters.health()
    }

    /// How the cache does.
    pub fn cache_health(&self) -> &StoreHealth {
        self.cache.health()
    }
}
