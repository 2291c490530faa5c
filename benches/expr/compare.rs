//! Measures two ways to do one thing side by side: in short turns whose order alternates, so that a busy machine slows
//! both.

use std::hint::black_box;
use std::time::{Duration, Instant};

use allocation_counter::measure;

const ROUNDS: usize = 101;
const TURN: Duration = Duration::from_micros(500);

/// What one way costs.
pub struct Cost {
    /// Nanoseconds of one turn of the work, the median of all rounds.
    pub nanos: f64,
    /// Allocations of one turn of the work.
    pub allocations: u64,
}

/// Both costs, and the median of the ratios of the rounds.
pub fn compare<A, B>(mut ours: impl FnMut() -> A, mut theirs: impl FnMut() -> B) -> (Cost, Cost, f64) {
    let counts = (count(&mut ours), count(&mut theirs));
    let turns = (turns_of(&mut ours), turns_of(&mut theirs));
    let mut rounds: Vec<(f64, f64)> = (0..ROUNDS)
        .map(|round| {
            if round % 2 == 0 {
                let first = time(&mut ours, turns.0);
                (first, time(&mut theirs, turns.1))
            } else {
                let first = time(&mut theirs, turns.1);
                (time(&mut ours, turns.0), first)
            }
        })
        .collect();
    let ratio = median(rounds.iter().map(|(a, b)| a / b));
    let (a, b) = (median(rounds.iter().map(|r| r.0)), median(rounds.drain(..).map(|r| r.1)));
    (Cost { nanos: a, allocations: counts.0 }, Cost { nanos: b, allocations: counts.1 }, ratio)
}

/// What one thing alone costs.
pub fn alone<A>(mut work: impl FnMut() -> A) -> Cost {
    let allocations = count(&mut work);
    let turns = turns_of(&mut work);
    Cost { nanos: median((0..ROUNDS).map(|_| time(&mut work, turns))), allocations }
}

fn count<A>(work: &mut impl FnMut() -> A) -> u64 {
    black_box(work());
    measure(|| {
        black_box(work());
    })
    .count_total
}

/// How often to do the work in one turn.
fn turns_of<A>(work: &mut impl FnMut() -> A) -> u32 {
    let mut turns = 1;
    while time(work, turns) * f64::from(turns) < TURN.as_nanos() as f64 && turns < 1 << 20 {
        turns *= 2;
    }
    turns
}

#[allow(clippy::disallowed_methods, reason = "a bench measures real time")]
fn time<A>(work: &mut impl FnMut() -> A, turns: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..turns {
        black_box(work());
    }
    start.elapsed().as_nanos() as f64 / f64::from(turns)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
