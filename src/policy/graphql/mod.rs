//! GraphQL APIs: what they are made of, and what becomes of their requests.

mod api;
mod connection;
mod cosmos;
mod data_source;
mod endpoint;
mod events;
mod guard;
mod hidden_body;
mod http_source;
mod remote_query;
mod resolver;
mod scene;
mod socket;
mod sql;
mod wording;

use http::Method;
use http::header::UPGRADE;

pub(crate) use api::{GraphqlApi, ResolverProblem, ResolverSource};
pub(crate) use data_source::lint as lint_data_source;
pub(crate) use endpoint::{Way, execute, way};
pub(crate) use events::Events;
pub(crate) use guard::Guard;
pub(crate) use hidden_body::hide;
pub(crate) use scene::FieldScope;

use std::sync::Arc;

use super::messages::RequestState;
use crate::graphql::Hidden;

/// What GraphQL keeps of a request.
#[derive(Default)]
pub(crate) struct OfExchange {
    /// What each subscription of the connection that is being opened is validated by.
    pub(crate) guards: Vec<Arc<Guard>>,
    /// Whether the request itself was validated, and not each subscription of a connection.
    pub(crate) is_validated: bool,
    /// What was taken out of the query.
    pub(crate) hidden: Vec<Hidden>,
    /// The field that is being resolved: `context.GraphQL`.
    pub(crate) field: Option<Box<FieldScope>>,
}

/// Whether a request opens a WebSocket connection.
pub(crate) fn is_handshake(request: &RequestState) -> bool {
    let asks = |value: &http::HeaderValue| value.as_bytes().to_ascii_lowercase().starts_with(b"websocket");
    request.method == Method::GET && request.headers.get_all(UPGRADE).iter().any(asks)
}
