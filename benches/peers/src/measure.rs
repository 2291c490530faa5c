//! Times several ways to do one thing in turns: all of them in each round, so that a busy machine slows all of them.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::request::Answer;

const ROUNDS: usize = 61;
const TURN: Duration = Duration::from_micros(500);

/// One way to do it.
pub type Way<'a> = Box<dyn FnMut() -> Answer + 'a>;

/// What a way costs: nanoseconds, and the ratio to the first way; medians of the rounds.
pub struct Cost {
    pub nanos: f64,
    pub ratio: f64,
}

/// Measures all ways.
pub fn rounds(ways: &mut [Way<'_>]) -> Vec<Cost> {
    let turns: Vec<u32> = ways.iter_mut().map(turns_of).collect();
    let mut times = vec![Vec::with_capacity(ROUNDS); ways.len()];
    for round in 0..ROUNDS {
        for place in 0..ways.len() {
            let at = (round + place) % ways.len();
            times[at].push(time(&mut ways[at], turns[at]));
        }
    }
    let base = times[0].clone();
    times
        .into_iter()
        .map(|times| Cost {
            ratio: median(times.iter().zip(&base).map(|(time, base)| time / base)),
            nanos: median(times.iter().copied()),
        })
        .collect()
}

fn turns_of(way: &mut Way<'_>) -> u32 {
    let mut turns = 1;
    while time(way, turns) * f64::from(turns) < TURN.as_nanos() as f64 && turns < 1 << 20 {
        turns *= 2;
    }
    turns
}

fn time(way: &mut Way<'_>, turns: u32) -> f64 {
    let start = Instant::now();
    for _ in 0..turns {
        black_box(way());
    }
    start.elapsed().as_nanos() as f64 / f64::from(turns)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
