//! The gateway, over real backends on loopback: matching, access, scopes, reloads.

mod access;
mod arrival;
mod backends;
mod beyond;
mod caching;
mod canary;
mod certificates;
mod configuration;
mod context;
#[cfg(feature = "cosmos")]
mod cosmos;
mod fabric;
mod faults;
#[cfg(feature = "graphql")]
mod graphql;
mod imports;
mod key_vault;
mod layer;
mod limits;
mod matching;
mod models;
mod outside;
mod own_calls;
mod protocols;
mod reload;
#[cfg(any(feature = "cosmos", feature = "sql"))]
mod resolved;
mod scopes;
mod smuggling;
#[cfg(feature = "sql")]
mod sql;
mod told;
mod tracing;
mod urls;
mod watch;
mod websocket;

#[allow(unused_imports)] // The other tests of backends use the rest.
#[path = "../support/mod.rs"]
mod support;

use gatewright::Body;
use gatewright::backend::Transport;
use gatewright::gateway::Gateway;
use gatewright::model::{Api, ApiEntry, Operation, OperationEntry, Policy, Product, ProductEntry, Store, Subscription};
use http::{Request, Response};
use support::TestServer;
use tower::ServiceExt;

/// A backend that answers with the request as text.
async fn backend() -> TestServer {
    TestServer::http(support::echo).await
}

fn gateway(store: &Store) -> Gateway {
    let transport = Transport::builder().native_roots(false).build().unwrap();
    Gateway::builder().transport(transport).build(store).unwrap_or_else(|error| panic!("{error}"))
}

/// An API that asks for no key.
fn free_api(path: &str, service_url: &str, operations: &[(&str, &str, &str)]) -> ApiEntry {
    let mut entry = ApiEntry::new(Api::new(path).service_url(service_url).subscription_required(false));
    for (id, method, template) in operations {
        entry.operations.insert(*id, Operation::new(*method, *template).into());
    }
    entry
}

/// An operation with a policy document.
fn with_policy(operation: Operation, policy: &str) -> OperationEntry {
    let mut entry = OperationEntry::from(operation);
    entry.policy = Some(Policy::new(policy));
    entry
}

fn product(product: Product, apis: &[&str]) -> ProductEntry {
    let mut entry = ProductEntry::from(product);
    entry.apis = apis.iter().map(|api| (*api).to_owned()).collect();
    entry
}

fn subscription(scope: &str, key: &str) -> Subscription {
    Subscription::new(scope).primary_key(key).secondary_key(format!("{key}-2"))
}

/// A document whose sections all begin with `base`, then have what is given.
fn document(inbound: &str, outbound: &str, on_error: &str) -> Policy {
    Policy::new(format!(
        "<policies><inbound><base />{inbound}</inbound><backend><base /></backend>\
         <outbound><base />{outbound}</outbound><on-error><base />{on_error}</on-error></policies>"
    ))
}

/// `set-header` that appends, so that the order in which documents run shows.
fn append(name: &str, value: &str) -> String {
    format!(r#"<set-header name="{name}" exists-action="append"><value>{value}</value></set-header>"#)
}

/// Sends a request without a body, with these headers.
async fn send(gateway: &Gateway, method: &str, url: &str, headers: &[(&str, &str)]) -> Response<Body> {
    let mut request = Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = gateway.clone().oneshot(request.body(Body::empty()).unwrap()).await;
    response.unwrap_or_else(|never| match never {})
}

/// All values of a header, joined.
fn header(response: &Response<Body>, name: &str) -> String {
    let values = response.headers().get_all(name).iter().map(|value| value.to_str().unwrap());
    values.collect::<Vec<_>>().join(",")
}
