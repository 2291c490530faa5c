//! Stores that instances share, with real servers that the tests start: Redis alone and as a cluster.
#![cfg(feature = "redis")]
#![allow(clippy::disallowed_methods)] // time limits are kept by the system's clock, as in production

mod agreement;
mod breakers;
mod cache;
mod clock;
mod cluster;
mod connecting;
mod failures;
mod sharing;

#[path = "../support/redis.rs"]
mod server;

use std::time::{Duration, SystemTime};

use gatewright::state::{CounterStore, Decision, Key, Limit, Redis, RedisStores, Window};
use server::RedisServer;

/// Longer than anything takes on a busy machine: tests that are not about time have it.
const PATIENT: Duration = Duration::from_secs(10);

fn stores(server: &RedisServer) -> RedisStores {
    Redis::new(&server.address()).unwrap().timeout(PATIENT).stores().unwrap()
}

/// Counts once for `key`, of a limit in a window of five minutes.
async fn take(counters: &dyn CounterStore, key: &str, limit: u64) -> Decision {
    let window = Window::Sliding(Duration::from_secs(300));
    let parts = [key];
    let limit = Limit { key: Key { family: "test", parts: &parts }, limit, window, need: 1, cost: 1 };
    counters.take(&[limit], SystemTime::now()).wait().await.unwrap()
}

fn left(decision: &Decision) -> Option<u64> {
    match decision {
        Decision::Allowed { remaining, .. } => Some(*remaining),
        Decision::WithoutStore(Some(decision)) => left(decision),
        Decision::WithoutStore(None) | Decision::Exceeded { .. } => None,
    }
}
