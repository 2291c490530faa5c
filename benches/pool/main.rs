//! What pools and circuit breakers cost, and what they hide.
//!
//! Prints the time of one pick and of one breaker's work, the CPU time that entities add to a proxy written on hyper-util,
//! and how many errors a client sees when one of four members fails half of its requests. See `docs/performance.md`.
//!
//! ```text
//! cargo bench --bench pool
//! cargo bench --bench pool -- --rounds 31 --requests 20000 --only cpu
//! ```

#![allow(clippy::disallowed_methods)] // a measurement reads the system's clock

mod cpu;
mod errors;
mod micro;
mod peers;
#[path = "../proxy/process.rs"]
mod process;

use std::error::Error;

type Fault = Box<dyn Error + Send + Sync>;

fn main() -> Result<(), Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    if let Some(role) = argument("--role") {
        return tokio::task::LocalSet::new().block_on(&runtime, peers::serve(&role));
    }
    // Without `--bench` (`cargo test --all-targets`) it only shows that everything works.
    let measure = std::env::args().any(|argument| argument == "--bench");
    let only = argument("--only");
    let runs = |part: &str| only.as_deref().is_none_or(|only| only == part);
    if runs("micro") {
        micro::run(if measure { 4_500_000 } else { 1_000 });
    }
    let local = tokio::task::LocalSet::new();
    if runs("cpu") {
        let (rounds, requests) = if measure { (21, 8_000) } else { (1, 640) };
        local.block_on(&runtime, cpu::compare(number("--rounds", rounds)?.max(1), number("--requests", requests)?))?;
    }
    if runs("errors") {
        local.block_on(&runtime, errors::count(if measure { 20_000 } else { 400 }))?;
    }
    Ok(())
}

fn argument(name: &str) -> Option<String> {
    std::env::args().skip_while(|argument| argument != name).nth(1)
}

fn number(name: &str, default: usize) -> Result<usize, Fault> {
    argument(name).map_or(Ok(default), |text| text.parse().map_err(|_| format!("`{name} {text}` is no number").into()))
}

fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
