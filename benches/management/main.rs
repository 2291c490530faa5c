//! What changes of the configuration cost those who call: 1,000 changes a second by the management surface while 50 clients
//! call over sockets; failed requests, answers of two configurations at once, latency with and without changes, and the memory
//! of the process over 100,000 changes. See `docs/performance.md`.
//!
//! ```text
//! cargo bench --features management --bench management
//! cargo bench --features management --bench management -- --short
//! ```

#![allow(clippy::disallowed_methods)] // a measurement reads the system's clock

#[path = "../../tests/support/mod.rs"]
#[allow(unused_imports)] // tests use the rest
mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use gatewright::Body;
use gatewright::backend::Transport;
use gatewright::gateway::Gateway;
use gatewright::management::{BearerToken, Management};
use gatewright::model::{Api, ApiEntry, NamedValue, Operation, Policy, Store};
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::time::MissedTickBehavior;
use tower::ServiceExt;

const CLIENTS: usize = 50;
/// How often a client calls: together 2,500 requests a second, half of what two processors take.
const EVERY: Duration = Duration::from_millis(20);
const CHANGES_A_SECOND: u32 = 1_000;
/// Both phases take turns as often, and the ratio in the middle counts.
const ROUNDS: usize = 5;
const APIS: usize = 10;
const OPERATIONS: usize = 10;
const VALUE: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ApiManagement/service/c/namedValues/n?api-version=2024-05-01";

/// What a phase has shown.
struct Shown {
    latencies: Vec<Duration>,
    failed: usize,
    mixed: usize,
}

fn main() {
    // Without `--bench` (`cargo test --all-targets`) it only shows that everything works.
    let has = |wanted: &str| std::env::args().any(|argument| argument == wanted);
    let (phase, changes) = match (has("--bench"), has("--short")) {
        (true, false) => (Duration::from_secs(10), 100_000),
        (true, true) => (Duration::from_secs(3), 5_000),
        _ => (Duration::from_millis(200), 50),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(run(phase, changes));
}

async fn run(phase: Duration, changes: usize) {
    let store = store();
    let transport = Transport::builder().native_roots(false).build().unwrap();
    let gateway = Gateway::builder().transport(transport).build(&store).unwrap();
    let management = Management::new(gateway.clone(), store, BearerToken::new("t"));
    let server = support::TestServer::gateway(gateway).await;
    let url = server.url("/a0/0");
    println!(
        "{APIS} APIs of {OPERATIONS} operations, {CLIENTS} clients that call every {EVERY:?}, {phase:?} for each phase"
    );

    calls(&url, phase / 4).await;
    let mut ratios = Vec::new();
    for _ in 0..ROUNDS {
        let without = calls(&url, phase).await;
        tell("without changes", &without);
        let stop = Arc::new(AtomicBool::new(false));
        let changing = tokio::spawn(change_steadily(management.clone(), stop.clone()));
        let with = calls(&url, phase).await;
        stop.store(true, Ordering::Relaxed);
        let (made, took) = changing.await.unwrap();
        let each = made as f64 / took.as_secs_f64();
        tell(&format!("with {each:.0} changes a second"), &with);
        ratios.push(of(&with, 99).as_secs_f64() / of(&without, 99).as_secs_f64());
        assert_eq!((with.failed, with.mixed, without.failed), (0, 0, 0), "a request failed, or saw two configurations");
    }
    ratios.sort_by(f64::total_cmp);
    println!("p99 with changes, of that without: {:.2} (median; {ratios:.2?})", ratios[ROUNDS / 2]);

    let steps = 10;
    let began = Instant::now();
    let mut line = format!("memory after 0, {}, … {changes} changes, in MB: {:.1}", changes / steps, memory());
    let mut number = 0;
    for _ in 0..steps {
        for _ in 0..changes / steps {
            number += 1;
            change(&management, number).await;
        }
        line += &format!(" {:.1}", memory());
    }
    println!("{line} ({:.0} changes a second when nobody calls)", number as f64 / began.elapsed().as_secs_f64());
}

/// Two documents say the same number in one answer.
fn store() -> Store {
    let mut store = Store::new();
    store.service.named_values.insert("n", NamedValue::new().value("0"));
    let header = |name: &str| format!(r#"<set-header name="{name}"><value>{{{{n}}}}</value></set-header>"#);
    let document = |inbound: &str, outbound: &str| {
        Policy::new(format!(
            "<policies><inbound><base />{inbound}</inbound><backend><base /></backend><outbound><base />{outbound}</outbound>\
             <on-error><base /></on-error></policies>"
        ))
    };
    store.service.policy = Some(Policy::new(format!(
        "<policies><inbound><set-variable name=\"in\" value=\"{{{{n}}}}\" /></inbound><backend><forward-request /></backend>\
         <outbound>{}</outbound><on-error /></policies>",
        header("x-out")
    )));
    for number in 0..APIS {
        let mut entry = ApiEntry::new(Api::new(format!("a{number}")).subscription_required(false));
        let answer = format!(
            "<return-response><set-header name=\"x-in\"><value>@((string)context.Variables[\"in\"])</value></set-header>{}\
             <set-body>ok</set-body></return-response>",
            header("x-api")
        );
        entry.policy = Some(document(&answer, ""));
        for operation in 0..OPERATIONS {
            entry.operations.insert(format!("o{operation}"), Operation::new("GET", format!("/{operation}")).into());
        }
        store.service.apis.insert(format!("a{number}"), entry);
    }
    store
}

/// All clients call for a while.
async fn calls(url: &str, phase: Duration) -> Shown {
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| {
            let url = url.to_owned();
            tokio::spawn(async move {
                let client: Client<_, Empty<Bytes>> = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
                let mut shown = Shown { latencies: Vec::new(), failed: 0, mixed: 0 };
                tokio::time::sleep(EVERY * number as u32 / CLIENTS as u32).await;
                let mut ticks = tokio::time::interval(EVERY);
                ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
                let ends = Instant::now() + phase;
                while Instant::now() < ends {
                    ticks.tick().await;
                    let began = Instant::now();
                    call(&client, &url, &mut shown).await;
                    shown.latencies.push(began.elapsed());
                }
                shown
            })
        })
        .collect();
    let mut all = Shown { latencies: Vec::new(), failed: 0, mixed: 0 };
    for client in clients {
        let shown = client.await.unwrap();
        all.latencies.extend(shown.latencies);
        (all.failed, all.mixed) = (all.failed + shown.failed, all.mixed + shown.mixed);
    }
    all.latencies.sort();
    all
}

async fn call(client: &Client<HttpConnector, Empty<Bytes>>, url: &str, shown: &mut Shown) {
    let request = Request::get(url).body(Empty::new()).unwrap();
    let Ok(response) = client.request(request).await else { return shown.failed += 1 };
    let header = |name: &str| response.headers().get(name).cloned();
    let (one, other, status) = (header("x-in"), header("x-api"), response.status());
    shown.failed += usize::from(status != 200);
    shown.mixed += usize::from(one != other || one.is_none());
    if response.into_body().collect().await.is_err() {
        shown.failed += 1;
    }
}

/// Makes changes until it is stopped; how many, and for how long.
async fn change_steadily(management: Management, stop: Arc<AtomicBool>) -> (usize, Duration) {
    static NUMBER: AtomicUsize = AtomicUsize::new(1_000_000);
    let began = Instant::now();
    let mut ticks = tokio::time::interval(Duration::from_secs(1) / CHANGES_A_SECOND);
    let mut made = 0;
    while !stop.load(Ordering::Relaxed) {
        ticks.tick().await;
        change(&management, NUMBER.fetch_add(1, Ordering::Relaxed)).await;
        made += 1;
    }
    (made, began.elapsed())
}

async fn change(management: &Management, number: usize) {
    let body = format!(r#"{{"properties": {{"displayName": "n", "value": "{number}"}}}}"#);
    let request = Request::put(VALUE).header("authorization", "Bearer t").body(Body::from(body)).unwrap();
    let status = management.clone().oneshot(request).await.unwrap().status();
    assert_eq!(status, 200);
}

fn tell(what: &str, shown: &Shown) {
    let Shown { latencies, failed, mixed } = shown;
    println!(
        "{what}: {} requests, {failed} failed, {mixed} of two configurations, p50 {:?}, p99 {:?}, slowest {:?}",
        latencies.len(),
        of(shown, 50),
        of(shown, 99),
        latencies.last().copied().unwrap_or_default()
    );
}

fn of(shown: &Shown, percent: usize) -> Duration {
    shown.latencies.get(shown.latencies.len() * percent / 100).copied().unwrap_or_default()
}

/// What the process has in memory, in MB.
fn memory() -> f64 {
    let told = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: f64 = told.split_whitespace().nth(1).and_then(|pages| pages.parse().ok()).unwrap_or_default();
    pages * 4096.0 / 1e6
}
