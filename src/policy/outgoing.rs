//! The request that `forward-request` sends, made of the exchange.

use std::time::Duration;

use http::{HeaderValue, Request, header};

use super::error::Failure;
use super::exchange::Exchange;
use super::messages::MessageBody;
use super::query;
use super::statements::forward_request::ForwardRequest;
use crate::body::Body;
use crate::forward::{ForwardOptions, Target};

/// What [`Forward::forward`](super::Forward::forward) is called with.
pub(crate) type Call = (Option<Target>, Request<Body>, ForwardOptions);

impl ForwardRequest {
    /// The request to send, and how long its response headers may take.
    pub(crate) fn prepare(
        &self,
        exchange: &mut Exchange,
        keep_request: bool,
    ) -> Result<(Call, Duration), Box<Failure>> {
        let (mut options, limit) = self.options(exchange)?;
        options.fabric = exchange.fabric.as_ref().map(|fabric| fabric.options.clone());
        if keep_request && matches!(exchange.target, Some(Target::Backend(_))) {
            options.tried = Some(exchange.tried.get_or_insert_default().clone());
        }
        exchange.response = None;
        let uri = exchange.request.rest_uri().map_err(|error| {
            // A query may have secrets.
            let path: String = query::split(exchange.request.rest()).0.chars().take(100).collect();
            Failure::internal("InvalidUri", format!("What begins with `{path}` is not a path and query: {error}"))
        })?;
        let forwarded = forwarded(exchange);
        let state = &mut exchange.request;
        if matches!(state.body, MessageBody::Sent) {
            let message = "request body is not available for retry";
            return Err(Failure::internal("BackendConnectionFailure", message));
        }
        if matches!(state.body, MessageBody::Consumed) {
            state.headers.remove(header::CONTENT_LENGTH);
        }
        let mut request = Request::new(state.body.take());
        *request.method_mut() = state.method.clone();
        *request.uri_mut() = uri.into();
        *request.version_mut() = state.version;
        if keep_request {
            *request.headers_mut() = state.headers.clone();
            *request.extensions_mut() = state.extensions.clone();
        } else {
            *request.headers_mut() = std::mem::take(&mut state.headers);
            *request.extensions_mut() = std::mem::take(&mut state.extensions);
        }
        for (name, value) in forwarded {
            request.headers_mut().insert(name, value);
        }
        Ok(((exchange.target.clone(), request, options), limit))
    }
}

/// Which host the caller asked, and how, for backends that are to know.
fn forwarded(exchange: &Exchange) -> Vec<(&'static str, HeaderValue)> {
    if !exchange.settings.forwards_host_and_scheme {
        return Vec::new();
    }
    let scheme = HeaderValue::from_static(if exchange.is_tls() { "https" } else { "http" });
    let host = HeaderValue::from_str(exchange.original_host()).ok();
    let host = host.map(|host| ("x-forwarded-host", host));
    host.into_iter().chain([("x-forwarded-proto", scheme)]).collect()
}
