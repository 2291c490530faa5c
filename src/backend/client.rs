//! Sends requests over pooled connections.

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, OnceLock, Weak};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::header::PROXY_AUTHORIZATION;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use hyper_util::client::legacy::{Client as HyperClient, ResponseFuture};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tower_service::Service;

use super::connect::{self, ConnectError, Connector};
use super::error::{Error, Kind};
use super::expectation::Expectation;
use super::in_process::{InProcess, Served};
use super::link::Link;
use super::tls::Tls;
use super::watched_body::Watch;
use super::{hop_by_hop, upgrade};
use crate::Body;
use crate::forward::{ForwardOptions, HttpVersion, WebProxy};

/// Sends requests with absolute URIs, over HTTP/1.1 unless [`ForwardOptions`] in their extensions say otherwise.
///
/// Made by [`Transport::client`](super::Transport::client). Hop-by-hop headers are taken out of responses; requests are
/// sent as they are. Bodies stream both ways. Dropping the future gives the request up.
#[derive(Clone)]
pub struct Client(Arc<Versions>);

/// One pool for each version setting, since connections are found again by scheme and authority only.
struct Versions {
    http1: OnceLock<HyperClient<Connector, Body>>,
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

    /// How its connections are made.
    pub(super) fn link(&self) -> &Link {
        &self.0.link
    }

    pub(super) fn send(&self, mut request: Request<Body>, version: HttpVersion) -> ClientFuture {
        if let Some(response) = InProcess::serve(&mut request) {
            return ClientFuture(State::Served(response));
        }
        let caller = upgrade::caller(&mut request);
        let version = if caller.is_some() { HttpVersion::Http1 } else { version };
        // Over HTTP/2 an error of the request's body comes back as an error of the stream.
        let watch = match version {
            HttpVersion::Http1 => None,
            HttpVersion::Http2 | HttpVersion::Http2Or1 => Watch::over(request.body_mut()),
        };
        // Only HTTP/1.1 tells of interim responses.
        let expectation = if version == HttpVersion::Http1 { Expectation::of(&mut request) } else { None };
        let proxy = self.0.link.proxy.as_ref();
        let proxy = proxy.filter(|_| !connect::needs_tunnel(request.uri(), version == HttpVersion::Http2));
        if let Some(authorization) = proxy.and_then(WebProxy::authorization) {
            request.headers_mut().insert(PROXY_AUTHORIZATION, authorization.clone());
        }
        let is_proxied = proxy.is_some();
        let response = self.0.of(version).request(request);
        if caller.is_none() && expectation.is_none() {
            return ClientFuture(State::Sent { response, watch, is_proxied });
        }
        ClientFuture(State::Served(Box::pin(self.clone().answer(response, watch, is_proxied, caller, expectation))))
    }

    /// What is rare, and so not in the future of every request.
    async fn answer(
        self,
        response: ResponseFuture,
        watch: Option<Watch>,
        is_proxied: bool,
        caller: Option<OnUpgrade>,
        expectation: Option<Expectation>,
    ) -> Result<Response<Body>, Error> {
        let mut response = match response.await {
            Err(error) if expectation.as_ref().is_some_and(Expectation::is_timed_out) => {
                return Err(Error::caused_by(Kind::Timeout, error));
            }
            response => accepted(response, watch.as_ref(), is_proxied)?,
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
    fn of(&self, version: HttpVersion) -> &HyperClient<Connector, Body> {
        let [http1, http2, http2_or_1] = &self.configs;
        match version {
            HttpVersion::Http1 => self.http1.get_or_init(|| self.client(http1, false)),
            HttpVersion::Http2 => self.http2.get_or_init(|| self.client(http2, true)),
            HttpVersion::Http2Or1 => self.http2_or_1.get_or_init(|| self.client(http2_or_1, false)),
        }
    }

    fn client(&self, config: &Arc<rustls::ClientConfig>, http2_only: bool) -> HyperClient<Connector, Body> {
        let proxy = self.link.proxy.clone();
        let connector = Connector::new(Arc::clone(config), http2_only, proxy, self.limits.connect);
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
    Sent {
        response: ResponseFuture,
        watch: Option<Watch>,
        /// Whether a web proxy reads the request.
        is_proxied: bool,
    },
    /// In process, or with more to do than to wait.
    Served(Served),
}

impl Future for ClientFuture {
    type Output = Result<Response<Body>, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            State::Sent { response, watch, is_proxied } => {
                let response = ready!(Pin::new(response).poll(cx));
                Poll::Ready(accepted(response, watch.as_ref(), *is_proxied).and_then(finished))
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

/// Says why there is no response, if there is none.
fn accepted(
    response: Result<Response<Incoming>, hyper_util::client::legacy::Error>,
    watch: Option<&Watch>,
    is_proxied: bool,
) -> Result<Response<Incoming>, Error> {
    match response {
        Ok(response) if is_proxied && response.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
            Err(Error::caused_by(Kind::Proxy, "it asks for other credentials (407)"))
        }
        Ok(response) => Ok(response),
        Err(error) if watch.is_some_and(Watch::is_broken) => Err(Error::caused_by(Kind::ClientGone, error)),
        Err(error) => Err(classified(error)),
    }
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

fn classified(error: hyper_util::client::legacy::Error) -> Error {
    let Some(source) = error.source() else { return Error::caused_by(Kind::Unsendable, error) };
    let kind = if let Some(connect) = source.downcast_ref::<ConnectError>() {
        connect.kind
    } else if let Some(hyper) = source.downcast_ref::<hyper::Error>() {
        match () {
            () if connect::is_refused_certificate(hyper) => Kind::ClientCertificate,
            () if hyper.is_body_write_aborted() => Kind::ClientGone,
            () if hyper.is_user() => Kind::ClientGone,
            () if hyper.is_canceled() => Kind::Unsent,
            () if hyper.is_parse() => Kind::Malformed,
            () => Kind::Closed,
        }
    } else {
        Kind::Unsent
    };
    Error::caused_by(kind, error)
}
