//! Limits and quotas through a gateway, on a clock that is set by hand: timelines in `limits/*.timeline`.
//!
//! A timeline starts with `# name`. `== SCOPE SECTION` is followed by statements of that section of the global, product,
//! API or operation document. A line of `== steps` is: seconds since the start, how many requests, method, path, key (`-`
//! is none), `=>`, status and reason, then, each after ` | `, headers (`- Name` is absent) and at last the body.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use gatewright::backend::Transport;
use gatewright::clock::Clock;
use gatewright::gateway::Gateway;
use gatewright::model::{Policy, Product, Store, Subscription};
use gatewright::policy::{DebugTokens, EngineSettings, RequestTracing};
use gatewright::sink::{MetricEvent, MetricSink, RecentTraces};
use gatewright::state::{
    Answer, CounterStore, Decision, GuardedCounters, Key, Limit, MemoryCounters, OnFailure, StoreError, Window,
};

use crate::support::{TestServer, text};
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

/// Keeps the values that are emitted: name and dimensions.
#[derive(Debug, Default)]
struct Emitted(Mutex<Vec<String>>);

impl MetricSink for Emitted {
    fn emit(&self, event: &MetricEvent<'_>) {
        let dimensions: Vec<_> = event.dimensions.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let text = format!("{}/{}={} {}", event.namespace, event.name, event.value, dimensions.join(" "));
        self.0.lock().unwrap().push(text);
    }
}

#[tokio::test]
async fn a_store_that_is_gone_refuses_when_it_is_told_to_and_nobody_has_to_wait_for_long() {
    let (clock, seconds) = (Clock::manual(SystemTime::UNIX_EPOCH + Duration::from_secs(1_710_498_600)), 1);
    let on_error = r#"<set-header name="X-Error"><value>@(context.LastError.Source + "|" + context.LastError.Reason +
        "|" + (int)context.Variables.GetValueOrDefault("wait", 0))</value></set-header>"#;
    for (scope, limit, expected) in [
        (
            "product",
            r#"<rate-limit calls="3" renewal-period="300" retry-after-variable-name="wait" />"#,
            "429 Too Many | X-Error: rate-limit|CountersUnavailable|1 | Retry-After: 1 | { \"statusCode\": 429, \"message\": \"Rate limit cannot be checked. Try again in 1 seconds.\" }",
        ),
        (
            "api",
            r#"<rate-limit-by-key calls="3" renewal-period="300" counter-key="k" retry-after-header-name="X-Wait" />"#,
            "429 Too Many | X-Error: rate-limit-by-key|CountersUnavailable|0 | X-Wait: 1 | - Retry-After",
        ),
        (
            "product",
            r#"<quota calls="3" renewal-period="86400" />"#,
            "403 Forbidden | X-Error: quota|CountersUnavailable|0 | Retry-After: 1 | { \"statusCode\": 403, \"message\": \"Quota cannot be checked. Try again in 1 seconds.\" }",
        ),
        (
            "api",
            r#"<quota-by-key calls="3" renewal-period="0" counter-key="k" />"#,
            "403 Forbidden | X-Error: quota-by-key|CountersUnavailable|0 | Retry-After: 1",
        ),
        (
            "api",
            r#"<llm-token-limit counter-key="k" tokens-per-minute="5" token-quota="9" token-quota-period="Yearly" retry-after-variable-name="wait" />"#,
            "429 Too Many | X-Error: llm-token-limit|CountersUnavailable|1 | Retry-After: 1 | { \"statusCode\": 429, \"message\": \"Token limit cannot be checked. Try again in 1 seconds.\" }",
        ),
    ] {
        for at_once in [true, false] {
            let counters = GuardedCounters::new(Arc::new(Gone(at_once)), OnFailure::Deny, Duration::from_secs(seconds));
            let parts = [(&*format!("{scope} inbound"), limit), (&*format!("{scope} on-error"), on_error)];
            let gateway = build(&store("http://localhost:1", &parts), &clock, Arc::new(counters));
            let step = format!("0 2 GET /orders/list one => {expected}");
            assert_eq!(run(&gateway, &clock, clock.wall(), &step).await, None, "at once: {at_once}");
        }
    }
}

#[tokio::test]
async fn what_is_decided_without_the_store_is_told_in_metrics_and_in_the_trace() {
    const REFUSED: &str = "Rate limit cannot be checked. Try again in 1 seconds.";
    let rate = r#"<rate-limit-by-key calls="3" renewal-period="10" counter-key="k" />"#;
    let after =
        r#"<rate-limit-by-key calls="3" renewal-period="10" counter-key="k" increment-after-response="true" />"#;
    let guarded = |on_failure| -> Arc<dyn CounterStore> {
        Arc::new(GuardedCounters::new(Arc::new(Gone(false)), on_failure, Duration::from_secs(1)))
    };
    let told = |outcome| format!("gatewright/Unanswered Store Questions=1 Store=counters Outcome={outcome}");
    for (counters, limit, outcomes, note) in [
        (guarded(OnFailure::Allow), rate, vec!["passed"], "the request passes."),
        (guarded(OnFailure::Local), rate, vec!["passed"], "the request passes."),
        (guarded(OnFailure::Deny), rate, vec!["refused"], REFUSED),
        (Arc::new(Gone(true)), rate, vec!["passed"], "the request passes."),
        (Arc::new(Gone(false)), after, vec!["passed", "not counted"], "the request passes."),
        (Arc::new(MemoryCounters::new()), rate, vec![], ""),
    ] {
        let (emitted, traces) = (Arc::new(Emitted::default()), RecentTraces::default());
        let mut settings = EngineSettings::default();
        settings.counters = counters;
        settings.metric_sink = emitted.clone();
        let tokens = DebugTokens::new("key");
        let token = tokens.issue("orders", Duration::from_secs(600), SystemTime::now());
        let tracing = RequestTracing::new(tokens, traces.clone());
        let limit = format!("{limit}<return-response />");
        let gateway = Gateway::builder().settings(settings).request_tracing(tracing);
        let gateway = gateway.build(&store("http://localhost:1", &[("api inbound", &*limit)])).unwrap();
        let response = send(&gateway, "GET", "/orders/list", &[("apim-debug-authorization", &token)]).await;
        let id = value(response.headers(), "apim-trace-id");
        drop(response);
        assert_eq!(*emitted.0.lock().unwrap(), outcomes.into_iter().map(told).collect::<Vec<_>>());
        let trace = traces.get(&id).unwrap().to_json().to_string();
        let passes = format!("The counters do not answer: decided without the store, {note}");
        let expected = if note == REFUSED { note } else { &passes };
        assert_eq!(trace.contains(expected), !note.is_empty(), "{note}: {trace}");
    }
}

/// A store that answers questions at once, and never says that it has counted.
#[derive(Debug, Default)]
struct Silent(MemoryCounters);

impl CounterStore for Silent {
    fn take(&self, limits: &[Limit<'_>], now: SystemTime) -> Answer<Decision> {
        self.0.take(limits, now)
    }

    fn add(&self, _: &[Limit<'_>], _: SystemTime) -> Answer<Decision> {
        Answer::Later(Box::pin(std::future::pending()))
    }
}

#[tokio::test(start_paused = true)]
async fn counts_at_the_end_are_waited_for_together() {
    let limit = |key| {
        format!(
            r#"<rate-limit-by-key calls="9" renewal-period="60" counter-key="{key}" increment-after-response="true" />"#
        )
    };
    let tokens = |key| {
        format!(
            r#"<set-body>{{"prompt":"1234"}}</set-body><llm-token-limit counter-key="{key}" tokens-per-minute="99" estimate-prompt-tokens="true" />"#
        )
    };
    let inbound = ["a", "b", "c"].map(|key| limit(key) + &tokens(key)).concat();
    let counters = GuardedCounters::new(Arc::new(Silent::default()), OnFailure::Allow, Duration::from_secs(1));
    let began = tokio::time::Instant::now();
    for end in ["<return-response />", "<mock-response />"] {
        let parts = [("api inbound", &*format!("{inbound}{end}"))];
        let gateway = build(&store("http://localhost:1", &parts), &Clock::system(), Arc::new(counters.clone()));
        assert_eq!(send(&gateway, "POST", "/orders/make", &[]).await.status(), 200);
    }
    assert!(began.elapsed() < Duration::from_millis(1_100), "{:?}", began.elapsed());
}

#[tokio::test]
async fn a_caller_who_goes_away_before_the_response_is_counted_all_the_same() {
    let tokens = r#"<set-body>{"prompt":"12345678901234567890"}</set-body>
        <llm-token-limit counter-key="k" tokens-per-minute="5" estimate-prompt-tokens="true" />"#;
    let after =
        r#"<rate-limit-by-key calls="1" renewal-period="60" counter-key="k" increment-after-response="true" />"#;
    let bytes = r#"<quota-by-key bandwidth="1" renewal-period="300" counter-key="k" />"#;
    for (distant, on_error) in [(false, ""), (true, ""), (false, "<trace source=\"a\">b</trace>"), (true, "<block />")]
    {
        for (limit, status) in [(after, 429), (bytes, 403), (tokens, 429)] {
            let (asked, mut waits) = tokio::sync::mpsc::unbounded_channel();
            let server = TestServer::http(move |_| {
                let _ = asked.send(());
                std::future::pending::<http::Response<gatewright::Body>>()
            })
            .await;
            let counters: Arc<dyn CounterStore> =
                if distant { Arc::new(Distant::default()) } else { Arc::new(MemoryCounters::new()) };
            let parts = [("api inbound", limit), ("api on-error", on_error)];
            let gateway = build(&store(&server.url(""), &parts), &Clock::system(), counters.clone());
            let request = || {
                let body = gatewright::Body::from(vec![b'x'; 1_024]);
                http::Request::post("/orders/make").body(body).unwrap()
            };
            let call = tokio::spawn(tower::ServiceExt::oneshot(gateway.clone(), request()));
            waits.recv().await.unwrap();
            call.abort();
            assert!(call.await.unwrap_err().is_cancelled());
            settle(&*counters).await;
            let response = tower::ServiceExt::oneshot(gateway.clone(), request()).await.unwrap();
            assert_eq!(response.status(), status, "{limit} {on_error}");
        }
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
