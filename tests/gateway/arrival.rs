//! Headers of one connection are dealt with before any policy runs.

use std::sync::{Arc, Mutex};

use gatewright::Body;
use gatewright::backend::Transport;
use gatewright::gateway::Gateway;
use gatewright::model::{Policy, Store};
use http::{Request, Response};
use tokio::sync::Notify;
use tower::ServiceExt;

use crate::support::{TestServer, text};
use crate::{backend, document, free_api};

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
    let response = crate::gateway(&store).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let seen = text(response.into_body()).await;
    assert!(seen.contains("x-user: of the policy\n") && seen.contains("authorization: of the policy\n"), "{seen}");
    assert!(seen.contains("cookie: a=1; b=2\n"), "{seen}");
    assert!(!seen.contains("x-mine") && !seen.contains("connection"), "{seen}");
}

/// `on-error` runs for what it does besides answering.
#[tokio::test]
async fn a_caller_who_leaves_is_an_error_that_documents_see() {
    let (asked, heard) = (Arc::new(Notify::new()), Arc::new(Mutex::new(Vec::new())));
    let backend = {
        let asked = asked.clone();
        TestServer::http(move |_| {
            asked.notify_one();
            std::future::pending()
        })
        .await
    };
    let log = {
        let heard = heard.clone();
        TestServer::http(move |request| {
            heard.lock().unwrap().push(request.uri().query().unwrap_or_default().to_owned());
            async { Response::new(Body::empty()) }
        })
        .await
    };
    let gateway = |on_error: &str| {
        let mut store = Store::new();
        let mut api = free_api("a", &backend.url(""), &[("x", "GET", "/x")]);
        api.policy = Some(Policy::new(format!(
            "<policies><inbound /><backend><retry condition=\"true\" count=\"3\" interval=\"1\"><forward-request /></retry>\
             </backend><outbound /><on-error>{on_error}</on-error></policies>"
        )));
        store.service.apis.insert("a", api);
        let transport = Transport::builder().native_roots(false).build().unwrap();
        Gateway::builder().transport(transport).build(&store).unwrap()
    };
    let leave = async |gateway: &Gateway| {
        let request = Request::get("/a/x").body(Body::empty()).unwrap();
        let call = gateway.clone().oneshot(request);
        tokio::select! {
            _ = call => unreachable!("nobody answers"),
            () = asked.notified() => {}
        }
        gateway.drained().await;
    };
    let tells = gateway(&format!(
        r#"<send-one-way-request><set-url>@("{}/?" + context.LastError.Source + "," + context.LastError.Reason + ","
        + context.Response.StatusCode)</set-url><set-method>GET</set-method></send-one-way-request>"#,
        log.url("")
    ));
    leave(&tells).await;
    assert_eq!(*heard.lock().unwrap(), ["forward-request,ClientConnectionFailure,499"]);
    // Nobody is told where the document has nothing to say.
    leave(&gateway("")).await;
    assert_eq!(heard.lock().unwrap().len(), 1);
    assert_eq!(backend.connections(), 2);
}
