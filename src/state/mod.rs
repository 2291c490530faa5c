//! What limits and quotas count with, in this process or shared by several.
//!
//! [`CounterStore`] is the trait; [`MemoryCounters`] keeps everything in the process.

mod counters;
mod memory;

pub use counters::{Answer, CounterStore, Decision, Key, Limit, StoreError, Window};
pub use memory::MemoryCounters;
