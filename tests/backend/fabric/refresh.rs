//! Addresses that are resolved again before they are old.

use std::time::Duration;

use gatewright::backend::{BackendOptions, Backends, Resilience};
use gatewright::clock::Clock;
use gatewright::forward::ForwardOptions;
use gatewright::model::Backend;
use gatewright::secret::NamedValues;

use super::{at, seen, with};
use crate::breakers::manual;
use crate::support::naming::stateless;
use crate::support::{TestNaming, TestServer, echo};
use crate::transport;

const MINUTE: Duration = Duration::from_secs(60);

fn refreshing(backend: &Backend, clock: Clock) -> Backends {
    let options = BackendOptions::new().refresh_addresses(MINUTE);
    let resilience = Resilience::new().backends(options).clock(clock);
    let values = NamedValues::new().secret("key", "s3cr3t");
    Backends::builder(&transport(), &values).resilience(&resilience).backend("b", backend).build().unwrap()
}

async fn is_at(backends: &Backends, server: &TestServer) -> bool {
    seen(backends, "/", &with(|_| {})).await.contains(&server.address().to_string())
}

#[tokio::test]
async fn addresses_in_use_are_resolved_again_before_they_are_old() {
    let (before, after) = (TestServer::http(echo).await, TestServer::http(echo).await);
    let naming = TestNaming::http()
        .await
        .then(200, stateless("1:1", &[before.url("")]))
        .then(200, stateless("1:2", &[after.url("")]));
    let clock = manual();
    let backends = refreshing(&at(&[naming.server.url("")]), clock.clone());
    assert!(is_at(&backends, &before).await);
    clock.advance(MINUTE - Duration::from_millis(300));
    assert_eq!(backends.refresh_addresses().await, Duration::from_millis(300));
    assert_eq!(naming.asked().len(), 1);
    clock.advance(Duration::from_millis(300));
    backends.refresh_addresses().await;
    assert_eq!(naming.asked().len(), 2);
    assert_eq!(naming.asked()[0], naming.asked()[1], "nobody says that it is out of date");
    assert!(is_at(&backends, &after).await, "no request had to wait, or to fail");
    clock.advance(MINUTE);
    backends.refresh_addresses().await;
    assert_eq!(naming.asked().len(), 3);
    // Nobody has used it since.
    clock.advance(10 * MINUTE);
    backends.refresh_addresses().await;
    assert_eq!(naming.asked().len(), 3);
    assert!(is_at(&backends, &after).await, "what is known serves on");
    backends.refresh_addresses().await;
    assert_eq!(naming.asked().len(), 4, "and is in use again");
}

#[tokio::test]
async fn the_last_good_address_is_kept_while_the_cluster_fails() {
    let (before, after) = (TestServer::http(echo).await, TestServer::http(echo).await);
    let naming = TestNaming::http()
        .await
        .then(200, stateless("1:1", &[before.url("")]))
        .then(404, r#"{"Error":{"Code":"FABRIC_E_SERVICE_DOES_NOT_EXIST","Message":"no"}}"#)
        .then(503, "")
        .then(200, "not json")
        .then(200, stateless("1:2", &[after.url("")]));
    let clock = manual();
    let backends = refreshing(&at(&[naming.server.url("")]), clock.clone());
    for failures in 1..4 {
        assert!(is_at(&backends, &before).await);
        clock.advance(MINUTE);
        backends.refresh_addresses().await;
        assert_eq!(naming.asked().len(), 1 + failures);
        backends.refresh_addresses().await;
        assert_eq!(naming.asked().len(), 1 + failures, "not at once");
    }
    assert!(is_at(&backends, &before).await);
    clock.advance(MINUTE);
    backends.refresh_addresses().await;
    assert!(is_at(&backends, &after).await);
}

/// A node of the cluster may give old answers for long.
#[tokio::test]
async fn an_answer_that_a_request_found_stale_does_not_come_back() {
    let servers = [TestServer::http(echo).await, TestServer::http(echo).await, TestServer::http(echo).await];
    let answer = |version: &str, server: usize| stateless(version, &[servers[server].url("")]);
    let naming = TestNaming::http()
        .await
        .then(200, answer("1:1", 0))
        .then(200, answer("1:2", 1))
        .then(200, answer("1:1", 0))
        .then(200, answer("1:3", 2))
        .then(200, answer("1:1", 0));
    let clock = manual();
    let backends = refreshing(&at(&[naming.server.url("")]), clock.clone());
    let options = with(|_| {});
    seen(&backends, "/", &options).await;
    options.fabric.as_ref().unwrap().resolution.mark_stale();
    seen(&backends, "/", &options).await;
    for expected in [1, 2, 2] {
        clock.advance(MINUTE);
        backends.refresh_addresses().await;
        assert!(is_at(&backends, &servers[expected]).await, "{expected}");
    }
    assert_eq!(naming.asked().len(), 5);
}

#[tokio::test]
async fn each_partition_is_asked_for_by_a_key_of_its_own() {
    let server = TestServer::http(echo).await;
    let range = stateless("1", &[server.url("")])
        .replace("\"Singleton\"", "\"Int64Range\",\"LowKey\":\"-10\",\"HighKey\":\"9\"");
    let named = stateless("1", &[server.url("")])
        .replace("\"Singleton\"", "\"Named\",\"Name\":\"north\"")
        .replace("3f0d39ad", "other");
    let naming = TestNaming::http().await.then(200, &*range).then(200, &*named).then(503, "");
    let clock = manual();
    let backends = refreshing(&at(&[naming.server.url("")]), clock.clone());
    for key in ["5", "north"] {
        seen(&backends, "/", &with(|fabric| fabric.partition_key = Some(key.into()))).await;
    }
    clock.advance(MINUTE);
    backends.refresh_addresses().await;
    let asked = naming.asked();
    let mut again: Vec<_> = asked[2..].iter().map(|path| path.split_once("PartitionKeyType=").unwrap().1).collect();
    again.sort_unstable();
    assert_eq!(again, ["2&PartitionKeyValue=-10", "3&PartitionKeyValue=north"]);
}

#[tokio::test(start_paused = true)]
async fn requests_go_on_while_the_cluster_is_asked() {
    let server = TestServer::http(echo).await;
    let naming = TestNaming::http().await.then(200, stateless("1", &[server.url("")]));
    let stuck = TestServer::raw(|stream| async move {
        let _open = stream;
        std::future::pending::<()>().await;
    })
    .await;
    // The first question is answered by the second endpoint.
    let backends = refreshing(&at(&[stuck.url(""), naming.server.url("")]), Clock::system());
    assert!(is_at(&backends, &server).await);
    let asked = naming.asked().len();
    tokio::time::advance(MINUTE).await;
    let watch = tokio::time::timeout(Duration::from_secs(3), backends.watch_addresses());
    let calls = async {
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_millis(500)).await;
            assert!(is_at(&backends, &server).await);
        }
    };
    let (watched, ()) = tokio::join!(watch, calls);
    watched.unwrap_err();
    assert_eq!(naming.asked().len(), asked, "the question is still at the endpoint that is stuck");
    // It was given up, so that another one may begin.
    let watch = tokio::time::timeout(Duration::from_secs(40), backends.watch_addresses());
    watch.await.unwrap_err();
    assert_eq!(naming.asked().len(), asked + 1);
}

#[tokio::test]
async fn nothing_is_asked_unless_it_is_set() {
    let server = TestServer::http(echo).await;
    let naming = TestNaming::http().await.then(200, stateless("1", &[server.url("")]));
    let (clock, values) = (manual(), NamedValues::new());
    let backends = Backends::builder(&transport(), &values)
        .resilience(&Resilience::new().clock(clock.clone()))
        .backend("b", &at(&[naming.server.url("")]))
        .build()
        .unwrap();
    seen(&backends, "/", &ForwardOptions::default()).await;
    clock.advance(1_000 * MINUTE);
    assert_eq!(backends.refresh_addresses().await, Duration::from_secs(1));
    assert_eq!(naming.asked().len(), 1);
}
