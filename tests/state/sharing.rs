//! Gateways that share a limit: exactly so many requests pass, whatever happens to the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use gatewright::Body;
use gatewright::gateway::Gateway;
use gatewright::model::{Api, ApiEntry, Operation, Policy, Store};
use gatewright::state::{OnFailure, Redis, RedisStores};
use http::{Request, StatusCode};
use tower::ServiceExt as _;

use crate::server::{RedisServer, is_installed};
use crate::{PATIENT, left, stores, take};

const LIMIT: u64 = 1_000;
const REQUESTS: u64 = 10_000;
const TASKS: u64 = 8;

/// An API that answers by itself, as often as the limit allows.
fn configuration() -> Store {
    let mut entry = ApiEntry::new(Api::new("api").subscription_required(false));
    entry.operations.insert("get", Operation::new("GET", "/").into());
    entry.policy = Some(Policy::new(format!(
        r#"<policies><inbound><rate-limit-by-key calls="{LIMIT}" renewal-period="300" counter-key="all" />
            <return-response /></inbound><backend><base /></backend><outbound /><on-error /></policies>"#
    )));
    let mut store = Store::new();
    store.service.apis.insert("api", entry);
    store
}

fn gateway(stores: Option<&RedisStores>) -> Gateway {
    let builder = Gateway::builder();
    let builder = match stores {
        Some(stores) => builder.redis(stores),
        None => builder,
    };
    builder.build(&configuration()).unwrap()
}

async fn passes(gateway: &Gateway) -> bool {
    let request = Request::get("/api/").body(Body::empty()).unwrap();
    let status = gateway.clone().oneshot(request).await.unwrap().status();
    assert!(matches!(status, StatusCode::OK | StatusCode::TOO_MANY_REQUESTS), "{status}");
    status == StatusCode::OK
}

/// How many of 10,000 requests of 8 tasks pass.
async fn passed(gateways: Vec<Gateway>) -> u64 {
    let tasks = (0..TASKS).map(|task| {
        let gateway = gateways[task as usize % gateways.len()].clone();
        tokio::spawn(async move {
            let mut count = 0;
            for _ in 0..REQUESTS / TASKS {
                count += u64::from(passes(&gateway).await);
            }
            count
        })
    });
    let mut sum = 0;
    for task in tasks.collect::<Vec<_>>() {
        sum += task.await.unwrap();
    }
    sum
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn exactly_the_limit_passes_through_one_gateway_with_counters_in_memory() {
    assert_eq!(passed(vec![gateway(None)]).await, LIMIT);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn exactly_the_limit_passes_through_two_gateways_with_counters_in_redis() {
    if !is_installed() {
        return;
    }
    let server = RedisServer::start(&[]);
    let (one, two) = (stores(&server), stores(&server));
    assert_eq!(passed(vec![gateway(Some(&one)), gateway(Some(&two))]).await, LIMIT);
    assert_eq!((one.counters_health().failures(), two.counters_health().failures()), (0, 0));
    // One command for each decision; the script is sent once by whoever comes first, or a few at the same time.
    let calls = |name: &str| -> u64 {
        let stats = server.command(&["INFO", "commandstats"]);
        let line = stats.lines().find(|line| line.starts_with(&format!("cmdstat_{name}:calls="))).map(str::to_owned);
        line.map_or(0, |line| line.split(['=', ',']).nth(1).unwrap().parse().unwrap())
    };
    assert_eq!(calls("evalsha"), REQUESTS);
    assert!((1..=TASKS).contains(&calls("eval")), "{}", calls("eval"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_server_that_is_killed_and_started_again_in_the_middle_keeps_nobody_waiting() {
    if !is_installed() {
        return;
    }
    tokio::join!(survives(OnFailure::Allow), survives(OnFailure::Deny), survives(OnFailure::Local));
}

async fn survives(on_failure: OnFailure) {
    {
        let mut server = RedisServer::start(&[]);
        let redis = Redis::new(&server.address()).unwrap().timeout(Duration::from_millis(500)).on_failure(on_failure);
        let all = [redis.stores().unwrap(), redis.stores().unwrap()];
        let gateways = [gateway(Some(&all[0])), gateway(Some(&all[1]))];
        let (before, gone, after) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        let stage = Arc::new(AtomicU64::new(0));
        let running = (0..TASKS).map(|task| {
            let (gateway, stage) = (gateways[task as usize % 2].clone(), stage.clone());
            tokio::spawn(async move {
                let (mut passed, mut slowest) = ([0_u64; 3], Duration::ZERO);
                loop {
                    let began = Instant::now();
                    let is_ok = passes(&gateway).await;
                    slowest = slowest.max(began.elapsed());
                    match stage.load(Ordering::SeqCst) {
                        at @ 0..=2 => passed[at as usize] += u64::from(is_ok),
                        _ => return (passed, slowest),
                    }
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            })
        });
        let running: Vec<_> = running.collect();
        tokio::time::sleep(Duration::from_millis(100)).await;
        server.kill();
        stage.store(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(200)).await;
        let was_down = all.iter().all(|stores| !stores.counters_health().is_up());
        server.launch();
        let deadline = Instant::now() + PATIENT;
        while !all.iter().all(|stores| stores.counters_health().is_up()) {
            assert!(Instant::now() < deadline, "it does not recover");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        stage.store(2, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(100)).await;
        stage.store(3, Ordering::SeqCst);
        for task in running {
            let (passed, slowest) = task.await.unwrap();
            for (sum, passed) in [&before, &gone, &after].into_iter().zip(passed) {
                sum.fetch_add(passed, Ordering::Relaxed);
            }
            assert!(slowest < Duration::from_secs(3), "{on_failure:?}: a request took {slowest:?}");
        }
        let [before, gone, after] = [before, gone, after].map(AtomicU64::into_inner);
        assert!(was_down && before > 0 && after > 0, "{on_failure:?}: {before} {gone} {after}");
        assert!(before <= LIMIT, "{on_failure:?}: {before}");
        match on_failure {
            // Those that were counted by one gateway alone: each has the limit for itself.
            OnFailure::Local => assert!(gone <= 3 * LIMIT, "{gone}"),
            // What the server allowed: before it was gone, and when it was back.
            OnFailure::Deny => assert!(gone + after <= 2 * LIMIT, "{gone} {after}"),
            _ => assert!(gone > 0),
        }
        // What the server counts from now on is what has passed since it was started.
        let counted = all[0].counters().health().failures();
        assert!(counted > 0);
        assert!(left(&take(&*all[1].counters(), "another", 5).await) == Some(4));
    }
}

#[tokio::test]
async fn the_script_is_sent_again_when_the_server_has_forgotten_it() {
    if !is_installed() {
        return;
    }
    let server = RedisServer::start(&[]);
    let counters = stores(&server).counters();
    assert_eq!(left(&take(&*counters, "k", 5).await), Some(4));
    assert_eq!(server.command(&["SCRIPT", "FLUSH"]), "OK");
    assert_eq!(left(&take(&*counters, "k", 5).await), Some(3));
    assert_eq!(counters.health().failures(), 0);
}
