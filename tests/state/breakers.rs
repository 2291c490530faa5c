//! Gateways that share circuit breakers: what one of them opens is open for the other, whatever happens to the server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use gatewright::Body;
use gatewright::backend::{BreakerStore as _, CircuitState, Opening, Resilience, Transport};
use gatewright::gateway::Gateway;
use gatewright::model::{
    Api, ApiEntry, Backend, CircuitBreaker, CircuitBreakerRule, FailureCondition, Operation, Policy, StatusCodeRange,
    Store,
};
use gatewright::state::{Redis, RedisBreakers};
use http::{Request, StatusCode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tower::ServiceExt as _;

use crate::PATIENT;
use crate::server::{RedisServer, cluster, free_port, is_installed};

/// A backend that always fails, and how often it was asked.
struct Failing {
    address: String,
    asked: Arc<AtomicU64>,
}

async fn failing() -> Failing {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, asked) = (listener.local_addr().unwrap().to_string(), Arc::new(AtomicU64::new(0)));
    let count = asked.clone();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::SeqCst);
            let mut bytes = [0; 4096];
            let _ = stream.read(&mut bytes).await;
            let answer = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            let _ = stream.write_all(answer).await;
        }
    });
    Failing { address, asked }
}

/// A gateway, and the task that shares its breakers.
struct Instance {
    gateway: Gateway,
    watch: tokio::task::JoinHandle<()>,
}

impl Drop for Instance {
    fn drop(&mut self) {
        self.watch.abort();
    }
}

fn instance(backend: &Failing, store: RedisBreakers, trip: Duration) -> Instance {
    let range = StatusCodeRange::new(500, 599);
    let condition = FailureCondition::new().count(1).interval(Duration::from_secs(60)).status_code_range(range);
    let rule = CircuitBreakerRule::new().name("any failure").failure_condition(condition).trip_duration(trip);
    let entity = Backend::new(format!("http://{}", backend.address)).unwrap();
    let entity = entity.circuit_breaker(CircuitBreaker::new().rule(rule));
    let mut entry = ApiEntry::new(Api::new("api").subscription_required(false));
    entry.operations.insert("get", Operation::new("GET", "/").into());
    entry.policy = Some(Policy::new(
        r#"<policies><inbound><set-backend-service backend-id="b" /></inbound><backend><forward-request /></backend>
        <outbound /><on-error /></policies>"#,
    ));
    let mut store_of = Store::new();
    store_of.service.backends.insert("b", entity);
    store_of.service.apis.insert("api", entry);
    let resilience = Resilience::new().share_every(Duration::from_millis(20), store);
    let watched = resilience.clone();
    let transport = Transport::builder().native_roots(false).build().unwrap();
    let gateway = Gateway::builder().transport(transport).resilience(resilience).build(&store_of).unwrap();
    Instance { gateway, watch: tokio::spawn(async move { watched.watch_breakers().await }) }
}

impl Instance {
    async fn asks(&self) -> StatusCode {
        let request = Request::get("/api/").body(Body::empty()).unwrap();
        self.gateway.clone().oneshot(request).await.unwrap().status()
    }

    fn open_for(&self) -> Option<Duration> {
        let snapshot = self.gateway.snapshot();
        let breakers: Vec<_> = snapshot.backends().flat_map(|backends| backends.breakers()).collect();
        match &breakers[0].state {
            CircuitState::Open { rule, remaining } => {
                assert_eq!(rule, "any failure");
                Some(*remaining)
            }
            _ => None,
        }
    }

    async fn is_open_soon(&self) -> Duration {
        let deadline = Instant::now() + PATIENT;
        loop {
            if let Some(remaining) = self.open_for() {
                return remaining;
            }
            assert!(Instant::now() < deadline, "it does not hear of it");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

fn breakers(address: &str) -> RedisBreakers {
    Redis::new(address).unwrap().timeout(PATIENT).stores().unwrap().breakers()
}

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test]
async fn what_one_gateway_opens_is_open_for_the_other_and_for_one_that_starts_later() {
    if !is_installed() {
        return;
    }
    let (server, backend) = (RedisServer::start(&[]), failing().await);
    let start = || instance(&backend, breakers(&server.address()), MINUTE);
    let (one, two) = (start(), start());
    assert_eq!(one.asks().await, StatusCode::INTERNAL_SERVER_ERROR);
    let remaining = two.is_open_soon().await;
    assert!(remaining <= MINUTE && remaining > MINUTE / 2, "{remaining:?}");
    assert_eq!(two.asks().await, StatusCode::SERVICE_UNAVAILABLE);
    drop((one, two));
    let three = start();
    three.is_open_soon().await;
    assert_eq!(three.asks().await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(backend.asked.load(Ordering::SeqCst), 1);
    // One key, which expires with the circuit.
    assert_eq!(server.command(&["KEYS", "*"]), "gatewright:breakers");
    let expires: u64 = server.command(&["PTTL", "gatewright:breakers"]).parse().unwrap();
    assert!((30_000..=60_001).contains(&expires), "{expires}");
}

#[tokio::test]
async fn it_closes_for_all_when_the_time_is_over_and_nothing_is_left() {
    if !is_installed() {
        return;
    }
    let (server, backend) = (RedisServer::start(&[]), failing().await);
    let trip = Duration::from_millis(300);
    let start = || instance(&backend, breakers(&server.address()), trip);
    let (one, two) = (start(), start());
    assert_eq!(one.asks().await, StatusCode::INTERNAL_SERVER_ERROR);
    two.is_open_soon().await;
    let deadline = Instant::now() + PATIENT;
    while one.open_for().is_some() || two.open_for().is_some() {
        assert!(Instant::now() < deadline, "it does not close");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert_eq!((one.open_for(), two.open_for()), (None, None), "it is not heard again");
    }
    assert_eq!(server.command(&["DBSIZE"]), "0");
    // And again, the other way round.
    assert_eq!(two.asks().await, StatusCode::INTERNAL_SERVER_ERROR);
    one.is_open_soon().await;
}

#[tokio::test]
async fn a_server_that_is_gone_or_started_again_changes_nothing_here() {
    if !is_installed() {
        return;
    }
    let (mut server, backend) = (RedisServer::start(&[]), failing().await);
    let start = || {
        let redis = Redis::new(&server.address()).unwrap().timeout(Duration::from_millis(200));
        instance(&backend, redis.stores().unwrap().breakers(), MINUTE)
    };
    let (one, two, three) = (start(), start(), start());
    assert_eq!(one.asks().await, StatusCode::INTERNAL_SERVER_ERROR);
    two.is_open_soon().await;
    three.is_open_soon().await;
    drop(three);
    server.kill();
    let alone = instance(&backend, breakers(&server.address()), MINUTE);
    let began = Instant::now();
    assert_eq!(alone.asks().await, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(
        (one.asks().await, two.asks().await),
        (StatusCode::SERVICE_UNAVAILABLE, StatusCode::SERVICE_UNAVAILABLE)
    );
    assert!(began.elapsed() < Duration::from_secs(2), "nobody waits: {:?}", began.elapsed());
    server.launch();
    // What `alone` could not tell it tells now, to a server that has forgotten everything.
    let late = instance(&backend, breakers(&server.address()), MINUTE);
    late.is_open_soon().await;
    assert!([&one, &two, &alone].iter().all(|instance| instance.open_for().is_some()));
}

#[tokio::test]
async fn a_server_that_was_started_again_is_told_again_what_is_open_yet() {
    if !is_installed() {
        return;
    }
    let (mut server, backend) = (RedisServer::start(&[]), failing().await);
    let start = || {
        let redis = Redis::new(&server.address()).unwrap().timeout(Duration::from_millis(200));
        instance(&backend, redis.stores().unwrap().breakers(), MINUTE)
    };
    let (one, two) = (start(), start());
    assert_eq!(one.asks().await, StatusCode::INTERNAL_SERVER_ERROR);
    two.is_open_soon().await;
    // Only one who heard of it is left.
    drop(one);
    server.kill();
    server.launch();
    let late = instance(&backend, breakers(&server.address()), MINUTE);
    let remaining = late.is_open_soon().await;
    assert!(remaining < MINUTE, "{remaining:?}");
    assert_eq!(backend.asked.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_keeps_them_too() {
    if !is_installed() {
        return;
    }
    let servers = tokio::task::spawn_blocking(cluster).await.unwrap();
    let backend = failing().await;
    let one = instance(&backend, breakers(&servers[0].address()), MINUTE);
    let two = instance(&backend, breakers(&servers[2].address()), MINUTE);
    assert_eq!(one.asks().await, StatusCode::INTERNAL_SERVER_ERROR);
    two.is_open_soon().await;
}

fn opening(circuit: &str, id: u64, milliseconds: u64) -> Opening {
    let rule = "with spaces\nand \u{e9}".to_owned();
    Opening { circuit: circuit.to_owned(), id, rule, remaining: Duration::from_millis(milliseconds) }
}

#[tokio::test]
async fn the_store_keeps_the_longest_opening_of_a_circuit_for_as_long_as_it_lasts() {
    if !is_installed() {
        return;
    }
    let server = RedisServer::start(&[]);
    let store = breakers(&server.address());
    let ask = async |ours: &[Opening], seen| {
        let told = store.exchange(ours, seen).await.unwrap();
        told.map(|told| {
            let mut ids: Vec<_> = told.openings.iter().map(|opening| (opening.circuit.clone(), opening.id)).collect();
            assert!(told.openings.iter().all(|opening| opening.rule == "with spaces\nand \u{e9}"));
            ids.sort();
            (told.version, ids)
        })
    };
    let named = |circuit: &str, id| (circuit.to_owned(), id);
    assert_eq!(ask(&[], 0).await, None);
    let largest = u64::MAX;
    assert_eq!(ask(&[opening("a", largest, 60_000)], 0).await, Some((largest, vec![named("a", largest)])));
    assert_eq!(ask(&[opening("a", 2, 5_000), opening("b", 3, 0)], largest).await, None, "shorter, and over");
    let both = vec![named("a", largest), named("b", 4)];
    assert_eq!(ask(&[opening("b", 4, 400)], largest).await, Some((4, both)));
    assert_eq!(ask(&[], 4).await, None);
    tokio::time::sleep(Duration::from_millis(450)).await;
    assert_eq!(ask(&[], 0).await, Some((4, vec![named("a", largest)])));
    assert_eq!(server.command(&["HLEN", "gatewright:breakers"]), "2", "what is over is gone");
    assert_eq!(ask(&[opening("c", 6, u64::MAX)], 4).await.map(|told| told.0), Some(6));

    // What is not ours is left out, or an error; another kind of key is one too.
    server.command(&["HSET", "gatewright:breakers", "x", "garbage"]);
    assert_eq!(ask(&[], 0).await.map(|told| told.1.len()), Some(2));
    server.command(&["SET", "gatewright:breakers", "garbage"]);
    assert!(store.exchange(&[], 0).await.unwrap_err().to_string().contains("WRONGTYPE"));
    let nobody = breakers(&format!("127.0.0.1:{}", free_port()));
    assert!(nobody.exchange(&[], 0).await.is_err());
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let redis = Redis::new(&silent.local_addr().unwrap().to_string()).unwrap().timeout(Duration::from_millis(100));
    let error = redis.stores().unwrap().breakers().exchange(&[], 0).await.unwrap_err();
    assert_eq!(error.to_string(), "no answer within 100ms");
}
