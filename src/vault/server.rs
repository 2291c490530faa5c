//! Requests to a Vault.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, StatusCode};
use serde_json::Value;
use url::Url;

use crate::Body;
use crate::backend::retry_after;
use crate::outbound::{Outbound, OutboundOptions};
use crate::secret::Secret;

/// Answers are some kilobytes.
const LONGEST_ANSWER: usize = 1 << 20;

/// A Vault, and how it is reached.
#[derive(Clone)]
pub(super) struct Server {
    pub(super) outbound: Arc<dyn Outbound>,
    pub(super) address: Url,
    pub(super) namespace: Option<String>,
}

/// What a Vault answered.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    /// Null when it is no JSON.
    pub(super) body: Value,
    pub(super) retry_after: Option<Duration>,
}

impl Server {
    pub(super) async fn get(&self, path: &str, token: &Secret) -> Result<Reply, String> {
        self.send(Method::GET, path, Some(token), Body::empty()).await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Reply, String> {
        self.send(Method::POST, path, None, Body::from(body.to_string())).await
    }

    /// `path` is below `/v1/`, encoded.
    async fn send(&self, method: Method, path: &str, token: Option<&Secret>, body: Body) -> Result<Reply, String> {
        let url = format!("{}/v1/{path}", self.address.as_str().trim_end_matches('/'));
        let mut request = Request::builder().method(method).uri(url).header("x-vault-request", "true");
        if let Some(token) = token {
            let mut value =
                HeaderValue::from_str(token.expose()).map_err(|_| "the token cannot be a header".to_owned())?;
            value.set_sensitive(true);
            request = request.header("x-vault-token", value);
        }
        if let Some(namespace) = &self.namespace {
            request = request.header("x-vault-namespace", namespace);
        }
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        let request = request.body(body).map_err(|error| error.to_string())?;
        let response = self.outbound.send(request, &OutboundOptions::default()).await;
        let (head, body) = response.map_err(|error| error.message.into_owned())?.into_parts();
        let body = body.collect(LONGEST_ANSWER).await.map_err(|error| error.to_string())?;
        let body = body.as_bytes().and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default();
        Ok(Reply { status: head.status, body, retry_after: retry_after(&head.headers, SystemTime::now) })
    }
}

impl Reply {
    /// What is wrong, as the Vault says it.
    pub(super) fn errors(&self) -> String {
        let errors = self.body.get("errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let errors = errors.iter().filter_map(Value::as_str).flat_map(str::lines).map(str::trim);
        let errors: Vec<&str> = errors.filter(|line| !line.is_empty()).collect();
        if errors.is_empty() { "it does not say why".to_owned() } else { errors.join(", ") }
    }
}
