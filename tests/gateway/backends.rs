//! Pools and circuit breakers behind policies.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use gatewright::Body;
use gatewright::backend::{
    BackendOptions, CircuitState, HealthCheck, NameResolver, PoolOptions, Resilience, Transport,
};
use gatewright::clock::Clock;
use gatewright::gateway::Gateway;
use gatewright::model::{
    Backend, CircuitBreaker, CircuitBreakerRule, FailureCondition, FailureResponse, Policy, Pool, PoolMember,
    StatusCodeRange, Store,
};
use http::{Request, Response};
use tower::ServiceExt;

use crate::support::{TestServer, raw, text};
use crate::{free_api, header, send};

/// A server that answers with these statuses, then with 200.
async fn server(statuses: &[u16]) -> TestServer {
    let statuses = Arc::new(Mutex::new(VecDeque::from(statuses.to_vec())));
    TestServer::http(move |_| {
        let mut response = Response::new(Body::from("from a backend"));
        *response.status_mut() = statuses.lock().unwrap().pop_front().unwrap_or(200).try_into().unwrap();
        async { response }
    })
    .await
}

fn breaker() -> CircuitBreaker {
    let condition = FailureCondition::new()
        .count(1)
        .interval(Duration::from_secs(60))
        .status_code_range(StatusCodeRange::new(429, 429))
        .status_code_range(StatusCodeRange::new(500, 599))
        .error_reasons(["BackendConnectionFailure", "Timeout"]);
    let rule = CircuitBreakerRule::new().name("r").failure_condition(condition);
    CircuitBreaker::new().rule(rule.trip_duration(Duration::from_secs(30)))
}

/// An API whose backend is the pool `p` of these servers, with these sections.
fn store(servers: &[&TestServer], backend: &str, outbound: &str, on_error: &str) -> Store {
    let mut store = Store::new();
    let mut pool = Pool::new().failure_response(FailureResponse::new().status_code(503));
    for (index, server) in servers.iter().enumerate() {
        let entity = Backend::new(server.url(&format!("/m{index}"))).unwrap().circuit_breaker(breaker());
        store.service.backends.insert(format!("m{index}"), entity);
        pool = pool.member(PoolMember::new(format!("m{index}")));
    }
    store.service.backends.insert("p", Backend::of_pool(pool));
    let mut api = free_api("a", "http://127.0.0.1:9", &[("x", "GET", "/x"), ("y", "POST", "/x")]);
    api.policy = Some(Policy::new(format!(
        r#"<policies><inbound><set-backend-service backend-id="p" /></inbound><backend>{backend}</backend>
        <outbound>{outbound}</outbound><on-error>{on_error}</on-error></policies>"#
    )));
    store.service.apis.insert("a", api);
    store
}

fn gateway(store: &Store, clock: &Clock) -> Gateway {
    let transport = Transport::builder().native_roots(false).build().unwrap();
    let resilience = Resilience::new().clock(clock.clone());
    let built = Gateway::builder().transport(transport).resilience(resilience).build(store);
    built.unwrap_or_else(|error| panic!("{error}"))
}

fn manual() -> Clock {
    Clock::manual(SystemTime::UNIX_EPOCH)
}

#[tokio::test]
async fn an_exhausted_pool_answers_503_and_when_to_come_back() {
    let (one, clock) = (server(&[500]).await, manual());
    let on_error = r#"<set-header name="X-Error"><value>@(context.LastError.Source + " " + context.LastError.Reason
        + " " + context.Response.StatusCode + ": " + context.LastError.Message)</value></set-header>"#;
    let gateway = gateway(&store(&[&one], "<forward-request />", "", on_error), &clock);
    let response = send(&gateway, "GET", "/a/x", &[]).await;
    assert_eq!(response.status(), 500, "the response that trips is the caller's");
    clock.advance(Duration::from_secs(2));
    let response = send(&gateway, "GET", "/a/x", &[]).await;
    assert_eq!((response.status().as_u16(), &*header(&response, "retry-after")), (503, "28"));
    let expected = "forward-request BackendPoolUnavailable 503: Backend pool p is temporarily unavailable.";
    assert_eq!(header(&response, "x-error"), expected);
    assert_eq!(text(response.into_body()).await, r#"{ "statusCode": 503, "message": "Service Unavailable" }"#);
    clock.advance(Duration::from_secs(28));
    assert_eq!(send(&gateway, "GET", "/a/x", &[]).await.status(), 200);
}

#[tokio::test]
async fn documents_see_the_pool_before_and_the_member_after() {
    let (one, two) = (server(&[]).await, server(&[]).await);
    let seen = r#"<set-header name="X-Seen" exists-action="append"><value>@(context.Backend.Id + " " + context.Backend.Type
        + " " + context.Request.Url.Port + context.Request.Url.Path)</value></set-header>"#;
    let gateway = gateway(&store(&[&one, &two], "<forward-request />", seen, ""), &manual());
    for (server, member) in [(&one, "m0"), (&two, "m1"), (&one, "m0")] {
        let response = send(&gateway, "GET", "/a/x", &[]).await;
        let expected = format!("p Pool {}/{member}/x", server.address().port());
        assert_eq!(header(&response, "x-seen"), expected);
    }
}

#[tokio::test]
async fn documents_see_the_outer_pool_and_the_member_at_the_bottom() {
    let (one, two) = (server(&[]).await, server(&[]).await);
    let seen = r#"<set-header name="X-Seen" exists-action="append"><value>@(context.Backend.Id + " " + context.Backend.Type
        + " " + context.Request.Url.Port + context.Request.Url.Path)</value></set-header>"#;
    let mut store = store(&[&one, &two], "<forward-request />", seen, "");
    let inner = store.service.backends.get("p").unwrap().clone();
    store.service.backends.insert("inner", inner);
    store.service.backends.insert("p", Backend::of_pool(Pool::new().member(PoolMember::new("inner"))));
    let transport = Transport::builder().native_roots(false).build().unwrap();
    let resilience = Resilience::new().pool("p", PoolOptions::new().nested(true));
    let gateway = Gateway::builder().transport(transport).resilience(resilience).build(&store).unwrap();
    for (server, member) in [(&one, "m0"), (&two, "m1"), (&one, "m0")] {
        let response = send(&gateway, "GET", "/a/x", &[]).await;
        let expected = format!("p Pool {}/{member}/x", server.address().port());
        assert_eq!(header(&response, "x-seen"), expected);
    }
}

#[tokio::test]
async fn addresses_are_looked_up_while_somebody_watches() {
    struct Loopback;

    #[async_trait::async_trait]
    impl NameResolver for Loopback {
        async fn resolve(&self, name: &str) -> std::io::Result<Vec<std::net::IpAddr>> {
            assert_eq!(name, "members.test");
            Ok(vec![[127, 0, 0, 1].into()])
        }
    }

    let one = server(&[]).await;
    let mut store = store(&[&one], "<forward-request />", "", "");
    let url = format!("http://members.test:{}", one.address().port());
    store.service.backends.insert("m0", Backend::new(url).unwrap());
    let transport = Transport::builder().native_roots(false).build().unwrap();
    let options = PoolOptions::new().member_per_address(Duration::from_secs(5));
    let resilience = Resilience::new().resolver(Loopback).pools(options);
    let gateway = Gateway::builder().transport(transport).resilience(resilience).build(&store).unwrap();
    let watched = gateway.clone();
    let watch = tokio::spawn(async move { watched.watch_names().await });
    let member = || {
        let snapshot = gateway.snapshot();
        let pools: Vec<_> = snapshot.backends().flat_map(|backends| backends.pools()).collect();
        pools[0].members[0].backend.clone()
    };
    while member() != "m0@127.0.0.1" {
        tokio::task::yield_now().await;
    }
    watch.abort();
    assert_eq!(send(&gateway, "GET", "/a/x", &[]).await.status(), 200);
    // Another configuration has what is known.
    gateway.replace(&store).unwrap();
    assert_eq!(member(), "m0@127.0.0.1");
}

/// `retry` as documents use it, with and without `set-backend-service` in it.
#[tokio::test]
async fn a_retry_goes_to_another_member() {
    let condition =
        r#"@(context.Response == null || context.Response.StatusCode == 429 || context.Response.StatusCode >= 500)"#;
    let strict = "@(context.Response.StatusCode == 429 || context.Response.StatusCode == 503)";
    for again in ["", r#"<set-backend-service backend-id="p" />"#] {
        for (condition, status) in [(condition, 500), (condition, 429), (strict, 503), (strict, 429)] {
            let (bad, good) = (server(&[status; 50]).await, server(&[]).await);
            let retry = format!(
                r#"<retry count="2" interval="0" first-fast-retry="true" condition='{condition}'>{again}
                <forward-request buffer-request-body="true" /></retry>"#
            );
            let gateway = gateway(&store(&[&bad, &good], &retry, "", ""), &manual());
            for _ in 0..5 {
                let request = Request::post("/a/x").body(Body::from("payload")).unwrap();
                let response = gateway.clone().oneshot(request).await.unwrap();
                assert_eq!(response.status(), 200, "{again} {condition} {status}");
            }
        }
    }
    // A member that cannot be reached: its error is one of the transport.
    let (gone, good) = (TestServer::raw(raw::reset).await, server(&[]).await);
    let retry = format!(r#"<retry count="1" interval="0" condition="{condition}"><forward-request /></retry>"#);
    let gateway = gateway(&store(&[&gone, &good], &retry, "", ""), &manual());
    for _ in 0..3 {
        assert_eq!(send(&gateway, "GET", "/a/x", &[]).await.status(), 200);
    }
    assert_eq!(gone.connections(), 1, "it is tripped");
}

/// Other requests take turns in between, so that the turn may be the failing member's again.
#[tokio::test]
async fn a_retry_does_not_go_back_while_there_is_another_member() {
    let (bad, good) = (server(&[404; 500]).await, server(&[]).await);
    let retry = r#"<retry count="1" interval="0" first-fast-retry="true" condition="@(context.Response.StatusCode == 404)">
        <forward-request /></retry>"#;
    let gateway = gateway(&store(&[&bad, &good], retry, "", ""), &manual());
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..100 {
        let gateway = gateway.clone();
        calls.spawn(async move { send(&gateway, "GET", "/a/x", &[]).await.status().as_u16() });
    }
    assert_eq!(calls.join_all().await, [200; 100], "404 trips nobody");
}

/// 20,000 requests at 2,000 a second: a breaker alone lets five errors pass, a retry none.
#[tokio::test]
async fn one_of_four_fails_half_of_its_requests() {
    let condition = FailureCondition::new()
        .count(5)
        .interval(Duration::from_secs(30))
        .status_code_range(StatusCodeRange::new(500, 599));
    let rule = CircuitBreakerRule::new().name("r").failure_condition(condition).trip_duration(Duration::from_secs(30));
    let retry = r#"<retry count="2" interval="0" first-fast-retry="true" condition="@(context.Response.StatusCode == 503)">
        <forward-request buffer-request-body="true" /></retry>"#;
    for (backend, expected) in [("<forward-request />", 5), (retry, 0)] {
        let random = Arc::new(Mutex::new(1_u64));
        let bad = TestServer::http(move |_| {
            let mut random = random.lock().unwrap();
            // A fixed sequence without a pattern.
            *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let status = if *random >> 33 & 1 == 1 { 503 } else { 200 };
            async move { Response::builder().status(status).body(Body::empty()).unwrap() }
        })
        .await;
        let good = [server(&[]).await, server(&[]).await, server(&[]).await];
        let mut store = store(&[&good[0], &good[1], &good[2], &bad], backend, "", "");
        for (member, server) in [&good[0], &good[1], &good[2], &bad].into_iter().enumerate() {
            let breaker = CircuitBreaker::new().rule(rule.clone());
            let entity = Backend::new(server.url("")).unwrap().circuit_breaker(breaker);
            store.service.backends.insert(format!("m{member}"), entity);
        }
        let clock = manual();
        let gateway = gateway(&store, &clock);
        let mut errors = 0;
        for _ in 0..20_000 {
            clock.advance(Duration::from_micros(500));
            errors += usize::from(send(&gateway, "GET", "/a/x", &[]).await.status() != 200);
        }
        assert_eq!(errors, expected, "{backend}");
    }
}

#[tokio::test]
async fn a_retry_sees_that_a_pool_is_exhausted() {
    let bad = server(&[503; 9]).await;
    let retry = r#"<set-variable name="runs" value="@(0)" />
        <retry count="3" interval="0" condition="@(context.Response != null &amp;&amp; context.Response.StatusCode == 503)">
        <set-variable name="runs" value='@((int)context.Variables["runs"] + 1)' /><forward-request /></retry>"#;
    let on_error = r#"<set-header name="X-Runs"><value>@(context.Variables["runs"].ToString())</value></set-header>"#;
    let gateway = gateway(&store(&[&bad], retry, "", on_error), &manual());
    let response = send(&gateway, "GET", "/a/x", &[]).await;
    assert_eq!((response.status().as_u16(), &*header(&response, "retry-after")), (503, "30"));
    assert_eq!(header(&response, "x-runs"), "4", "one that reached the backend, three that did not");
}

#[tokio::test(start_paused = true)]
async fn the_time_out_of_forward_request_counts() {
    let silent = TestServer::raw(raw::silent).await;
    let gateway = gateway(&store(&[&silent], r#"<forward-request timeout="5" />"#, "", ""), &manual());
    assert_eq!(send(&gateway, "GET", "/a/x", &[]).await.status(), 500);
    assert_eq!(send(&gateway, "GET", "/a/x", &[]).await.status(), 503);
}

#[tokio::test]
async fn a_breaker_outlives_a_reload_when_its_rules_stay() {
    let (bad, clock) = (server(&[500, 500]).await, manual());
    let gateway = gateway(&store(&[&bad], "<forward-request />", "", ""), &clock);
    send(&gateway, "GET", "/a/x", &[]).await;
    let mut next = store(&[&bad], "<forward-request />", "<set-header name='X-New'><value>1</value></set-header>", "");
    gateway.replace(&next).unwrap();
    assert_eq!(send(&gateway, "GET", "/a/x", &[]).await.status(), 503, "it is open still");
    let states: Vec<_> = gateway.snapshot().backends().flat_map(|backends| backends.breakers()).collect();
    assert!(matches!(states[0].state, CircuitState::Open { .. }) && states[0].refused == 0, "{states:?}");
    let mut changed = next.service.backends.get("m0").unwrap().clone();
    changed.circuit_breaker = changed.circuit_breaker.map(|breaker| {
        let rule = breaker.rules[0].clone().trip_duration(Duration::from_secs(31));
        CircuitBreaker::new().rule(rule)
    });
    next.service.backends.insert("m0", changed);
    gateway.replace(&next).unwrap();
    assert_eq!(send(&gateway, "GET", "/a/x", &[]).await.status(), 500, "other rules, another breaker");
}

#[tokio::test]
async fn the_author_is_told_what_has_no_effect() {
    let one = server(&[]).await;
    let mut store = store(&[&one], "<forward-request />", "", "");
    let mut pool = store.service.backends.get("p").unwrap().clone();
    pool.url = Some("https://dummy".to_owned());
    store.service.backends.insert("p", pool);
    let gateway = gateway(&store, &manual());
    let warnings: Vec<_> = gateway.snapshot().warnings().iter().map(ToString::to_string).collect();
    assert_eq!(warnings, ["backend `p`: `url` is set, but has no effect on a pool: it belongs to the members"]);
}

#[tokio::test]
async fn health_is_watched_while_somebody_watches() {
    let (sick, well) = (server(&[503; 20]).await, server(&[]).await);
    let transport = Transport::builder().native_roots(false).build().unwrap();
    let check = HealthCheck::new("/").interval(Duration::from_millis(1)).thresholds(1, 1);
    let resilience = Resilience::new().backends(BackendOptions::new().health_check(check));
    let store = store(&[&sick, &well], "<forward-request />", "", "");
    let gateway = Gateway::builder().transport(transport).resilience(resilience).build(&store).unwrap();
    let watched = gateway.clone();
    let watch = tokio::spawn(async move { watched.watch_health().await });
    let candidates = || {
        let snapshot = gateway.snapshot();
        let pools: Vec<_> = snapshot.backends().flat_map(|backends| backends.pools()).collect();
        pools[0].members.iter().map(|member| member.is_candidate).collect::<Vec<_>>()
    };
    while candidates() != [false, true] {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    watch.abort();
}

/// The sample of the `apiops` command line has a pool; what it lacks are the secrets that are never in a folder.
#[test]
fn the_sample_folder_gets_past_its_pool() {
    let Ok(corpus) = std::env::var("GATEWRIGHT_CORPUS") else {
        println!("skipped: GATEWRIGHT_CORPUS is not set");
        return;
    };
    let folder = std::path::Path::new(&corpus).join("apiops/cli-layout");
    let loaded = gatewright::load::path(&folder).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(loaded.store.service.backends.get("pool1").is_some_and(Backend::is_pool));
    let transport = Transport::builder().native_roots(false).build().unwrap();
    let problems = match Gateway::builder().transport(transport).build(&loaded.store) {
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    };
    println!("{problems}");
    assert!(!problems.contains("pool") && !problems.contains("circuitBreaker"), "{problems}");
}

/// Every pool and breaker of Microsoft's samples can be built, or says why not.
#[test]
fn breakers_of_samples_are_built() {
    let Ok(corpus) = std::env::var("GATEWRIGHT_CORPUS") else {
        println!("skipped: GATEWRIGHT_CORPUS is not set");
        return;
    };
    let folder = std::path::Path::new(&corpus).join("arm/backends");
    let mut built = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if !name.starts_with("body-") {
            continue;
        }
        let json: serde_json::Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        let backend: Backend = serde_json::from_value(json["properties"].clone()).unwrap();
        if backend.circuit_breaker.is_none() && !backend.is_pool() {
            continue;
        }
        let transport = Transport::builder().native_roots(false).build().unwrap();
        let values = gatewright::secret::NamedValues::new();
        let mut builder = gatewright::backend::Backends::builder(&transport, &values);
        for member in backend.pool.iter().flat_map(|pool| &pool.services) {
            let id = member.id.rsplit('/').next().unwrap();
            builder = builder.backend(id, &Backend::new("https://member.example").unwrap());
        }
        let mut backend = backend;
        // Tokens of a managed identity are the transport's affair.
        backend.credentials = None;
        let problems = builder.backend("b", &backend).build().err();
        assert!(problems.is_none(), "{name}: {problems:?}");
        built += 1;
    }
    assert!(built >= 4, "{built}");
}

#[tokio::test]
async fn a_refused_configuration_leaves_circuits_as_they_are() {
    let (first, second) = (server(&[503]).await, server(&[]).await);
    let good = store(&[&first, &second], "<forward-request />", "", "");
    let transport = Transport::builder().native_roots(false).build().unwrap();
    let gateway = Gateway::builder().transport(transport).build(&good).unwrap();
    assert_eq!(send(&gateway, "GET", "/a/x", &[]).await.status(), 503);
    let open = |gateway: &Gateway| {
        let snapshot = gateway.snapshot();
        let breakers: Vec<_> = snapshot.backends().flat_map(|backends| backends.breakers()).collect();
        breakers.iter().filter(|breaker| matches!(breaker.state, CircuitState::Open { .. })).count()
    };
    assert_eq!(open(&gateway), 1);
    let mut bad = store(&[&first, &second], "<forward-request />", "", "<no-such-policy />");
    let rule = breaker().rules.remove(0).trip_duration(Duration::from_secs(99));
    let changed = Backend::new(first.url("/m0")).unwrap().circuit_breaker(CircuitBreaker::new().rule(rule));
    bad.service.backends.insert("m0", changed);
    gateway.replace(&bad).unwrap_err();
    assert_eq!(open(&gateway), 1);
    gateway.replace(&good).unwrap();
    assert_eq!(open(&gateway), 1, "the circuit is still open");
}
