//! What limits and quotas count with, and where values and responses are kept: in this process, or shared by several.
//!
//! [`CounterStore`] and [`CacheStore`] are the traits; [`MemoryCounters`] and [`MemoryCache`] keep everything in the process.

mod cache;
mod counters;
mod memory;

pub use cache::{CacheEntry, CacheKey, CacheStore, CachedResponse, CachedValue};
pub use counters::{Answer, CounterStore, Decision, Key, Limit, StoreError, Window};
pub use memory::{MemoryCache, MemoryCounters};
