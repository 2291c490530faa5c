//! Counters and caches in the memory of the process.

mod cache;
mod counter;
mod counters;
mod log;

pub use cache::MemoryCache;
pub use counters::MemoryCounters;
