//! Limits by the server's clock, with real time: never too many pass, and nobody is refused without need.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use gatewright::state::{CounterStore as _, Decision, Key, Limit, Window};

use crate::server::{RedisServer, is_installed};
use crate::stores;

/// A question: when it was asked and answered, what it counts, and whether it passed.
struct Asked {
    from: Duration,
    to: Duration,
    cost: u64,
    passed: bool,
}

/// Four tasks over two instances ask for so long, in bursts; answers are in the order of the questions.
async fn asks(server: &RedisServer, window: Window, limit: u64, time: Duration, costs: u64) -> Vec<Asked> {
    let (one, two) = (stores(server), stores(server));
    let began = Instant::now();
    let tasks = (0..4_u64).map(|task| {
        let counters = if task % 2 == 0 { one.counters() } else { two.counters() };
        tokio::spawn(async move {
            let (mut all, mut number) = (Vec::new(), task);
            while began.elapsed() < time {
                number += 1;
                let cost = 1 + number % costs;
                let key = Key { family: "test", parts: &["k"] };
                let signed = i64::try_from(cost).unwrap();
                let limit = Limit { key, limit, window, need: signed, cost: signed };
                let from = began.elapsed();
                let decision = counters.take(&[limit], SystemTime::now()).wait().await.unwrap();
                let to = began.elapsed();
                let passed = match decision {
                    Decision::Allowed { .. } => true,
                    Decision::Exceeded { .. } => false,
                    Decision::WithoutStore(_) => panic!("the server does not answer"),
                };
                all.push(Asked { from, to, cost, passed });
                if number % 7 == 0 {
                    tokio::time::sleep(Duration::from_millis(number % 13)).await;
                }
            }
            all
        })
    });
    let mut all = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        all.extend(task.await.unwrap());
    }
    all.sort_by_key(|asked| asked.from);
    all
}

/// Some of many, from all over.
fn some<T>(all: impl Iterator<Item = T> + Clone) -> impl Iterator<Item = T> {
    let count = all.clone().count();
    all.step_by((count / 400).max(1))
}

/// The server's milliseconds are whole.
const MS: Duration = Duration::from_millis(1);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sliding_window_is_exact_to_a_sixtieth() {
    if !is_installed() {
        return;
    }
    let server = Arc::new(RedisServer::start(&[]));
    // Counted one by one, in sixtieths, and mostly refused.
    for (period, limit, costs) in [(600, 40, 1), (600, 400, 3), (300, 5_000, 2), (1_200, 90, 1)] {
        server.command(&["FLUSHALL"]);
        let period = Duration::from_millis(period);
        let all = asks(&server, Window::Sliding(period), limit, Duration::from_millis(2_500), costs).await;
        let passed: Vec<_> = all.iter().filter(|asked| asked.passed).collect();
        for first in some(passed.iter()) {
            let end = first.from + period - 2 * MS;
            let inside = passed.iter().filter(|asked| asked.from >= first.from && asked.to <= end);
            let sum: u64 = inside.map(|asked| asked.cost).sum();
            assert!(sum <= limit, "{sum} of {limit} in {period:?}");
        }
        for refused in some(all.iter().filter(|asked| !asked.passed)) {
            let start = refused.from.saturating_sub(period + period / 60 + 3 * MS);
            let around = passed.iter().filter(|asked| asked.to >= start && asked.from <= refused.to);
            let sum: u64 = around.map(|asked| asked.cost).sum();
            assert!(sum + refused.cost > limit, "refused {} at {sum} of {limit} in {period:?}", refused.cost);
        }
        let sum: u64 = passed.iter().map(|asked| asked.cost).sum();
        assert!(sum > limit, "{sum} of {limit} in four windows");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_gives_its_limit_at_once_and_its_rate_after_that() {
    if !is_installed() {
        return;
    }
    let server = Arc::new(RedisServer::start(&[]));
    for (period, limit) in [(1_000, 50), (700, 333), (2_000, 7)] {
        server.command(&["FLUSHALL"]);
        let window = Window::TokenBucket(Duration::from_millis(period));
        let all = asks(&server, window, limit, Duration::from_millis(2_500), 1).await;
        // As many as there is for the time from the first to the last question, within what the machine needs for one.
        let passed = all.iter().filter(|asked| asked.passed).count() as f64;
        let rate = limit as f64 / period as f64;
        let refused = || all.iter().filter(|asked: &&Asked| !asked.passed);
        let (first, last) = (all.first().unwrap(), all.last().unwrap());
        let longest = (last.to - first.from + MS).as_secs_f64() * 1e3;
        let most = limit as f64 + rate * longest + 1.0;
        assert!(passed <= most, "{passed} passed, and there are {most}: {limit} in {period} ms");
        // Whenever one is refused all is used up that there was until then.
        for refused in some(refused()) {
            let until = all.iter().filter(|asked| asked.passed && asked.from <= refused.to).count() as f64;
            let least =
                limit as f64 + rate * (refused.from.saturating_sub(first.to + 2 * MS)).as_secs_f64() * 1e3 - 1.0;
            assert!(until >= least, "{until} passed, and there are {least}: {limit} in {period} ms");
        }
        assert!(refused().count() > 10);
    }
}
