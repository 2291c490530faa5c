//! Counters and caches in the memory of the process.

mod cache;
mod counter;
mod counters;
mod log;
mod vectors;

pub use cache::MemoryCache;
pub use counters::MemoryCounters;
pub use vectors::MemoryVectors;
