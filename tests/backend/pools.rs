//! Pools of entities, against real servers and a manual clock.

mod addresses;
mod affinity;
mod another_member;
mod balance;
mod by_url;
mod credentials;
mod health;
mod nested;
mod service;
mod slow_start;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gatewright::Body;
use gatewright::backend::{Backends, Balance, Error, OutlierEjection, PoolOptions, Resilience};
use gatewright::clock::Clock;
use gatewright::forward::{ForwardOptions, ServedBy, Target};
use gatewright::model::{Backend, FailureResponse, Pool, PoolMember};
use gatewright::secret::NamedValues;
use http::{Request, Response};

use crate::breakers::{Moody, breaker, manual, moody};
use crate::support::{TestServer, echo, text};
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
    let mut both = single.clone().kind(gatewright::model::BackendKind::Single);
    both.pool = carbon.pool.clone();
    let backends = Backends::builder(&transport, &values)
        .backend("a", &single)
        .backend("s", &both)
        .backend("p", &with_url)
        .backend("c", &carbon)
        .build()
        .unwrap();
    let warnings: Vec<_> = backends.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "backend `s`: `pool` is set, but has no effect on a backend whose `type` is `Single`",
            "backend `p`: `url` is set, but has no effect on a pool: it belongs to the members",
            "backend `c`: `pool`: `preferredCarbonEmission` of `a` has no effect: there is no source of carbon intensity here",
        ]
    );
}
