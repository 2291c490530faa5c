//! Members that health checks leave out.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gatewright::Body;
use gatewright::backend::{BackendOptions, Backends, HealthCheck, PoolOptions, Resilience, UrlMember};
use gatewright::model::{Backend, Credentials, Pool, PoolMember};
use gatewright::secret::NamedValues;
use http::{Request, Response};

use super::{Setting, served, setting};
use crate::breakers::{manual, moody};
use crate::support::TestServer;
use crate::transport;

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

#[tokio::test]
async fn checks_have_the_credentials_of_whom_they_check() {
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let noted = seen.clone();
    let server = TestServer::http(move |request: Request<hyper::body::Incoming>| {
        let key = request.headers().get("x-key").map_or("none", |key| key.to_str().unwrap()).to_owned();
        noted.lock().unwrap().insert(format!("{} {key}", request.uri().path()));
        std::future::ready(Response::new(Body::empty()))
    })
    .await;
    let check = HealthCheck::new("/up").interval(Duration::from_secs(1));
    let lends = || PoolOptions::new().credentials_apply(true);
    let named = server.url("").replace("127.0.0.1", "localhost");
    let clock = manual();
    let resilience = Resilience::new()
        .clock(clock.clone())
        .backends(BackendOptions::new().health_check(check))
        .pool("p", lends().member_url(UrlMember::new(format!("{named}/url")).id("url")))
        .pool("q", lends().member_per_address(Duration::from_secs(1)));
    let (transport, values) = (transport(), NamedValues::new());
    let credentials = |key: &str| Credentials::new().header("x-key", key);
    let pool = || Pool::new().member(PoolMember::new("bare")).member(PoolMember::new("own"));
    let backends = Backends::builder(&transport, &values)
        .resilience(&resilience)
        .backend("bare", &Backend::new(format!("{named}/bare")).unwrap())
        .backend("own", &Backend::new(format!("{named}/own")).unwrap().credentials(credentials("own")))
        .backend("p", &Backend::of_pool(pool()).credentials(credentials("p")))
        .backend("q", &Backend::of_pool(pool()).credentials(credentials("q")))
        .build()
        .unwrap();
    let keys = async || {
        seen.lock().unwrap().clear();
        clock.advance(Duration::from_secs(1));
        backends.check_health().await;
        seen.lock().unwrap().iter().cloned().collect::<Vec<String>>()
    };
    let expected = ["/bare/up none", "/own/up own", "/url/up p"];
    assert_eq!(keys().await, expected);
    // Each address is checked as what it is an address of.
    backends.look_up_names().await;
    assert!(backends.pools()[1].members[0].backend.starts_with("bare@"));
    for _ in 0..3 {
        assert_eq!(keys().await, expected);
    }
}
