//! Members that come back, or are new, get their share little by little.

use std::sync::atomic::Ordering;
use std::time::Duration;

use gatewright::backend::{Backends, Error, PoolOptions, PoolService, Resilience};
use gatewright::clock::Clock;
use http::{Request, Response};
use tower::{Service, ServiceExt};

use super::{Setting, build, call, served, setting};
use crate::breakers::{breaker, manual};
use crate::get;

fn slowly() -> PoolOptions {
    PoolOptions::new().slow_start(Duration::from_secs(16))
}

/// How many of these requests a member gets.
async fn share(backends: &Backends, member: &str, requests: usize) -> usize {
    let mut share = 0;
    for _ in 0..requests {
        share += usize::from(served(backends).await == member);
    }
    share
}

#[tokio::test]
async fn a_member_that_was_tripped_starts_slowly() {
    let Setting { backends, clock, members } = setting(2, |pool| pool, Resilience::new().pools(slowly())).await;
    assert_eq!(share(&backends, "m1", 10).await, 5, "all are there from the start");
    members[1].status.store(500, Ordering::SeqCst);
    call(&backends, get("/")).await.unwrap();
    call(&backends, get("/")).await.unwrap();
    members[1].status.store(200, Ordering::SeqCst);
    assert_eq!(share(&backends, "m1", 4).await, 0);
    clock.advance(Duration::from_secs(30));
    assert_eq!(share(&backends, "m1", 17).await, 1);
    clock.advance(Duration::from_secs(8));
    assert_eq!(share(&backends, "m1", 25).await, 9);
    clock.advance(Duration::from_secs(8));
    assert_eq!(share(&backends, "m1", 20).await, 10);
}

/// Each configuration knows the members of the one before.
#[tokio::test]
async fn a_member_that_is_new_in_a_configuration_starts_slowly() {
    let resilience = Resilience::new().pools(slowly());
    let Setting { backends: old, clock, members } = setting(3, |pool| pool, resilience.clone()).await;
    let resilience = resilience.clock(clock.clone());
    let two = build(&members[..2], &|pool| pool, &resilience);
    drop(old);
    assert_eq!(share(&two, "m1", 10).await, 5);
    let three = build(&members, &|pool| pool, &resilience);
    drop(two);
    assert_eq!(share(&three, "m2", 33).await, 1);
    clock.advance(Duration::from_secs(8));
    let again = build(&members, &|pool| pool, &resilience);
    drop(three);
    assert_eq!(share(&again, "m2", 41).await, 9, "it goes on where it was");
    clock.advance(Duration::from_secs(8));
    assert_eq!(share(&again, "m2", 30).await, 10);
}

#[tokio::test]
async fn a_member_that_is_a_service_starts_slowly() {
    let clock: Clock = manual();
    let service = |name: &'static str, status: &'static std::sync::atomic::AtomicU16| {
        tower::service_fn(move |_: Request<()>| {
            let mut response = Response::new(name);
            *response.status_mut() = status.load(Ordering::SeqCst).try_into().unwrap();
            std::future::ready(Ok::<_, Error>(response))
        })
    };
    static STATUSES: [std::sync::atomic::AtomicU16; 2] =
        [std::sync::atomic::AtomicU16::new(200), std::sync::atomic::AtomicU16::new(500)];
    let mut pool = PoolService::builder("p")
        .member("a", service("a", &STATUSES[0]), 1, 1)
        .member("b", service("b", &STATUSES[1]), 1, 1)
        .circuit_breaker(&breaker(1))
        .options(slowly())
        .clock(clock.clone())
        .build()
        .unwrap();
    let mut share = async |requests: usize| {
        let mut share = 0;
        for _ in 0..requests {
            let response = pool.ready().await.unwrap().call(Request::new(())).await.unwrap();
            share += usize::from(response.into_body() == "b");
        }
        share
    };
    assert_eq!(share(4).await, 1);
    STATUSES[1].store(200, Ordering::SeqCst);
    clock.advance(Duration::from_secs(30));
    assert_eq!(share(17).await, 1);
    clock.advance(Duration::from_secs(16));
    assert_eq!(share(10).await, 5);
}
