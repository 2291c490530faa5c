//! The gateway as a service.

mod builder;
mod layer;

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{Request, Response};
use http_body::Body as HttpBody;
use pin_project_lite::pin_project;
use tower_service::Service;

use super::own_calls::{Caller, Unmatched};
use super::problem::ConfigurationError;
use super::router::Route;
use super::serve::{self, ToBackends};
use super::snapshot::{Abilities, Snapshot, Surroundings};
use super::soap;
#[cfg(feature = "testing")]
use crate::backend::Serve;
use crate::backend::{Jobs, Resilience, Transport};
use crate::body::{Body, BoxError};
use crate::model::Store;
use crate::policy::{Dialect, EngineSettings, Run};
pub use builder::GatewayBuilder;
use builder::OwnCallSettings;
pub use layer::{GatewayLayer, GatewayService, GatewayServiceFuture};

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
    dialect: Dialect,
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
        self.adopt(self.prepare(store)?);
        Ok(())
    }

    /// Compiles another configuration, which is not served yet.
    pub(crate) fn prepare(&self, store: &Store) -> Result<Arc<Snapshot>, ConfigurationError> {
        let Shared { own_calls, transport, settings, resilience, dialect, .. } = &*self.shared;
        let surroundings = Surroundings { transport, resilience, dialect, abilities: Abilities::of(settings) };
        own_calls.snapshot(store, settings, surroundings).map(Arc::new)
    }

    /// Serves a configuration that was compiled, from now on.
    pub(crate) fn adopt(&self, snapshot: Arc<Snapshot>) {
        self.shared.snapshot.store(snapshot);
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
        let mut jobs = Jobs::default();
        loop {
            let pause = self.snapshot().backends().map(|backends| backends.begin_checks(&mut jobs)).min();
            // Another configuration may have come.
            jobs.go_on(pause.unwrap_or(Duration::MAX).min(Duration::from_secs(1))).await;
        }
    }

    /// Resolves the addresses of Service Fabric services again that are in use, before they are old, for ever: a host that
    /// sets [`refresh_addresses`](crate::backend::BackendOptions::refresh_addresses) runs this in a task of its own.
    pub async fn watch_addresses(&self) {
        let mut jobs = Jobs::default();
        loop {
            let pause = self.snapshot().backends().map(|backends| backends.begin_refreshes(&mut jobs)).min();
            jobs.go_on(pause.unwrap_or(Duration::MAX).min(Duration::from_secs(1))).await;
        }
    }

    /// Looks up the names of members of pools in the configuration in use, for ever: a host that sets
    /// [`PoolOptions::member_per_address`](crate::backend::PoolOptions::member_per_address) runs this in a task of its own.
    pub async fn watch_names(&self) {
        let mut jobs = Jobs::default();
        loop {
            let pause = self.snapshot().backends().map(|backends| backends.begin_look_ups(&mut jobs)).min();
            // Another configuration may have come.
            jobs.go_on(pause.unwrap_or(Duration::MAX).min(Duration::from_secs(1))).await;
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

    impl PinnedDrop for Serving {
        fn drop(this: Pin<&mut Self>) {
            // The caller has gone before there was a response.
            if let ServingProjection::Run { mut run } = this.project()
                && let Some(rest) = run.as_mut().abandoned()
            {
                let deliveries = rest.settings().deliveries.clone();
                deliveries.finish(rest);
            }
        }
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
