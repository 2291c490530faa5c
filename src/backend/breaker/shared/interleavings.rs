//! Every order of the steps of several requests that share a breaker.
//!
//! A step is what others cannot see the middle of: one access to an atomic word, or all that is done under the lock. Under
//! the lock, `gate` is written once, as the last thing that requests without the lock can see.

use std::sync::Mutex;
use std::time::SystemTime;

use super::timelines::breaker_with;
use super::*;
use crate::backend::interleave::{Thread, every_order};

struct World {
    breaker: Breaker,
    clock: Clock,
    events: Arc<Events>,
    trials: u32,
    most_trials: u32,
    passed: u32,
    refused: u32,
    recorded: u32,
}

#[derive(Default)]
struct Events(Mutex<Vec<Transition>>);

impl BreakerObserver for Arc<Events> {
    fn changed(&self, event: &BreakerEvent<'_>) {
        self.0.lock().unwrap().push(event.transition);
    }
}

/// A request: it asks to pass, and ends with a status, or nobody waits for it.
struct Request {
    status: Option<u16>,
    at: u32,
    permit: Option<Permit>,
    pending: u64,
}

impl Request {
    fn ending(status: Option<u16>) -> Box<dyn Thread<World>> {
        Box::new(Self { status, at: 0, permit: None, pending: 0 })
    }

    fn finish(&mut self, world: &mut World, permit: Permit) {
        world.recorded += 1;
        world.trials -= u32::from(permit.is_trial());
    }
}

impl Thread<World> for Request {
    fn step(&mut self, world: &mut World) -> bool {
        self.at += 1;
        let breaker = &world.breaker;
        let Some(permit) = self.permit else {
            // First the gate alone, then under the lock.
            let gate = breaker.gate.load(Ordering::Acquire);
            let permit = match NonZeroU64::new(gate).filter(|gate| gate.get() & 1 == 0) {
                Some(gate) => Ok(Permit(gate)),
                None if self.at == 1 => return true,
                None => breaker.admit_open(),
            };
            match permit {
                Ok(permit) => {
                    assert!(
                        gate & 1 == 0 || !matches!(breaker.lock().state, State::Open { .. }),
                        "passed an open circuit"
                    );
                    world.passed += 1;
                    world.trials += u32::from(permit.is_trial());
                    world.most_trials = world.most_trials.max(world.trials);
                    self.permit = Some(permit);
                    self.at = 10;
                    return true;
                }
                Err(_) => {
                    world.refused += 1;
                    return false;
                }
            }
        };
        let tick = breaker.now() / breaker.tick.map_or(1, NonZeroU64::get);
        match (self.status, self.at) {
            (None, _) => breaker.release(permit),
            (Some(status), _) if status >= 500 || permit.is_trial() || breaker.tick.is_none() => {
                breaker.record(permit, Outcome::Status(status, None));
            }
            (Some(_), 11) => {
                if breaker.is_current(permit) {
                    return true;
                }
            }
            (Some(_), 12) => {
                self.pending = breaker.pending.load(Ordering::Relaxed);
                return true;
            }
            (Some(_), _) => breaker.add_attempt(self.pending, tick),
        }
        self.finish(world, permit);
        false
    }
}

/// Another instance opens it, for so many seconds.
struct Elsewhere(u64);

impl Thread<World> for Elsewhere {
    fn step(&mut self, world: &mut World) -> bool {
        world.breaker.open_elsewhere("r", Duration::from_secs(self.0));
        false
    }
}

/// Lets time pass, once.
struct Time(u64);

impl Thread<World> for Time {
    fn step(&mut self, world: &mut World) -> bool {
        world.clock.advance(Duration::from_secs(self.0));
        false
    }
}

fn world(settings: &str) -> World {
    let (clock, events) = (Clock::manual(SystemTime::UNIX_EPOCH), Arc::new(Events::default()));
    let breaker = breaker_with(settings, &clock, Arc::new(Arc::clone(&events)));
    World { breaker, clock, events, trials: 0, most_trials: 0, passed: 0, refused: 0, recorded: 0 }
}

fn opened(settings: &str) -> World {
    let world = world(settings);
    world.breaker.record(world.breaker.admit().unwrap(), Outcome::Status(500, None));
    world
}

/// What holds after any run: events alternate, and the gate says what the circuit says.
fn is_sound(world: &World, order: &[usize], alternate: bool) {
    let events = world.events.0.lock().unwrap();
    if alternate {
        for (index, event) in events.iter().enumerate() {
            let expected = if index % 2 == 0 { Transition::Opened } else { Transition::Closed };
            assert_eq!(*event, expected, "{order:?}: {events:?}");
        }
    }
    let (gate, state) = (world.breaker.gate.load(Ordering::Relaxed), world.breaker.lock().state);
    match state {
        State::Closed => assert_eq!(gate & 1, 0, "{order:?}"),
        State::Open { until, .. } => assert_eq!(gate, until << 1 | 1, "{order:?}"),
        State::HalfOpen { running, .. } => {
            assert_eq!(gate & 1, 1, "{order:?}");
            assert_eq!(running, world.trials, "{order:?}");
        }
    }
}

#[test]
fn failures_at_the_same_time_open_it_once() {
    let runs = every_order(
        || {
            let requests = [Some(500), Some(503), Some(500), None].map(Request::ending);
            (world("count=3 interval=60 status=500-599 trip=10"), requests.into())
        },
        |world, order| {
            is_sound(world, order, true);
            assert_eq!(*world.events.0.lock().unwrap(), [Transition::Opened], "{order:?}");
            assert_eq!(world.breaker.snapshot().failures, 3);
        },
    );
    assert!(runs > 2_000, "{runs}");
}

#[test]
fn no_failure_is_lost_beside_successes() {
    let runs = every_order(
        || {
            let requests = [Some(500), Some(200), Some(200), Some(500)].map(Request::ending);
            (world("percentage=50 samples=4 interval=60 status=500-599 trip=10"), requests.into())
        },
        |world, order| {
            is_sound(world, order, true);
            // Opened by the last failure if it was the last attempt; otherwise all four are counted.
            let is_open = world.breaker.snapshot().trips == 1;
            let breaker = &world.breaker;
            let mut circuit = breaker.lock();
            breaker.drain(&mut circuit, breaker.now());
            let change = circuit.fail(&breaker.rules, 1, breaker.now(), None, breaker.limits);
            drop(circuit);
            assert!(is_open || matches!(change, Some(Change::Opened { .. })), "{order:?}");
        },
    );
    assert!(runs > 10_000, "{runs}");
}

#[test]
fn it_closes_once_when_the_time_is_over() {
    let runs = every_order(
        || {
            let mut threads: Vec<_> = [Some(200), Some(500), Some(200)].map(Request::ending).into();
            threads.push(Box::new(Time(10)));
            (opened("count=1 interval=60 status=500-599 trip=10"), threads)
        },
        |world, order| {
            is_sound(world, order, true);
            assert_eq!(world.passed + world.refused, 3);
            assert_eq!(world.passed, world.recorded);
        },
    );
    assert!(runs > 500, "{runs}");
}

#[test]
fn there_are_never_too_many_trials() {
    for (trials, ends) in
        [(1, [Some(200), Some(500), None]), (2, [Some(200), Some(200), Some(500)]), (2, [None, None, Some(200)])]
    {
        let runs = every_order(
            || {
                let mut threads: Vec<_> = ends.map(Request::ending).into();
                threads.push(Box::new(Time(10)));
                (opened(&format!("count=1 interval=60 status=500-599 trip=10 trials={trials}")), threads)
            },
            |world, order| {
                is_sound(world, order, false);
                assert!(world.most_trials <= trials, "{order:?}: {} trials", world.most_trials);
                assert_eq!(world.trials, 0, "{order:?}");
            },
        );
        assert!(runs > 100, "{runs}");
    }
}

#[test]
fn what_opens_elsewhere_is_open_beside_requests_and_trials() {
    for trials in [0, 1, 2] {
        let runs = every_order(
            || {
                let mut threads: Vec<_> = [Some(200), Some(500)].map(Request::ending).into();
                threads.push(Box::new(Time(10)));
                threads.push(Box::new(Elsewhere(10)));
                (opened(&format!("count=1 interval=60 status=500-599 trip=10 trials={trials}")), threads)
            },
            |world, order| {
                // Events of others need no closing in between.
                is_sound(world, order, false);
                assert!(world.most_trials <= trials, "{order:?}: {} trials", world.most_trials);
                assert_eq!((world.trials, world.passed), (0, world.recorded), "{order:?}");
            },
        );
        assert!(runs > 100, "{runs}");
    }
}
