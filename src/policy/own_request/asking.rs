//! Asks a Backend entity that a policy names for itself: JSON goes there, JSON comes back.

use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::uri::{Authority, Parts, PathAndQuery, Scheme};
use http::{HeaderValue, Method, Request, Uri};
use serde_json::Value as Json;
use tokio::time::timeout;

use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::bearer;
use super::sending::{Wanted, acquire, outbound};
use crate::body::Body;
use crate::identity::TokenCache;
use crate::outbound::{Outbound, OutboundOptions};

/// The longest answer, in bytes.
const LONGEST: usize = 4 << 20;

/// Asks one Backend entity.
pub(crate) struct Asking {
    outbound: Arc<dyn Outbound>,
    options: OutboundOptions,
    tokens: Option<TokenCache>,
}

impl Asking {
    /// Asks the entity with that id.
    pub(crate) fn new(exchange: &Exchange, backend: &str) -> Result<Self, Box<Failure>> {
        let options = OutboundOptions { backend: Some(backend.trim().into()), ..OutboundOptions::default() };
        Ok(Self { outbound: outbound(exchange)?, options, tokens: exchange.settings.tokens.clone() })
    }

    /// Posts JSON to what follows the entity's URL, with a token when one is wanted; the error says what went wrong.
    pub(crate) async fn post(
        &self,
        rest: PathAndQuery,
        body: &Json,
        wanted: Option<&Wanted>,
        limit: Duration,
    ) -> Result<Json, String> {
        let answer = async {
            let request = self.request(rest, body, wanted).await?;
            let sent = self.outbound.send(request, &self.options).await;
            let (parts, body) = sent.map_err(|error| error.message.into_owned())?.into_parts();
            if !parts.status.is_success() {
                return Err(format!("It answered with status {}.", parts.status.as_u16()));
            }
            let body = body.collect(LONGEST).await.map_err(|error| format!("Its answer cannot be read: {error}."))?;
            let bytes = body.as_bytes().map_or(&b""[..], |bytes| bytes);
            serde_json::from_slice(bytes).map_err(|_| "Its answer is not JSON.".to_owned())
        };
        timeout(limit, answer).await.map_err(|_| format!("It did not answer in {} s.", limit.as_secs()))?
    }

    async fn request(&self, rest: PathAndQuery, body: &Json, wanted: Option<&Wanted>) -> Result<Request<Body>, String> {
        let mut parts = Parts::default();
        // The entity says scheme and host; only path and query count.
        (parts.scheme, parts.authority) = (Some(Scheme::HTTP), Some(Authority::from_static("backend")));
        parts.path_and_query = Some(rest);
        let mut request = Request::new(Body::from(body.to_string()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::from_parts(parts).map_err(|error| error.to_string())?;
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(wanted) = wanted {
            let token = acquire(self.tokens.as_ref(), wanted).await.map_err(|failure| failure.message.into_owned())?;
            if let Some(bearer) = token.as_deref().and_then(bearer) {
                headers.insert(AUTHORIZATION, bearer);
            }
        }
        Ok(request)
    }
}
