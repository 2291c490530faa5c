//! The caching policies through a gateway, on a clock that is set by hand: timelines in `caching/*.timeline`.
//!
//! They are written as those of limits. `== backend` is what the backend answers: a status, then headers; its body counts
//! the requests of the timeline: `1 GET /list`. A step may have headers of the request behind ` ; `, and its last
//! expectation `= TEXT` is the body.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use futures_util::StreamExt as _;
use futures_util::future::join_all;
use gatewright::Body;
use gatewright::backend::Transport;
use gatewright::clock::Clock;
use gatewright::gateway::Gateway;
use gatewright::model::{Group, GroupEntry, Store, User};
use gatewright::policy::EngineSettings;
use gatewright::state::{Answer, CacheEntry, CacheKey, CacheStore, MemoryCache, StoreError};
use http::{HeaderName, HeaderValue, Response};
use http_body_util::StreamBody;
use hyper::body::Frame;

use crate::limits::{self, MISSING};
use crate::send;
use crate::support::{TestServer, text};

/// What is done to the settings before a timeline.
type Change = fn(&mut EngineSettings);

/// A store that lets its callers wait, as one behind a network does.
#[derive(Debug, Default)]
struct Distant(MemoryCache);

fn later<T: Send + 'static>(answer: Answer<T>) -> Answer<T> {
    Answer::Later(Box::pin(async {
        tokio::task::yield_now().await;
        answer.wait().await
    }))
}

impl CacheStore for Distant {
    fn get(&self, key: &CacheKey, now: SystemTime) -> Answer<Option<CacheEntry>> {
        later(self.0.get(key, now))
    }

    fn put(&self, key: CacheKey, entry: CacheEntry, lifetime: Duration, now: SystemTime) -> Answer<()> {
        later(self.0.put(key, entry, lifetime, now))
    }

    fn remove(&self, key: &CacheKey) -> Answer<()> {
        later(self.0.remove(key))
    }
}

/// A store that is gone, at once or after a while.
#[derive(Debug)]
struct Gone(bool);

impl Gone {
    fn answer<T: Send + 'static>(&self) -> Answer<T> {
        let gone = || Err(StoreError::new("connection refused"));
        if self.0 { Answer::Ready(gone()) } else { Answer::Later(Box::pin(async move { gone() })) }
    }
}

impl CacheStore for Gone {
    fn get(&self, _: &CacheKey, _: SystemTime) -> Answer<Option<CacheEntry>> {
        self.answer()
    }

    fn put(&self, _: CacheKey, _: CacheEntry, _: Duration, _: SystemTime) -> Answer<()> {
        self.answer()
    }

    fn remove(&self, _: &CacheKey) -> Answer<()> {
        self.answer()
    }
}

/// A backend that answers as a timeline says, and how many requests it had.
async fn backend(answer: &str) -> (TestServer, Arc<AtomicUsize>) {
    let (answer, count) = (answer.to_owned(), Arc::new(AtomicUsize::new(0)));
    let counted = count.clone();
    let server = TestServer::http(move |request| {
        let n = counted.fetch_add(1, Ordering::Relaxed) + 1;
        let mut lines = answer.lines();
        let status: u16 = lines.next().unwrap_or("200").trim().parse().unwrap();
        let body = format!("{n} {} {}", request.method(), request.uri());
        let mut response = Response::builder().status(status);
        let mut is_streamed = false;
        for line in lines.filter(|line| !line.trim().is_empty()) {
            let (name, value) = line.split_once(": ").unwrap();
            is_streamed |= name == "Transfer-Encoding";
            if name != "Transfer-Encoding" {
                response = response.header(name, value);
            }
        }
        async move {
            if !is_streamed {
                return response.body(Body::from(body)).unwrap();
            }
            let frames = body.as_bytes().chunks(3).map(|c| Ok::<_, std::io::Error>(Frame::data(c.to_vec().into())));
            let frames: Vec<_> = frames.collect();
            response.body(Body::new(StreamBody::new(futures_util::stream::iter(frames)))).unwrap()
        }
    })
    .await;
    (server, count)
}

/// The entities of the limits' timelines, with owners of the subscriptions `one` and `two`: users `ann` and `bob`.
fn store(service_url: &str, parts: &[(&str, &str)]) -> Store {
    let mut store = limits::store(service_url, parts);
    let service = &mut store.service;
    for (subscription, user) in [("one", "ann"), ("two", "bob")] {
        let owned = service.subscriptions.get(subscription).unwrap().clone().owner_id(format!("/users/{user}"));
        service.subscriptions.insert(subscription, owned);
        service.users.insert(user, User::new().email(format!("{user}@contoso.com")));
    }
    let mut readers = GroupEntry::default();
    readers.group = Group::new().display_name("Readers");
    readers.users = vec!["ann".to_owned(), "bob".to_owned()];
    service.groups.insert("readers", readers);
    store
}

fn build(store: &Store, clock: &Clock, change: Change) -> Gateway {
    let transport = Transport::builder().native_roots(false).build().unwrap();
    let mut settings = EngineSettings::default();
    change(&mut settings);
    let gateway = Gateway::builder().settings(settings).transport(transport).clock(clock.clone());
    gateway.build(store).unwrap_or_else(|error| panic!("{error}"))
}

fn parts(text: &str) -> (Vec<(&str, &str)>, &str) {
    let (documents, steps) = text.split_once("\n== steps\n").unwrap();
    (documents.split("\n== ").skip(1).map(|part| part.split_once('\n').unwrap()).collect(), steps)
}

async fn come_true(changes: &[Change]) {
    let mut failed = Vec::new();
    for (name, text) in limits::timelines("caching") {
        let (parts, steps) = parts(&text);
        let answer = parts.iter().find(|(title, _)| *title == "backend").map_or("200", |(_, answer)| answer);
        for change in changes {
            let (server, _) = backend(answer).await;
            let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_710_498_600);
            let clock = Clock::manual(start);
            let gateway = build(&store(&server.url(""), &parts), &clock, *change);
            for step in steps.lines().filter(|line| !line.trim().is_empty()) {
                if let Some(wrong) = run(&gateway, &clock, start, step).await {
                    failed.push(format!("`{name}`: {step}\n    {wrong}"));
                }
            }
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[tokio::test]
async fn timelines_come_true() {
    come_true(&[|_| {}]).await;
}

#[tokio::test]
async fn timelines_come_true_with_a_store_to_wait_for_and_with_single_flight() {
    come_true(&[
        |settings| settings.external_cache = Some(Arc::new(Distant::default())),
        |settings| {
            settings.cache_single_flight = Some(Duration::from_secs(10));
        },
    ])
    .await;
}

/// Runs one step; what differs from what it expects.
async fn run(gateway: &Gateway, clock: &Clock, start: SystemTime, step: &str) -> Option<String> {
    let (what, expected) = step.split_once(" => ").unwrap();
    let mut what = what.split(" ; ");
    let words: Vec<_> = what.next().unwrap().split_whitespace().collect();
    let [at, method, path, key] = words[..] else { panic!("`{step}` has not four words") };
    let at = start + Duration::from_secs_f64(at.parse().unwrap());
    clock.advance(at.duration_since(clock.wall()).unwrap());
    let mut headers: Vec<_> = what.map(|line| line.split_once(": ").unwrap()).collect();
    if key != "-" {
        headers.push(("ocp-apim-subscription-key", key));
    }
    let response = send(gateway, method, path, &headers).await;
    let (status, headers) = (response.status().as_u16().to_string(), response.headers().clone());
    let body = text(response.into_body()).await;
    // What is kept beside the request is there before the next one.
    for _ in 0..8 {
        tokio::task::yield_now().await;
    }
    let mut expected = expected.split(" | ");
    let first = expected.next().unwrap().trim();
    if status != first {
        return Some(format!("{status}: {body}"));
    }
    for line in expected.map(str::trim) {
        let value = |name: &str| {
            let values: Vec<_> = headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect();
            if values.is_empty() { MISSING.to_owned() } else { values.join(", ") }
        };
        let (wanted, found) = match (line.strip_prefix("- "), line.strip_prefix('='), line.split_once(": ")) {
            (Some(name), ..) => (MISSING, value(name)),
            (_, Some(wanted), _) => (wanted.trim(), body.clone()),
            (_, _, Some((name, wanted))) => (wanted, value(name)),
            _ => panic!("`{line}`"),
        };
        if found != wanted {
            return Some(format!("`{line}`: {found}"));
        }
    }
    None
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_value_more_than_once_and_not_at_all_when_the_cache_is_gone() {
    let makes = |sets: &str| {
        format!(
            r#"<cache-value key="k" variable-name="v"><value><retry condition="@(true)" count="1" interval="10">
            {sets}</retry></value></cache-value><return-response />"#
        )
    };
    let (sets, makes_nothing) = (makes(r#"<set-variable name="v" value="made" />"#), makes("<block />"));
    for (inbound, change, seconds) in [
        (&sets, (|settings| settings.cache = Arc::new(Gone(true))) as Change, 10),
        (&sets, |settings| settings.cache = Arc::new(Gone(false)), 10),
        // The first one makes it, and the others take it.
        (&sets, |_| {}, 10),
        // The first one makes nothing; then each by itself.
        (&makes_nothing, |_| {}, 20),
    ] {
        let gateway = build(&store("http://localhost:1", &[("api inbound", inbound)]), &Clock::system(), change);
        let began = tokio::time::Instant::now();
        let all = join_all((0..8).map(|_| send(&gateway, "GET", "/orders/list", &[]))).await;
        assert!(all.iter().all(|response| response.status() == 200));
        assert!(began.elapsed() <= Duration::from_secs(seconds + 1), "{:?}, not {seconds} s", began.elapsed());
    }
}

const CACHED: &str = r#"<cache-lookup vary-by-developer="false" vary-by-developer-groups="false" />"#;

fn cached(service_url: &str) -> Store {
    store(service_url, &[("api inbound", CACHED), ("api outbound", r#"<cache-store duration="60" />"#)])
}

#[tokio::test]
async fn a_cache_that_is_gone_is_a_miss_and_nobody_waits_for_it() {
    let (server, _) = backend("200").await;
    let values = r#"<cache-store-value key="k" value="v" duration="60" />
        <cache-lookup-value key="k" variable-name="v" default-value="none" /><cache-remove-value key="k" />
        <cache-value key="k" variable-name="w"><value><set-variable name="w" value="made" /></value></cache-value>"#;
    let shows = r#"<set-header name="X" exists-action="override"><value>@(context.Variables["v"] + "," +
        context.Variables["w"])</value></set-header><cache-store duration="60" />"#;
    let parts = [("api inbound", &*format!("{values}{CACHED}")), ("api outbound", shows)];
    let changes: [Change; 2] = [
        |settings| settings.external_cache = Some(Arc::new(Gone(true))),
        |settings| {
            settings.cache = Arc::new(Gone(false));
            settings.cache_single_flight = Some(Duration::from_secs(10));
        },
    ];
    let (clock, mut n) = (Clock::manual(SystemTime::UNIX_EPOCH + Duration::from_secs(1_710_498_600)), 0);
    for change in changes {
        let gateway = build(&store(&server.url(""), &parts), &clock, change);
        for _ in 0..2 {
            n += 1;
            let step = format!("0 GET /orders/list one => 200 | X: none,made | = {n} GET /list");
            assert_eq!(run(&gateway, &clock, clock.wall(), &step).await, None);
        }
    }
    let fails = r#"<cache-remove-value key="k" fail-on-cache-removal-error="true" />"#;
    let on_error = r#"<set-header name="X" exists-action="override"><value>@(context.LastError.Source + "|" +
        context.LastError.Reason + "|" + context.LastError.Message)</value></set-header>"#;
    let parts = [("api inbound", fails), ("api on-error", on_error)];
    for change in changes {
        let gateway = build(&store(&server.url(""), &parts), &clock, change);
        let step = "0 GET /orders/list one => 500 | X: cache-remove-value|CacheRemovalFailed|connection refused";
        assert_eq!(run(&gateway, &clock, clock.wall(), step).await, None);
    }
}

#[tokio::test]
async fn of_requests_at_the_same_time_one_fetches_when_it_is_asked_for() {
    for (change, expected) in [
        ((|settings| settings.cache_single_flight = Some(Duration::from_secs(10))) as Change, 1..=1),
        ((|_| {}) as Change, 8..=8),
    ] {
        let (gate, open) = tokio::sync::watch::channel(false);
        let count = Arc::new(AtomicUsize::new(0));
        let counted = count.clone();
        let server = TestServer::http(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            let mut open = open.clone();
            async move {
                open.wait_for(|is_open| *is_open).await.unwrap();
                Response::new(Body::from("answer"))
            }
        })
        .await;
        let gateway = build(&cached(&server.url("")), &Clock::system(), change);
        let all = join_all(
            (0..8).map(|_| async { text(send(&gateway, "GET", "/orders/list", &[]).await.into_body()).await }),
        );
        let opens = async {
            while count.load(Ordering::Relaxed) < *expected.start() {
                tokio::task::yield_now().await;
            }
            gate.send(true).unwrap();
        };
        let (bodies, ()) = tokio::join!(all, opens);
        assert!(bodies.iter().all(|body| body == "answer"), "{bodies:?}");
        assert!(expected.contains(&count.load(Ordering::Relaxed)), "{count:?} of {expected:?}");
    }
}

#[tokio::test]
async fn those_who_wait_go_on_when_the_response_is_not_kept_or_its_request_is_given_up() {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let server = TestServer::http(move |_| {
        let n = counted.fetch_add(1, Ordering::Relaxed);
        async move {
            if n == 0 {
                std::future::pending::<()>().await;
            }
            Response::builder().status(404).body(Body::from("none")).unwrap()
        }
    })
    .await;
    let gateway = build(&cached(&server.url("")), &Clock::system(), |settings| {
        settings.cache_single_flight = Some(Duration::from_secs(10));
    });
    let first = tokio::spawn({
        let gateway = gateway.clone();
        async move { send(&gateway, "GET", "/orders/list", &[]).await }
    });
    while count.load(Ordering::Relaxed) == 0 {
        tokio::task::yield_now().await;
    }
    let all = join_all((0..4).map(|_| send(&gateway, "GET", "/orders/list", &[])));
    let gives_up = async {
        tokio::task::yield_now().await;
        first.abort();
    };
    let (responses, ()) = tokio::join!(all, gives_up);
    assert!(responses.iter().all(|response| response.status() == 404));
    assert_eq!(count.load(Ordering::Relaxed), 5);
}

#[tokio::test]
async fn a_body_that_breaks_off_or_is_too_large_is_not_kept() {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let server = TestServer::http(move |request: http::Request<_>| {
        let n = counted.fetch_add(1, Ordering::Relaxed);
        let is_large = request.uri().query() == Some("large");
        async move {
            let chunks = (0..if is_large { 30 } else { 3 }).map(move |i| match i {
                2 if n == 0 => Err(std::io::Error::other("gone")),
                _ => Ok(Frame::data(vec![b'x'; 100].into())),
            });
            // Each is written before the next one.
            let chunks = futures_util::stream::iter(chunks.collect::<Vec<_>>()).then(|chunk| async {
                tokio::task::yield_now().await;
                chunk
            });
            Response::new(Body::new(StreamBody::new(chunks)))
        }
    })
    .await;
    let gateway = build(&cached(&server.url("")), &Clock::system(), |settings| settings.cache_entry_limit = 1_000);
    let broken = send(&gateway, "GET", "/orders/list", &[]).await;
    assert!(broken.into_body().collect(1 << 20).await.is_err());
    for (path, expected) in [("/orders/list", [2, 2]), ("/orders/list?large", [3, 4])] {
        for expected in expected {
            let body = text(send(&gateway, "GET", path, &[]).await.into_body()).await;
            assert_eq!(body.len(), if path.ends_with("large") { 3_000 } else { 300 });
            assert_eq!(count.load(Ordering::Relaxed), expected, "{path}");
        }
    }
}

#[tokio::test]
async fn a_body_that_nobody_read_to_its_end_is_not_kept() {
    let (server, count) = backend("200\nTransfer-Encoding: chunked").await;
    let gateway = build(&cached(&server.url("")), &Clock::system(), |_| {});
    drop(send(&gateway, "GET", "/orders/list", &[]).await);
    for _ in 0..2 {
        text(send(&gateway, "GET", "/orders/list", &[]).await.into_body()).await;
    }
    assert_eq!(count.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_hit_is_answered_without_a_copy_of_the_body() {
    let (server, _) = backend("200").await;
    let cache = Arc::new(MemoryCache::new());
    let kept = cache.clone();
    let transport = Transport::builder().native_roots(false).build().unwrap();
    let mut settings = EngineSettings::default();
    settings.cache = kept;
    let gateway = Gateway::builder().settings(settings).transport(transport).build(&cached(&server.url(""))).unwrap();
    text(send(&gateway, "GET", "/orders/list", &[]).await.into_body()).await;
    let (one, two) =
        (send(&gateway, "GET", "/orders/list", &[]).await, send(&gateway, "GET", "/orders/list", &[]).await);
    let (one, two) = (one.into_body(), two.into_body());
    assert_eq!(one.as_bytes().unwrap().as_ptr(), two.as_bytes().unwrap().as_ptr());
    assert!(cache.size() > 100);
}

#[tokio::test]
async fn what_is_kept_outlives_a_configuration() {
    let (server, _) = backend("200").await;
    let configuration = cached(&server.url(""));
    let gateway = build(&configuration, &Clock::system(), |_| {});
    let first = text(send(&gateway, "GET", "/orders/list", &[]).await.into_body()).await;
    gateway.replace(&configuration).unwrap();
    assert_eq!(text(send(&gateway, "GET", "/orders/list", &[]).await.into_body()).await, first);
}

#[tokio::test]
async fn headers_that_a_caller_repeats_are_one_key() {
    let (server, _) = backend("200").await;
    let lookup = r#"<cache-lookup vary-by-developer="false" vary-by-developer-groups="false">
        <vary-by-header>X-A</vary-by-header></cache-lookup>"#;
    let parts = [("api inbound", lookup), ("api outbound", r#"<cache-store duration="60" />"#)];
    let gateway = build(&store(&server.url(""), &parts), &Clock::system(), |_| {});
    let mut seen = Vec::new();
    for values in [&["a", "b"][..], &["a,b"], &["b", "a"], &[]] {
        let mut request = http::Request::get("/orders/list").body(Body::empty()).unwrap();
        for value in values {
            request.headers_mut().append(HeaderName::from_static("x-a"), HeaderValue::from_static(value));
        }
        let response = tower::ServiceExt::oneshot(gateway.clone(), request).await.unwrap();
        seen.push(text(response.into_body()).await);
    }
    assert_eq!(seen[0], seen[1]);
    assert!(seen[1] != seen[2] && seen[2] != seen[3] && seen[3] != seen[0]);
}
