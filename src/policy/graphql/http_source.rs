//! Asks an HTTP service for a field: what `http-data-source` and `graphql-data-source` describe.

use std::sync::Arc;

use bytes::Bytes;
use http::response::Parts;
use tokio::time::timeout;

use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::own_request::OwnRequest;
use super::super::statements::forward_request::ForwardRequest;
use super::super::statements::send_request::read;
use super::remote_query::{self, RemoteQuery};
use super::resolver::Unresolved;

/// A request, and how it is sent.
pub(super) struct HttpSource {
    pub(super) request: OwnRequest,
    /// The query, when the service is one of GraphQL.
    pub(super) query: Option<RemoteQuery>,
    pub(super) forward: Arc<ForwardRequest>,
}

impl HttpSource {
    /// What the service answers.
    pub(super) async fn ask(&self, exchange: &mut Exchange) -> Result<(Parts, Bytes), Unresolved> {
        let (options, limit) = self.forward.options(exchange)?;
        let mut prepared = self.request.prepare(exchange)?.forwarded(&options);
        if let Some(query) = &self.query {
            prepared = prepared.posting(query.body(exchange)?);
        }
        let body_limit = exchange.settings.body_limit;
        let call = async {
            let response = prepared.send().await?.response;
            let status = response.status();
            if status.is_client_error() || status.is_server_error() {
                return Err(Unresolved::Status(status));
            }
            let (head, body) = response.into_parts();
            let bytes = read(body, body_limit).await?;
            Ok((head, Bytes::from(bytes)))
        };
        let late = |_| Failure::internal("Timeout", "Request to the backend service timed out");
        let (head, mut bytes) = timeout(limit, call).await.map_err(late)??;
        if self.query.is_some() {
            bytes = remote_query::data(&bytes).ok_or(Unresolved::Errors)?;
        }
        Ok((head, bytes))
    }
}
