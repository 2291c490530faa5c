//! The store in Redis decides as the store in memory does.

use std::time::{Duration, SystemTime};

use gatewright::state::{CounterStore, Decision, Key, Limit, MemoryCounters, Redis, Window};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::server::{RedisServer, is_installed};
use crate::{PATIENT, stores};

fn start() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000)
}

/// How windows are asked for: the kind, seconds, the limit.
#[derive(Clone, Debug)]
struct Asked {
    kind: u8,
    seconds: u64,
    limit: u64,
}

impl Asked {
    fn window(&self, now: SystemTime) -> Window {
        let period = Duration::from_secs(self.seconds);
        match self.kind {
            0 => Window::Sliding(period),
            1 => Window::TokenBucket(period),
            _ => {
                let windows = now.duration_since(start()).unwrap().as_secs() / self.seconds;
                let start = start() + Duration::from_secs(windows * self.seconds);
                Window::Fixed { start, end: (self.kind == 2).then_some(start + period) }
            }
        }
    }
}

#[derive(Clone, Debug)]
struct Step {
    /// Milliseconds since the last one.
    after: u64,
    /// Which of the limits.
    which: Vec<bool>,
    need: i64,
    cost: i64,
    adds: bool,
}

fn steps() -> impl Strategy<Value = (Vec<Asked>, Vec<Step>)> {
    let asked = (0_u8..4, prop::sample::select(vec![1_u64, 2, 5, 60, 300]), 0_u64..12);
    let asked = asked.prop_map(|(kind, seconds, limit)| Asked { kind, seconds, limit });
    // Mostly one limit, as in most documents.
    let which = prop_oneof![
        prop::collection::vec(any::<bool>(), 3),
        (0_usize..3).prop_map(|one| (0..3).map(|at| at == one).collect()),
    ];
    let step = (0_u64..3_000, which, -2_i64..3, 0_i64..3, prop::bool::weighted(0.2));
    let step = step.prop_map(|(after, which, need, cost, adds)| Step { after, which, need, cost, adds });
    (prop::collection::vec(asked, 3), prop::collection::vec(step, 1..50))
}

/// Whether two decisions are the same, but for so much of the time to wait.
fn agree(a: &Decision, b: &Decision, within: Duration) -> bool {
    match (a, b) {
        (Decision::Exceeded { limit: a, wait: Some(one) }, Decision::Exceeded { limit: b, wait: Some(two) }) => {
            a == b && one.abs_diff(*two) <= within
        }
        _ => a == b,
    }
}

/// Asks both stores the same; the one in Redis goes by its own clock, or by the time that it is told.
fn decide_the_same(server_time: bool, cases: u32) {
    let server = RedisServer::start(&[]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let redis = Redis::new(&server.address()).unwrap().timeout(PATIENT).server_time(server_time);
    let stores = {
        let _guard = runtime.enter();
        redis.stores().unwrap()
    };
    // Buckets count in fractions. By a clock of its own, so little time passes in a case that nothing is forgotten.
    let within = if server_time { Duration::from_secs(20) } else { Duration::from_millis(1) };
    let run = std::cell::Cell::new(0);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let outcome = runner.run(&steps(), |(mut asked, steps)| {
        run.set(run.get() + 1);
        if server_time {
            asked.iter_mut().for_each(|asked| asked.seconds += 7_200);
        }
        let (memory, tag, mut now) = (MemoryCounters::new(), format!("run {}", run.get()), start());
        for step in steps {
            if !server_time {
                now += Duration::from_millis(step.after);
            }
            let names = ["a", "b", "c"].map(|name| [&*tag, name]);
            let limits: Vec<_> = (0..3)
                .filter(|at| step.which[*at])
                .map(|at| {
                    let key = Key { family: "test", parts: &names[at] };
                    let (limit, window) = (asked[at].limit, asked[at].window(now));
                    Limit { key, limit, window, need: step.need, cost: step.cost }
                })
                .collect();
            if limits.is_empty() {
                continue;
            }
            let ask = |store: &dyn CounterStore| {
                let answer = if step.adds { store.add(&limits, now) } else { store.take(&limits, now) };
                runtime.block_on(answer.wait()).unwrap()
            };
            let (expected, found) = (ask(&memory), ask(&*stores.counters()));
            prop_assert!(
                agree(&found, &expected, within),
                "{found:?}, not {expected:?}: {limits:?} at {now:?}, by its own clock: {server_time}"
            );
        }
        Ok(())
    });
    outcome.unwrap();
    assert!(stores.counters_health().failures() == 0);
    // Whatever counts expires, but a window that never ends.
    for key in server.command(&["KEYS", "*:[sb]:*"]).lines() {
        assert_ne!(server.command(&["PTTL", key]), "-1", "{key}");
    }
}

#[test]
fn both_stores_decide_the_same() {
    if is_installed() {
        decide_the_same(false, 80);
    }
}

#[test]
fn a_store_with_its_own_clock_decides_the_same() {
    if is_installed() {
        decide_the_same(true, 150);
    }
}

#[tokio::test]
async fn many_counts_are_exact_enough_and_take_little_room() {
    if !is_installed() {
        return;
    }
    let server = RedisServer::start(&[]);
    let stores = Redis::new(&server.address()).unwrap().timeout(PATIENT).server_time(false).stores().unwrap();
    let (memory, counters) = (MemoryCounters::new(), stores.counters());
    let (period, most) = (Duration::from_secs(60), 400);
    let key = Key { family: "test", parts: &["many"] };
    let limit = Limit { key, limit: most, window: Window::Sliding(period), need: 1, cost: 1 };
    let (mut now, mut passed) = (start(), Vec::<SystemTime>::new());
    for i in 0..1_500_u64 {
        now += Duration::from_millis(i * 7_919 % 230);
        let within = |window: Duration| passed.iter().filter(|at| now.duration_since(**at).unwrap() < window).count();
        let (exact, late) = (within(period) as u64, within(period + period / 60 + Duration::from_millis(1)) as u64);
        match counters.take(&[limit], now).wait().await.unwrap() {
            Decision::Allowed { .. } => {
                assert!(exact < most, "{exact} in the window at {i}, and one more passed");
                passed.push(now);
            }
            Decision::Exceeded { .. } => assert!(late >= most, "{late} in the window at {i}, but refused"),
            Decision::WithoutStore(_) => panic!("the server does not answer"),
        }
        let _ = memory.take(&[limit], now);
    }
    assert!(passed.len() > 700, "{}", passed.len());
    let key = server.command(&["KEYS", "*"]);
    let size: usize = server.command(&["MEMORY", "USAGE", &key]).parse().unwrap();
    assert!(size < 12_000, "{size} bytes");
}

#[tokio::test]
async fn a_clock_that_goes_back_locks_nobody_out() {
    if !is_installed() {
        return;
    }
    let server = RedisServer::start(&[]);
    let stores = Redis::new(&server.address()).unwrap().timeout(PATIENT).server_time(false).stores().unwrap();
    let key = Key { family: "test", parts: &["back"] };
    let limit = Limit { key, limit: 2, window: Window::Sliding(Duration::from_secs(10)), need: 1, cost: 1 };
    let mut seen = Vec::new();
    for seconds in [3_590, 3_600, 0, 0, 9, 10] {
        let decision = stores.counters().take(&[limit], start() + Duration::from_secs(seconds)).wait().await.unwrap();
        seen.push(matches!(decision, Decision::Allowed { .. }));
    }
    assert_eq!(seen, [true, true, true, false, false, true]);
    let ttl: i64 = server.command(&["PTTL", &server.command(&["KEYS", "*"])]).parse().unwrap();
    assert!((1..=10_200).contains(&ttl), "{ttl}");
}

#[tokio::test]
async fn every_counter_expires_but_one_that_never_ends() {
    if !is_installed() {
        return;
    }
    let server = RedisServer::start(&[]);
    let counters = stores(&server).counters();
    let now = SystemTime::now();
    let minute = Duration::from_secs(60);
    let end = Some(now + minute);
    for (name, window, expected) in [
        ("sliding", Window::Sliding(minute), 59_000..=61_000),
        ("bucket", Window::TokenBucket(minute), 59_000..=60_000),
        ("fixed", Window::Fixed { start: now, end }, 1..=60_000),
        ("forever", Window::Fixed { start: SystemTime::UNIX_EPOCH, end: None }, -1..=-1),
    ] {
        server.command(&["FLUSHALL"]);
        let parts = [name];
        let limit = Limit { key: Key { family: "test", parts: &parts }, limit: 5, window, need: 1, cost: 1 };
        for _ in 0..3 {
            counters.take(&[limit], now).wait().await.unwrap();
        }
        let key = server.command(&["KEYS", "*"]);
        let ttl: i64 = server.command(&["PTTL", &key]).parse().unwrap();
        assert!(expected.contains(&ttl), "{name}: {ttl} of `{key}`");
        assert!(!key.contains(name), "{key}");
    }
}
