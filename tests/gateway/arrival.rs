//! Headers of one connection are dealt with before any policy runs.

use gatewright::Body;
use gatewright::model::Store;
use http::Request;
use tower::ServiceExt;

use crate::support::text;
use crate::{backend, document, free_api, gateway};

#[tokio::test]
async fn a_caller_cannot_take_out_what_policies_set() {
    let backend = backend().await;
    let mut entry = free_api("a", &backend.url(""), &[("get", "GET", "/*")]);
    let set = |name: &str| format!("<set-header name='{name}'><value>of the policy</value></set-header>");
    entry.policy = Some(document(&format!("{}{}", set("X-User"), set("Authorization")), "", ""));
    let mut store = Store::new();
    store.service.apis.insert("a", entry);
    let request = Request::get("/a/p")
        .header("connection", "close, X-User, Authorization, x-mine")
        .header("x-user", "forged")
        .header("x-mine", "1")
        .header("cookie", "a=1")
        .header("cookie", "b=2");
    let response = gateway(&store).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let seen = text(response.into_body()).await;
    assert!(seen.contains("x-user: of the policy\n") && seen.contains("authorization: of the policy\n"), "{seen}");
    assert!(seen.contains("cookie: a=1; b=2\n"), "{seen}");
    assert!(!seen.contains("x-mine") && !seen.contains("connection"), "{seen}");
}
