//! Gateways that share a limit: exactly so many requests pass, whatever happens to the server.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use gatewright::Body;
use gatewright::gateway::Gateway;
use gatewright::model::{Api, ApiEntry, Operation, Policy, Store};
use gatewright::policy::EngineSettings;
use gatewright::sink::{MetricEvent, MetricSink};
use gatewright::state::{CounterStore as _, Key, Limit, OnFailure, Redis, RedisStores, Window};
use http::{Request, StatusCode};
use tower::ServiceExt as _;

use crate::server::{RedisServer, is_installed};
use crate::{left, stores, take};

const LIMIT: u64 = 1_000;
const REQUESTS: u64 = 10_000;
const TASKS: u64 = 8;

/// An API that answers by itself, as often as the limit allows.
fn configuration() -> Store {
    let mut entry = ApiEntry::new(Api::new("api").subscription_required(false));
    entry.operations.insert("get", Operation::new("GET", "/").into());
    entry.policy = Some(Policy::new(format!(
        r#"<policies><inbound><rate-limit-by-key calls="{LIMIT}" renewal-period="300" counter-key="all" />
            <return-response><set-header name="X-Id"><value>@(context.RequestId.ToString())</value></set-header>
            </return-response></inbound><backend><base /></backend><outbound /><on-error /></policies>"#
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

/// The id of a request that passes.
async fn passes(gateway: &Gateway) -> Option<String> {
    let request = Request::get("/api/").body(Body::empty()).unwrap();
    let response = gateway.clone().oneshot(request).await.unwrap();
    let status = response.status();
    assert!(matches!(status, StatusCode::OK | StatusCode::TOO_MANY_REQUESTS), "{status}");
    let id = || response.headers()["x-id"].to_str().unwrap().to_owned();
    (status == StatusCode::OK).then(id)
}

/// How many of 10,000 requests of 8 tasks pass.
async fn passed(gateways: Vec<Gateway>) -> u64 {
    let tasks = (0..TASKS).map(|task| {
        let gateway = gateways[task as usize % gateways.len()].clone();
        tokio::spawn(async move {
            let mut count = 0;
            for _ in 0..REQUESTS / TASKS {
                count += u64::from(passes(&gateway).await.is_some());
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

/// The requests of which the store decided nothing, by their ids.
#[derive(Debug, Default)]
struct Unanswered(Mutex<HashSet<String>>);

impl MetricSink for Unanswered {
    fn emit(&self, event: &MetricEvent<'_>) {
        assert_eq!((event.namespace, event.name), ("gatewright", "Unanswered Store Questions"));
        self.0.lock().unwrap().insert(event.request_id.to_owned());
    }
}

/// When a request was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Before,
    Gone,
    Back,
    Recovered,
}

impl Stage {
    const ALL: [Self; 4] = [Self::Before, Self::Gone, Self::Back, Self::Recovered];
}

/// 10,000 requests of 8 tasks over two gateways; the server is killed when the first 600 are sent.
async fn survives(on_failure: OnFailure) {
    let mut server = RedisServer::start(&[]);
    let redis = Redis::new(&server.address()).unwrap().timeout(Duration::from_millis(500)).on_failure(on_failure);
    let all = [redis.stores().unwrap(), redis.stores().unwrap()];
    let unanswered = Arc::new(Unanswered::default());
    let gateways = all.each_ref().map(|stores| {
        let mut settings = EngineSettings::default();
        settings.metric_sink = unanswered.clone();
        Gateway::builder().settings(settings).redis(stores).build(&configuration()).unwrap()
    });
    let (sent, stage) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicUsize::new(0)));
    let running = (0..TASKS).map(|task| {
        let (gateway, sent, stage) = (gateways[task as usize % 2].clone(), sent.clone(), stage.clone());
        tokio::spawn(async move {
            let (mut passed, mut slowest) = (Vec::new(), Duration::ZERO);
            while sent.fetch_add(1, Ordering::SeqCst) < REQUESTS {
                let began = Instant::now();
                let id = passes(&gateway).await;
                slowest = slowest.max(began.elapsed());
                let stage = Stage::ALL[stage.load(Ordering::SeqCst)];
                passed.extend(id.map(|id| (id, stage)));
                // Without a server answers come at once: some are to be left for when it is back.
                if matches!(stage, Stage::Gone | Stage::Back) {
                    tokio::time::sleep(Duration::from_millis(8)).await;
                }
            }
            (passed, slowest)
        })
    });
    let running: Vec<_> = running.collect();
    while sent.load(Ordering::SeqCst) < 600 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    server.kill();
    stage.store(1, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(all.iter().all(|stores| !stores.counters_health().is_up()), "{on_failure:?}");
    let failures = || all.iter().map(|stores| stores.counters_health().failures()).sum::<u64>();
    let failures_before = failures();
    stage.store(2, Ordering::SeqCst);
    server.launch();
    while !all.iter().all(|stores| stores.counters_health().is_up()) {
        assert!(sent.load(Ordering::SeqCst) < REQUESTS, "{on_failure:?}: it does not recover");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stage.store(3, Ordering::SeqCst);
    let mut passed = Vec::new();
    for task in running {
        let (some, slowest) = task.await.unwrap();
        assert!(slowest < Duration::from_secs(3), "{on_failure:?}: a request took {slowest:?}");
        passed.extend(some);
    }
    let unanswered = std::mem::take(&mut *unanswered.0.lock().unwrap());
    let count =
        |which: &dyn Fn(&String, Stage) -> bool| passed.iter().filter(|(id, stage)| which(id, *stage)).count() as u64;
    let without = count(&|id, _| unanswered.contains(id));
    let before = count(&|id, stage| !unanswered.contains(id) && stage < Stage::Back);
    let after = count(&|id, stage| !unanswered.contains(id) && stage >= Stage::Back);
    let told = format!("{on_failure:?}: {before} before, {after} after, {without} without the server");
    assert!((1..=LIMIT).contains(&before) && (1..=LIMIT).contains(&after), "{told}");
    assert!(passed.iter().any(|(_, stage)| *stage == Stage::Recovered), "{told}");
    match on_failure {
        // Each gateway has the limit for itself.
        OnFailure::Local => assert!((1..=2 * LIMIT).contains(&without), "{told}"),
        OnFailure::Deny => assert_eq!(without, 0, "{told}"),
        _ => assert!(without > 0, "{told}"),
    }
    // What the server has counted is what it let pass since it was started, and perhaps what it answered too late.
    let key = Key { family: "rate-limit-by-key", parts: &["all"] };
    let limit = Limit { key, limit: LIMIT, window: Window::Sliding(Duration::from_secs(300)), need: 0, cost: 0 };
    let decision = all[0].counters().add(&[limit], SystemTime::now()).wait().await.unwrap();
    let counted = LIMIT - left(&decision).unwrap();
    let late = failures() - failures_before;
    assert!((after..=after + late).contains(&counted), "{told}, {counted} counted, {late} late");
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
