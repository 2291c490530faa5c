//! Configurations change while requests run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use gatewright::model::Store;

use crate::support::text;
use crate::{append, backend, document, free_api, gateway, header, send};

/// A configuration that says its number on the way in and on the way out, in another document each.
fn numbered(service_url: &str, number: usize) -> Store {
    let mut store = Store::new();
    let mut entry = free_api("a", service_url, &[("x", "GET", "/x")]);
    entry.policy = Some(document(&append("X-In", &number.to_string()), "", ""));
    let operation = document("", &append("X-Out", &number.to_string()), "");
    entry.operations.get_mut("x").unwrap().policy = Some(operation);
    store.service.apis.insert("a", entry);
    // What is found by index must not be looked up in another configuration.
    for other in 0..number % 3 {
        store.service.apis.insert(format!("0{other}"), free_api(&format!("other{other}"), service_url, &[]));
    }
    store
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_is_dropped_or_mixed() {
    let server = backend().await;
    let gateway = gateway(&numbered(&server.url(""), 0));
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (gateway, stop) = (gateway.clone(), stop.clone());
            tokio::spawn(async move {
                let mut seen = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let response = send(&gateway, "GET", "/a/x", &[]).await;
                    assert_eq!(response.status(), 200);
                    let out = header(&response, "x-out");
                    let body = text(response.into_body()).await;
                    assert!(body.contains(&format!("x-in: {out}\n")), "{out} answered for {body}");
                    seen.push(out.parse::<usize>().unwrap());
                }
                seen
            })
        })
        .collect();
    for number in 1..=50 {
        gateway.replace(&numbered(&server.url(""), number)).unwrap();
        tokio::task::yield_now().await;
        assert_eq!(header(&send(&gateway, "GET", "/a/x", &[]).await, "x-out"), number.to_string());
    }
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        let seen = client.await.unwrap();
        assert!(seen.is_sorted() && !seen.is_empty());
    }
}

#[tokio::test]
async fn a_configuration_that_cannot_be_served_changes_nothing() {
    let server = backend().await;
    let gateway = gateway(&numbered(&server.url(""), 1));
    let mut broken = numbered(&server.url(""), 2);
    broken.service.policy =
        Some(gatewright::model::Policy::new("<policies><inbound><nonsense /></inbound></policies>"));
    assert!(gateway.replace(&broken).unwrap_err().to_string().contains("nonsense"));
    assert_eq!(header(&send(&gateway, "GET", "/a/x", &[]).await, "x-out"), "1");
}
