//! Gateways that share a cache.

use std::time::{Duration, Instant};

use gatewright::Body;
use gatewright::gateway::Gateway;
use gatewright::model::{Api, ApiEntry, Operation, Policy, Store};
use gatewright::state::RedisStores;
use http::{Request, Response};
use tower::ServiceExt as _;

use crate::server::{RedisServer, is_installed};
use crate::{PATIENT, stores};

/// An API whose responses are made by the gateway itself, each with an id of its own, and kept.
fn gateway(stores: &RedisStores) -> Gateway {
    let mut entry = ApiEntry::new(Api::new("api").subscription_required(false));
    entry.operations.insert("get", Operation::new("GET", "/{part}").into());
    entry.policy = Some(Policy::new(
        r#"<policies><inbound>
            <cache-lookup vary-by-developer="false" vary-by-developer-groups="false" downstream-caching-type="public" />
            <cache-lookup-value key="shared" variable-name="shared" default-value="none" />
            <cache-store-value key="shared" value="@(new JObject(new JProperty("a", 1)))" duration="60" />
        </inbound><backend>
            <set-variable name="id" value="@(Guid.NewGuid().ToString())" />
        </backend><outbound>
            <set-header name="X-Id" exists-action="override"><value>@((string)context.Variables["id"])</value></set-header>
            <set-header name="X-Shared" exists-action="override">
                <value>@(context.Variables["shared"] is JObject ? "object" : "text")</value>
            </set-header>
            <set-body>@("body of " + context.Variables["id"])</set-body>
            <cache-store duration="60" />
        </outbound><on-error /></policies>"#,
    ));
    let mut store = Store::new();
    store.service.apis.insert("api", entry);
    Gateway::builder().redis(stores).build(&store).unwrap()
}

async fn get(gateway: &Gateway, path: &str) -> Response<Body> {
    gateway.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap()
}

fn header(response: &Response<Body>, name: &str) -> String {
    response.headers().get(name).map_or(String::new(), |value| value.to_str().unwrap().to_owned())
}

#[tokio::test]
async fn two_gateways_share_responses_and_values() {
    if !is_installed() {
        return;
    }
    let server = RedisServer::start(&[]);
    let gateways = [gateway(&stores(&server)), gateway(&stores(&server))];
    let first = get(&gateways[0], "/api/one").await;
    let id = header(&first, "x-id");
    assert_eq!(header(&first, "x-shared"), "text");
    // What is kept beside the request is there soon.
    let deadline = Instant::now() + PATIENT;
    while server.command(&["DBSIZE"]) != "2" {
        assert!(Instant::now() < deadline, "it is not kept");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let second = get(&gateways[1], "/api/one").await;
    assert_eq!(header(&second, "x-id"), id);
    assert!(header(&second, "cache-control").starts_with("public, max-age="));
    assert_eq!(second.into_body().as_bytes().unwrap(), &format!("body of {id}"));
    let other = get(&gateways[1], "/api/two").await;
    assert_eq!((header(&other, "x-id") != id, &*header(&other, "x-shared")), (true, "object"));
    for key in server.command(&["KEYS", "*"]).lines() {
        let ttl: i64 = server.command(&["PTTL", key]).parse().unwrap();
        assert!((1..=60_000).contains(&ttl), "{key}: {ttl}");
    }
    // What somebody else wrote there is a miss.
    for key in server.command(&["KEYS", "*response*"]).lines() {
        server.command(&["SET", key, "gw1r..."]);
    }
    assert!(header(&get(&gateways[0], "/api/one").await, "x-id") != id);
}
