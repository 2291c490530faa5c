//! A GraphQL API that is resolved by services behind TLS: its gateway, and questions to it.

use gatewright::Body;
use gatewright::backend::Transport;
use gatewright::gateway::{Gateway, GatewayBuilder};
use http::Request;
use serde_json::{Value, json};

use crate::support::{Authority, text};

pub fn builder(authority: &Authority) -> GatewayBuilder {
    let transport = Transport::builder().native_roots(false).root_certificates_pem(authority.pem()).build().unwrap();
    Gateway::builder().transport(transport)
}

/// What the API `g` says to a query.
pub async fn ask(gateway: &Gateway, query: &str) -> Value {
    let body = Body::from(json!({ "query": query }).to_string());
    let request = Request::post("/g").header("content-type", "application/json").body(body).unwrap();
    let response = tower::ServiceExt::oneshot(gateway.clone(), request).await.unwrap();
    serde_json::from_str(&text(response.into_body()).await).unwrap()
}
