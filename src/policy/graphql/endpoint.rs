//! Answers the requests of a GraphQL API that has no service behind it: what `forward-request` comes to.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, StatusCode, header};
use tokio::time::sleep;

use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Resume};
use super::super::media::MediaType;
use super::super::messages::{MessageBody, ResponseState};
use super::super::query;
use super::super::statements::forward_request::ForwardRequest;
use super::scene::{Resolvers, Scene};
use super::{is_handshake, socket};
use crate::body::{Body, CollectError};
use crate::graphql::{Execution, GraphError, GraphRequest, Hidden, JsonMap, Limits, answer_of, check};

/// Who answers a request of a GraphQL API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The service behind it.
    Service,
    /// The gateway.
    Gateway,
    /// Nobody: it would go on without what a policy has asked for.
    Nobody(&'static str),
}

/// Who answers the request of an exchange.
pub(crate) fn way(exchange: &Exchange) -> Way {
    let Some(api) = exchange.facts.api.as_ref().and_then(|api| api.graphql()) else { return Way::Service };
    let is_by_gateway = api.has_resolvers() || exchange.target.is_none();
    match (!exchange.graphql.guards.is_empty(), is_handshake(&exchange.request)) {
        (true, false) => Way::Nobody("A request that was to open a connection does so no more."),
        (true, true) if !is_by_gateway => {
            Way::Nobody("Subscriptions of a service behind the gateway cannot be validated.")
        }
        (false, true) if exchange.graphql.is_validated => {
            Way::Nobody("A request that was validated opens a connection now.")
        }
        _ if is_by_gateway => Way::Gateway,
        _ => Way::Service,
    }
}

/// Answers a request that goes to no service.
pub(crate) fn execute(exchange: &mut Exchange, forward: &ForwardRequest) -> Result<Flow, Box<Failure>> {
    let api = exchange.facts.api.as_ref().and_then(|api| api.graphql()).map(Arc::clone);
    let api = match (way(exchange), api) {
        (Way::Gateway, Some(api)) => api,
        (way, _) => {
            let message = if let Way::Nobody(why) = way { why } else { "The API has no GraphQL schema." };
            let body = text(&answer_of(&[GraphError::new(message)], None));
            return Err(Failure::refused(StatusCode::BAD_REQUEST, "GraphQLRequestInvalid", message).body(body));
        }
    };
    let scene = Arc::new(Scene::of(exchange, api));
    if is_handshake(&exchange.request) {
        let agreed = socket::accept(exchange, scene);
        exchange.respond(agreed);
        return Ok(Flow::Continue);
    }
    let (_, limit) = forward.options(exchange)?;
    let hidden = exchange.graphql.hidden.clone();
    let asked = Asked::of(exchange);
    Ok(Flow::Wait(Box::pin(async move {
        let answered = within(limit, answer(scene, asked, hidden)).await;
        let resume: Resume = Box::new(move |exchange| {
            let late = || Failure::internal("Timeout", "Request to the backend service timed out");
            match answered.ok_or_else(late)? {
                Ok((status, body)) => exchange.respond(response(status, body)),
                Err(unread) => exchange.put_body(Err(unread), true)?,
            }
            Ok(Flow::Continue)
        });
        resume
    })))
}

/// What a future gives, or none when it takes longer. The timer is made only once it is seen to take its time.
async fn within<T>(limit: Duration, future: impl Future<Output = T>) -> Option<T> {
    let (mut future, mut timer) = (pin!(future), None);
    poll_fn(|cx| {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return Poll::Ready(Some(output));
        }
        let timer = timer.get_or_insert_with(|| Box::pin(sleep(limit)));
        timer.as_mut().poll(cx).map(|()| None)
    })
    .await
}

/// How a request came.
enum Asked {
    Url(String),
    Body { body: Body, media_type: Option<String>, limit: usize },
}

impl Asked {
    fn of(exchange: &mut Exchange) -> Self {
        if exchange.request.method == Method::GET {
            return Self::Url(query::split(exchange.request.rest()).1.to_owned());
        }
        let media_type = MediaType::of(&exchange.request.headers).map(|media| media.essence().to_owned());
        Self::Body { body: exchange.request.body.take(), media_type, limit: exchange.settings.body_limit }
    }

    async fn read(self) -> Result<Result<GraphRequest, GraphError>, CollectError> {
        match self {
            Self::Url(text) => Ok(GraphRequest::of_url(&text)),
            Self::Body { body, media_type, limit } => {
                let body = body.collect(limit).await?;
                let bytes = body.as_bytes().map_or(&b""[..], |bytes| bytes);
                Ok(GraphRequest::of_body(bytes, media_type.as_deref()))
            }
        }
    }
}

async fn answer(scene: Arc<Scene>, asked: Asked, hidden: Vec<Hidden>) -> Result<(StatusCode, Bytes), CollectError> {
    let refused = |errors: &[GraphError]| Ok((StatusCode::BAD_REQUEST, answer_of(errors, None)));
    let request = match asked.read().await? {
        Ok(request) => request,
        Err(error) => return refused(&[error]),
    };
    let checked = match check(&scene.api.schema, &request, Limits::EXECUTION) {
        Ok(checked) => checked,
        Err(errors) => return refused(&errors),
    };
    if checked.is_subscription() {
        return refused(&[GraphError::new("Subscriptions need a WebSocket connection.")]);
    }
    if checked.is_mutation() && request.is_of_url() {
        let error = GraphError::new("Mutations need the method POST.");
        return Ok((StatusCode::METHOD_NOT_ALLOWED, answer_of(&[error], None)));
    }
    let schema = Arc::clone(&scene.api.schema);
    let execution = Execution { schema, checked: Arc::new(checked), resolvers: Arc::new(Resolvers(scene)) };
    let (data, errors) = execution.run(&JsonMap::new()).await;
    let mut body = answer_of(&errors, Some(&data));
    for hidden in hidden {
        body = hidden.put_into(&body).unwrap_or(body);
    }
    Ok((StatusCode::OK, body))
}

fn response(status: StatusCode, body: Bytes) -> ResponseState {
    let mut response = ResponseState::ok();
    response.status = status;
    response.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.body = MessageBody::Bytes(body.into());
    response
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
