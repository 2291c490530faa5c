//! The gateway as a service and as a layer.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body as HttpBody;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::own_calls::{Caller, OwnCalls, Unmatched};
use super::own_names::OwnNames;
use super::problem::{ConfigurationError, Problem};
use super::router::Route;
use super::serve::{self, ToBackends};
use super::snapshot::{Snapshot, Surroundings};
use super::soap;
#[cfg(feature = "testing")]
use crate::backend::Serve;
use crate::backend::{HealthWatch, Resilience, Transport};
use crate::body::{Body, BoxError};
use crate::clock::Clock;
use crate::load;
use crate::model::Store;
use crate::outbound::Outbound;
use crate::policy::{CustomPolicies, CustomPolicy, EngineSettings, RequestTracing, Run};

/// An API gateway: takes a client's request, finds its API and operation, checks its key, and runs the pipeline.
///
/// It never fails: an error is a response. Clones share everything; [`replace`](Self::replace) changes the
/// configuration of all of them at once, between requests.
///
/// ```
/// use gatewright::gateway::Gateway;
/// use gatewright::model::{Api, ApiEntry, Operation, Store};
/// use gatewright::Body;
/// use http::Request;
/// use tower::ServiceExt as _;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut store = Store::new();
/// let mut echo = ApiEntry::new(Api::new("echo").service_url("http://127.0.0.1:9"));
/// echo.operations.insert("get", Operation::new("GET", "/items/{id}").into());
/// store.service.apis.insert("echo", echo);
///
/// let gateway = Gateway::builder().build(&store)?;
/// let response = gateway.oneshot(Request::get("/echo/items/7").body(Body::empty())?).await?;
/// assert_eq!(response.status(), 401); // there is no subscription key
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Gateway {
    shared: Arc<Shared>,
    /// The caller of all requests, when a host has a gateway for each connection.
    client: Option<IpAddr>,
}

struct Shared {
    snapshot: ArcSwap<Snapshot>,
    settings: Arc<EngineSettings>,
    transport: Transport,
    resilience: Resilience,
    own_calls: OwnCallSettings,
    custom: CustomPolicies,
}

/// What a builder says about calls of the gateway to itself.
#[derive(Clone, Debug)]
struct OwnCallSettings {
    is_on: bool,
    names: Vec<String>,
    most: usize,
}

impl Default for OwnCallSettings {
    fn default() -> Self {
        Self { is_on: true, names: Vec::new(), most: 5 }
    }
}

impl OwnCallSettings {
    fn snapshot(
        &self,
        store: &Store,
        settings: &Arc<EngineSettings>,
        surroundings: Surroundings<'_>,
    ) -> Result<Snapshot, ConfigurationError> {
        let mut snapshot = Snapshot::within(store, surroundings)?;
        let service = store.name.as_ref().map(|name| format!("{name}.azure-api.net"));
        let names = self.names.iter().chain(&store.host_names).chain(&service).map(String::as_str);
        let names = OwnNames::new(names.filter(|_| self.is_on));
        snapshot.own = (!names.is_empty()).then(|| OwnCalls { names, most: self.most, settings: Arc::clone(settings) });
        Ok(snapshot)
    }
}

impl Gateway {
    /// Starts without a configuration.
    pub fn builder() -> GatewayBuilder {
        GatewayBuilder::default()
    }

    /// Serves another configuration from now on; requests that have begun end with the one they began with.
    ///
    /// It compiles all documents, so it blocks for a while: call it through `spawn_blocking` where requests are served.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError`] with everything that is wrong; the gateway then goes on with what it has.
    pub fn replace(&self, store: &Store) -> Result<(), ConfigurationError> {
        let Shared { own_calls, transport, settings, resilience, custom, .. } = &*self.shared;
        let checks_revocation = settings.revocation.is_some();
        let surroundings = Surroundings { transport, resilience, custom, checks_revocation };
        let snapshot = own_calls.snapshot(store, settings, surroundings)?;
        self.shared.snapshot.store(Arc::new(snapshot));
        Ok(())
    }

    /// The same gateway for the requests of one caller: what a host uses that makes a service for each connection.
    ///
    /// The address is what `context.Request.IpAddress`, `ip-filter` and `X-Forwarded-For` see. A
    /// [`ClientAddress`](crate::forward::ClientAddress) in the extensions of a request wins; it costs more.
    #[must_use]
    pub fn client(&self, address: IpAddr) -> Self {
        Self { shared: self.shared.clone(), client: Some(address) }
    }

    /// The configuration that new requests are served with.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.shared.snapshot.load_full()
    }

    /// Waits until no request is under way that nobody waits for: those of `send-one-way-request` and `log-to-eventhub`.
    /// A host does so before it ends, when it takes no more requests.
    pub async fn drained(&self) {
        self.shared.settings.deliveries.drained().await;
    }

    /// Makes the health checks of the configuration in use, for ever: a host that sets some runs this in a task of its own.
    pub async fn watch_health(&self) {
        let mut watch = HealthWatch::default();
        loop {
            let pause = self.snapshot().backends().map(|backends| watch.begin(backends)).min();
            // Another configuration may have come.
            watch.go_on(pause.unwrap_or(Duration::MAX).min(Duration::from_secs(1))).await;
        }
    }

    /// Begins to serve one request whose backends are all played by `stand_in`.
    #[cfg(feature = "testing")]
    pub(crate) fn begin(&self, request: Request<Body>, stand_in: Arc<dyn Serve>) -> Run<ToBackends> {
        let snapshot = self.shared.snapshot.load();
        let route = snapshot.route(request.method(), request.uri(), request.headers());
        let caller = Caller { address: self.client, stand_in: Some(stand_in), ..Caller::default() };
        serve::begin(&snapshot, route, request, self.shared.settings.clone(), caller)
    }

    fn serve<B>(&self, snapshot: &Arc<Snapshot>, route: Route, request: Request<B>, unmatched: Unmatched) -> Serving
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let caller = Caller { address: self.client, unmatched, ..Caller::default() };
        let by_body = snapshot.told_by_body(route, request.method(), request.uri(), request.headers());
        let (request, settings) = (request.map(Body::new), self.shared.settings.clone());
        match by_body {
            None => Serving::Run { run: serve::begin(snapshot, route, request, settings, caller) },
            Some(found) => {
                Serving::Reads { begin: Box::pin(soap::begin(Arc::clone(snapshot), found, request, settings, caller)) }
            }
        }
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gateway").field("snapshot", &self.shared.snapshot.load()).finish_non_exhaustive()
    }
}

/// Makes a [`Gateway`].
#[derive(Debug, Default)]
#[must_use]
pub struct GatewayBuilder {
    settings: EngineSettings,
    transport: Option<Transport>,
    resilience: Option<Resilience>,
    own_calls: OwnCallSettings,
    custom: CustomPolicies,
}

impl GatewayBuilder {
    /// What backends are reached over; by default a [`Transport`] with default settings.
    pub fn transport(mut self, transport: Transport) -> Self {
        self.transport = Some(transport);
        self
    }

    /// The state of circuit breakers, which outlives a configuration, and how backends are guarded beyond what entities
    /// say; by default one with the gateway's clock and no options.
    pub fn resilience(mut self, resilience: Resilience) -> Self {
        self.resilience = Some(resilience);
        self
    }

    /// Clock, limits and sinks.
    pub fn settings(mut self, settings: EngineSettings) -> Self {
        self.settings = settings;
        self
    }

    /// Adds a name under which the gateway is reached: `host` on the default ports, or `host:port`.
    ///
    /// Requests that policies and backends send to one of its own names are served in process, as are those to `localhost`
    /// or a loopback address whose `Host` is one of its names. The names in the store are always known, and so is
    /// `{service}.azure-api.net`.
    pub fn host_name(mut self, name: impl Into<String>) -> Self {
        self.own_calls.names.push(name.into());
        self
    }

    /// Whether calls of the gateway to itself are served in process; true by default. Otherwise they go over the network
    /// as all others do.
    pub fn own_calls_in_process(mut self, served: bool) -> Self {
        self.own_calls.is_on = served;
        self
    }

    /// How many calls of the gateway to itself may follow each other in process, 5 by default; the next one is answered
    /// with 508.
    pub fn most_own_calls(mut self, most: usize) -> Self {
        self.own_calls.most = most;
        self
    }

    /// Adds a policy of one's own, for the documents of all configurations; it takes the place of any other one with
    /// the same element.
    pub fn policy(mut self, policy: impl CustomPolicy) -> Self {
        self.custom.add(policy);
        self
    }

    /// Counts and caches in Redis, which other gateways share: for limits and quotas, and as the external cache.
    #[cfg(feature = "redis")]
    pub fn redis(mut self, stores: &crate::state::RedisStores) -> Self {
        self.settings.counters = stores.counters();
        self.settings.external_cache = Some(stores.cache());
        self
    }

    /// What sends the requests that policies make on their own; by default the backends of the configuration do, over the
    /// transport. Calls of the gateway to itself are served in process all the same.
    pub fn outbound(mut self, outbound: Arc<dyn Outbound>) -> Self {
        self.settings.outbound = Some(outbound);
        self
    }

    #[cfg(feature = "testing")]
    pub(crate) fn policies(mut self, policies: CustomPolicies) -> Self {
        self.custom = policies;
        self
    }

    /// Which requests are traced, and where their traces go; none by default.
    pub fn request_tracing(mut self, tracing: RequestTracing) -> Self {
        self.settings.request_tracing = Some(tracing);
        self
    }

    /// The time that expressions and policies see.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.settings.clock = clock;
        self
    }

    /// The gateway, which serves the configuration in `store`.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError`] with everything that is wrong.
    pub fn build(mut self, store: &Store) -> Result<Gateway, ConfigurationError> {
        let transport = match self.transport {
            Some(transport) => transport,
            None => Transport::builder().build().map_err(|error| {
                let message = error.to_string();
                ConfigurationError(vec![Problem::Entity { entity: "transport".to_owned(), message }])
            })?,
        };
        let resilience = self.resilience.unwrap_or_else(|| Resilience::new().clock(self.settings.clock.clone()));
        if self.settings.tokens.is_none() {
            self.settings.tokens = transport.tokens().cloned();
        }
        let settings = Arc::new(self.settings);
        let surroundings = Surroundings {
            transport: &transport,
            resilience: &resilience,
            custom: &self.custom,
            checks_revocation: settings.revocation.is_some(),
        };
        let snapshot = ArcSwap::from_pointee(self.own_calls.snapshot(store, &settings, surroundings)?);
        let (own_calls, custom) = (self.own_calls, self.custom);
        let shared = Arc::new(Shared { snapshot, settings, transport, resilience, own_calls, custom });
        Ok(Gateway { shared, client: None })
    }

    /// The gateway, which serves the configuration in an ARM template or a folder. It reads files, so it blocks.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError`] with everything that is wrong with the files, or else with the entities in them.
    pub fn load(self, path: impl AsRef<Path>) -> Result<Gateway, ConfigurationError> {
        self.build(&load::path(path)?.store)
    }
}

impl<B> Service<Request<B>> for Gateway
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = GatewayFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> GatewayFuture {
        let snapshot = self.shared.snapshot.load();
        let route = snapshot.route(request.method(), request.uri(), request.headers());
        GatewayFuture { serving: self.serve(&snapshot, route, request, Unmatched::Refused) }
    }
}

pin_project! {
    /// The future of [`Gateway`].
    #[must_use = "futures do nothing unless polled"]
    pub struct GatewayFuture {
        #[pin]
        serving: Serving,
    }
}

pin_project! {
    /// A request under way.
    #[project = ServingProjection]
    enum Serving {
        Run {
            #[pin]
            run: Run<ToBackends>,
        },
        // The body has to tell the operation first.
        Reads {
            begin: Pin<Box<dyn Future<Output = Run<ToBackends>> + Send>>,
        },
    }
}

impl Future for Serving {
    type Output = Response<Body>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response<Body>> {
        loop {
            let run = match self.as_mut().project() {
                ServingProjection::Run { run } => return run.poll(cx),
                ServingProjection::Reads { begin } => ready!(begin.as_mut().poll(cx)),
            };
            self.set(Self::Run { run });
        }
    }
}

impl Future for GatewayFuture {
    type Output = Result<Response<Body>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().serving.poll(cx).map(Ok)
    }
}

/// Puts a gateway in front of a service: what matches no API falls through to it.
#[derive(Clone, Debug)]
pub struct GatewayLayer(Gateway);

impl GatewayLayer {
    /// A layer of a gateway, with which it shares everything.
    pub fn new(gateway: Gateway) -> Self {
        Self(gateway)
    }
}

impl<S> Layer<S> for GatewayLayer {
    type Service = GatewayService<S>;

    fn layer(&self, inner: S) -> GatewayService<S> {
        GatewayService { gateway: self.0.clone(), inner }
    }
}

/// A service with a gateway in front.
#[derive(Clone, Debug)]
pub struct GatewayService<S> {
    gateway: Gateway,
    inner: S,
}

impl<S, B, R> Service<Request<B>> for GatewayService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
    R: HttpBody<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = GatewayServiceFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let snapshot = self.gateway.shared.snapshot.load();
        let state = match snapshot.route(request.method(), request.uri(), request.headers()) {
            Route::NoApi if !serve::answers_without_api(&snapshot, &request, &self.gateway.shared.settings) => {
                State::Inner { response: self.inner.call(request) }
            }
            route => State::Run { run: self.gateway.serve(&snapshot, route, request, Unmatched::FallsThrough) },
        };
        GatewayServiceFuture { state }
    }
}

pin_project! {
    /// The future of [`GatewayService`].
    #[must_use = "futures do nothing unless polled"]
    pub struct GatewayServiceFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F> {
        Run {
            #[pin]
            run: Serving,
        },
        Inner {
            #[pin]
            response: F,
        },
    }
}

impl<F, R, E> Future for GatewayServiceFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: HttpBody<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    type Output = Result<Response<Body>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Run { run } => run.poll(cx).map(Ok),
            StateProjection::Inner { response } => {
                Poll::Ready(ready!(response.poll(cx)).map(|response| response.map(Body::new)))
            }
        }
    }
}
