//! Runs a pipeline around any service.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Request, Response, Uri};
use http_body::Body as HttpBody;
use pin_project_lite::pin_project;
use tower::ServiceExt as _;
use tower::util::Oneshot;
use tower_layer::Layer;
use tower_service::Service;

use super::document::Document;
use super::exchange::Exchange;
use super::link::link;
use super::pipeline::Pipeline;
use super::run::{Forward, Run};
use super::settings::EngineSettings;
use crate::body::{Body, BoxError};
use crate::forward::{ForwardError, ForwardOptions, Target};
use crate::outbound::Outbound;

/// Puts policy documents around a service.
///
/// At `forward-request` the service is called with the request as policies have changed it. What
/// policies ask of the way there (a proxy, a client certificate, an HTTP version, a `Host` of their own) is in the
/// request's extensions as [`ForwardOptions`]; where `set-backend-service` chose a target, it
/// is there as a [`Target`], and the URI holds only what follows it. Without a target the URI has the scheme and the host
/// that the caller's had, unless a policy set `Host`.
///
/// An error of the service is reported as it says itself when it is a [`ForwardError`] or has one among its sources, as
/// all errors of backends have: reason, message, status and `Retry-After`. Any other is a `BackendConnectionFailure`.
#[derive(Clone)]
pub struct PolicyLayer {
    pipeline: Arc<Pipeline>,
    settings: Arc<EngineSettings>,
}

impl PolicyLayer {
    /// Runs these documents, given from the broadest scope to the narrowest.
    pub fn new(documents: impl IntoIterator<Item = Document>) -> Self {
        let documents: Vec<_> = documents.into_iter().collect();
        Self::from_pipeline(link(&documents))
    }

    /// Runs a pipeline that is linked already.
    pub fn from_pipeline(pipeline: impl Into<Arc<Pipeline>>) -> Self {
        Self { pipeline: pipeline.into(), settings: Arc::default() }
    }

    /// Clock, limits and sinks.
    #[must_use]
    pub fn settings(mut self, settings: EngineSettings) -> Self {
        self.settings = Arc::new(settings);
        self
    }

    /// What sends the requests that policies make on their own; without it `send-request` and its kin fail.
    #[must_use]
    pub fn outbound(mut self, outbound: Arc<dyn Outbound>) -> Self {
        Arc::make_mut(&mut self.settings).outbound = Some(outbound);
        self
    }
}

impl fmt::Debug for PolicyLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyLayer").finish_non_exhaustive()
    }
}

impl<S> Layer<S> for PolicyLayer {
    type Service = Policy<S>;

    fn layer(&self, inner: S) -> Policy<S> {
        Policy { inner, unready: None, pipeline: self.pipeline.clone(), settings: self.settings.clone() }
    }
}

/// A service with policies around it.
///
/// It never fails: an error of the inner service is a failed `forward-request`, which `on-error` sees.
#[derive(Clone)]
pub struct Policy<S> {
    inner: S,
    /// Why the inner service takes no request any more; each `forward-request` fails so.
    unready: Option<ForwardError>,
    pipeline: Arc<Pipeline>,
    settings: Arc<EngineSettings>,
}

impl<S: fmt::Debug> fmt::Debug for Policy<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<S, B, R> Service<Request<B>> for Policy<S>
where
    S: Service<Request<Body>, Response = Response<R>> + Clone,
    S::Error: Into<BoxError>,
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
    R: HttpBody<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = PolicyFuture<S>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // A service that has failed to become ready is not to be asked again.
        if self.unready.is_none() {
            self.unready = ready!(self.inner.poll_ready(cx)).err().map(|error| failed(error.into()));
        }
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> PolicyFuture<S> {
        let clone = self.inner.clone();
        let spare = self.pipeline.forwards_repeatedly().then(|| clone.clone());
        // The service that was polled ready takes the request; its clone waits for the next one.
        let ready = std::mem::replace(&mut self.inner, clone);
        let origin = request.uri().authority().is_some().then(|| Box::new(request.uri().clone()));
        let exchange = Box::new(Exchange::new(request.map(Body::new), self.settings.clone()));
        let forward = ForwardToService { ready: Some(ready), spare, unready: self.unready.clone(), origin };
        PolicyFuture { run: Run::serve(exchange, &self.pipeline, forward) }
    }
}

pin_project! {
    /// The future of [`Policy`].
    #[must_use = "futures do nothing unless polled"]
    pub struct PolicyFuture<S>
    where
        ForwardToService<S>: Forward,
    {
        #[pin]
        run: Run<ForwardToService<S>>,
    }
}

impl<S> Future for PolicyFuture<S>
where
    ForwardToService<S>: Forward,
{
    type Output = Result<Response<Body>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.project().run.poll(cx).map(Ok)
    }
}

/// Calls the inner service.
#[doc(hidden)]
pub struct ForwardToService<S> {
    /// The service that was polled ready.
    ready: Option<S>,
    /// For a pipeline that forwards more than once.
    spare: Option<S>,
    unready: Option<ForwardError>,
    /// The caller's URI, when it names a host: over HTTP/2 nothing else does.
    origin: Option<Box<Uri>>,
}

impl<S, R> Forward for ForwardToService<S>
where
    S: Service<Request<Body>, Response = Response<R>> + Clone,
    S::Error: Into<BoxError>,
    R: HttpBody<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    type Future = ServiceFuture<S>;

    fn forward(&mut self, target: Option<Target>, mut request: Request<Body>, options: ForwardOptions) -> Self::Future {
        if let (Some(origin), None, false) = (&self.origin, &target, options.keep_host) {
            let rest = std::mem::take(request.uri_mut());
            *request.uri_mut() = with_authority(origin, rest);
        }
        if target.is_some() || !options.is_plain() {
            request.extensions_mut().insert(options);
        }
        if let Some(target) = target {
            request.extensions_mut().insert(target);
        }
        let service = self.ready.take().or_else(|| self.spare.clone());
        let unready = self.unready.clone();
        let call = if unready.is_some() { None } else { service.map(|service| service.oneshot(request)) };
        ServiceFuture { call, unready }
    }
}

pin_project! {
    /// One call of the inner service.
    #[doc(hidden)]
    pub struct ServiceFuture<S: Service<Request<Body>>> {
        #[pin]
        call: Option<Oneshot<S, Request<Body>>>,
        unready: Option<ForwardError>,
    }
}

impl<S, R> Future for ServiceFuture<S>
where
    S: Service<Request<Body>, Response = Response<R>>,
    S::Error: Into<BoxError>,
    R: HttpBody<Data = Bytes> + Send + 'static,
    R::Error: Into<BoxError>,
{
    type Output = Result<Response<Body>, ForwardError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let Some(call) = this.call.as_pin_mut() else {
            let unready = this.unready.take();
            return Poll::Ready(Err(unready.unwrap_or_else(|| failed("the service was called already".into()))));
        };
        call.poll(cx).map(|outcome| match outcome {
            Ok(response) => Ok(response.map(Body::new)),
            Err(error) => Err(failed(error.into())),
        })
    }
}

/// A path and query, with the scheme and authority of another URI.
fn with_authority(origin: &Uri, rest: Uri) -> Uri {
    let mut parts = rest.clone().into_parts();
    (parts.scheme, parts.authority) = (origin.scheme().cloned(), origin.authority().cloned());
    Uri::from_parts(parts).unwrap_or(rest)
}

/// An error of the inner service, as `forward-request` reports it.
fn failed(error: BoxError) -> ForwardError {
    ForwardError::within(&*error).cloned().unwrap_or_else(|| ForwardError {
        reason: "BackendConnectionFailure",
        message: error.to_string().into(),
        status: 500,
        retry_after: None,
    })
}
