//! What limits and quotas count with, and where values and responses are kept: in this process, or shared by several.
//!
//! [`CounterStore`] and [`CacheStore`] are the traits; [`MemoryCounters`] and [`MemoryCache`] keep everything in the process,
//! `Redis` (feature `redis`) where instances share it. [`VectorCache`] is the trait for responses to requests that are alike,
//! [`MemoryVectors`] keeps them in the process. [`GuardedCounters`] and [`GuardedCache`] go on when a store fails.

mod cache;
mod counters;
mod guarded;
mod health;
mod memory;
#[cfg(feature = "redis")]
mod redis;
mod vectors;

pub use cache::{CacheEntry, CacheKey, CacheStore, CachedResponse, CachedValue};
pub use counters::{Answer, CounterStore, Decision, Key, Limit, Remaining, StoreError, Window};
pub(crate) use counters::{Later, together};
pub use guarded::{GuardedCache, GuardedCounters, OnFailure};
pub use health::StoreHealth;
pub use memory::{MemoryCache, MemoryCounters, MemoryVectors};
#[cfg(feature = "redis")]
pub(crate) use redis::OpenCircuit;
#[cfg(feature = "redis")]
pub use redis::{Redis, RedisBreakers, RedisError, RedisStores};
pub use vectors::{NearResponse, VectorCache, VectorPartition};
