//! Members that health checks leave out.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use gatewright::Body;
use gatewright::backend::{BackendOptions, Backends, HealthCheck, Resilience};
use gatewright::model::{Backend, Pool, PoolMember};
use gatewright::secret::NamedValues;
use http::Response;

use super::{Setting, served, setting};
use crate::breakers::moody;
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
