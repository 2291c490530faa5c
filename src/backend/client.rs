//! Sends requests over pooled connections.

use std::error::Error as StdError;
use std::fmt;
use std::future::ready;
use std::pin::Pin;
use std::sync::{Arc, OnceLock, Weak};
use std::task::{self, Context, Poll};
use std::time::Duration;

use http::header::{CONNECTION, PROXY_AUTHORIZATION, TE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::client::legacy::{Client as HyperClient, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tower_service::Service;

use super::connect::{self, ConnectError, Connector};
use super::connections::{Connections, ExchangeError};
use super::error::{Error, Kind};
use super::expectation::Expectation;
use super::in_process::{InProcess, Served};
use super::link::Link;
use super::tls::Tls;
use super::upgrade;
use super::watched_body::Watch;
use crate::Body;
use crate::forward::{ForwardOptions, HttpVersion, hop_by_hop};

/// Sends requests with absolute URIs, over HTTP/1.1 unless [`ForwardOptions`] in their extensions say otherwise.
///
/// Made by [`Transport::client`](super::Transport::client). Hop-by-hop headers are taken out of responses; requests are
/// sent as they are. Bodies stream both ways. Dropping the future gives the request up.
#[derive(Clone)]
pub struct Client(Arc<Versions>);

/// One pool for each version setting, since connections are found again by scheme and authority only.
struct Versions {
    http1: OnceLock<Connections>,
    http2: OnceLock<HyperClient<Connector, Body>>,
    http2_or_1: OnceLock<HyperClient<Connector, Body>>,
    configs: [Arc<rustls::ClientConfig>; 3],
    link: Link,
    limits: Limits,
}

/// How long clients wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) connect: Duration,
    /// For something to come over a WebSocket connection.
    pub(super) websocket_idle: Duration,
}

/// A client that others may have dropped.
pub(super) struct WeakClient(Weak<Versions>);

impl WeakClient {
    pub(super) fn upgrade(&self) -> Option<Client> {
        self.0.upgrade().map(Client)
    }
}

impl Client {
    pub(super) fn new(tls: &Tls, link: Link, limits: Limits) -> Self {
        Self(Arc::new(Versions {
            http1: OnceLock::new(),
            http2: OnceLock::new(),
            http2_or_1: OnceLock::new(),
            configs: tls.configs(&link, [&[b"http/1.1"], &[b"h2"], &[b"h2", b"http/1.1"]]),
            link,
            limits,
        }))
    }

    pub(super) fn downgrade(&self) -> WeakClient {
        WeakClient(Arc::downgrade(&self.0))
    }

    /// Closes the HTTP/1.1 connections to a host and port, those in use when their response is over.
    pub(super) fn reconnect(&self, authority: &str) {
        if let Some(connections) = self.0.http1.get() {
            connections.reconnect(authority);
        }
    }

    /// How its connections are made.
    pub(super) fn link(&self) -> &Link {
        &self.0.link
    }

    pub(super) fn send(&self, mut request: Request<Body>, version: HttpVersion) -> ClientFuture {
        if let Some(response) = InProcess::serve(&mut request) {
            return ClientFuture(State::Served(response));
        }
        let uri = request.uri();
        if uri.scheme().is_none() || uri.authority().is_none() || request.method() == Method::CONNECT {
            let why = "its URI is not absolute, or it asks for a tunnel";
            return ClientFuture(State::Served(Box::pin(ready(Err(Error::caused_by(Kind::Unsendable, why))))));
        }
        let caller = upgrade::caller(&mut request);
        if caller.is_some() || version == HttpVersion::Http1 {
            return self.send_http1(request, caller);
        }
        // Over HTTP/2 an error of the request's body comes back as an error of the stream.
        let watch = Watch::over(request.body_mut());
        let is_proxied = self.ask_proxy(&mut request, version == HttpVersion::Http2);
        let response = self.0.of(version).request(request);
        ClientFuture(State::Sent { response, watch, is_proxied })
    }

    fn send_http1(&self, mut request: Request<Body>, caller: Option<OnUpgrade>) -> ClientFuture {
        // Only HTTP/1.1 tells of interim responses.
        let expectation = Expectation::of(&mut request);
        // RFC 9110, 10.1.4: it is for the next server alone.
        if caller.is_none() && request.headers().contains_key(TE) {
            request.headers_mut().append(CONNECTION, HeaderValue::from_static("TE"));
        }
        let is_proxied = self.ask_proxy(&mut request, false);
        let response = self.0.http1().send(request, is_proxied);
        ClientFuture(State::Served(if caller.is_none() && expectation.is_none() {
            Box::pin(async move { accepted(response.await.map_err(failed)?, is_proxied).and_then(finished) })
        } else {
            Box::pin(self.clone().answer(response, is_proxied, caller, expectation))
        }))
    }

    /// Whether a web proxy reads the request; it gets its credentials then.
    fn ask_proxy(&self, request: &mut Request<Body>, http2_only: bool) -> bool {
        let proxy = self.0.link.proxy.as_ref();
        let Some(proxy) = proxy.filter(|_| !connect::needs_tunnel(request.uri(), http2_only)) else { return false };
        if let Some(authorization) = proxy.authorization() {
            request.headers_mut().insert(PROXY_AUTHORIZATION, authorization.clone());
        }
        true
    }

    /// What is rare, and so not in the future of every request.
    async fn answer(
        self,
        response: impl Future<Output = Result<Response<Incoming>, ExchangeError>>,
        is_proxied: bool,
        caller: Option<OnUpgrade>,
        expectation: Option<Expectation>,
    ) -> Result<Response<Body>, Error> {
        let mut response = match response.await {
            Err(ExchangeError::Exchange(error)) if expectation.as_ref().is_some_and(Expectation::is_timed_out) => {
                return Err(Error::caused_by(Kind::Timeout, error));
            }
            response => accepted(response.map_err(failed)?, is_proxied)?,
        };
        let is_upgraded = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        match caller {
            Some(caller) if is_upgraded && upgrade::is_agreed(&response) => {
                upgrade::relay(&mut response, caller, self.0.limits.websocket_idle);
                hop_by_hop::strip_response(response.headers_mut());
                upgrade::set_headers(response.headers_mut());
                Ok(response.map(|_| Body::empty()))
            }
            _ => {
                let response = finished(response)?;
                Ok(match expectation {
                    Some(expectation) => response.map(|body| expectation.until_end_of(body)),
                    None => response,
                })
            }
        }
    }
}

impl Versions {
    fn http1(&self) -> &Connections {
        let [http1, ..] = &self.configs;
        self.http1.get_or_init(|| Connections::new(self.connector(http1, false)))
    }

    /// The client for HTTP/2, alone or when the backend agrees to it.
    fn of(&self, version: HttpVersion) -> &HyperClient<Connector, Body> {
        let [_, http2, http2_or_1] = &self.configs;
        match version {
            HttpVersion::Http2 => self.http2.get_or_init(|| self.client(http2, true)),
            _ => self.http2_or_1.get_or_init(|| self.client(http2_or_1, false)),
        }
    }

    fn connector(&self, config: &Arc<rustls::ClientConfig>, http2_only: bool) -> Connector {
        Connector::new(Arc::clone(config), http2_only, &self.link, self.limits.connect)
    }

    fn client(&self, config: &Arc<rustls::ClientConfig>, http2_only: bool) -> HyperClient<Connector, Body> {
        let connector = self.connector(config, http2_only);
        HyperClient::builder(TokioExecutor::new())
            .timer(TokioTimer::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(90))
            .pool_max_idle_per_host(1024)
            .retry_canceled_requests(true)
            .set_host(false)
            .http2_only(http2_only)
            .http2_initial_stream_window_size(2 << 20)
            .http2_initial_connection_window_size(5 << 20)
            .http2_max_header_list_size(64 << 10)
            .http2_keep_alive_interval(Duration::from_secs(30))
            .http2_keep_alive_timeout(Duration::from_secs(20))
            .http2_keep_alive_while_idle(false)
            .build(connector)
    }
}

impl Service<Request<Body>> for Client {
    type Response = Response<Body>;
    type Error = Error;
    type Future = ClientFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> ClientFuture {
        let version = request.extensions().get::<ForwardOptions>().map_or_else(Default::default, |o| o.http_version);
        self.send(request, version)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("limits", &self.0.limits).finish_non_exhaustive()
    }
}

/// The response of a [`Client`], to come.
#[must_use = "futures do nothing unless polled"]
pub struct ClientFuture(State);

enum State {
    /// Over HTTP/2, perhaps.
    Sent {
        response: ResponseFuture,
        watch: Option<Watch>,
        /// Whether a web proxy reads the request.
        is_proxied: bool,
    },
    /// Over HTTP/1.1, or in process.
    Served(Served),
}

impl Future for ClientFuture {
    type Output = Result<Response<Body>, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            State::Sent { response, watch, is_proxied } => {
                let response = task::ready!(Pin::new(response).poll(cx)).map_err(|error| match watch {
                    Some(watch) if watch.is_broken() => Error::caused_by(Kind::ClientGone, error),
                    _ => classified(error),
                });
                Poll::Ready(response.and_then(|response| accepted(response, *is_proxied)).and_then(finished))
            }
            State::Served(response) => response.as_mut().poll(cx),
        }
    }
}

impl fmt::Debug for ClientFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientFuture").finish_non_exhaustive()
    }
}

/// The response, unless it is a web proxy's own.
fn accepted(response: Response<Incoming>, is_proxied: bool) -> Result<Response<Incoming>, Error> {
    if is_proxied && response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
        return Err(Error::caused_by(Kind::Proxy, "it asks for other credentials (407)"));
    }
    Ok(response)
}

/// The response as it goes on.
fn finished(mut response: Response<Incoming>) -> Result<Response<Body>, Error> {
    // An upgrade that was asked for is dealt with elsewhere.
    if response.status() == StatusCode::SWITCHING_PROTOCOLS {
        return Err(Error::caused_by(Kind::Malformed, "it switches protocols unasked"));
    }
    hop_by_hop::strip_response(response.headers_mut());
    Ok(response.map(Body::new))
}

fn failed(error: ExchangeError) -> Error {
    match error {
        ExchangeError::Connect(error) => Error::caused_by(error.kind, error),
        ExchangeError::Exchange(error) => Error::caused_by(kind_of(&error), error),
    }
}

fn classified(error: hyper_util::client::legacy::Error) -> Error {
    let Some(source) = error.source() else { return Error::caused_by(Kind::Unsendable, error) };
    let kind = if let Some(connect) = source.downcast_ref::<ConnectError>() {
        connect.kind
    } else {
        source.downcast_ref().map_or(Kind::Unsent, kind_of)
    };
    Error::caused_by(kind, error)
}

fn kind_of(error: &hyper::Error) -> Kind {
    match () {
        () if connect::is_refused_certificate(error) => Kind::ClientCertificate,
        () if error.is_body_write_aborted() => Kind::ClientGone,
        () if error.is_user() => Kind::ClientGone,
        () if error.is_canceled() => Kind::Unsent,
        () if error.is_parse() => Kind::Malformed,
        () => Kind::Closed,
    }
}
