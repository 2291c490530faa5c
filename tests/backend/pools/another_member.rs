//! Requests that another member gets after the first one, or beside it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use gatewright::Body;
use gatewright::backend::{Backends, PoolOptions, Resilience};
use gatewright::forward::ForwardOptions;
use gatewright::model::{Backend, Pool, PoolMember};
use gatewright::secret::NamedValues;
use http::{Method, Request};

use super::{Setting, call, served, setting, to};
use crate::breakers::moody;
use crate::support::{TestServer, raw};
use crate::{get, transport};

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
