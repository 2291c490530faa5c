//! Hostile expressions under the default budget: how soon each ends, and the most memory it takes on the way.
//!
//! Each runs in a process of its own, three times; the time is the least of the three, the memory (`VmHWM`, so this needs
//! Linux) the most.

use std::process::Command;
use std::time::Instant;

use gatewright::expr::{Budget, Expression, Library};

use crate::hostile;

const BOMBS: &str = include_str!("../../tests/expr/data/bombs.txt");
const RUNS: usize = 3;
/// The limits, in milliseconds and megabytes.
const LIMITS: (f64, f64) = (100.0, 64.0);

struct Bomb {
    name: &'static str,
    ends_with: &'static str,
    source: &'static str,
}

fn bombs() -> Vec<Bomb> {
    let lines = BOMBS.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| {
            let mut parts = line.splitn(3, " | ");
            let mut part = || parts.next().expect("name, ending and expression");
            Bomb { name: part(), ends_with: part(), source: part() }
        })
        .collect()
}

/// Prints the table; `wanted` is a part of a name.
pub fn table(wanted: &str) {
    println!("{:<44} {:>9} {:>9}   ends with", "bomb", "ms", "MB");
    let (mut count, mut slowest, mut largest, mut over) = (0, 0.0_f64, 0.0_f64, 0);
    for (index, bomb) in bombs().iter().enumerate().filter(|(_, bomb)| bomb.name.contains(wanted)) {
        let runs: Vec<(f64, f64, String)> = (0..RUNS).filter_map(|_| run_child(index)).collect();
        let Some((.., outcome)) = runs.first() else {
            println!("{:<44} {:>9} {:>9}   the process died", bomb.name, "-", "-");
            over += 1;
            continue;
        };
        let millis = runs.iter().map(|run| run.0).fold(f64::INFINITY, f64::min);
        let megabytes = runs.iter().map(|run| run.1).fold(0.0, f64::max);
        let is_over = millis > LIMITS.0 || megabytes > LIMITS.1 || !outcome.starts_with(bomb.ends_with);
        println!("{:<44} {millis:>9.1} {megabytes:>9.1} {} {outcome}", bomb.name, if is_over { '!' } else { ' ' });
        (count, over) = (count + 1, over + usize::from(is_over));
        (slowest, largest) = (slowest.max(millis), largest.max(megabytes));
    }
    println!("{count} bombs, the slowest {slowest:.1} ms, the largest {largest:.1} MB, {over} over the limits");
}

fn run_child(index: usize) -> Option<(f64, f64, String)> {
    let output = Command::new(std::env::current_exe().ok()?).args(["--bomb", &index.to_string()]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut parts = text.trim().splitn(3, ' ');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?.to_owned()))
}

/// Sets one off and prints what it took.
#[allow(clippy::disallowed_methods, reason = "a bench measures real time")]
pub fn set_off(index: usize) {
    let bomb = bombs().swap_remove(index);
    let expression = match Expression::compile(bomb.source, &Library::strict()) {
        Ok(expression) => expression,
        Err(errors) => return println!("0 0 it does not compile: {}", errors.to_string().replace('\n', "; ")),
    };
    let mut host = hostile::host();
    let before = memory("VmRSS:");
    let start = Instant::now();
    let result = expression.eval(&mut host, &Budget::default());
    let millis = start.elapsed().as_secs_f64() * 1000.0;
    let megabytes = (memory("VmHWM:") - before).max(0.0);
    let outcome = match result {
        Ok(value) => format!("value: {:.30}", value.to_text().unwrap_or_default()),
        Err(error) if error.is_budget() => format!("budget: {} at {:?}", error.message(), error.span()),
        Err(error) => format!("{}: {:.60}", error.exception_type(), error.message()),
    };
    println!("{millis} {megabytes} {outcome}");
}

/// A line of `/proc/self/status`, in megabytes.
fn memory(name: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or_default() * 1024.0 / 1e6
}
