//! A cluster of three servers: keys go to whoever has them, also while they move.

use std::collections::BTreeSet;
use std::time::{Duration, Instant, SystemTime};

use gatewright::state::{CacheEntry, CacheKey, CacheStore as _, CachedValue, CounterStore as _, Key, Limit, OnFailure};
use gatewright::state::{Redis, Window};

use crate::server::{cluster, is_installed};
use crate::{PATIENT, left, take};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_counts_and_keeps_on_all_of_its_servers() {
    if !is_installed() {
        return;
    }
    let mut servers = tokio::task::spawn_blocking(cluster).await.unwrap();
    let redis = Redis::new(&servers[0].address()).unwrap().timeout(PATIENT).on_failure(OnFailure::Deny);
    let stores = [redis.stores().unwrap(), redis.stores().unwrap()];

    // Exactly the limit, whichever server has the key; several limits of one question are in one place.
    for key in 0..24 {
        let name = format!("key {key}");
        for expected in [Some(2), Some(1), Some(0), None] {
            let stores = &stores[expected.map_or(0, |left| left as usize % 2)];
            assert_eq!(left(&take(&*stores.counters(), &name, 3).await), expected, "{name}");
        }
        let window = Window::Sliding(Duration::from_secs(60));
        let parts = [[&*name, "a"], [&*name, "b"]];
        let limits = parts.each_ref().map(|parts| {
            let key = Key { family: "several", parts };
            Limit { key, limit: 2, window, need: 1, cost: 1 }
        });
        assert_eq!(left(&stores[0].counters().take(&limits, SystemTime::now()).wait().await.unwrap()), Some(1));
        let entry = CacheEntry::Value(CachedValue { bytes: name.clone().into(), fresh_until: None });
        let (now, key) = (SystemTime::now(), CacheKey::value(&name));
        stores[0].cache().put(key.clone(), entry.clone(), PATIENT * 10, now).wait().await.unwrap();
        assert_eq!(stores[1].cache().get(&key, now).wait().await.unwrap(), Some(entry));
    }
    for server in &servers {
        let count: u64 = server.command(&["DBSIZE"]).parse().unwrap();
        assert!(count > 5, "{count} keys on one of three servers");
    }
    assert_eq!((stores[0].counters_health().failures(), stores[1].cache_health().failures()), (0, 0));

    // A slot on its way from one server to another: the old one sends us on (`ASK`), then the new one has it (`MOVED`).
    let key = servers[0].command(&["KEYS", "*:s:*"]).lines().next().unwrap().to_owned();
    let slot = servers[0].command(&["CLUSTER", "KEYSLOT", &key]);
    let ids: Vec<_> = servers.iter().map(|server| server.command(&["CLUSTER", "MYID"])).collect();
    let name = moving(&servers[0], &slot);
    assert_eq!(servers[1].command(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &ids[0]]), "OK");
    assert_eq!(servers[0].command(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &ids[1]]), "OK");
    let port = servers[1].port.to_string();
    for key in servers[0].command(&["CLUSTER", "GETKEYSINSLOT", &slot, "100"]).lines() {
        assert_eq!(servers[0].command(&["MIGRATE", "127.0.0.1", &port, key, "0", "5000"]), "OK");
    }
    assert_eq!(left(&take(&*stores[0].counters(), &name, 5).await), Some(1), "{name}");
    for server in [1, 0, 2] {
        assert_eq!(servers[server].command(&["CLUSTER", "SETSLOT", &slot, "NODE", &ids[1]]), "OK");
    }
    assert_eq!(left(&take(&*stores[0].counters(), &name, 5).await), Some(0));
    assert_eq!(stores[0].counters_health().failures(), 0);

    // One of the servers dies: nobody waits, and what the others have is counted again soon.
    servers[2].kill();
    let redis = Redis::new(&servers[0].address()).unwrap().timeout(Duration::from_millis(300));
    let hasty = redis.on_failure(OnFailure::Local).stores().unwrap();
    let began = Instant::now();
    for key in 0..24 {
        take(&*hasty.counters(), &format!("key {key}"), 100).await;
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

/// The name of the counter whose key has that slot, of those that the test has counted three times.
fn moving(server: &crate::server::RedisServer, slot: &str) -> String {
    let mut names = BTreeSet::new();
    for key in 0..24 {
        let name = format!("key {key}");
        let digest = sha256_16(&name);
        if server.command(&["CLUSTER", "KEYSLOT", &format!("{{{digest}}}")]) == *slot {
            names.insert(name);
        }
    }
    names.pop_first().unwrap()
}

/// The hash tag of a key whose first part is `name`, as `docs/limits.md` says: the first 8 bytes of its SHA-256, in hex.
fn sha256_16(name: &str) -> String {
    let mut child = std::process::Command::new("sha256sum")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), name.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    String::from_utf8_lossy(&output.stdout)[..16].to_owned()
}
