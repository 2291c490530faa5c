//! One backend as a service.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use tower_service::Service;

use super::build_error::BuildError;
use super::certificates::Certificates;
use super::client::Client;
use super::credentials::{AwaitedToken, Identity, set_authorization};
use super::error::Error;
use super::outgoing;
use super::single::{self, Single, Surroundings};
use super::transport::Transport;
use crate::forward::{ClientAddress, ForwardOptions, hop_by_hop};
use crate::model;
use crate::secret::NamedValues;

/// One Backend entity as a `tower` service: requests whose URI is a path and query go to the entity's URL.
///
/// It joins the URL, sets `Host`, takes out hop-by-hop headers, appends the caller's address to `X-Forwarded-For` and
/// adds the credentials, a token of its managed identity among them; then `S` sends. [`ForwardOptions`] and [`ClientAddress`] in the extensions of a request are
/// obeyed, except `follow_redirects`, which only [`Backends`](super::Backends) does.
///
/// ```
/// use gatewright::backend::{BackendService, Transport};
/// use gatewright::model::Backend;
/// use gatewright::secret::NamedValues;
///
/// let orders = Backend::new("https://orders.internal/api")?;
/// let transport = Transport::builder().native_roots(false).build()?;
/// let service = BackendService::new("orders", &orders, &NamedValues::new(), &transport)?;
/// # let _ = service;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct BackendService<S = Client> {
    single: Arc<Single>,
    token: Option<AwaitedToken>,
    inner: S,
}

impl BackendService {
    /// The service of an entity over the network.
    ///
    /// # Errors
    ///
    /// [`BuildError`] as for [`BackendsBuilder::build`](super::BackendsBuilder::build), and for circuit breakers, which need
    /// a [`CircuitBreakerLayer`](super::CircuitBreakerLayer), and Service Fabric clusters, which need
    /// [`Backends`](super::Backends).
    pub fn new(
        id: &str,
        backend: &model::Backend,
        values: &NamedValues,
        transport: &Transport,
    ) -> Result<Self, BuildError> {
        single::refuse_breaker(id, backend)?;
        let identity = single::identity(id, backend, values, transport.tokens())?.map(Arc::new);
        let single = Arc::new(Single::new(id, backend, values)?);
        let around = Surroundings { values, transport, certificates: &Certificates::default(), authorities: None };
        Ok(Self::around(single, identity, single::client(id, backend, &around)?))
    }
}

impl<S> BackendService<S> {
    pub(super) fn around(single: Arc<Single>, identity: Option<Arc<Identity>>, inner: S) -> Self {
        Self { single, token: identity.map(AwaitedToken::new), inner }
    }
}

impl<S, B, R> Service<Request<B>> for BackendService<S>
where
    S: Service<Request<B>, Response = Response<R>>,
    S::Error: From<Error>,
    B: http_body::Body,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = BackendFuture<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        if let Some(token) = &mut self.token {
            ready!(token.poll_ready(cx));
        }
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let mut options = request.extensions().get::<ForwardOptions>().cloned().unwrap_or_default();
        let address = request.extensions().get::<ClientAddress>();
        options.client_ip = options.client_ip.or(address.map(|address| address.0));
        let version = outgoing::version(request.headers(), &options);
        if let Some(known) = request.extensions_mut().get_mut::<ForwardOptions>() {
            known.http_version = version;
        }
        let prepared = outgoing::prepare(&mut request, &self.single.destination(), &options);
        let token = self.token.as_mut().map(AwaitedToken::take).transpose();
        match prepared.and(token).map(|token| token.map(|token| set_authorization(request.headers_mut(), token))) {
            Ok(_) => BackendFuture { state: State::Sent { response: self.inner.call(request) } },
            Err(error) => BackendFuture { state: State::Failed { error: Some(error.of(Arc::clone(&self.single.id))) } },
        }
    }
}

impl<S> fmt::Debug for BackendService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackendService").field("id", &self.single.id).finish_non_exhaustive()
    }
}

pin_project_lite::pin_project! {
    /// The response of a [`BackendService`], to come.
    #[must_use = "futures do nothing unless polled"]
    pub struct BackendFuture<F> {
        #[pin]
        state: State<F>,
    }
}

pin_project_lite::pin_project! {
    #[project = StateProj]
    enum State<F> {
        Failed { error: Option<Error> },
        Sent { #[pin] response: F },
    }
}

impl<F, R, E> Future for BackendFuture<F>
where
    F: Future<Output = Result<Response<R>, E>>,
    E: From<Error>,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProj::Sent { response } => Poll::Ready(ready!(response.poll(cx)).map(|mut response| {
                hop_by_hop::strip_response(response.headers_mut());
                response
            })),
            // A future that is polled again after it has failed stays silent.
            StateProj::Failed { error } => error.take().map_or(Poll::Pending, |error| Poll::Ready(Err(error.into()))),
        }
    }
}

impl<F> fmt::Debug for BackendFuture<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackendFuture").finish_non_exhaustive()
    }
}
