//! Pools of entities, against real servers and a manual clock.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gatewright::Body;
use gatewright::backend::{
    BackendLayer, BackendOptions, Backends, Balance, Error, HealthCheck, OutlierEjection, PoolOptions, PoolService,
    Resilience,
};
use gatewright::clock::Clock;
use gatewright::forward::{ClientScheme, ForwardOptions, ServedBy, Target};
use gatewright::model::{Backend, FailureResponse, Pool, PoolMember, SessionAffinity, SessionId, SessionIdSource};
use gatewright::secret::{NamedValues, Secret};
use http::{Method, Request, Response};
use tower::{Layer, Service, ServiceExt};

use crate::breakers::{Moody, breaker, manual, moody, rule};
use crate::support::{TestServer, echo, raw, text};
use crate::{get, transport};

struct Setting {
    backends: Backends,
    clock: Clock,
    members: Vec<Moody>,
}

/// A pool `p` of members `m0`, `m1`, … with a breaker of one failure each.
async fn setting(number: usize, pool: impl Fn(Pool) -> Pool, resilience: Resilience) -> Setting {
    let clock = manual();
    let mut members = Vec::new();
    for _ in 0..number {
        members.push(moody().await);
    }
    let backends = build(&members, &pool, &resilience.clock(clock.clone()));
    Setting { backends, clock, members }
}

fn build(members: &[Moody], pool: &impl Fn(Pool) -> Pool, resilience: &Resilience) -> Backends {
    let (transport, values) = (transport(), NamedValues::new());
    let mut builder = Backends::builder(&transport, &values).resilience(resilience);
    let mut entity = Pool::new();
    for (index, member) in members.iter().enumerate() {
        let backend = Backend::new(member.server.url("")).unwrap().circuit_breaker(breaker(1));
        builder = builder.backend(&format!("m{index}"), &backend);
        entity = entity.member(PoolMember::new(format!("/backends/M{index}")));
    }
    builder.backend("p", &Backend::of_pool(pool(entity))).build().unwrap()
}

fn to(id: &str) -> Target {
    Target::Backend(id.into())
}

async fn call(backends: &Backends, request: Request<Body>) -> Result<Response<Body>, Error> {
    backends.call(&to("p"), request, &ForwardOptions::default()).await
}

/// Who answered.
async fn served(backends: &Backends) -> String {
    let response = call(backends, get("/")).await.unwrap();
    response.extensions().get::<ServedBy>().unwrap().backend.to_string()
}

#[tokio::test]
async fn members_take_turns_and_a_tripped_one_is_passed_over() {
    let Setting { backends, clock, members } = setting(2, |pool| pool, Resilience::new()).await;
    assert_eq!([served(&backends).await, served(&backends).await, served(&backends).await], ["m0", "m1", "m0"]);
    members[1].status.store(500, Ordering::SeqCst);
    let response = call(&backends, get("/")).await.unwrap();
    assert_eq!(response.status(), 500, "the breaker protects later requests");
    for _ in 0..3 {
        assert_eq!(served(&backends).await, "m0");
    }
    let state = &backends.pools()[0];
    assert_eq!(state.members.iter().map(|member| member.is_candidate).collect::<Vec<_>>(), [true, false]);
    // The entity by itself has the same breaker.
    let error = backends.call(&to("m1"), get("/"), &ForwardOptions::default()).await.unwrap_err();
    assert!(error.is_refusal());
    members[1].status.store(200, Ordering::SeqCst);
    clock.advance(Duration::from_secs(30));
    let both: Vec<_> = [served(&backends).await, served(&backends).await].into();
    assert!(both.contains(&"m1".to_owned()), "{both:?}");
}

#[tokio::test]
async fn two_pools_share_the_breaker_of_a_member() {
    let members = [moody().await, moody().await];
    let (transport, values) = (transport(), NamedValues::new());
    let backend = |member: &Moody| Backend::new(member.server.url("")).unwrap().circuit_breaker(breaker(1));
    let pool = |first: &str, second: &str| {
        Backend::of_pool(Pool::new().member(PoolMember::new(first)).member(PoolMember::new(second)))
    };
    let backends = Backends::builder(&transport, &values)
        .backend("p", &pool("a", "b"))
        .backend("q", &pool("b", "a"))
        .backend("a", &backend(&members[0]))
        .backend("b", &backend(&members[1]))
        .build()
        .unwrap();
    members[0].status.store(503, Ordering::SeqCst);
    backends.call(&to("p"), get("/"), &ForwardOptions::default()).await.unwrap();
    for _ in 0..3 {
        let response = backends.call(&to("q"), get("/"), &ForwardOptions::default()).await.unwrap();
        assert_eq!(response.status(), 200);
    }
    assert_eq!(members[0].asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_exhausted_pool_says_when_the_first_is_back() {
    let pool = |pool: Pool| pool.failure_response(FailureResponse::new().status_code(429));
    let Setting { backends, clock, members } = setting(2, pool, Resilience::new()).await;
    for (index, seconds) in [(0, 0), (1, 10)] {
        members[index].status.store(500, Ordering::SeqCst);
        clock.advance(Duration::from_secs(seconds));
        call(&backends, get("/")).await.unwrap();
    }
    let asked = || members.iter().map(|member| member.asked.load(Ordering::SeqCst)).sum::<usize>();
    let error = call(&backends, get("/")).await.unwrap_err();
    assert_eq!((error.status(), error.retry_after(), error.reason()), (429, Some(20), "BackendPoolUnavailable"));
    assert_eq!(error.message(), "Backend pool p is temporarily unavailable.");
    assert_eq!(asked(), 2);
}

#[tokio::test]
async fn the_member_has_its_own_url_and_credentials() {
    let servers = [TestServer::http(echo).await, TestServer::http(echo).await];
    let (transport, values) = (transport(), NamedValues::new());
    let backend = |index: usize| {
        let credentials = gatewright::model::Credentials::new().header("x-member", format!("m{index}"));
        Backend::new(servers[index].url(&format!("/base{index}"))).unwrap().credentials(credentials)
    };
    let backends = Backends::builder(&transport, &values)
        .backend("m0", &backend(0))
        .backend("m1", &backend(1))
        .backend("p", &Backend::of_pool(Pool::new().member(PoolMember::new("m0")).member(PoolMember::new("m1"))))
        .build()
        .unwrap();
    assert_eq!(backends.base_url("p").unwrap().to_string(), servers[0].url("/base0"));
    for (index, server) in servers.iter().enumerate() {
        let response = call(&backends, get("/x?y=1")).await.unwrap();
        assert_eq!(response.extensions().get::<ServedBy>().unwrap().base.path(), format!("/base{index}"));
        let seen = text(response.into_body()).await;
        assert!(seen.starts_with(&format!("GET /base{index}/x?y=1 ")), "{seen}");
        assert!(seen.contains(&format!("x-member: m{index}")) && seen.contains(&format!("host: {}", server.address())));
    }
}

fn sticky(pool: Pool) -> Pool {
    let session = SessionId::new().source(SessionIdSource::Cookie).name("sid");
    pool.session_affinity(SessionAffinity::new().session_id(session))
}

fn cookie(response: &Response<Body>) -> Option<String> {
    Some(response.headers().get("set-cookie")?.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn a_session_stays_with_its_member() {
    let Setting { backends, clock, members } = setting(3, sticky, Resilience::new()).await;
    call(&backends, get("/")).await.unwrap();
    let response = call(&backends, get("/")).await.unwrap();
    let set = cookie(&response).unwrap();
    let pair = set.split(';').next().unwrap().to_owned();
    assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Lax"), "{set}");
    let with = |pair: &str| Request::get("/").header("cookie", format!("a=1; {pair}")).body(Body::empty()).unwrap();
    for _ in 0..4 {
        let response = call(&backends, with(&pair)).await.unwrap();
        assert_eq!(&*response.extensions().get::<ServedBy>().unwrap().backend, "m1");
        assert_eq!(cookie(&response), None, "it is bound already");
    }
    // Tripped: bound to another one, and stays there.
    members[1].status.store(500, Ordering::SeqCst);
    assert_eq!(call(&backends, with(&pair)).await.unwrap().status(), 500);
    let response = call(&backends, with(&pair)).await.unwrap();
    let other = cookie(&response).unwrap();
    assert_eq!(response.status(), 200);
    assert!(!other.starts_with(&pair));
    clock.advance(Duration::from_secs(30));
    // A forged or strange value is as none.
    let mut over_tls = with("sid=nobody");
    over_tls.extensions_mut().insert(ClientScheme::Https);
    let response = call(&backends, over_tls).await.unwrap();
    assert!(cookie(&response).unwrap().contains("; Secure; "));
}

#[tokio::test]
async fn the_cookie_of_the_session_does_not_reach_the_backend() {
    let server = TestServer::http(echo).await;
    let (transport, values) = (transport(), NamedValues::new());
    let key = PoolOptions::new().affinity_key(Secret::new("k"));
    let backends = Backends::builder(&transport, &values)
        .resilience(&Resilience::new().pool("p", key))
        .backend("m", &Backend::new(server.url("")).unwrap())
        .backend("p", &Backend::of_pool(sticky(Pool::new().member(PoolMember::new("m")))))
        .build()
        .unwrap();
    let request = Request::get("/").header("cookie", "sid=x; other=y").body(Body::empty()).unwrap();
    let response = call(&backends, request).await.unwrap();
    assert!(cookie(&response).is_some());
    let seen = text(response.into_body()).await;
    assert!(seen.contains("cookie: other=y\n"), "{seen}");
}

#[tokio::test]
async fn affinity_goes_before_priority() {
    let pool = |pool: Pool| {
        let mut pool = sticky(pool);
        pool.services[0].priority = Some(1);
        pool.services[1].priority = Some(2);
        pool
    };
    let Setting { backends, clock, members } = setting(2, pool, Resilience::new()).await;
    members[0].status.store(500, Ordering::SeqCst);
    call(&backends, get("/")).await.unwrap();
    let set = cookie(&call(&backends, get("/")).await.unwrap()).unwrap();
    clock.advance(Duration::from_secs(60));
    members[0].status.store(200, Ordering::SeqCst);
    let pair = set.split(';').next().unwrap();
    let bound = Request::get("/").header("cookie", pair).body(Body::empty()).unwrap();
    let response = call(&backends, bound).await.unwrap();
    assert_eq!(&*response.extensions().get::<ServedBy>().unwrap().backend, "m1");
    assert_eq!(served(&backends).await, "m0", "others go back at once");
}

#[tokio::test]
async fn a_request_that_was_not_sent_may_try_another_member() {
    let Setting { members, .. } = setting(1, |pool| pool, Resilience::new()).await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (transport, values) = (transport(), NamedValues::new());
    let build = |options| {
        Backends::builder(&transport, &values)
            .resilience(&Resilience::new().pool("p", options))
            .backend("down", &Backend::new(format!("http://{closed}")).unwrap())
            .backend("up", &Backend::new(members[0].server.url("")).unwrap())
            .backend("p", &Backend::of_pool(Pool::new().member(PoolMember::new("down")).member(PoolMember::new("up"))))
            .build()
            .unwrap()
    };
    assert!(call(&build(PoolOptions::new()), get("/")).await.unwrap_err().is_connect(), "not unless it is asked for");
    let backends = build(PoolOptions::new().fail_over(1));
    for _ in 0..4 {
        assert_eq!(served(&backends).await, "up");
    }
    let streaming = Request::post("/").body(Body::new(Nothing)).unwrap();
    let mut failed = call(&backends, streaming).await.is_err();
    let streaming = Request::post("/").body(Body::new(Nothing)).unwrap();
    failed |= call(&backends, streaming).await.is_err();
    assert!(failed, "a body that streams cannot be sent again");
}

/// A body that streams nothing.
struct Nothing;

impl http_body::Body for Nothing {
    type Data = bytes::Bytes;
    type Error = std::io::Error;
    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, std::io::Error>>> {
        std::task::Poll::Ready(None)
    }
}

#[tokio::test]
async fn a_slow_member_is_hedged() {
    let silent = TestServer::raw(raw::silent).await;
    let quick = moody().await;
    let (transport, values) = (transport(), NamedValues::new());
    let options = PoolOptions::new().hedge_after(Duration::from_millis(20));
    let backends = Backends::builder(&transport, &values)
        .resilience(&Resilience::new().pools(options))
        .backend("slow", &Backend::new(silent.url("")).unwrap())
        .backend("quick", &Backend::new(quick.server.url("")).unwrap())
        .backend("p", &Backend::of_pool(Pool::new().member(PoolMember::new("slow")).member(PoolMember::new("quick"))))
        .build()
        .unwrap();
    assert_eq!(served(&backends).await, "quick");
    assert_eq!(served(&backends).await, "quick");
    assert!(backends.pools()[0].members.iter().all(|member| member.in_flight == 0), "the other was given up");
    let asked = quick.asked.load(Ordering::SeqCst);
    let post = |backends: &Backends| {
        let request = Request::builder().method(Method::POST).uri("/").body(Body::empty()).unwrap();
        backends.call(&to("p"), request, &ForwardOptions::default())
    };
    let outcomes =
        [post(&backends), post(&backends)].map(|call| tokio::time::timeout(Duration::from_millis(200), call));
    let [first, second] = outcomes;
    let (first, second) = tokio::join!(first, second);
    assert_eq!([first.is_ok(), second.is_ok()].iter().filter(|is_ok| **is_ok).count(), 1, "a POST is sent once");
    assert_eq!(quick.asked.load(Ordering::SeqCst), asked + 1);
}

#[tokio::test]
async fn the_least_requests_and_outliers_can_decide() {
    let options = PoolOptions::new().balance(Balance::LeastRequests);
    let Setting { backends, members: _servers, .. } = setting(2, |pool| pool, Resilience::new().pools(options)).await;
    let first = call(&backends, get("/")).await.unwrap();
    drop(first);
    let under_way = backends.call(&to("p"), get("/"), &ForwardOptions::default());
    let busy = backends.pools()[0].members.iter().position(|member| member.in_flight == 1).unwrap();
    for _ in 0..3 {
        assert_eq!(served(&backends).await, format!("m{}", 1 - busy));
    }
    drop(under_way);
    assert!(backends.pools()[0].members.iter().all(|member| member.in_flight == 0));

    let outliers = PoolOptions::new().outlier_ejection(OutlierEjection::new().failures_in_a_row(1));
    let members = [moody().await, moody().await];
    let (transport, values) = (transport(), NamedValues::new());
    let backends = Backends::builder(&transport, &values)
        .resilience(&Resilience::new().pools(outliers))
        .backend("m0", &Backend::new(members[0].server.url("")).unwrap())
        .backend("m1", &Backend::new(members[1].server.url("")).unwrap())
        .backend("p", &Backend::of_pool(Pool::new().member(PoolMember::new("m0")).member(PoolMember::new("m1"))))
        .build()
        .unwrap();
    members[0].status.store(502, Ordering::SeqCst);
    call(&backends, get("/")).await.unwrap();
    for _ in 0..4 {
        assert_eq!(served(&backends).await, "m1");
    }
    let alone = backends.call(&to("m0"), get("/"), &ForwardOptions::default()).await.unwrap();
    assert_eq!(alone.status(), 502, "it is left out of the pool only");
}

#[tokio::test]
async fn an_unhealthy_member_is_left_out_until_it_is_well() {
    let check = HealthCheck::new("/up").interval(Duration::from_secs(10)).thresholds(2, 1);
    let options = BackendOptions::new().health_check(check);
    let Setting { backends, clock, members } = setting(2, |pool| pool, Resilience::new().backend("m0", options)).await;
    assert_eq!(backends.check_health().await, Duration::from_secs(10));
    assert_eq!(served(&backends).await, "m0");
    members[0].status.store(503, Ordering::SeqCst);
    assert_eq!(backends.check_health().await, Duration::from_secs(10), "it is not due");
    clock.advance(Duration::from_secs(10));
    backends.check_health().await;
    for _ in 0..3 {
        assert_eq!(served(&backends).await, "m1");
    }
    assert_eq!(backends.breakers()[0].failures, 0, "checks are no attempts");
    members[0].status.store(200, Ordering::SeqCst);
    for expected in [false, true] {
        clock.advance(Duration::from_secs(10));
        backends.check_health().await;
        assert_eq!(backends.pools()[0].members[0].is_candidate, expected);
    }
}

#[tokio::test]
async fn requests_in_flight_are_not_disturbed_by_other_members() {
    let (go, wait) = (Arc::new(tokio::sync::Notify::new()), Arc::new(AtomicUsize::new(0)));
    let (released, waiting) = (go.clone(), wait.clone());
    let slow = TestServer::http(move |_| {
        let (go, waiting) = (released.clone(), waiting.clone());
        async move {
            waiting.fetch_add(1, Ordering::SeqCst);
            go.notified().await;
            Response::new(Body::from("done"))
        }
    })
    .await;
    let (transport, values, resilience) = (transport(), NamedValues::new(), Resilience::new());
    let build = |names: &[&str]| {
        let mut builder = Backends::builder(&transport, &values).resilience(&resilience);
        let mut pool = Pool::new();
        for name in names {
            let backend = Backend::new(slow.url("")).unwrap().circuit_breaker(breaker(1));
            builder = builder.backend(name, &backend);
            pool = pool.member(PoolMember::new(*name));
        }
        builder.backend("p", &Backend::of_pool(pool)).build().unwrap()
    };
    let old = build(&["a", "b"]);
    let call = tokio::spawn(old.call(&to("p"), get("/"), &ForwardOptions::default()));
    while wait.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    let new = build(&["b", "c"]);
    drop(old);
    go.notify_one();
    assert_eq!(text(call.await.unwrap().unwrap().into_body()).await, "done");
    assert_eq!(new.pools()[0].members.len(), 2);
}

/// The test of issue 7: one of four members fails half of its requests with 503; 20,000 requests at 2,000 a second.
#[tokio::test]
async fn one_of_four_fails_half_of_its_requests() {
    for retries in [0, 2] {
        let clock = manual();
        // A fixed sequence without a pattern.
        let random = Arc::new(AtomicUsize::new(1));
        let service = |is_bad: bool| {
            let random = random.clone();
            tower::service_fn(move |_: Request<()>| {
                let next = random
                    .load(Ordering::Relaxed)
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                random.store(next, Ordering::Relaxed);
                let mut response = Response::new(());
                if is_bad && next >> 33 & 1 == 1 {
                    *response.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
                }
                async { Ok::<_, Error>(response) }
            })
        };
        let mut builder = PoolService::builder("p").clock(clock.clone());
        for member in 0..4 {
            builder = builder.member(format!("m{member}"), service(member == 3), 1, 1);
            let mut rule = rule(5);
            rule.failure_condition =
                rule.failure_condition.map(|condition| condition.interval(Duration::from_secs(30)));
            builder = builder.circuit_breaker(&gatewright::model::CircuitBreaker::new().rule(rule));
        }
        let mut pool = builder.build().unwrap();
        let mut errors = 0;
        for _ in 0..20_000 {
            clock.advance(Duration::from_micros(500));
            let mut left = retries;
            loop {
                let response = pool.ready().await.unwrap().call(Request::new(())).await;
                match response.is_ok_and(|response| response.status().is_success()) {
                    true => break,
                    false if left == 0 => {
                        errors += 1;
                        break;
                    }
                    false => left -= 1,
                }
            }
        }
        assert_eq!(errors, if retries == 0 { 5 } else { 0 }, "{retries} retries");
        let seen: Vec<_> = pool.breakers().iter().map(|breaker| (breaker.trips, breaker.failures)).collect();
        assert_eq!(seen, [(0, 0), (0, 0), (0, 0), (1, 5)]);
        let candidates: Vec<_> = pool.snapshot().members.iter().map(|member| member.is_candidate).collect();
        assert_eq!(candidates, [true, true, true, false]);
    }
}

#[tokio::test]
async fn every_call_chooses_anew() {
    let Setting { backends, members, .. } = setting(2, |pool| pool, Resilience::new()).await;
    members[0].status.store(503, Ordering::SeqCst);
    // As `retry` does it: with and without another look at the target.
    assert_eq!(call(&backends, get("/")).await.unwrap().status(), 503);
    assert_eq!(call(&backends, get("/")).await.unwrap().status(), 200);
    let target = to("p");
    assert_eq!(backends.call(&target, get("/"), &ForwardOptions::default()).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_service_that_is_not_ready_is_passed_over() {
    let (first, mut first_handle) = tower_test::mock::pair::<Request<()>, Response<()>>();
    let (second, mut second_handle) = tower_test::mock::pair::<Request<()>, Response<()>>();
    let pool = PoolService::builder("p")
        .member("a", first.map_err(lost), 1, 1)
        .member("b", second.map_err(lost), 1, 1)
        .build()
        .unwrap();
    let mut pool = tower_test::mock::Spawn::new(pool);
    first_handle.allow(0);
    second_handle.allow(0);
    assert!(pool.poll_ready().is_pending());
    second_handle.allow(1);
    assert!(pool.is_woken() && pool.poll_ready().is_ready());
    let response = pool.call(Request::new(()));
    second_handle.next_request().await.unwrap().1.send_response(Response::new(()));
    response.await.unwrap();
    assert!(pool.poll_ready().is_pending(), "what was allowed is used up");
    first_handle.send_error("gone");
    second_handle.allow(1);
    assert!(pool.poll_ready().is_ready(), "one of two is left");
    second_handle.send_error("gone");
    drop(pool.call(Request::new(())));
    assert!(matches!(pool.poll_ready(), std::task::Poll::Ready(Err(_))), "nobody is left");
}

#[tokio::test]
async fn what_was_not_sent_says_nothing_about_a_member() {
    let backend = Backend::new("http://b.example").unwrap();
    let layer = BackendLayer::new("b", &backend, &NamedValues::new()).unwrap();
    let mut pool = PoolService::builder("p")
        .member(
            "a",
            layer.layer(tower::service_fn(async |_: Request<Body>| Err::<Response<Body>, _>(Error::timeout()))),
            1,
            1,
        )
        .options(PoolOptions::new().outlier_ejection(OutlierEjection::new().failures_in_a_row(1).largest_share(100)))
        .build()
        .unwrap();
    let unsendable = || Request::connect("x:443").body(Body::empty()).unwrap();
    for (request, expected) in [(unsendable(), true), (unsendable(), true), (get("/"), false)] {
        pool.ready().await.unwrap().call(request).await.unwrap_err();
        assert_eq!(pool.snapshot().members[0].is_candidate, expected);
    }
}

fn lost(_: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::timeout()
}

#[test]
fn what_cannot_be_is_reported() {
    let (transport, values) = (transport(), NamedValues::new());
    let pool = |names: &[&str]| {
        Backend::of_pool(names.iter().fold(Pool::new(), |pool, name| pool.member(PoolMember::new(*name))))
    };
    let mut with_url = pool(&["a"]);
    with_url.url = Some("https://dummy".to_owned());
    let single = Backend::new("https://a.example").unwrap();
    let errors = Backends::builder(&transport, &values)
        .backend("p", &pool(&["a", "gone", "/backends/q"]))
        .backend("q", &pool(&["a"]))
        .backend("a", &single)
        .backend("A", &pool(&["a"]))
        .backend("empty", &pool(&[]))
        .backend("none", &Backend::default().kind(gatewright::model::BackendKind::Pool))
        .build()
        .unwrap_err();
    let messages: BTreeMap<_, _> = errors.iter().map(|error| (error.to_string(), ())).collect();
    let expected = [
        "backend `A`: another backend has this id",
        "backend `empty`: `pool`: `services` has 0 members: expected 1 to 30",
        "backend `none`: `pool`: `pool` is missing",
        "backend `p`: `pool`: member `gone` is not defined",
        "backend `p`: `pool`: member `q` is a pool itself: expected backends of type `Single`",
    ];
    assert_eq!(messages.into_keys().collect::<Vec<_>>(), expected);
    let mut carbon = pool(&["a"]);
    carbon.pool.as_mut().unwrap().services[0].preferred_carbon_emission = Some(gatewright::model::CarbonEmission::Low);
    let backends = Backends::builder(&transport, &values)
        .backend("a", &single)
        .backend("p", &with_url)
        .backend("c", &carbon)
        .build()
        .unwrap();
    let warnings: Vec<_> = backends.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "backend `p`: `url` is set, but has no effect on a pool: it belongs to the members",
            "backend `c`: `pool`: `preferredCarbonEmission` of `a` has no effect: there is no source of carbon intensity here",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn a_slow_check_does_not_hold_others_up() {
    let (stuck, quick) = (Arc::new(AtomicUsize::new(0)), moody().await);
    let count = stuck.clone();
    let server = TestServer::http(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        std::future::pending::<Response<Body>>()
    })
    .await;
    let check =
        HealthCheck::new("/up").interval(Duration::from_secs(1)).timeout(Duration::from_secs(30)).thresholds(1, 1);
    let resilience = Resilience::new().backends(BackendOptions::new().health_check(check));
    let (transport, values) = (transport(), NamedValues::new());
    let pool = Pool::new().member(PoolMember::new("stuck")).member(PoolMember::new("quick"));
    let backends = Backends::builder(&transport, &values)
        .resilience(&resilience)
        .backend("stuck", &Backend::new(server.url("")).unwrap())
        .backend("quick", &Backend::new(quick.server.url("")).unwrap())
        .backend("p", &Backend::of_pool(pool))
        .build()
        .unwrap();
    let watch = tokio::time::timeout(Duration::from_millis(9500), backends.watch_health());
    watch.await.unwrap_err();
    assert_eq!(stuck.load(Ordering::SeqCst), 1, "the check is still under way");
    assert_eq!(quick.asked.load(Ordering::SeqCst), 10);
    let watch = tokio::time::timeout(Duration::from_secs(31), backends.watch_health());
    watch.await.unwrap_err();
    assert!(!backends.pools()[0].members[0].is_candidate && backends.pools()[0].members[1].is_candidate);
}
