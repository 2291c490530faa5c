//! Pools of services that are no entities.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gatewright::Body;
use gatewright::backend::{BackendLayer, Error, OutlierEjection, PoolOptions, PoolService};
use gatewright::model::Backend;
use gatewright::secret::NamedValues;
use http::{Request, Response};
use tower::{Layer, Service, ServiceExt};

use crate::breakers::{manual, rule};
use crate::get;

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
