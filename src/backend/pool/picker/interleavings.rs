//! Every order of the steps of requests that pick, beside members that trip and come back.

use std::time::SystemTime;

use super::tests::{key, made, trip, ways};
use super::*;
use crate::backend::interleave::{Thread, every_order};
use crate::backend::pool::options::Balance;
use crate::random::Random;

const SLOW_START: Duration = Duration::from_secs(5);

struct World {
    picker: Picker,
    clock: Clock,
    /// Counts what happened, so that a pick knows what happened while it was made.
    history: Vec<[bool; 2]>,
    picks: Vec<Option<usize>>,
}

impl World {
    fn note(&mut self) {
        let now = [0, 1].map(|member| self.picker.is_candidate(member));
        self.history.push(now);
    }
}

/// A request that picks: it reads the turns, takes one, and makes them anew when that fails.
#[derive(Default)]
struct Pick {
    key: Option<u64>,
    at: u32,
    since: usize,
    turns: Option<Arc<Turns>>,
}

impl Thread<World> for Pick {
    fn step(&mut self, world: &mut World) -> bool {
        self.at += 1;
        let picker = &world.picker;
        let found = match self.at {
            1 => {
                self.since = world.history.len() - 1;
                self.turns = Some(picker.turns.load_full());
                return true;
            }
            2 => {
                let turns = self.turns.take().unwrap();
                let Some(member) = picker.member_of(&turns, self.key, Members::default()) else { return true };
                Some(member)
            }
            3 => {
                self.turns = Some(Arc::new(picker.turns_without(Members::default())));
                return true;
            }
            4 => {
                picker.turns.store(self.turns.clone().unwrap());
                return true;
            }
            _ => picker.next_of(&self.turns.take().unwrap(), self.key),
        };
        let during = &world.history[self.since..];
        match found {
            Some(member) => assert!(during.iter().any(|then| then[member]), "{member} was no candidate: {during:?}"),
            None => assert!(during.contains(&[false, false]), "there was a candidate: {during:?}"),
        }
        world.picks.push(found);
        false
    }
}

struct Trip(usize);

impl Thread<World> for Trip {
    fn step(&mut self, world: &mut World) -> bool {
        let breaker = world.picker.breaker(self.0).unwrap().clone();
        if breaker.open_for().is_none() {
            trip(&breaker);
        }
        world.note();
        false
    }
}

struct Time;

impl Thread<World> for Time {
    fn step(&mut self, world: &mut World) -> bool {
        world.clock.advance(Duration::from_secs(10));
        world.note();
        false
    }
}

fn run(shares: [(u32, u32); 2], way: &PoolOptions, others: fn() -> Vec<Box<dyn Thread<World>>>) -> usize {
    let names = ["m0", "m1"];
    let standing = shares.map(|(priority, weight)| Share { priority, weight });
    every_order(
        || {
            let clock = Clock::manual(SystemTime::UNIX_EPOCH);
            let plain = PoolOptions { balance: Balance::RoundRobin, ..way.clone() };
            // The same chance in each run.
            let way = PoolOptions { random: Random::seeded(7), ..way.clone() };
            let picker = Picker { way: Way::new(&way, &names, &standing), ..made(&shares, &plain, &clock) };
            let mut world = World { picker, clock, history: Vec::new(), picks: Vec::new() };
            world.note();
            let mut threads = others();
            threads
                .extend([1, 2].map(|number| -> Box<dyn Thread<World>> {
                    Box::new(Pick { key: key(number), ..Pick::default() })
                }));
            (world, threads)
        },
        |world, order| {
            assert_eq!(world.picks.len(), 2);
            // Whatever turns were left behind, once all are back everybody has his turn.
            world.clock.advance(Duration::from_secs(10));
            // And his whole share a while later.
            world.picker.pick(None, Members::default());
            world.clock.advance(SLOW_START);
            let pick = |number| world.picker.pick(key(number), Members::default());
            let after: Vec<_> = (0..16).filter_map(pick).collect();
            let both = shares[0].0 == shares[1].0;
            assert_eq!(after.len(), 16, "{order:?}");
            assert_eq!(after.contains(&1), both, "{order:?}: {after:?}");
            assert!(after.contains(&0), "{order:?}: {after:?}");
        },
    )
}

#[test]
fn picks_are_right_beside_trips() {
    let threads: fn() -> Vec<Box<dyn Thread<World>>> = || vec![Box::new(Trip(0)), Box::new(Trip(1)), Box::new(Time)];
    for shares in [[(1, 1), (1, 1)], [(1, 1), (2, 1)]] {
        let runs = run(shares, &PoolOptions::new(), threads);
        assert!(runs > 5_000, "{runs}");
    }
}

#[test]
fn all_ways_are_right_beside_a_trip() {
    let threads: fn() -> Vec<Box<dyn Thread<World>>> = || vec![Box::new(Trip(1)), Box::new(Time)];
    let slowly = ways().into_iter().map(|way| way.slow_start(SLOW_START));
    for way in ways().into_iter().chain(slowly) {
        let runs = run([(1, 1), (1, 1)], &way, threads);
        assert!(runs > 100, "{way:?}: {runs}");
    }
}
