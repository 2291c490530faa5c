//! Counters and a cache in Redis, beside a bare `INCR` over the same kind of connection in the same run.

use std::hint::black_box;
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use gatewright::state::{
    CacheEntry, CacheKey, CacheStore as _, CachedValue, CounterStore as _, Key, Limit, Redis, Window,
};

use crate::median;
use crate::server::{RedisServer, is_installed};

/// Rounds of each in turn, so that what the machine does meanwhile is in all of them. What counts is the median of all single
/// round trips: other programs make some of them long, and the longer the more work they are.
pub fn run(rounds: usize, times: u32) {
    if !is_installed() {
        return;
    }
    let server = RedisServer::start(&[]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let client = redis::Client::open(format!("redis://{}", server.address())).unwrap();
        let mut bare = client.get_multiplexed_async_connection().await.unwrap();
        let stores = Redis::new(&server.address()).unwrap().timeout(Duration::from_secs(5)).stores().unwrap();
        let (counters, cache) = (stores.counters(), stores.cache());
        let windows = [
            ("sliding window", Window::Sliding(Duration::from_secs(60))),
            ("token bucket", Window::TokenBucket(Duration::from_secs(60))),
            ("fixed window", Window::Fixed { start: SystemTime::UNIX_EPOCH, end: None }),
        ];
        let entry = CacheEntry::Value(CachedValue { bytes: Bytes::from(vec![1; 10_000]), fresh_until: None });
        let key = CacheKey::value("k");
        cache.put(key.clone(), entry, Duration::from_secs(1_000), SystemTime::now()).wait().await.unwrap();
        let (mut incr, mut took, mut hits) = (Vec::new(), vec![Vec::new(); windows.len()], Vec::new());
        for _ in 0..rounds {
            for _ in 0..times {
                let began = Instant::now();
                let count: u64 = redis::cmd("INCR").arg("bench").query_async(&mut bare).await.unwrap();
                black_box(count);
                incr.push(began.elapsed());
            }
            for (at, (_, window)) in windows.iter().enumerate() {
                for _ in 0..times {
                    let began = Instant::now();
                    let key = Key { family: "bench", parts: &["all"] };
                    let limit = Limit { key, limit: 1 << 50, window: *window, need: 1, cost: 1 };
                    black_box(counters.take(&[limit], SystemTime::now()).wait().await.unwrap());
                    took[at].push(began.elapsed());
                }
            }
            for _ in 0..times {
                let began = Instant::now();
                black_box(cache.get(&key, SystemTime::now()).wait().await.unwrap().unwrap());
                hits.push(began.elapsed());
            }
        }
        assert_eq!(stores.counters_health().failures(), 0);
        let incr = median(incr);
        println!("redis: a bare INCR: {incr:?}");
        let ratio = |took: Duration| took.as_secs_f64() / incr.as_secs_f64();
        for ((name, _), took) in windows.iter().zip(took) {
            let took = median(took);
            println!("redis: decision, {name}: {took:?}, {:.2} of an INCR", ratio(took));
        }
        // What the server itself says: without the way there and back.
        let server_time = |name: &str| {
            let stats = server.command(&["INFO", "commandstats"]);
            let line = stats.lines().find(|line| line.starts_with(&format!("cmdstat_{name}:"))).map(str::to_owned);
            line.and_then(|line| line.split("usec_per_call=").nth(1)?.split(',').next().map(str::to_owned))
        };
        println!("redis: the server takes {} µs for an INCR", server_time("incr").unwrap_or_default());
        for (name, window) in &windows {
            server.command(&["CONFIG", "RESETSTAT"]);
            for _ in 0..times {
                let key = Key { family: "bench", parts: &["all"] };
                let limit = Limit { key, limit: 1 << 50, window: *window, need: 1, cost: 1 };
                counters.take(&[limit], SystemTime::now()).wait().await.unwrap();
            }
            println!(
                "redis: the server takes {} µs for a decision, {name}",
                server_time("evalsha").unwrap_or_default()
            );
        }
        let hits = median(hits);
        println!("redis: cache hit of 10 KB: {hits:?}, {:.2} of an INCR", ratio(hits));
    });
}
