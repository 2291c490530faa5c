//! Services of a Service Fabric cluster, from the policy to the replica.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use gatewright::Body;
use gatewright::backend::{BackendOptions, Resilience, Transport};
use gatewright::gateway::Gateway;
use gatewright::model::{Backend, Policy, ServiceFabricCluster, Store};
use http::{Request, Response, StatusCode};
use http_body::Frame;
use tower::ServiceExt;

use crate::support::naming::stateless;
use crate::support::{TestNaming, TestServer, echo, text};
use crate::{free_api, gateway};

const LOST: &str = "@(context.LastError?.Reason == &quot;BackendConnectionFailure&quot;)";

fn configuration(naming: &TestNaming, retries: u32, attributes: &str) -> Store {
    let mut store = Store::new();
    let cluster = ServiceFabricCluster::new()
        .management_endpoints([naming.server.url("")])
        .max_partition_resolution_retries(retries);
    store.service.backends.insert("sf", Backend::new("fabric:/app/svc").unwrap().service_fabric_cluster(cluster));
    let mut entry = free_api("a", "", &[("post", "POST", "/{name}")]);
    entry.policy = Some(Policy::new(format!(
        r#"<policies><inbound><base /><set-backend-service backend-id="sf" {attributes} /></inbound>
        <backend><base /></backend><outbound><base /></outbound>
        <on-error><base /><set-header name="X-Error"><value>@(context.LastError.Source + " " + context.LastError.Reason)</value></set-header></on-error></policies>"#
    )));
    store.service.apis.insert("a", entry);
    store
}

/// A body that is gone once it is sent, unless it was kept.
struct Once(Option<&'static str>);

impl http_body::Body for Once {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|text| Ok(Frame::data(text.into()))))
    }
}

async fn post(gateway: &Gateway, path: &str) -> Response<Body> {
    let request = Request::post(path).body(Body::new(Once(Some("hello")))).unwrap();
    gateway.clone().oneshot(request).await.unwrap_or_else(|never| match never {})
}

#[tokio::test]
async fn a_service_that_moved_is_found_and_gets_the_body_again() {
    let server = TestServer::http(echo).await;
    let naming = TestNaming::http().await;
    let naming = naming
        .then(200, stateless("1", &["http://127.0.0.1:1".to_owned()]))
        .then(200, stateless("2", &[server.url("/moved")]));
    let gateway = gateway(&configuration(&naming, 3, &format!(r#"sf-resolve-condition="{LOST}""#)));
    let response = post(&gateway, "/a/x").await;
    assert_eq!(response.status(), 200);
    let seen = text(response.into_body()).await;
    assert!(seen.starts_with("POST /moved/x HTTP/1.1\n") && seen.ends_with("\n\nhello"), "{seen}");
    let asked = naming.asked();
    assert!(asked[0].ends_with("Type=1") && asked[1].ends_with("Type=1&PreviousRspVersion=1"), "{asked:?}");
    assert_eq!(post(&gateway, "/a/x").await.status(), 200);
    assert_eq!(naming.asked().len(), 2);
}

/// A replica that answers with this status.
async fn replica(status: u16) -> (TestServer, Arc<AtomicUsize>) {
    let calls = Arc::<AtomicUsize>::default();
    let counter = calls.clone();
    let server = TestServer::http(move |_| {
        counter.fetch_add(1, Ordering::SeqCst);
        async move {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            response
        }
    });
    (server.await, calls)
}

#[tokio::test]
async fn the_condition_decides_whether_and_the_cluster_how_often() {
    let on_status = "@((int)context.Response.StatusCode != 200 || context.LastError?.Reason == &quot;BackendConnectionFailure&quot;)";
    let of_nobody = "@(context.Response.StatusCode == 503)";
    let (busy, fine, refused) = (Some(503), Some(200), None);
    let cases = [
        // Attributes, retries, status of the replica (none: nobody is there), status, questions to the cluster.
        ("", 3, refused, 500, 1),
        (LOST, 0, refused, 500, 1),
        (LOST, 3, refused, 500, 4),
        (LOST, 3, busy, 503, 1),
        (on_status, 2, busy, 503, 3),
        (on_status, 2, fine, 200, 1),
        // There is no response; what it says of `LastError` counts.
        (on_status, 2, refused, 500, 3),
        // And here nothing is said of it, so that it does not hold.
        (of_nobody, 2, refused, 500, 1),
        (of_nobody, 2, busy, 503, 3),
    ];
    for (number, (condition, retries, status, expected, questions)) in cases.into_iter().enumerate() {
        let (server, calls) = replica(status.unwrap_or(200)).await;
        let url = if status.is_some() { server.url("") } else { "http://127.0.0.1:1".to_owned() };
        let naming = TestNaming::http().await.then(200, stateless("1", &[url]));
        let attributes = match condition {
            "" => String::new(),
            condition => format!(r#"sf-resolve-condition="{condition}""#),
        };
        let gateway = gateway(&configuration(&naming, retries, &attributes));
        let response = post(&gateway, "/a/x").await;
        assert_eq!((response.status().as_u16(), naming.asked().len()), (expected, questions), "case {number}");
        assert_eq!(calls.load(Ordering::SeqCst), if status.is_some() { questions } else { 0 }, "case {number}");
        if status.is_none() {
            assert_eq!(crate::header(&response, "x-error"), "forward-request BackendConnectionFailure");
        }
    }
}

#[tokio::test]
async fn attributes_may_be_expressions() {
    let server = TestServer::http(echo).await;
    let answer = serde_json::json!({
        "PartitionInformation": { "ServicePartitionKind": "Named", "Name": "eu", "Id": "p" },
        "Endpoints": [
            { "Kind": "StatefulPrimary", "Address": "http://127.0.0.1:1" },
            { "Kind": "StatefulSecondary",
              "Address": serde_json::json!({ "Endpoints": { "web": server.url("/web") } }).to_string() },
        ],
        "Version": "1",
    });
    let naming = TestNaming::http().await.then(200, answer.to_string());
    let attributes = r#"sf-service-instance-name="@("fabric:/users/" + context.Request.MatchedParameters["name"])"
        sf-partition-key="@(context.Request.Headers.GetValueOrDefault("X-Region", "eu"))"
        sf-listener-name="web" sf-replica-type="@("second" + "ary")""#;
    let gateway = gateway(&configuration(&naming, 3, attributes));
    let response = post(&gateway, "/a/alice").await;
    let seen = text(response.into_body()).await;
    assert!(seen.starts_with("POST /web/alice "), "{seen}");
    let start = "/Services/users~alice/$/ResolvePartition?api-version=6.0";
    assert_eq!(naming.asked(), [format!("{start}&PartitionKeyType=3&PartitionKeyValue=eu")]);
}

#[tokio::test]
async fn addresses_are_refreshed_while_somebody_watches() {
    let server = TestServer::http(echo).await;
    let naming = TestNaming::http().await;
    let naming =
        naming.then(200, stateless("1", &[server.url("/before")])).then(200, stateless("2", &[server.url("/after")]));
    let transport = Transport::builder().native_roots(false).build().unwrap();
    let options = BackendOptions::new().refresh_addresses(Duration::from_millis(1));
    let resilience = Resilience::new().backend("sf", options);
    let store = configuration(&naming, 0, "");
    let gateway = Gateway::builder().transport(transport).resilience(resilience).build(&store).unwrap();
    let served = async || text(post(&gateway, "/a/x").await.into_body()).await;
    assert!(served().await.starts_with("POST /before/x "));
    let watched = gateway.clone();
    let watch = tokio::spawn(async move { watched.watch_addresses().await });
    while !served().await.starts_with("POST /after/x ") {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    watch.abort();
}
