//! Serves one matched request: access, facts, pipeline, backend.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{HeaderValue, Request, Response, StatusCode, header};
use pin_project_lite::pin_project;

use super::access::Denial;
use super::router::{ApiMatch, Route};
use super::snapshot::{ApiState, Snapshot};
use crate::backend::{Backends, CallFuture};
use crate::body::Body;
use crate::forward::{ForwardError, ForwardOptions, Target};
use crate::policy::{EngineSettings, Exchange, Failure, Forward, Pipeline, Run, Section};

/// Begins to run the pipeline of a request, or `on-error` when it is refused.
pub(super) fn begin(
    snapshot: &Snapshot,
    route: Route,
    request: Request<Body>,
    settings: Arc<EngineSettings>,
    client: Option<IpAddr>,
) -> Run<ToBackends> {
    let mut exchange = Box::new(Exchange::new(request, settings));
    exchange.client = client;
    exchange.facts.deployment = Some(snapshot.deployment.clone());
    let (found, operation) = match route {
        Route::NoApi => return no_operation(exchange, &snapshot.global, &snapshot.backends),
        Route::NoOperation(found) => (found, None),
        Route::Operation(found, operation) => (found, Some(operation)),
    };
    let Some(api) = snapshot.apis.get(found.api) else {
        return no_operation(exchange, &snapshot.global, &snapshot.backends);
    };
    enter(&mut exchange, api, found);
    let Some((index, operation)) = operation.and_then(|index| Some((index, api.operations.get(index)?))) else {
        return no_operation(exchange, &api.pipeline, &api.backends);
    };
    exchange.facts.operation = Some(operation.facts.clone());
    let state = &exchange.request;
    let grant = match snapshot.access.check(api.access, &state.original_uri, &state.headers) {
        Ok(grant) => grant,
        Err(denial) => return denied(exchange, api, operation.pipelines.of(None), denial),
    };
    let facts = &mut exchange.facts;
    facts.product = grant.product.and_then(|product| snapshot.products.get(product)).cloned();
    facts.used_secondary_key = grant.used_secondary_key;
    if let Some(subscription) = grant.subscription.and_then(|index| snapshot.subscriptions.get(index)) {
        facts.subscription = Some(subscription.facts.clone());
        facts.user = subscription.user.clone();
    }
    let pipeline = operation.pipelines.of(grant.product);
    if pipeline.needs_parameters()
        && let Some(template) = snapshot.router.template(found.api, index)
    {
        let uri = &exchange.request.original_uri;
        let parameters = template.parameters(found.remainder(uri), uri.query()).unwrap_or_default();
        exchange.parameters = parameters.into_iter().map(|(name, value)| (name.into(), value.into_owned())).collect();
    }
    Run::new(exchange, pipeline.clone(), ToBackends(api.backends.clone()))
}

fn enter(exchange: &mut Exchange, api: &ApiState, found: ApiMatch) {
    exchange.facts.api = Some(api.facts.clone());
    exchange.facts.workspace = api.workspace.clone();
    exchange.facts.backends = Some(api.directory.clone());
    exchange.target = api.target.clone();
    exchange.rest_starts_at(found.path_length);
}

fn no_operation(exchange: Box<Exchange>, pipeline: &Arc<Pipeline>, backends: &Arc<Backends>) -> Run<ToBackends> {
    let message = "Unable to match incoming request to an operation.";
    let failure =
        Failure::refused(StatusCode::NOT_FOUND, "OperationNotFound", message).public_message("Resource not found");
    let forward = ToBackends(backends.clone());
    Run::failed(exchange, pipeline.clone(), forward, "configuration", Section::Backend, &failure)
}

fn denied(exchange: Box<Exchange>, api: &ApiState, pipeline: &Arc<Pipeline>, denial: Denial) -> Run<ToBackends> {
    let challenge = format!(
        "AzureApiManagementKey realm=\"https://{}/{}\",name=\"{}\",type=\"header\"",
        exchange.original_host().replace(['"', '\\'], ""),
        api.facts.path,
        api.facts.subscription_key_header
    );
    let mut failure = Failure::refused(StatusCode::UNAUTHORIZED, denial.reason(), denial.message())
        .public_message(denial.public_message());
    if let Ok(challenge) = HeaderValue::try_from(challenge) {
        failure = failure.header(header::WWW_AUTHENTICATE, challenge);
    }
    let forward = ToBackends(api.backends.clone());
    Run::failed(exchange, pipeline.clone(), forward, "authorization", Section::Inbound, &failure)
}

/// Sends what a pipeline forwards to the backends of its configuration.
#[doc(hidden)]
pub struct ToBackends(Arc<Backends>);

impl Forward for ToBackends {
    type Future = ToBackendsFuture;

    fn forward(&mut self, target: Option<Target>, request: Request<Body>, options: ForwardOptions) -> Self::Future {
        let call = target.map(|target| self.0.call(&target, request, &options));
        ToBackendsFuture { call }
    }

    fn timed_out(future: Pin<&mut ToBackendsFuture>) {
        if let Some(call) = future.project().call.as_pin_mut() {
            call.get_mut().timed_out();
        }
    }
}

pin_project! {
    /// The response of a backend, to come.
    #[doc(hidden)]
    pub struct ToBackendsFuture {
        // None when neither the API nor a policy says where to send the request.
        #[pin]
        call: Option<CallFuture>,
    }
}

impl Future for ToBackendsFuture {
    type Output = Result<Response<Body>, ForwardError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(call) = self.project().call.as_pin_mut() else {
            return Poll::Ready(Err(ForwardError {
                reason: "BackendConnectionFailure",
                message: "The API has no service URL, and no policy sets a backend.".into(),
                status: 500,
                retry_after: None,
            }));
        };
        Poll::Ready(ready!(call.poll(cx)).map_err(ForwardError::from))
    }
}
