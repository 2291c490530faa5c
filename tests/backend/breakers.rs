//! Circuit breakers of entities, against real servers and a manual clock.

use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use gatewright::Body;
use gatewright::backend::{
    BackendOptions, Backends, BreakerEvent, BreakerObserver, BreakerOptions, CircuitBreakerLayer, CircuitState, Error,
    Resilience,
};
use gatewright::clock::Clock;
use gatewright::forward::{ForwardError, ForwardOptions, Target};
use gatewright::model::{
    Backend, CircuitBreaker, CircuitBreakerRule, FailureCondition, FailureResponse, StatusCodeRange,
};
use gatewright::secret::NamedValues;
use http::{Request, Response};
use tower::ServiceExt;
use tower_layer::Layer;

use crate::support::{TestServer, raw};
use crate::{get, to_b, to_url, transport};

pub fn manual() -> Clock {
    Clock::manual(SystemTime::UNIX_EPOCH)
}

/// Opens after `count` of 500 to 599, or of a failed or slow connection, in a minute; for 30 seconds.
pub fn rule(count: u64) -> CircuitBreakerRule {
    let condition = FailureCondition::new()
        .count(count)
        .interval(Duration::from_secs(60))
        .status_code_range(StatusCodeRange::new(500, 599))
        .error_reasons(["BackendConnectionFailure", "Timeout"]);
    CircuitBreakerRule::new().name("5xx").failure_condition(condition).trip_duration(Duration::from_secs(30))
}

pub fn breaker(count: u64) -> CircuitBreaker {
    CircuitBreaker::new().rule(rule(count))
}

/// A server that answers with the status that is set, and counts.
pub struct Moody {
    pub server: TestServer,
    pub status: Arc<AtomicU16>,
    pub asked: Arc<AtomicUsize>,
}

pub async fn moody() -> Moody {
    let (status, asked) = (Arc::new(AtomicU16::new(200)), Arc::new(AtomicUsize::new(0)));
    let (now, count) = (status.clone(), asked.clone());
    let server = TestServer::http(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        let mut response = Response::new(Body::empty());
        *response.status_mut() = now.load(Ordering::SeqCst).try_into().unwrap();
        response.headers_mut().insert("retry-after", 7.into());
        async { response }
    })
    .await;
    Moody { server, status, asked }
}

fn one(backend: &Backend, resilience: &Resilience) -> Backends {
    let values = NamedValues::new();
    Backends::builder(&transport(), &values).resilience(resilience).backend("b", backend).build().unwrap()
}

async fn status(backends: &Backends, target: &Target) -> Result<u16, Error> {
    let response = backends.call(target, get("/"), &ForwardOptions::default()).await?;
    Ok(response.status().as_u16())
}

#[tokio::test]
async fn an_open_circuit_sends_nothing_and_says_when_to_come_back() {
    let (clock, moody) = (manual(), moody().await);
    let backend = Backend::new(moody.server.url("")).unwrap().circuit_breaker(breaker(3));
    let backends = one(&backend, &Resilience::new().clock(clock.clone()));
    moody.status.store(503, Ordering::SeqCst);
    for _ in 0..3 {
        assert_eq!(status(&backends, &to_b()).await.unwrap(), 503, "the response that trips is the caller's");
    }
    clock.advance(Duration::from_millis(500));
    let error = status(&backends, &to_b()).await.unwrap_err();
    assert!(error.is_refusal() && error.is_retry_safe());
    assert_eq!((error.status(), error.retry_after()), (503, Some(30)), "29.5 s, rounded up");
    assert_eq!(error.to_string(), "backend `b`: its circuit breaker is open, next try in 30 s");
    let answer = Response::<Body>::from(status(&backends, &to_b()).await.unwrap_err());
    assert_eq!((answer.status().as_u16(), &answer.headers()["retry-after"]), (503, &"30".parse().unwrap()));
    let answer = crate::support::text(answer.into_body()).await;
    assert_eq!(answer, r#"{ "statusCode": 503, "message": "Service Unavailable" }"#);
    let error = ForwardError::from(error);
    assert_eq!((error.reason, &*error.message), ("CircuitBreakerOpen", "Backend b is temporarily unavailable."));
    // The entity is found by its URL too, and its state is the same.
    assert!(status(&backends, &to_url(&moody.server.url("/x"))).await.unwrap_err().is_refusal());
    assert_eq!(moody.asked.load(Ordering::SeqCst), 3);
    let state = &backends.breakers()[0];
    assert_eq!((state.trips, state.failures, state.refused, &*state.backend), (1, 3, 3, "b"));
    assert!(matches!(&state.state, CircuitState::Open { rule, .. } if rule == "5xx"));
    moody.status.store(200, Ordering::SeqCst);
    clock.advance(Duration::from_millis(29_499));
    assert_eq!(status(&backends, &to_b()).await.unwrap_err().retry_after(), Some(1), "1 ms, rounded up");
    clock.advance(Duration::from_millis(1));
    assert_eq!(status(&backends, &to_b()).await.unwrap(), 200);
    assert_eq!(backends.breakers()[0].state, CircuitState::Closed);
}

#[tokio::test]
async fn the_backend_may_say_how_long_and_the_rule_what_is_answered() {
    let (clock, moody) = (manual(), moody().await);
    let rule = rule(1).accept_retry_after(true).failure_response(FailureResponse::new().status_code(429));
    let backend = Backend::new(moody.server.url("")).unwrap().circuit_breaker(CircuitBreaker::new().rule(rule));
    let backends = one(&backend, &Resilience::new().clock(clock.clone()));
    moody.status.store(500, Ordering::SeqCst);
    assert_eq!(status(&backends, &to_b()).await.unwrap(), 500);
    let error = status(&backends, &to_b()).await.unwrap_err();
    assert_eq!((error.status(), error.retry_after()), (429, Some(7)));
}

#[tokio::test]
async fn transport_failures_and_timeouts_count_when_they_are_listed() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let resetting = TestServer::raw(raw::reset).await;
    for url in [format!("http://{address}"), resetting.url("")] {
        let backends = one(&Backend::new(url).unwrap().circuit_breaker(breaker(1)), &Resilience::new());
        assert!(!status(&backends, &to_b()).await.unwrap_err().is_refusal());
        assert!(status(&backends, &to_b()).await.unwrap_err().is_refusal());
    }
    let silent = TestServer::raw(raw::silent).await;
    let backend = Backend::new(silent.url("")).unwrap().circuit_breaker(breaker(1));
    let backends = one(&backend, &Resilience::new());
    // Whoever goes away says nothing; whoever waited for too long does.
    drop(backends.call(&to_b(), get("/"), &ForwardOptions::default()));
    assert_eq!(backends.breakers()[0].failures, 0);
    backends.call(&to_b(), get("/"), &ForwardOptions::default()).timed_out();
    assert!(status(&backends, &to_b()).await.unwrap_err().is_refusal());
    // Ranges alone do not count what is no response.
    let condition = FailureCondition::new().count(1).status_code_range(StatusCodeRange::new(200, 599));
    let ranges = CircuitBreaker::new().rule(CircuitBreakerRule::new().failure_condition(condition));
    let backends = one(&Backend::new(resetting.url("")).unwrap().circuit_breaker(ranges), &Resilience::new());
    for _ in 0..3 {
        assert!(!status(&backends, &to_b()).await.unwrap_err().is_refusal());
    }
}

#[tokio::test(start_paused = true)]
async fn each_attempt_may_have_a_time_limit() {
    let silent = TestServer::raw(raw::silent).await;
    let backend = Backend::new(silent.url("")).unwrap().circuit_breaker(breaker(1));
    let options = BackendOptions::new().attempt_timeout(Duration::from_secs(2));
    let backends = one(&backend, &Resilience::new().backend("B", options));
    let error = status(&backends, &to_b()).await.unwrap_err();
    assert_eq!((error.reason(), error.backend()), ("Timeout", Some("b")));
    assert!(status(&backends, &to_b()).await.unwrap_err().is_refusal());
}

#[tokio::test]
async fn a_backend_has_no_more_requests_than_it_may() {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (now, top) = (running.clone(), most.clone());
    let server = TestServer::http(move |_| {
        let (running, most) = (now.clone(), top.clone());
        async move {
            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(20)).await;
            running.fetch_sub(1, Ordering::SeqCst);
            Response::new(Body::from("x"))
        }
    })
    .await;
    let resilience = Resilience::new().backends(BackendOptions::new().max_requests(2, 3));
    let backends = Arc::new(one(&Backend::new(server.url("")).unwrap(), &resilience));
    let mut calls = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let backends = backends.clone();
        calls.spawn(async move {
            let response = backends.call(&to_b(), get("/"), &ForwardOptions::default()).await?;
            Ok::<_, Error>(crate::support::text(response.into_body()).await)
        });
    }
    let outcomes = calls.join_all().await;
    let errors: Vec<_> = outcomes.iter().filter_map(|outcome| outcome.as_ref().err()).collect();
    assert_eq!((errors.len(), most.load(Ordering::SeqCst)), (3, 2), "two run, three wait");
    assert_eq!((errors[0].status(), errors[0].retry_after()), (503, Some(1)));
    assert_eq!(errors[0].reason(), "BackendConcurrencyLimitExceeded");
    assert_eq!(status(&backends, &to_b()).await.unwrap(), 200, "all places are free again");
}

#[tokio::test]
async fn state_outlives_a_configuration_when_the_rules_stay() {
    let (clock, moody) = (manual(), moody().await);
    let resilience = Resilience::new().clock(clock.clone());
    let backend = |count| Backend::new(moody.server.url("")).unwrap().circuit_breaker(breaker(count));
    let first = one(&backend(1), &resilience);
    moody.status.store(500, Ordering::SeqCst);
    status(&first, &to_b()).await.unwrap();
    let second = one(&backend(1), &resilience);
    assert!(status(&second, &to_b()).await.unwrap_err().is_refusal(), "it is the same breaker");
    let other = one(&backend(2), &resilience);
    assert_eq!(status(&other, &to_b()).await.unwrap(), 500, "other rules, another breaker");
    let values = NamedValues::new();
    let transport = transport();
    let workspace = Backends::builder(&transport, &values).resilience(&resilience).workspace("w");
    let workspace = workspace.backend("b", &backend(2)).build().unwrap();
    status(&other, &to_b()).await.unwrap();
    assert_eq!(status(&workspace, &to_b()).await.unwrap(), 500, "a workspace has its own");
    drop((first, second, other, workspace));
    let fresh = one(&backend(1), &resilience);
    assert_eq!(status(&fresh, &to_b()).await.unwrap(), 500, "nobody remembers what nobody uses");
}

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<String>>>);

impl BreakerObserver for Seen {
    fn changed(&self, event: &BreakerEvent<'_>) {
        let line = format!("{} {} {:?}", event.event_type(), event.subject(), event.open_for);
        self.0.lock().unwrap().push(line);
    }
}

#[tokio::test]
async fn events_tell_what_happens() {
    let (clock, moody, seen) = (manual(), moody().await, Seen::default());
    let backend = Backend::new(moody.server.url("")).unwrap().circuit_breaker(breaker(1));
    let backends = one(&backend, &Resilience::new().clock(clock.clone()).observer(seen.clone()));
    moody.status.store(500, Ordering::SeqCst);
    status(&backends, &to_b()).await.unwrap();
    clock.advance(Duration::from_secs(30));
    moody.status.store(200, Ordering::SeqCst);
    status(&backends, &to_b()).await.unwrap();
    assert_eq!(
        *seen.0.lock().unwrap(),
        [
            "Microsoft.ApiManagement.CircuitBreaker.Opened /backends/b/circuit-breaker/rules/5xx 30s",
            "Microsoft.ApiManagement.CircuitBreaker.Closed /backends/b/circuit-breaker/rules/5xx 0ns",
        ]
    );
}

#[tokio::test]
async fn trials_come_before_the_rest() {
    let (clock, moody) = (manual(), moody().await);
    let backend = Backend::new(moody.server.url("")).unwrap().circuit_breaker(breaker(1));
    let options = BackendOptions::new().breaker(BreakerOptions::new().half_open(1));
    let backends = one(&backend, &Resilience::new().clock(clock.clone()).backends(options));
    moody.status.store(500, Ordering::SeqCst);
    status(&backends, &to_b()).await.unwrap();
    clock.advance(Duration::from_secs(30));
    let mut trial = Box::pin(backends.call(&to_b(), get("/"), &ForwardOptions::default()));
    assert!(status(&backends, &to_b()).await.unwrap_err().is_refusal(), "one trial at a time");
    assert_eq!(trial.as_mut().await.unwrap().status(), 500);
    assert_eq!(status(&backends, &to_b()).await.unwrap_err().retry_after(), Some(30));
}

#[tokio::test]
async fn the_layer_calls_the_service_that_was_ready() {
    let clock = manual();
    let layer = CircuitBreakerLayer::new("orders", &breaker(2)).clock(clock.clone()).build().unwrap();
    let (mock, mut handle) = tower_test::mock::pair::<Request<()>, Response<()>>();
    let mut service = tower_test::mock::Spawn::new(layer.layer(mock.map_err(|_| Error::timeout())));
    handle.allow(0);
    assert!(service.poll_ready().is_pending());
    for _ in 0..2 {
        handle.allow(1);
        assert!(service.poll_ready().is_ready());
        let response = service.call(Request::new(()));
        let (_, answer) = handle.next_request().await.unwrap();
        let mut failure = Response::new(());
        *failure.status_mut() = http::StatusCode::BAD_GATEWAY;
        answer.send_response(failure);
        response.await.unwrap();
        assert!(service.poll_ready().is_pending(), "what was allowed is used up");
    }
    handle.allow(1);
    assert!(service.poll_ready().is_ready());
    let error = service.call(Request::new(())).await.unwrap_err();
    assert_eq!((error.backend(), error.retry_after()), (Some("orders"), Some(30)));
    assert_eq!(layer.snapshot().refused, 1);
    assert!(service.poll_ready().is_ready(), "the service below was not called");
    clock.advance(Duration::from_secs(30));
    let response = service.call(Request::new(()));
    handle.next_request().await.unwrap().1.send_error("gone");
    assert_eq!(response.await.unwrap_err().reason(), "Timeout");
    assert_eq!(layer.snapshot().state, CircuitState::Closed);
}
