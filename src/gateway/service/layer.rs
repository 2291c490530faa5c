//! The gateway in front of another service.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body as HttpBody;
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::super::own_calls::Unmatched;
use super::super::router::Route;
use super::super::serve;
use super::{Gateway, Serving};
use crate::body::{Body, BoxError};

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
