//! Counters in the memory of the process.

mod counter;
mod counters;
mod log;

pub use counters::MemoryCounters;
