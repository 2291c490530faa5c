//! Counters and a cache in memory.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use gatewright::state::{
    Answer, CacheEntry, CacheKey, CacheStore as _, CachedResponse, CounterStore as _, Decision, Key, Limit,
    MemoryCache, MemoryCounters, Window,
};
use http::{HeaderMap, HeaderValue, StatusCode, header};

use crate::{on_processor, time_of};

pub fn run(times: u32) {
    let window = Window::Sliding(Duration::from_secs(60));
    decision("sliding window, one key", times, window, 1);
    decision("sliding window, 10,000 keys", times, window, 10_000);
    decision("token bucket, one key", times, Window::TokenBucket(Duration::from_secs(60)), 1);
    let start = SystemTime::UNIX_EPOCH;
    decision("fixed window, one key", times, Window::Fixed { start, end: None }, 1);
    contended(times);
    hit(times);
    live_keys(times);
}

fn limit<'a>(parts: &'a [&'a str], window: Window) -> Limit<'a> {
    Limit { key: Key { family: "bench", parts }, limit: u64::MAX / 4, window, need: 1, cost: 1 }
}

/// A decision of one task alone; the time goes on by a millisecond every ten decisions.
fn decision(name: &str, times: u32, window: Window, keys: u32) {
    let counters = MemoryCounters::new();
    let keys: Vec<String> = (0..keys).map(|key| format!("caller-{key}")).collect();
    let (start, mut at) = (SystemTime::now(), 0_u64);
    let took = time_of(times, |i| {
        at += 1;
        let parts = [&*keys[i as usize % keys.len()]];
        let now = start + Duration::from_millis(at / 10);
        black_box(counters.take(black_box(&[limit(&parts, window)]), now));
    });
    println!("memory: decision, {name}: {took:?}");
}

/// Decisions of eight tasks about one key.
fn contended(times: u32) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(8).build().unwrap();
    let counters = Arc::new(MemoryCounters::new());
    let began = Instant::now();
    let slowest = Arc::new(AtomicU64::new(0));
    runtime.block_on(async {
        let tasks = (0..8).map(|_| {
            let (counters, slowest) = (counters.clone(), slowest.clone());
            tokio::spawn(async move {
                let (began, now) = (on_processor(), SystemTime::now());
                for i in 0..times {
                    let now = now + Duration::from_millis(u64::from(i / 10));
                    let window = Window::Sliding(Duration::from_secs(60));
                    black_box(counters.take(&[limit(&["all"], window)], now));
                }
                let nanoseconds = u64::try_from((on_processor() - began).as_nanos()).unwrap();
                slowest.fetch_max(nanoseconds / u64::from(times), Ordering::Relaxed);
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
    });
    let each = began.elapsed() / (times * 8);
    let slowest = Duration::from_nanos(slowest.load(Ordering::Relaxed));
    println!("memory: decision, one key, 8 tasks on 8 threads: {each:?} of wall time (on the processor: {slowest:?})");
}

/// A hit of a response of 10 KB.
fn hit(times: u32) {
    let (cache, key, body) = (MemoryCache::new(), CacheKey::response("digest"), Bytes::from(vec![1; 10_000]));
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let (now, lifetime) = (SystemTime::now(), Duration::from_secs(1_000));
    let (status, expires) = (StatusCode::OK, now + lifetime);
    let response = CachedResponse { status, reason: None, headers, body: body.clone(), expires };
    let _ = cache.put(key.clone(), CacheEntry::Response(Arc::new(response)), lifetime, now);
    let took = time_of(times, |_| {
        let Answer::Ready(Ok(Some(CacheEntry::Response(found)))) = cache.get(&key, now) else { panic!("a miss") };
        black_box(&found.body);
    });
    let Answer::Ready(Ok(Some(CacheEntry::Response(found)))) = cache.get(&key, now) else { panic!("a miss") };
    let is_shared = found.body.as_ptr() == body.as_ptr();
    println!("memory: cache hit of 10 KB: {took:?} (the body is {})", if is_shared { "shared" } else { "copied" });
}

/// The memory of as many live counters.
fn live_keys(keys: u32) {
    for (name, counts) in [("counted once", 1), ("counted three times", 3)] {
        let before = resident();
        let counters = MemoryCounters::new().capacity(2 * keys as usize);
        let now = SystemTime::now();
        for count in 0..counts {
            for key in 0..keys {
                let name = format!("caller-{key}");
                let parts = [&*name];
                let limit = limit(&parts, Window::Sliding(Duration::from_secs(300)));
                let answer = counters.take(&[limit], now + Duration::from_millis(count));
                assert!(matches!(answer, Answer::Ready(Ok(Decision::Allowed { .. }))));
            }
        }
        let megabytes = resident().saturating_sub(before) as f64 / 1e6;
        println!("memory: {} live counters, {name}: {megabytes:.0} MB", counters.len());
    }
}

/// Bytes of memory that the process has now.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4_096
}
