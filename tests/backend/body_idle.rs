//! Bodies of responses that fall silent.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gatewright::backend::{BackendOptions, Backends, CircuitState, PoolOptions, Resilience};
use gatewright::forward::ForwardOptions;
use gatewright::model::{Backend, Pool, PoolMember};
use gatewright::secret::NamedValues;
use http_body_util::BodyExt;

use crate::breakers::breaker;
use crate::support::{TestServer, raw};
use crate::{get, to_b, transport};

const HALF: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello";

/// Sends half of a body, counts those that are waiting for the rest, and those that gave up.
async fn half(given_up: &Arc<AtomicUsize>) -> TestServer {
    let given_up = given_up.clone();
    TestServer::raw(move |stream| {
        let given_up = given_up.clone();
        async move {
            raw::answer(stream, HALF).await;
            given_up.fetch_add(1, Ordering::SeqCst);
        }
    })
    .await
}

#[tokio::test]
async fn a_silent_body_breaks_off_and_counts_once() {
    let given_up = Arc::new(AtomicUsize::new(0));
    let server = half(&given_up).await;
    let idle = || BackendOptions::new().body_idle_timeout(Duration::from_millis(50));
    let ways = [
        ("by itself", "b", idle(), PoolOptions::new()),
        ("with places", "b", idle().max_requests(1, 0), PoolOptions::new()),
        ("in a pool", "p", idle(), PoolOptions::new()),
        ("in a pool that tries again", "p", idle(), PoolOptions::new().fail_over(1)),
    ];
    let (transport, values) = (transport(), NamedValues::new());
    for (number, (way, target, options, pools)) in ways.into_iter().enumerate() {
        for rules in [Some(breaker(1)), None] {
            let mut backend = Backend::new(server.url("")).unwrap();
            backend.circuit_breaker = rules.clone();
            let backends = Backends::builder(&transport, &values)
                .resilience(&Resilience::new().backends(options.clone()).pools(pools.clone()))
                .backend("b", &backend)
                .backend("p", &Backend::of_pool(Pool::new().member(PoolMember::new("b"))))
                .build()
                .unwrap();
            let target = gatewright::forward::Target::Backend(target.into());
            let mut body = backends.call(&target, get("/"), &ForwardOptions::default()).await.unwrap().into_body();
            assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "hello", "{way}");
            let error = body.frame().await.unwrap().unwrap_err();
            assert_eq!(error.to_string(), "the backend has sent nothing more of its response for 50ms", "{way}");
            if rules.is_some() {
                let state = &backends.breakers()[0];
                assert_eq!((&state.state, state.failures), (&CircuitState::Closed, 0), "{way}: its status counted");
            }
            let next = backends.call(&target, get("/"), &ForwardOptions::default()).await;
            assert!(next.is_ok(), "{way}: its place is free");
        }
        let expected = 4 * (number + 1);
        for _ in 0..500 {
            if given_up.load(Ordering::SeqCst) == expected {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(given_up.load(Ordering::SeqCst), expected, "{way}: connections are given up");
    }
}

#[tokio::test]
async fn without_a_limit_a_body_may_be_silent() {
    let server = half(&Arc::default()).await;
    let backends = crate::one(&transport(), &Backend::new(server.url("")).unwrap());
    let mut body = backends.call(&to_b(), get("/"), &ForwardOptions::default()).await.unwrap().into_body();
    body.frame().await.unwrap().unwrap();
    assert!(tokio::time::timeout(Duration::from_millis(200), body.frame()).await.is_err());
}
