//! Sends a request that a policy made, with a token when it wants one.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{Request, Response, Uri};
use serde_json::json;

use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::{Variable, bearer};
use crate::body::Body;
use crate::identity::{TokenCache, TokenRequest};
use crate::outbound::{Outbound, OutboundOptions};

/// A request, ready to be sent away from its exchange.
pub(crate) struct Prepared {
    url: Result<Uri, Box<Failure>>,
    request: Request<Body>,
    options: OutboundOptions,
    wanted: Option<Wanted>,
    outbound: Arc<dyn Outbound>,
    tokens: Option<TokenCache>,
}

/// A token of a managed identity that a request is to show.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub(crate) token: TokenRequest,
    /// The variable that gets the token, instead of the header.
    pub(crate) variable: Option<Variable>,
    pub(crate) ignores_errors: bool,
}

/// The response, and the token that a variable is to hold.
pub(crate) struct Sent {
    pub(crate) response: Response<Body>,
    pub(crate) token: Option<(Variable, String)>,
}

/// What sends the requests of policies.
pub(super) fn outbound(exchange: &Exchange) -> Result<Arc<dyn Outbound>, Box<Failure>> {
    exchange.outbound.clone().ok_or_else(|| {
        let message = "Nothing sends the requests of policies here: the engine's settings have no outbound.";
        Failure::internal("OutboundNotConfigured", message)
    })
}

/// There is no response.
pub(crate) fn unavailable(message: impl Into<Cow<'static, str>>) -> Box<Failure> {
    Failure::internal("BackendConnectionFailure", message)
}

impl Prepared {
    pub(crate) fn new(
        exchange: &Exchange,
        url: Result<Uri, Box<Failure>>,
        request: Request<Body>,
        options: OutboundOptions,
        wanted: Option<Wanted>,
    ) -> Result<Self, Box<Failure>> {
        let tokens = exchange.settings.tokens.clone();
        Ok(Self { url, request, options, wanted, outbound: outbound(exchange)?, tokens })
    }

    /// Takes over how it is to be forwarded.
    #[cfg(feature = "graphql")]
    pub(crate) fn forwarded(mut self, options: &crate::forward::ForwardOptions) -> Self {
        self.options.http_version = options.http_version;
        self.options.follow_redirects = options.follow_redirects;
        self
    }

    /// Posts JSON.
    #[cfg(feature = "graphql")]
    pub(crate) fn posting(mut self, json: bytes::Bytes) -> Self {
        *self.request.method_mut() = http::Method::POST;
        *self.request.body_mut() = Body::from(json);
        let content_type = http::HeaderValue::from_static("application/json");
        self.request.headers_mut().entry(http::header::CONTENT_TYPE).or_insert(content_type);
        self
    }

    /// Adds it to the trace of the request on its way, if that is traced.
    pub(crate) fn trace(&self, exchange: &mut Exchange, source: &'static str, limit: Duration) {
        exchange.trace_entry(source, |_, masks| {
            let url = self.url.as_ref().map_or_else(|failure| failure.message.to_string(), Uri::to_string);
            let (method, headers) = (self.request.method().as_str(), masks.headers(self.request.headers()));
            let message = format!("Request is being sent. Timeout set to {} seconds", limit.as_secs_f64());
            json!({ "message": message, "request": { "method": method, "url": url, "headers": headers } })
        });
    }

    /// Sends it; there is no time limit.
    pub(crate) async fn send(mut self) -> Result<Sent, Box<Failure>> {
        *self.request.uri_mut() = self.url?;
        let mut token = None;
        if let Some(wanted) = self.wanted {
            let got = acquire(self.tokens.as_ref(), &wanted).await;
            match (wanted.variable, got) {
                (Some(variable), got) => token = Some((variable, got?.unwrap_or_default())),
                (None, got) => {
                    if let Some(bearer) = got?.as_deref().and_then(bearer) {
                        self.request.headers_mut().insert(AUTHORIZATION, bearer);
                    }
                }
            }
        }
        let response = self.outbound.send(self.request, &self.options).await.map_err(Box::<Failure>::from)?;
        Ok(Sent { response, token })
    }
}

/// The token; none when there is none and that is no error.
pub(crate) async fn acquire(tokens: Option<&TokenCache>, wanted: &Wanted) -> Result<Option<String>, Box<Failure>> {
    let got = match tokens {
        Some(tokens) => tokens.get(&wanted.token).await.map_err(|error| error.to_string()),
        None => Err("The gateway has no identity.".to_owned()),
    };
    match got {
        Ok(token) => Ok(Some(token.expose().to_owned())),
        Err(message) if wanted.ignores_errors => {
            tracing::debug!(target: "gatewright::policy", "a token was not acquired: {message}");
            Ok(None)
        }
        Err(message) => Err(Failure::internal("ManagedIdentityTokenNotAcquired", message)),
    }
}
