//! One request to an account, and again when the account asks to wait.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use serde_json::Value as Json;
use tokio::time::sleep;

use super::addressing::Address;
use super::signature::authorization;
use crate::body::{Body, CollectError};
use crate::clock::Clock;
use crate::cosmos::{CosmosAccount, CosmosError};
use crate::outbound::{Outbound, OutboundOptions};

/// The version of the protocol.
const VERSION: HeaderValue = HeaderValue::from_static("2018-12-31");
/// How often a request is sent again that the account has no capacity for, and how long that may take, as in Azure's SDKs.
const MOST_RETRIES: u32 = 9;
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// The longest error message that is read, in bytes.
const LONGEST_ERROR: usize = 64 << 10;

/// Sends requests to one account.
pub(super) struct Caller<'a> {
    outbound: &'a dyn Outbound,
    clock: &'a Clock,
    account: &'a CosmosAccount,
    /// How many bytes may still come.
    left: usize,
    retries: u32,
    waited: Duration,
}

/// A good answer.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl<'a> Caller<'a> {
    pub(super) fn new(
        outbound: &'a dyn Outbound,
        clock: &'a Clock,
        account: &'a CosmosAccount,
        byte_limit: usize,
    ) -> Self {
        Self { outbound, clock, account, left: byte_limit, retries: 0, waited: Duration::ZERO }
    }

    /// Sends a request; gives the answer when it is a good one.
    pub(super) async fn send(
        &mut self,
        method: Method,
        address: &Address,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Answer, CosmosError> {
        loop {
            let request = self.request(&method, address, headers.clone(), body.clone())?;
            let sent = self.outbound.send(request, &OutboundOptions::default()).await;
            let (head, body) = sent.map_err(|error| CosmosError::new(&*error.message))?.into_parts();
            if head.status.is_success() {
                let body = body.collect(self.left).await.map_err(|error| match error {
                    CollectError::TooLarge(_) => CosmosError::new("the answer is longer than the largest body allowed"),
                    CollectError::Read(error) => CosmosError::new(format!("the answer cannot be read: {error}")),
                })?;
                let body = body.as_bytes().cloned().unwrap_or_default();
                self.left = self.left.saturating_sub(body.len());
                return Ok(Answer { status: head.status, headers: head.headers, body });
            }
            let response = Response::from_parts(head, body);
            match self.pause(&response) {
                Some(pause) => {
                    self.retries += 1;
                    self.waited += pause;
                    sleep(pause).await;
                }
                None => return Err(error(response).await),
            }
        }
    }

    fn request(
        &self,
        method: &Method,
        address: &Address,
        mut headers: HeaderMap,
        body: Bytes,
    ) -> Result<Request<Body>, CosmosError> {
        let date = httpdate::fmt_http_date(self.clock.wall());
        headers.insert("x-ms-version", VERSION);
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(header::AUTHORIZATION, authorization(&self.account.credential, method, address, &date)?);
        let date = HeaderValue::try_from(date).map_err(|_| CosmosError::new("the time is none that can be sent"))?;
        headers.insert("x-ms-date", date);
        let url = format!("{}{}", self.account.endpoint, address.path);
        let mut request = Request::new(if body.is_empty() { Body::empty() } else { Body::from(body) });
        *request.uri_mut() = Uri::try_from(url).map_err(|error| CosmosError::new(error.to_string()))?;
        *request.method_mut() = method.clone();
        *request.headers_mut() = headers;
        Ok(request)
    }

    /// How long the account wants to be left alone before it is asked again; none when it is not asked again.
    fn pause(&self, response: &Response<Body>) -> Option<Duration> {
        if response.status() != StatusCode::TOO_MANY_REQUESTS || self.retries >= MOST_RETRIES {
            return None;
        }
        let after = response.headers().get("x-ms-retry-after-ms").and_then(|value| value.to_str().ok());
        let after = after.and_then(|text| text.trim().parse::<f64>().ok()).filter(|ms| (0.0..=1e9).contains(ms));
        let pause = Duration::from_secs_f64(after.unwrap_or(100.0) / 1000.0);
        (self.waited + pause <= LONGEST_WAIT).then_some(pause)
    }
}

/// What an answer of another status says.
async fn error(response: Response<Body>) -> CosmosError {
    let (head, body) = response.into_parts();
    let status = head.status.as_u16();
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let detail = header("x-ms-substatus").filter(|text| *text != "0");
    let detail = detail.map_or(String::new(), |substatus| format!(" (substatus {substatus})"));
    let body = body.collect(LONGEST_ERROR).await.ok();
    let told: Option<Json> = body.and_then(|body| serde_json::from_slice(body.as_bytes()?).ok());
    let told = told.as_ref().and_then(|told| told.get("message")).and_then(Json::as_str);
    let told: String = told.and_then(|text| text.lines().next()).unwrap_or_default().chars().take(200).collect();
    let separator = if told.is_empty() { "" } else { ": " };
    CosmosError::of_status(status, format!("Cosmos DB answered with {status}{detail}{separator}{told}"))
}
