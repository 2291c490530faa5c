//! Servers that are slow, gone, full, read-only, or talk garbage: nobody waits for longer than the time limit, limits decide
//! as the setting says, and all is well again when the server is.

use std::time::{Duration, Instant, SystemTime};

use gatewright::state::{
    CacheEntry, CacheKey, CacheStore as _, CachedValue, CounterStore as _, Decision, Key, Limit, OnFailure, Redis,
    RedisStores, Window,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::server::{RedisServer, free_port, is_installed};
use crate::{PATIENT, left, take};

const LIMIT: Duration = Duration::from_millis(200);
/// What a busy machine adds to it.
const GRACE: Duration = Duration::from_millis(1_500);

fn stores(address: &str, on_failure: OnFailure) -> RedisStores {
    Redis::new(address).unwrap().timeout(LIMIT).on_failure(on_failure).stores().unwrap()
}

fn is_refused(decision: &Decision) -> bool {
    *decision == Decision::WithoutStore(None)
}

/// Asks a server that does not work, with each setting.
async fn fails(address: &str) {
    for on_failure in [OnFailure::Allow, OnFailure::Deny, OnFailure::Local] {
        let stores = stores(address, on_failure);
        let mut decisions = Vec::new();
        let began = Instant::now();
        for _ in 0..4 {
            decisions.push(take(&*stores.counters(), "k", 2).await);
        }
        assert!(began.elapsed() < LIMIT + GRACE, "{on_failure:?}: {:?}", began.elapsed());
        assert!(decisions.iter().all(|decision| matches!(decision, Decision::WithoutStore(_))), "{decisions:?}");
        match on_failure {
            OnFailure::Allow => assert!(decisions.iter().all(|decision| left(decision) == Some(2)), "{decisions:?}"),
            OnFailure::Deny => assert!(decisions.iter().all(is_refused), "{decisions:?}"),
            _ => {
                let left: Vec<_> = decisions.iter().map(left).collect();
                assert_eq!(left, [Some(1), Some(0), None, None]);
            }
        }
        assert!(!stores.counters_health().is_up() && stores.counters_health().failures() > 0);
        let (began, key) = (Instant::now(), CacheKey::value("k"));
        let found = stores.cache().get(&key, SystemTime::now()).wait().await;
        assert!(!matches!(found, Ok(Some(_))), "{found:?}");
        assert!(began.elapsed() < LIMIT + GRACE);
    }
}

/// Asks until the server answers again.
async fn recovers(stores: &RedisStores) {
    let deadline = Instant::now() + PATIENT;
    let failures = stores.counters_health().failures();
    while !stores.counters_health().is_up() {
        assert!(Instant::now() < deadline, "it does not recover");
        take(&*stores.counters(), "recovers", 1_000_000).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(left(&take(&*stores.counters(), &format!("behind {failures}"), 9).await), Some(8));
}

#[tokio::test]
async fn nobody_listens() {
    fails(&format!("127.0.0.1:{}", free_port())).await;
}

#[tokio::test]
async fn it_takes_connections_and_never_answers() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    fails(&listener.local_addr().unwrap().to_string()).await;
}

#[tokio::test]
async fn it_talks_garbage() {
    for garbage in [
        &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..],
        b"$-5\r\n",
        b"*1000000000\r\n$1\r\n",
        b"\x00\xff\r\n\r\n",
        b"+OK\r\n",
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            loop {
                let Ok((mut stream, _)) = listener.accept().await else { return };
                tokio::spawn(async move {
                    let mut bytes = [0; 4096];
                    while stream.read(&mut bytes).await.is_ok_and(|n| n > 0) {
                        if stream.write_all(garbage).await.is_err() {
                            return;
                        }
                    }
                });
            }
        });
        fails(&address.to_string()).await;
        server.abort();
    }
}

#[tokio::test]
async fn it_is_slow_for_a_while() {
    if !is_installed() {
        return;
    }
    let server = RedisServer::start(&[]);
    let stores = stores(&server.address(), OnFailure::Local);
    recovers(&stores).await;
    assert_eq!(server.command(&["CLIENT", "PAUSE", "700", "ALL"]), "OK");
    let began = Instant::now();
    assert_eq!(left(&take(&*stores.counters(), "slow", 5).await), Some(4));
    assert_eq!(left(&take(&*stores.counters(), "slow", 5).await), Some(3));
    assert!(began.elapsed() < LIMIT + GRACE && !stores.counters_health().is_up());
    recovers(&stores).await;
}

#[tokio::test]
async fn it_is_a_replica_for_a_while() {
    if !is_installed() {
        return;
    }
    let server = RedisServer::start(&[]);
    let stores = stores(&server.address(), OnFailure::Deny);
    recovers(&stores).await;
    let nowhere = free_port().to_string();
    assert_eq!(server.command(&["REPLICAOF", "127.0.0.1", &nowhere]), "OK");
    assert!(is_refused(&take(&*stores.counters(), "k", 5).await));
    assert_eq!(server.command(&["REPLICAOF", "NO", "ONE"]), "OK");
    recovers(&stores).await;
}

#[tokio::test]
async fn it_is_full_for_a_while() {
    if !is_installed() {
        return;
    }
    let server = RedisServer::start(&["--maxmemory-policy", "noeviction"]);
    let stores = stores(&server.address(), OnFailure::Allow);
    recovers(&stores).await;
    assert_eq!(server.command(&["CONFIG", "SET", "maxmemory", "1"]), "OK");
    assert_eq!(left(&take(&*stores.counters(), "k", 5).await), Some(5));
    assert!(!stores.counters_health().is_up());
    assert_eq!(server.command(&["CONFIG", "SET", "maxmemory", "0"]), "OK");
    recovers(&stores).await;
}

#[tokio::test]
async fn a_key_that_is_not_ours_is_the_trouble_of_that_key_alone() {
    if !is_installed() {
        return;
    }
    let server = RedisServer::start(&[]);
    let stores = stores(&server.address(), OnFailure::Deny);
    take(&*stores.counters(), "k", 5).await;
    let key = server.command(&["KEYS", "*"]);
    server.command(&["DEL", &key]);
    server.command(&["LPUSH", &key, "x"]);
    for _ in 0..3 {
        assert!(is_refused(&take(&*stores.counters(), "k", 5).await));
        assert!(left(&take(&*stores.counters(), "another", 1_000).await).is_some());
    }
    let health = stores.counters_health();
    assert_eq!((health.failures(), health.left_alone(), health.is_up()), (3, 0, true));
    server.command(&["DEL", &key]);
    server.command(&["HSET", &key, "log", "too short"]);
    assert_eq!(left(&take(&*stores.counters(), "k", 5).await), Some(4));

    // The same of the cache.
    let (now, name) = (SystemTime::now(), CacheKey::value("k"));
    let entry = CacheEntry::Value(CachedValue { bytes: "v".into(), fresh_until: None });
    let put = || stores.cache().put(name.clone(), entry.clone(), PATIENT, now);
    put().wait().await.unwrap();
    let key = server.command(&["KEYS", "*value*"]);
    server.command(&["DEL", &key]);
    server.command(&["LPUSH", &key, "x"]);
    let error = stores.cache().get(&name, now).wait().await.unwrap_err();
    assert!(error.is_of_key() && error.to_string().contains("WRONGTYPE"), "{error}");
    assert!(stores.cache_health().is_up());
    put().wait().await.unwrap();
    assert_eq!(stores.cache().get(&name, now).wait().await.unwrap(), Some(entry.clone()));
}

#[tokio::test]
async fn counts_that_are_too_large_are_as_large_as_can_be_counted() {
    if !is_installed() {
        return;
    }
    let server = RedisServer::start(&[]);
    let stores = stores(&server.address(), OnFailure::Deny);
    let (now, period) = (SystemTime::now(), Duration::from_secs(60));
    let fixed = Window::Fixed { start: SystemTime::UNIX_EPOCH, end: None };
    for window in [Window::Sliding(period), Window::TokenBucket(period), fixed] {
        let key = Key { family: "test", parts: &["large"] };
        let limit = Limit { key, limit: u64::MAX, window, need: 1, cost: i64::MAX };
        for _ in 0..3 {
            let decision = stores.counters().add(&[limit], now).wait().await.unwrap();
            assert_eq!(left(&decision), Some(0), "{window:?}");
        }
        let decision = stores.counters().take(&[limit], now).wait().await.unwrap();
        assert!(matches!(decision, Decision::Exceeded { .. }), "{decision:?}");
    }
    assert_eq!(stores.counters_health().failures(), 0);
}

#[tokio::test]
async fn a_connection_that_hangs_is_given_up_for_another() {
    if !is_installed() {
        return;
    }
    // Between the gateway and the server: the first connection passes nothing on after a while.
    let server = RedisServer::start(&[]);
    let (listener, target) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), server.address());
    let address = listener.local_addr().unwrap().to_string();
    let (hang, hangs) = tokio::sync::watch::channel(false);
    tokio::spawn(async move {
        for number in 0.. {
            let Ok((mut near, _)) = listener.accept().await else { return };
            let (target, mut hangs) = (target.clone(), hangs.clone());
            tokio::spawn(async move {
                let mut far = tokio::net::TcpStream::connect(target).await.unwrap();
                tokio::select! {
                    _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                    () = async { drop(hangs.wait_for(|hangs| *hangs).await) }, if number == 0 => {}
                }
                std::future::pending::<()>().await;
            });
        }
    });
    let stores = stores(&address, OnFailure::Deny);
    assert_eq!(left(&take(&*stores.counters(), "k", 5).await), Some(4));
    hang.send(true).unwrap();
    assert!(is_refused(&take(&*stores.counters(), "k", 5).await));
    recovers(&stores).await;
}
