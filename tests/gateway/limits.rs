//! Limits and quotas through a gateway, on a clock that is set by hand: timelines in `limits/*.timeline`.
//!
//! A timeline starts with `# name`. `== SCOPE SECTION` is followed by statements of that section of the global, product,
//! API or operation document. A line of `== steps` is: seconds since the start, how many requests, method, path, key (`-`
//! is none), `=>`, status and reason, then, each after ` | `, headers (`- Name` is absent) and at last the body.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use gatewright::backend::Transport;
use gatewright::clock::Clock;
use gatewright::gateway::Gateway;
use gatewright::model::{Policy, Product, Store, Subscription};
use gatewright::policy::EngineSettings;
use gatewright::state::{Answer, CounterStore, Decision, Key, Limit, MemoryCounters, StoreError, Window};

use crate::support::text;
use crate::{backend, free_api, product, send, subscription};

pub const MISSING: &str = "(none)";

/// The timelines in a folder: name and text.
pub fn timelines(folder: &str) -> Vec<(String, String)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/gateway").join(folder);
    let mut found = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for timeline in format!("\n{text}").split("\n# ").skip(1) {
            let (name, rest) = timeline.split_once('\n').unwrap();
            found.push((name.to_owned(), format!("\n{rest}")));
        }
    }
    assert!(found.len() > 10, "{} timelines", found.len());
    found
}

fn document(parts: &[(&str, &str)], scope: &str) -> Policy {
    let section = |name: &str| {
        let found = parts.iter().find(|(title, _)| *title == format!("{scope} {name}"));
        let forward = if scope == "global" && name == "backend" { "<forward-request />" } else { "<base />" };
        let base = if scope == "global" && name != "backend" { "" } else { forward };
        format!("<{name}>{base}{}</{name}>", found.map_or("", |(_, text)| text))
    };
    Policy::new(format!(
        "<policies>{}</policies>",
        ["inbound", "backend", "outbound", "on-error"].map(section).concat()
    ))
}

/// Two APIs with two operations each; a product with both; subscriptions of the product and of all APIs.
pub fn store(service_url: &str, parts: &[(&str, &str)]) -> Store {
    let mut store = Store::new();
    let service = &mut store.service;
    service.policy = Some(document(parts, "global"));
    for name in ["orders", "parts"] {
        let mut entry = free_api(name, service_url, &[("list", "GET", "/list"), ("make", "POST", "/make")]);
        entry.api = entry.api.display_name(format!("The {name}"));
        if name == "orders" {
            entry.policy = Some(document(parts, "api"));
            entry.operations.get_mut("list").unwrap().policy = Some(document(parts, "operation"));
        }
        service.apis.insert(name, entry);
    }
    let mut starter = product(Product::new(), &["orders", "parts"]);
    starter.policy = Some(document(parts, "product"));
    service.products.insert("starter", starter);
    let since = |subscription: Subscription| subscription.start_date("2024-03-15T10:00:00Z");
    service.subscriptions.insert("one", since(subscription("/products/starter", "one")));
    service.subscriptions.insert("two", since(subscription("/products/starter", "two")));
    service.subscriptions.insert("all", subscription("/apis", "all"));
    store
}

/// A store that lets its callers wait, as one behind a network does.
#[derive(Debug, Default)]
struct Distant(MemoryCounters);

impl Distant {
    fn later(answer: Answer<Decision>) -> Answer<Decision> {
        Answer::Later(Box::pin(async {
            tokio::task::yield_now().await;
            answer.wait().await
        }))
    }
}

impl CounterStore for Distant {
    fn take(&self, limits: &[Limit<'_>], now: SystemTime) -> Answer<Decision> {
        Self::later(self.0.take(limits, now))
    }

    fn add(&self, limits: &[Limit<'_>], now: SystemTime) -> Answer<Decision> {
        Self::later(self.0.add(limits, now))
    }
}

/// A store that is gone, at once or after a while.
#[derive(Debug)]
struct Gone(bool);

impl CounterStore for Gone {
    fn take(&self, _: &[Limit<'_>], _: SystemTime) -> Answer<Decision> {
        let gone = || Err(StoreError::new("connection refused"));
        if self.0 { Answer::Ready(gone()) } else { Answer::Later(Box::pin(async move { gone() })) }
    }

    fn add(&self, limits: &[Limit<'_>], now: SystemTime) -> Answer<Decision> {
        self.take(limits, now)
    }
}

fn build(store: &Store, clock: &Clock, counters: Arc<dyn CounterStore>) -> Gateway {
    let transport = Transport::builder().native_roots(false).build().unwrap();
    let mut settings = EngineSettings::default();
    settings.counters = counters;
    let gateway = Gateway::builder().settings(settings).transport(transport).clock(clock.clone());
    gateway.build(store).unwrap_or_else(|error| panic!("{error}"))
}

#[tokio::test]
async fn a_store_that_is_gone_lets_requests_pass_and_tells_what_is_allowed() {
    let server = backend().await;
    let limits = r#"<rate-limit calls="3" renewal-period="10" remaining-calls-header-name="X-Left" />
        <rate-limit-by-key calls="4" renewal-period="10" counter-key="k" remaining-calls-header-name="X-Key" />
        <quota-by-key calls="0" renewal-period="300" counter-key="k" />"#;
    let clock = Clock::manual(SystemTime::UNIX_EPOCH + Duration::from_secs(1_710_498_600));
    for at_once in [true, false] {
        let gateway = build(&store(&server.url(""), &[("api inbound", limits)]), &clock, Arc::new(Gone(at_once)));
        let step = "0 5 GET /orders/list one => 200 | X-Left: 3 | X-Key: 4";
        assert_eq!(run(&gateway, &clock, clock.wall(), step).await, None, "at once: {at_once}");
    }
}

#[tokio::test]
async fn timelines_come_true() {
    come_true(|| Arc::new(MemoryCounters::new())).await;
}

#[tokio::test]
async fn timelines_come_true_with_a_store_to_wait_for() {
    come_true(|| Arc::new(Distant::default())).await;
}

/// Fixed windows, sliding windows and buckets by the clock of the gateway, each timeline with keys of its own.
#[cfg(feature = "redis")]
#[tokio::test]
async fn timelines_come_true_with_counters_in_redis() {
    if !crate::support::redis::is_installed() {
        return;
    }
    let server = crate::support::redis::RedisServer::start(&[]);
    let number = std::cell::Cell::new(0);
    come_true(|| {
        number.set(number.get() + 1);
        let redis = gatewright::state::Redis::new(&server.address()).unwrap();
        let redis = redis.timeout(Duration::from_secs(10)).server_time(false).prefix(&format!("{}:", number.get()));
        redis.unwrap().stores().unwrap().counters()
    })
    .await;
}

async fn come_true(counters: impl Fn() -> Arc<dyn CounterStore>) {
    let server = backend().await;
    let mut failed = Vec::new();
    for (name, text) in timelines("limits") {
        let (documents, steps) = text.split_once("\n== steps\n").unwrap();
        let parts: Vec<_> = documents.split("\n== ").skip(1).map(|part| part.split_once('\n').unwrap()).collect();
        // 2024-03-15T10:30:00Z.
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_710_498_600);
        let clock = Clock::manual(start);
        let counters = counters();
        let gateway = build(&store(&server.url(""), &parts), &clock, counters.clone());
        for step in steps.lines().filter(|line| !line.trim().is_empty()) {
            if let Some(wrong) = run(&gateway, &clock, start, step).await {
                failed.push(format!("`{name}`: {step}\n    {wrong}"));
            }
            settle(&*counters).await;
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Lets what is counted beside the requests come to its end: a store answers its questions in order.
async fn settle(counters: &dyn CounterStore) {
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
    let (key, window) = (Key { family: "settle", parts: &["k"] }, Window::Sliding(Duration::from_secs(1)));
    let limit = Limit { key, limit: 1, window, need: 0, cost: 0 };
    counters.add(&[limit], SystemTime::UNIX_EPOCH).wait().await.unwrap();
}

/// Runs one step; what differs from what it expects.
async fn run(gateway: &Gateway, clock: &Clock, start: SystemTime, step: &str) -> Option<String> {
    let (what, expected) = step.split_once(" => ").unwrap();
    let words: Vec<_> = what.split_whitespace().collect();
    let [at, count, method, path, key] = words[..] else { panic!("`{what}` has not five words") };
    let at = start + Duration::from_secs_f64(at.parse().unwrap());
    clock.advance(at.duration_since(clock.wall()).unwrap());
    let mut expected = expected.split(" | ");
    let (status, expected) = (expected.next().unwrap(), expected.collect::<Vec<_>>());
    for _ in 0..count.parse().unwrap() {
        let headers: &[_] = if key == "-" { &[] } else { &[("ocp-apim-subscription-key", key)] };
        let response = send(gateway, method, path, headers).await;
        let reason = response.extensions().get::<hyper::ext::ReasonPhrase>();
        let reason = reason.map(|reason| String::from_utf8_lossy(reason.as_bytes()).into_owned());
        let reason = reason.or(response.status().canonical_reason().map(str::to_owned)).unwrap_or_default();
        let found = format!("{} {reason}", response.status().as_u16());
        if !found.starts_with(status) {
            return Some(format!("{found}: {}", text(response.into_body()).await));
        }
        let headers = response.headers().clone();
        let body = text(response.into_body()).await;
        for line in &expected {
            let (wanted, found) = match (line.strip_prefix("- "), line.split_once(": ")) {
                (Some(name), _) => (MISSING.to_owned(), value(&headers, name)),
                (None, Some((name, wanted))) if !line.starts_with('{') => (wanted.to_owned(), value(&headers, name)),
                _ => ((*line).to_owned(), body.clone()),
            };
            if found != wanted {
                return Some(format!("`{line}`: {found}"));
            }
        }
    }
    None
}

fn value(headers: &http::HeaderMap, name: &str) -> String {
    headers.get(name).map_or(MISSING.to_owned(), |value| value.to_str().unwrap().to_owned())
}
