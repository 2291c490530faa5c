//! What a decision about a limit and a hit of the cache cost, in memory and in Redis. See `docs/performance.md`.
//!
//! ```text
//! cargo bench --features redis --bench state
//! cargo bench --features redis --bench state -- --only redis
//! ```

#![allow(clippy::disallowed_methods)] // a measurement reads the system's clock

mod memory;
#[path = "../../tests/support/redis.rs"]
#[allow(dead_code)] // tests use the rest
mod server;
mod shared;

use std::time::{Duration, SystemTime};

fn main() {
    // Without `--bench` (`cargo test --all-targets`) it only shows that everything works.
    let measure = std::env::args().any(|argument| argument == "--bench");
    let only = std::env::args().skip_while(|argument| argument != "--only").nth(1);
    let runs = |part: &str| only.as_deref().is_none_or(|only| only == part);
    if runs("memory") {
        memory::run(if measure { 1_000_000 } else { 1_000 });
    }
    if runs("redis") {
        shared::run(if measure { 41 } else { 1 }, if measure { 2_000 } else { 20 });
    }
}

/// Runs some work a number of times and gives the time of one on the processor, which other programs do not change much:
/// the median of nine rounds.
fn time_of(times: u32, mut work: impl FnMut(u32)) -> Duration {
    let rounds = (0..9).map(|_| {
        let began = on_processor();
        (0..times).for_each(&mut work);
        (on_processor() - began) / times
    });
    median(rounds.collect())
}

/// How long this thread has run; where the system does not tell, the time of day.
fn on_processor() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split_whitespace().next()?.parse().ok());
    nanoseconds.map_or_else(|| SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap(), Duration::from_nanos)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}
