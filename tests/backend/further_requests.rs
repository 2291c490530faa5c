//! Requests besides the first one of a call: hedges, other members of a pool, and their budget.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gatewright::Body;
use gatewright::backend::{BackendOptions, Backends, Error, OutlierEjection, PoolOptions, Resilience, RetryBudget};
use gatewright::forward::{ForwardOptions, ServedBy, Target};
use gatewright::model::{Backend, Pool, PoolMember};
use gatewright::secret::NamedValues;
use http::{Request, Response};
use tokio::time::Instant;

use crate::breakers::{Moody, breaker, moody};
use crate::support::{TestServer, raw};
use crate::{get, transport};

/// Never answers the first requests; counts all.
async fn slow_at_first(slow: usize) -> (TestServer, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let server = TestServer::http(move |_| {
        let number = count.fetch_add(1, Ordering::SeqCst);
        async move {
            if number < slow {
                std::future::pending::<()>().await;
            }
            Response::new(Body::empty())
        }
    })
    .await;
    (server, asked)
}

/// Backends `m0`, `m1`, … with a breaker of one failure each, and their pool `p`.
fn build(urls: &[String], resilience: &Resilience) -> Backends {
    let (transport, values) = (transport(), NamedValues::new());
    let mut builder = Backends::builder(&transport, &values).resilience(resilience);
    let mut pool = Pool::new();
    for (index, url) in urls.iter().enumerate() {
        let backend = Backend::new(url.as_str()).unwrap().circuit_breaker(breaker(1));
        builder = builder.backend(&format!("m{index}"), &backend);
        pool = pool.member(PoolMember::new(format!("m{index}")));
    }
    builder.backend("p", &Backend::of_pool(pool)).build().unwrap()
}

async fn call(backends: &Backends, id: &str, request: Request<Body>) -> Result<Response<Body>, Error> {
    backends.call(&Target::Backend(id.into()), request, &ForwardOptions::default()).await
}

fn post(body: Body) -> Request<Body> {
    Request::post("/").body(body).unwrap()
}

/// Whether a call has no end within ten seconds.
async fn hangs(backends: &Backends, id: &str, request: Request<Body>) -> bool {
    tokio::time::timeout(Duration::from_secs(10), call(backends, id, request)).await.is_err()
}

fn failures(backends: &Backends) -> u64 {
    backends.breakers().iter().map(|breaker| breaker.failures).sum()
}

#[tokio::test(start_paused = true)]
async fn a_call_of_one_backend_is_hedged() {
    let (server, asked) = slow_at_first(1).await;
    let options = BackendOptions::new().hedge_after(Duration::from_millis(100));
    let backends = build(&[server.url("")], &Resilience::new().backend("m0", options));
    let start = Instant::now();
    assert_eq!(call(&backends, "m0", get("/")).await.unwrap().status(), 200);
    assert!((100..200).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    let start = Instant::now();
    assert_eq!(call(&backends, "m0", get("/")).await.unwrap().status(), 200);
    assert!(start.elapsed() < Duration::from_millis(100), "who is quick is asked once");
    assert_eq!((asked.load(Ordering::SeqCst), failures(&backends)), (3, 0), "who was given up counts nothing");
}

#[tokio::test(start_paused = true)]
async fn what_acts_is_sent_once() {
    let (server, asked) = slow_at_first(9).await;
    let options = BackendOptions::new().hedge_after(Duration::from_millis(100));
    let backends = build(&[server.url("")], &Resilience::new().backends(options));
    assert!(hangs(&backends, "m0", post(Body::from("x"))).await);
    let streaming = Request::get("/").body(Body::new(http_body_util::Full::new(bytes::Bytes::from("x")))).unwrap();
    assert!(hangs(&backends, "m0", streaming).await, "its body is not in memory");
    assert_eq!(asked.load(Ordering::SeqCst), 2);
    // Nor is it hedged where nobody asked for it.
    let backends = build(&[server.url("")], &Resilience::new());
    assert!(hangs(&backends, "m0", get("/")).await);
    assert_eq!(asked.load(Ordering::SeqCst), 3);
}

#[tokio::test(start_paused = true)]
async fn hedges_keep_to_their_budget() {
    let (server, asked) = slow_at_first(9).await;
    let budget = RetryBudget::new(50, 1);
    let options = BackendOptions::new().hedge_after(Duration::from_millis(100)).retry_budget(budget.clone());
    let backends = build(&[server.url("")], &Resilience::new().backends(options));
    let mut sent = Vec::new();
    for _ in 0..5 {
        let before = asked.load(Ordering::SeqCst);
        assert!(hangs(&backends, "m0", get("/")).await);
        sent.push(asked.load(Ordering::SeqCst) - before);
    }
    assert_eq!(sent, [2, 1, 2, 1, 2], "the reserve, then one for two calls");
    assert_eq!(budget.saved(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_place_says_nothing_about_a_member() {
    let (first, second) = (slow_at_first(9).await, slow_at_first(9).await);
    let resilience = Resilience::new()
        .backends(BackendOptions::new().max_requests(1, 5))
        .pool("p", PoolOptions::new().outlier_ejection(OutlierEjection::new().failures_in_a_row(1)));
    let backends = build(&[first.0.url(""), second.0.url("")], &resilience);
    let start = || Box::pin(backends.call(&Target::Backend("p".into()), get("/"), &ForwardOptions::default()));
    let candidates = || backends.pools()[0].members.iter().map(|member| member.is_candidate).collect::<Vec<_>>();
    let (mut sent, mut also_sent, mut waits) = (start(), start(), start());
    for call in [&mut sent, &mut also_sent, &mut waits] {
        assert!(tokio::time::timeout(Duration::from_secs(1), call).await.is_err());
    }
    waits.timed_out();
    drop(waits);
    assert_eq!(candidates(), [true, true], "the request that waited was sent to nobody");
    sent.timed_out();
    drop(sent);
    assert_eq!(candidates(), [false, true]);
}

#[tokio::test(start_paused = true)]
async fn an_error_waits_for_the_other_request() {
    // The first closes after a second, the second answers after two.
    let number = Arc::new(AtomicUsize::new(0));
    let server = TestServer::raw(move |mut stream| {
        let number = number.fetch_add(1, Ordering::SeqCst);
        async move {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            let _ = stream.read(&mut [0; 4096]).await;
            tokio::time::sleep(Duration::from_secs(1 + number as u64)).await;
            if number > 0 {
                let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
                raw::silent(stream).await;
            }
        }
    })
    .await;
    let options = BackendOptions::new().hedge_after(Duration::from_millis(500));
    let backends = build(&[server.url("")], &Resilience::new().backends(options));
    assert_eq!(call(&backends, "m0", get("/")).await.unwrap().status(), 204);
    assert_eq!(failures(&backends), 1, "each is an attempt");
}

#[tokio::test(start_paused = true)]
async fn a_slow_member_has_its_own_time_limit() {
    let (slow, _) = slow_at_first(9).await;
    let quick = moody().await;
    let resilience = Resilience::new().backends(BackendOptions::new().attempt_timeout(Duration::from_secs(2)));
    let backends = build(&[slow.url(""), quick.server.url("")], &resilience);
    let start = Instant::now();
    let error = call(&backends, "p", get("/")).await.unwrap_err();
    assert_eq!((error.reason(), error.backend(), start.elapsed().as_secs()), ("Timeout", Some("m0"), 2));
    for _ in 0..3 {
        assert_eq!(call(&backends, "p", get("/")).await.unwrap().status(), 200, "it is tripped");
    }
    // With a hedge, the time limit is each request's own.
    let resilience = Resilience::new()
        .backends(BackendOptions::new().attempt_timeout(Duration::from_secs(2)))
        .pools(PoolOptions::new().hedge_after(Duration::from_secs(1)));
    let (slow, asked) = slow_at_first(9).await;
    let backends = build(&[slow.url(""), slow.url("")], &resilience);
    let start = Instant::now();
    assert_eq!(call(&backends, "p", get("/")).await.unwrap_err().reason(), "Timeout");
    assert_eq!((start.elapsed().as_secs(), asked.load(Ordering::SeqCst)), (3, 2));
}

#[tokio::test]
async fn other_members_are_tried_as_the_budget_allows() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let quick = moody().await;
    let budget = RetryBudget::new(0, 2);
    let options = PoolOptions::new().fail_over(1).retry_budget(budget.clone());
    let (transport, values) = (transport(), NamedValues::new());
    let backends = Backends::builder(&transport, &values)
        .resilience(&Resilience::new().pools(options))
        .backend("down", &Backend::new(format!("http://{closed}")).unwrap())
        .backend("up", &Backend::new(quick.server.url("")).unwrap())
        .backend("p", &Backend::of_pool(Pool::new().member(PoolMember::new("down")).member(PoolMember::new("up"))))
        .build()
        .unwrap();
    let mut outcomes = Vec::new();
    for _ in 0..6 {
        outcomes.push(call(&backends, "p", get("/")).await.is_ok());
    }
    assert_eq!(outcomes, [true, true, false, true, false, true], "each call takes the next turn");
    assert_eq!(budget.saved(), 0);
}

#[tokio::test]
async fn a_member_without_room_hands_its_request_over() {
    let members: [Moody; 2] = [moody().await, moody().await];
    let urls = members.each_ref().map(|member| member.server.url(""));
    let options = PoolOptions::new().fail_over(1).fail_over_statuses([429]);
    let backends = build(&urls, &Resilience::new().pools(options));
    members[0].status.store(429, Ordering::SeqCst);
    for _ in 0..4 {
        let response = call(&backends, "p", post(Body::from("x"))).await.unwrap();
        assert_eq!(&*response.extensions().get::<ServedBy>().unwrap().backend, "m1");
    }
    assert_eq!(failures(&backends), 0, "429 trips nobody here");
    assert!(members[0].asked.load(Ordering::SeqCst) >= 2, "it is asked as before");
    // Nobody has room: the caller is told so by the backend.
    members[1].status.store(429, Ordering::SeqCst);
    assert_eq!(call(&backends, "p", get("/")).await.unwrap().status(), 429);
    // Another status is the response.
    members[0].status.store(404, Ordering::SeqCst);
    members[1].status.store(404, Ordering::SeqCst);
    assert_eq!(call(&backends, "p", get("/")).await.unwrap().status(), 404);
}

/// Answers the first request with 500 when it is told to, and counts.
async fn first_fails() -> (TestServer, Arc<AtomicUsize>, Arc<tokio::sync::Notify>) {
    let (asked, go) = (Arc::new(AtomicUsize::new(0)), Arc::new(tokio::sync::Notify::new()));
    let (count, gate) = (asked.clone(), go.clone());
    let server = TestServer::http(move |_| {
        let (number, gate) = (count.fetch_add(1, Ordering::SeqCst), gate.clone());
        async move {
            gate.notified().await;
            let mut response = Response::new(Body::empty());
            *response.status_mut() = if number == 0 { 500 } else { 200 }.try_into().unwrap();
            response
        }
    })
    .await;
    (server, asked, go)
}

#[tokio::test]
async fn whoever_waits_for_a_place_is_not_sent_to_an_open_circuit() {
    let (server, asked, go) = first_fails().await;
    let other = moody().await;
    let resilience = Resilience::new().backend("m0", BackendOptions::new().max_requests(1, 100));
    let (transport, values) = (transport(), NamedValues::new());
    let [first, second] = [server.url(""), other.server.url("")]
        .map(|url| Backend::new(url.as_str()).unwrap().circuit_breaker(breaker(1)));
    let pool = |names: &[&str]| {
        let members = names.iter().zip(1..).map(|(name, priority)| PoolMember::new(*name).priority(priority));
        Backend::of_pool(members.fold(Pool::new(), Pool::member))
    };
    for (to, expected) in [("p", [500, 200, 200, 200]), ("alone", [500, 503, 503, 503]), ("m0", [500, 503, 503, 503])] {
        asked.store(0, Ordering::SeqCst);
        let backends = Backends::builder(&transport, &values)
            .resilience(&resilience)
            .backend("m0", &first)
            .backend("m1", &second)
            .backend("p", &pool(&["m0", "m1"]))
            .backend("alone", &pool(&["m0"]))
            .build()
            .unwrap();
        let status = async || match call(&backends, to, post(Body::new(http_body_util::Full::new("x".into())))).await {
            Ok(response) => response.status().as_u16(),
            Err(error) => error.status(),
        };
        let release = async {
            while asked.load(Ordering::SeqCst) == 0 {
                tokio::task::yield_now().await;
            }
            go.notify_one();
        };
        let (a, b, c, d, ()) = tokio::join!(status(), status(), status(), status(), release);
        assert_eq!([a, b, c, d], expected, "{to}");
        assert_eq!(asked.load(Ordering::SeqCst), 1, "{to}");
    }
}
