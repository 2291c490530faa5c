//! The management surface over a socket, in front of a gateway that serves.

mod canary;
mod data_plane;
mod entities;
mod folder;
mod imports;
#[cfg(unix)]
mod kill;
mod links;
mod refusals;
mod revisions;
mod secrets;
mod vault;

#[allow(unused_imports)] // The tests of backends use the rest.
#[path = "../support/mod.rs"]
mod support;

use bytes::Bytes;
use gatewright::Body;
use gatewright::backend::Transport;
use gatewright::gateway::Gateway;
use gatewright::management::{BearerToken, Management};
use gatewright::model::Store;
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use support::TestServer;
use tower::{Service, ServiceExt};

const TOKEN: &str = "management-token-0123456789";
const SERVICE: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ApiManagement/service/contoso";

/// A gateway with its management surface on a socket.
struct Site {
    gateway: Gateway,
    management: Management,
    server: TestServer,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// What a call was answered with.
#[derive(Debug)]
struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    fn etag(&self) -> &str {
        self.headers.get("etag").unwrap_or_else(|| panic!("no ETag: {self:?}")).to_str().unwrap()
    }

    #[track_caller]
    fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        self
    }

    fn names(&self) -> Vec<String> {
        let value = self.json();
        let all = value["value"].as_array().unwrap_or_else(|| panic!("no list: {value}")).iter();
        all.map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    }
}

impl Site {
    async fn new() -> Self {
        Self::of(Store::new()).await
    }

    async fn of(store: Store) -> Self {
        Self::with(store, |management| management).await
    }

    async fn with(store: Store, set: impl FnOnce(Management) -> Management) -> Self {
        let transport = Transport::builder().native_roots(false).build().unwrap();
        let gateway = Gateway::builder().transport(transport).build(&store).unwrap();
        let management = set(Management::new(gateway.clone(), store, BearerToken::new(TOKEN)));
        let served = management.clone();
        let server = TestServer::http(move |request| {
            let mut management = served.clone();
            async move { management.call(request).await.unwrap_or_else(|never| match never {}) }
        })
        .await;
        let client = Client::builder(TokioExecutor::new()).build(HttpConnector::new());
        Self { gateway, management, server, client }
    }

    /// Calls below the service, with a version and the token.
    async fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], properties: Value) -> Answer {
        let sign = if path.contains('?') { '&' } else { '?' };
        let url = self.server.url(&format!("{SERVICE}{path}{sign}api-version=2024-05-01"));
        let body = if properties.is_null() { String::new() } else { json!({ "properties": properties }).to_string() };
        let bearer = format!("Bearer {TOKEN}");
        let mut all = vec![("authorization", bearer.as_str()), ("content-type", "application/json")];
        all.extend_from_slice(headers);
        self.send(method, &url, &all, body).await
    }

    async fn send(&self, method: &str, url: &str, headers: &[(&str, &str)], body: String) -> Answer {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.client.request(request.body(Full::from(body)).unwrap()).await.unwrap();
        let (head, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: head.status, headers: head.headers, text: String::from_utf8(body.to_vec()).unwrap() }
    }

    async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &[], Value::Null).await
    }

    async fn put(&self, path: &str, properties: Value) -> Answer {
        self.call("PUT", path, &[], properties).await
    }

    async fn post(&self, path: &str) -> Answer {
        self.call("POST", path, &[], Value::Null).await
    }

    async fn patch(&self, path: &str, properties: Value) -> Answer {
        self.call("PATCH", path, &[("if-match", "*")], properties).await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, &[("if-match", "*")], Value::Null).await
    }

    /// Puts a document.
    async fn policy(&self, owner: &str, inbound: &str) -> Answer {
        let text = format!(
            "<policies><inbound><base />{inbound}</inbound><backend><base /></backend><outbound><base /></outbound>\
             <on-error><base /></on-error></policies>"
        );
        self.put(&format!("{owner}/policies/policy"), json!({ "format": "rawxml", "value": text })).await
    }

    /// A request of a client of the gateway.
    async fn request(&self, url: &str, headers: &[(&str, &str)]) -> (u16, String) {
        let mut request = Request::get(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self.gateway.clone().oneshot(request.body(Body::empty()).unwrap()).await;
        let response = response.unwrap_or_else(|never| match never {});
        (response.status().as_u16(), support::text(response.into_body()).await)
    }

    /// An API without key, with the operation `GET /x`, in front of a server.
    async fn free_api(&self, name: &str, server: &TestServer) {
        let api = json!({
            "displayName": name, "path": name, "serviceUrl": server.url("/up"), "subscriptionRequired": false,
            "protocols": ["https"]
        });
        self.put(&format!("/apis/{name}"), api).await.is(201);
        let operation = json!({ "displayName": "x", "method": "GET", "urlTemplate": "/x" });
        self.put(&format!("/apis/{name}/operations/x"), operation).await.is(201);
    }
}
