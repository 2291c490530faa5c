//! What an import costs, beside programs that merely parse the same bytes: `serde_json::Value`, `openapiv3` and `oas3`; for
//! YAML `serde_saphyr` into a `Value`.
//!
//! The aims: an import of JSON takes no longer than `oas3` takes to parse it, and at its peak no more memory than 1.2 times
//! a `Value`; one of YAML takes at most 1.3 times the YAML crate's own parse.
//!
//! ```text
//! cargo run --release --manifest-path benches/import/Cargo.toml -- [FILE…]
//! ```
//!
//! Without files: a generated document of 50 MB with 20,000 operations, and a smaller one as JSON and YAML.

mod document;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use gatewright::import::{Imported, Options, openapi};
use serde_json::Value;

fn main() -> ExitCode {
    let files: Vec<String> = std::env::args().skip(1).collect();
    let mut documents = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
        documents.push((file, text));
    }
    if documents.is_empty() {
        documents.push(("generated, 20,000 operations".to_owned(), document::json(20_000)));
        documents.push(("generated, 1,000 operations".to_owned(), document::json(1_000)));
        documents.push(("generated, 1,000 operations, YAML".to_owned(), document::yaml(1_000)));
    }
    let mut all_met = true;
    for (name, text) in &documents {
        let imported = import(text);
        println!(
            "{name}: {:.1} MB, {} operations, {} findings",
            text.len() as f64 / 1e6,
            imported.operations.len(),
            imported.findings.len()
        );
        drop(imported);
        all_met &= if text.trim_start().starts_with('{') { compare_json(text) } else { compare_yaml(text) };
    }
    println!("{}", if all_met { "all aims are met" } else { "not all aims are met" });
    if all_met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn import(text: &str) -> Imported {
    openapi(text.as_bytes(), &Options::default())
}

fn compare_json(text: &str) -> bool {
    let value = |text: &str| serde_json::from_str::<Value>(text).is_ok_and(|value| keep(&value));
    let openapiv3 = |text: &str| serde_json::from_str::<openapiv3::OpenAPI>(text).is_ok_and(|value| keep(&value));
    let oas3 = |text: &str| oas3::from_json(text).is_ok_and(|value| keep(&value));
    let ours = |text: &str| keep(&import(text));
    let [of_value, of_openapiv3, of_oas3, of_ours] = fastest(text, [&value, &openapiv3, &oas3, &ours]);
    let base = of_value.map(|time| time.as_secs_f64()).unwrap_or(f64::NAN);
    show("serde_json::Value", of_value, base);
    show("openapiv3", of_openapiv3, base);
    show("oas3", of_oas3, base);
    show("import", of_ours, base);
    let (value, ours) = (peak(|| drop(black_box(serde_json::from_str::<Value>(text)))), peak(|| drop(black_box(import(text)))));
    println!(
        "  peak memory: Value {:.1} MB, import {:.1} MB: {:.2} times",
        value as f64 / 1e6,
        ours as f64 / 1e6,
        ours as f64 / value as f64
    );
    // A document that `oas3` cannot read has no time to compare with: its usual one stands in.
    let aim = of_oas3.unwrap_or_else(|| of_value.unwrap_or_default().mul_f64(1.5));
    met("time", of_ours.is_some_and(|time| time <= aim)) & met("memory", ours as f64 <= 1.2 * value as f64)
}

fn compare_yaml(text: &str) -> bool {
    let value = |text: &str| serde_saphyr::from_str::<Value>(text).is_ok_and(|value| keep(&value));
    let ours = |text: &str| keep(&import(text));
    let [of_value, of_ours] = fastest(text, [&value, &ours]);
    let base = of_value.map(|time| time.as_secs_f64()).unwrap_or(f64::NAN);
    show("serde_saphyr", of_value, base);
    show("import", of_ours, base);
    met("time", of_ours.is_some_and(|time| time.as_secs_f64() <= 1.3 * base))
}

/// Looks at a result, so that making it is not left out.
fn keep<T>(value: &T) -> bool {
    black_box(value);
    true
}

/// The fastest of some runs of each, taking turns; none of those that cannot read the text. Freeing the result counts.
fn fastest<const N: usize>(text: &str, readers: [&dyn Fn(&str) -> bool; N]) -> [Option<Duration>; N] {
    let runs = if text.len() > 10_000_000 { 5 } else { 15 };
    let mut found = [None; N];
    for _ in 0..runs {
        for (reader, found) in readers.iter().zip(&mut found) {
            let start = Instant::now();
            let is_read = reader(black_box(text));
            let time = start.elapsed();
            if is_read {
                *found = Some(found.map_or(time, |fastest: Duration| fastest.min(time)));
            }
        }
    }
    found
}

fn peak(run: impl FnOnce()) -> u64 {
    allocation_counter::measure(run).bytes_max
}

fn show(name: &str, time: Option<Duration>, base: f64) {
    match time {
        Some(time) => println!("  {name:<18} {:>8.1} ms, {:.2} times", time.as_secs_f64() * 1e3, time.as_secs_f64() / base),
        None => println!("  {name:<18} cannot read it"),
    }
}

fn met(what: &str, is_met: bool) -> bool {
    println!("  {what}: {}", if is_met { "met" } else { "MISSED" });
    is_met
}
