//! What an operator sees of pools and breakers: snapshots, events, and lines of `tracing`.

use std::sync::atomic::Ordering;
use std::time::Duration;

use gatewright::backend::{BackendOptions, Backends, CircuitState, HealthCheck, PoolOptions, Resilience};
use gatewright::forward::{ForwardOptions, Target};
use gatewright::model::{Backend, Pool, PoolMember};
use gatewright::secret::NamedValues;

use crate::breakers::{breaker, manual, moody};
use crate::support::Log;
use crate::{get, transport};

#[tokio::test]
async fn each_decision_is_a_line_and_a_number() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).with_ansi(false).without_time();
    let _guard = tracing::subscriber::set_default(subscriber.with_writer(move || writer.clone()).finish());
    let (clock, members) = (manual(), [moody().await, moody().await]);
    let check = HealthCheck::new("/up").thresholds(1, 1);
    let resilience = Resilience::new()
        .clock(clock.clone())
        .backend("b", BackendOptions::new().health_check(check))
        .pools(PoolOptions::new().fail_over(1).fail_over_statuses([429]));
    let (transport, values) = (transport(), NamedValues::new());
    let entity = |index: usize| Backend::new(members[index].server.url("")).unwrap().circuit_breaker(breaker(1));
    let backends = Backends::builder(&transport, &values)
        .resilience(&resilience)
        .backend("a", &entity(0))
        .backend("b", &entity(1))
        .backend("p", &Backend::of_pool(Pool::new().member(PoolMember::new("a")).member(PoolMember::new("b"))))
        .build()
        .unwrap();
    let call = async |id: &str| backends.call(&Target::Backend(id.into()), get("/"), &ForwardOptions::default()).await;
    members[0].status.store(429, Ordering::SeqCst);
    call("p").await.unwrap();
    members[0].status.store(500, Ordering::SeqCst);
    call("a").await.unwrap();
    call("a").await.unwrap_err();
    members[1].status.store(500, Ordering::SeqCst);
    backends.check_health().await;
    call("p").await.unwrap_err();

    let [a, b] = backends.breakers().try_into().unwrap();
    assert_eq!((&*a.backend, a.trips, a.failures, a.refused), ("a", 1, 1, 1));
    let thirty = Duration::from_secs(30);
    assert!(matches!(a.state, CircuitState::Open { rule, remaining } if rule == "5xx" && remaining == thirty));
    assert_eq!((&*b.backend, b.trips, b.state), ("b", 0, CircuitState::Closed));
    let pool = &backends.pools()[0];
    assert_eq!(pool.pool, "p");
    let seen: Vec<_> = pool.members.iter().map(|m| (&*m.backend, m.is_candidate, m.in_flight)).collect();
    assert_eq!(seen, [("a", false, 0), ("b", false, 0)]);

    clock.advance(thirty);
    members[0].status.store(200, Ordering::SeqCst);
    call("a").await.unwrap();
    let text = log.text();
    let lines: Vec<_> = text.lines().filter_map(|line| Some(&line[line.find("gatewright::")?..])).collect();
    let expected = [
        r#"gatewright::pool: member chosen pool="p" backend="a""#,
        r#"gatewright::pool: another member is tried pool="p" left=1"#,
        r#"gatewright::pool: member chosen pool="p" backend="b""#,
        r#"gatewright::breaker: circuit opened backend="a" rule="5xx" open_for=30s"#,
        r#"gatewright::breaker: a request is refused backend="a" remaining=30s"#,
        r#"gatewright::health: health changed backend="b" is_good=false outcome=Ok(500)"#,
        r#"gatewright::pool: no member can be asked pool="p" soonest=Some(30s)"#,
        r#"gatewright::breaker: circuit closed backend="a" rule="5xx""#,
    ];
    assert_eq!(lines, expected);
}
