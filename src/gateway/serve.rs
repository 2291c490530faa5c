//! Serves one matched request: access, facts, pipeline, backend.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use pin_project_lite::pin_project;
use serde_json::{Value, json};

use super::access::Denial;
use super::own_calls::{Caller, OwnFirst, OwnServer};
use super::preflight;
use super::router::{ApiMatch, Route};
use super::snapshot::{ApiState, Protocol, Snapshot};
use super::soap;
use crate::backend::{Backends, CallFuture, InProcess};
use crate::body::Body;
use crate::forward::{BaseUrl, ForwardError, ForwardOptions, HttpVersion, Target, dots};
use crate::outbound::Outbound;
use crate::policy::{EngineSettings, Exchange, Failure, Forward, Pipeline, Run, Section};

/// Begins to run the pipeline of a request, or `on-error` when it is refused.
pub(super) fn begin(
    snapshot: &Arc<Snapshot>,
    route: Route,
    request: Request<Body>,
    settings: Arc<EngineSettings>,
    caller: Caller,
) -> Run<ToBackends> {
    let mut exchange = Box::new(Exchange::new(request, settings));
    exchange.client = caller.address;
    exchange.facts.deployment = Some(snapshot.deployment.clone());
    if !matches!(route, Route::Operation(..)) && exchange.request.method == Method::OPTIONS {
        exchange = match preflight::answer(snapshot, exchange, &caller) {
            Ok(run) => return run,
            Err(exchange) => exchange,
        };
    }
    let forward = |api| ToBackends { snapshot: Arc::clone(snapshot), api, caller };
    let route = match route {
        Route::Operation(found, _)
            if leads_elsewhere(found.remainder(&exchange.request.original_uri), &exchange.settings) =>
        {
            Route::NoOperation(found)
        }
        route => route,
    };
    let (found, operation) = match route {
        Route::NoApi => return no_api(exchange, snapshot, forward(None)),
        Route::NoOperation(found) => (found, None),
        Route::Operation(found, operation) => (found, Some(operation)),
    };
    let Some(api) = snapshot.apis.get(found.api) else {
        return no_operation(exchange, &snapshot.global, forward(None));
    };
    let forward = forward(Some(found.api));
    enter(&mut exchange, api, found);
    exchange.look_for_debugger(|| snapshot.redactor());
    let Some((index, operation)) = operation.and_then(|index| Some((index, api.operations.get(index)?))) else {
        return no_operation(exchange, &api.pipeline, forward);
    };
    exchange.facts.operation = Some(operation.facts.clone());
    let state = &exchange.request;
    let grant = match snapshot.access.check(api.access, &state.original_uri, &state.headers) {
        Ok(grant) => grant,
        Err(denial) => return denied(exchange, api, operation.pipelines.of(None), forward, denial),
    };
    let facts = &mut exchange.facts;
    facts.product = grant.product.and_then(|product| snapshot.products.get(product)).cloned();
    facts.used_secondary_key = grant.used_secondary_key;
    if let Some(subscription) = grant.subscription.and_then(|index| snapshot.subscriptions.get(index)) {
        facts.subscription = Some(subscription.facts.clone());
        facts.user = subscription.user.clone();
    }
    exchange.mask_keys();
    if exchange.settings.removes_subscription_key
        && let Some((header, parameter)) = snapshot.access.key_names(api.access)
    {
        exchange.request.headers.remove(header);
        exchange.remove_query_parameter(parameter);
    }
    exchange.trace_entry("api-inspector", |exchange, _| inspected(exchange));
    let pipeline = operation.pipelines.of(grant.product);
    if pipeline.needs_parameters()
        && let Some(template) = snapshot.router.template(found.api, index)
    {
        let uri = &exchange.request.original_uri;
        let parameters = template.parameters(found.remainder(uri), uri.query()).unwrap_or_default();
        exchange.parameters = parameters.into_iter().map(|(name, value)| (name.into(), value.into_owned())).collect();
    }
    Run::new(exchange, pipeline.clone(), forward)
}

/// What a trace says of the configuration that serves a request.
fn inspected(exchange: &Exchange) -> Value {
    let facts = &exchange.facts;
    let base = |url: &BaseUrl| {
        let authority = url.authority();
        let default = if url.scheme().as_str() == "https" { 443 } else { 80 };
        let port = authority.port_u16().unwrap_or(default);
        json!({
            "scheme": url.scheme().as_str(),
            "host": authority.host(),
            "port": port,
            "path": if url.path().is_empty() { "/" } else { url.path() },
            "queryString": url.query().map_or_else(String::new, |query| format!("?{query}")),
            "query": {},
            "isDefaultPort": port == default,
        })
    };
    let api = facts.api.as_deref().map(|api| {
        json!({
            "from": format!("/{}", api.path),
            "to": api.service_url.as_deref().map(base),
            "version": Some(&*api.version).filter(|version| !version.is_empty()),
            "revision": &*api.revision,
        })
    });
    let operation = facts.operation.as_deref();
    let operation = operation.map(|known| json!({ "method": &*known.method, "uriTemplate": &*known.url_template }));
    let user = facts.user.as_deref().map(|user| {
        let groups: Vec<_> = user.groups.iter().map(|(_, name)| &**name).collect();
        json!({ "id": &*user.id, "groups": groups })
    });
    let product = facts.product.as_deref().map(|product| json!({ "id": &*product.id }));
    let none = || Value::from("-");
    json!({ "configuration": {
        "api": api,
        "operation": operation,
        "user": user.unwrap_or_else(none),
        "product": product.unwrap_or_else(none),
    } })
}

/// Whether a backend may serve something else under this path than the operation that matches it.
fn leads_elsewhere(remainder: &str, settings: &EngineSettings) -> bool {
    if settings.dot_segments_inside { dots::climb(remainder) } else { dots::lead_up(remainder) }
}

/// Whether a request that no API matches is answered all the same, other than with 404.
pub(super) fn answers_without_api<B>(snapshot: &Snapshot, request: &Request<B>, settings: &EngineSettings) -> bool {
    let is_for_file = is_for_cross_domain_file(request.method(), request.uri());
    (is_for_file && snapshot.global.cross_domain().is_some()) || preflight::is_for_versions(snapshot, request, settings)
}

fn is_for_cross_domain_file(method: &Method, uri: &Uri) -> bool {
    *method == Method::GET && uri.path() == "/crossdomain.xml"
}

fn no_api(exchange: Box<Exchange>, snapshot: &Snapshot, forward: ToBackends) -> Run<ToBackends> {
    let request = &exchange.request;
    if is_for_cross_domain_file(&request.method, &request.original_uri)
        && let Some(policy) = snapshot.global.cross_domain()
    {
        let mut response = Response::new(Body::from(policy.file().clone()));
        let content_type = HeaderValue::from_static("text/x-cross-domain-policy");
        response.headers_mut().insert(header::CONTENT_TYPE, content_type);
        return Run::answered(exchange, snapshot.global.clone(), forward, response);
    }
    no_operation(exchange, &snapshot.global, forward)
}

pub(super) fn enter(exchange: &mut Exchange, api: &ApiState, found: ApiMatch) {
    exchange.facts.api = Some(api.facts.clone());
    exchange.facts.workspace = api.workspace.clone();
    exchange.facts.backends = Some(api.directory.clone());
    exchange.target = api.target.clone();
    exchange.rest_starts_at(found.path_length);
    if api.soap.is_some() && matches!(found.remainder(&exchange.request.original_uri), "" | "/") {
        exchange.set_rest(soap::rest(&exchange.request.original_uri));
    }
    if api.protocol == Protocol::Graphql && found.remainder(&exchange.request.original_uri) == "/" {
        // The service URL is the endpoint itself.
        let query = exchange.request.original_uri.query().map_or(String::new(), |query| format!("?{query}"));
        exchange.set_rest(query);
    }
}

fn no_operation(exchange: Box<Exchange>, pipeline: &Arc<Pipeline>, forward: ToBackends) -> Run<ToBackends> {
    let message = "Unable to match incoming request to an operation.";
    let failure =
        Failure::refused(StatusCode::NOT_FOUND, "OperationNotFound", message).public_message("Resource not found");
    Run::failed(exchange, pipeline.clone(), forward, "configuration", Section::Backend, &failure)
}

fn denied(
    exchange: Box<Exchange>,
    api: &ApiState,
    pipeline: &Arc<Pipeline>,
    forward: ToBackends,
    denial: Denial,
) -> Run<ToBackends> {
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
    Run::failed(exchange, pipeline.clone(), forward, "authorization", Section::Inbound, &failure)
}

/// Sends what a pipeline forwards to the backends of its configuration.
#[doc(hidden)]
#[derive(Clone)]
pub struct ToBackends {
    snapshot: Arc<Snapshot>,
    /// The index of the API.
    api: Option<usize>,
    caller: Caller,
}

impl ToBackends {
    /// For requests that no backend is to see: `on-error` alone runs.
    pub(super) fn unused(snapshot: &Arc<Snapshot>, caller: &Caller) -> Self {
        Self { snapshot: Arc::clone(snapshot), api: None, caller: caller.clone() }
    }

    /// Lets the request be served here when it is for the gateway itself.
    fn offer(&self, backends: &Backends, target: &Target, request: &mut Request<Body>, options: &ForwardOptions) {
        if let Some(stand_in) = &self.caller.stand_in {
            request.extensions_mut().insert(InProcess(Arc::clone(stand_in)));
            return;
        }
        let Some(own) = &self.snapshot.own else { return };
        let may_be_own = options.follow_redirects
            || match target {
                Target::Url(base) => own.names.may_be(base),
                Target::Backend(id) => backends.may_reach(id, |base| own.names.may_be(base)),
            };
        if may_be_own {
            let caller = Caller { address: options.client_ip, ..self.caller.clone() };
            let server = OwnServer { snapshot: Arc::clone(&self.snapshot), caller };
            request.extensions_mut().insert(InProcess(Arc::new(server)));
        }
    }
}

impl Forward for ToBackends {
    type Future = ToBackendsFuture;

    fn forward(
        &mut self,
        target: Option<Target>,
        mut request: Request<Body>,
        mut options: ForwardOptions,
    ) -> Self::Future {
        let Some(target) = target else { return ToBackendsFuture { call: None } };
        let api = self.api.and_then(|api| self.snapshot.apis.get(api));
        let backends = api.map_or(&self.snapshot.backends, |api| &api.backends);
        match api.map(|api| api.protocol) {
            Some(Protocol::WebSocket | Protocol::Graphql) => options.websocket = true,
            Some(Protocol::Grpc) if options.http_version == HttpVersion::Http1 => {
                options.http_version = HttpVersion::Http2;
            }
            _ => {}
        }
        if let (true, Some(api)) = (options.follow_redirects, api)
            && let Some(key) = request.headers_mut().get_mut(&*api.facts.subscription_key_header)
        {
            // It is not for the host that a redirect may lead to.
            key.set_sensitive(true);
        }
        self.offer(backends, &target, &mut request, &options);
        ToBackendsFuture { call: Some(backends.call(&target, request, &options)) }
    }

    fn outbound(&self, exchange: &Exchange) -> Option<Arc<dyn Outbound>> {
        let api = self.api.and_then(|api| self.snapshot.apis.get(api));
        let backends = api.map_or(&self.snapshot.backends, |api| &api.backends);
        let given = exchange.settings.outbound.clone();
        let inner = given.unwrap_or_else(|| Arc::clone(backends) as Arc<dyn Outbound>);
        if self.snapshot.own.is_none() {
            return Some(inner);
        }
        let caller = Caller { address: exchange.client_ip(), ..self.caller.clone() };
        Some(Arc::new(OwnFirst { server: OwnServer { snapshot: Arc::clone(&self.snapshot), caller }, inner }))
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
