//! Opens connections to backends, and says why one could not be opened.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use http::uri::{Authority, Scheme};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiAddrs, GaiFuture, GaiResolver, Name};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, CertificateError};
use tokio_rustls::TlsConnector;
use tower_service::Service;

use super::error::Kind;
use super::link::Link;
use super::stream::Stream;
use super::tunnel;
use crate::body::BoxError;
use crate::forward::WebProxy;

/// Resolves, connects and, for `https`, shakes hands, all within one time limit.
#[derive(Clone)]
pub(super) struct Connector(Arc<Inner>);

struct Inner {
    tcp: HttpConnector<Resolver>,
    tls: TlsConnector,
    http2_only: bool,
    proxy: Option<WebProxy>,
    limit: Duration,
}

/// Whether a request that goes through a web proxy needs a tunnel, rather than being read by the proxy.
pub(super) fn needs_tunnel(uri: &Uri, http2_only: bool) -> bool {
    http2_only || uri.scheme() == Some(&Scheme::HTTPS)
}

impl Connector {
    pub(super) fn new(tls: Arc<rustls::ClientConfig>, http2_only: bool, link: &Link, limit: Duration) -> Self {
        let proxy = link.proxy.clone();
        // The name of a web proxy is not the backend's.
        let address = link.address.filter(|_| proxy.is_none());
        let mut tcp = HttpConnector::new_with_resolver(Resolver { system: GaiResolver::new(), address });
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_keepalive(Some(Duration::from_secs(60)));
        tcp.set_happy_eyeballs_timeout(Some(Duration::from_millis(300)));
        tcp.set_connect_timeout(Some(limit));
        Self(Arc::new(Inner { tcp, tls: TlsConnector::from(tls), http2_only, proxy, limit }))
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let inner = Arc::clone(&self.0);
        Box::pin(async move {
            let authority = uri.authority().cloned();
            let connected = tokio::time::timeout(inner.limit, inner.connect(uri)).await;
            let connected = connected.unwrap_or_else(|elapsed| Err(ConnectError::new(Kind::ConnectTimeout, elapsed)));
            let proxy = inner.proxy.as_ref().map(|proxy| proxy.authority().clone());
            connected.map_err(|error| ConnectError { authority, proxy, ..error })
        })
    }
}

impl Inner {
    async fn connect(&self, uri: Uri) -> Result<Stream, ConnectError> {
        let secure = uri.scheme() == Some(&Scheme::HTTPS);
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
        let tcp = match &self.proxy {
            None => self.tcp.clone().call(uri).await.map_err(ConnectError::of_tcp)?,
            Some(proxy) => {
                let is_tunnel = needs_tunnel(&uri, self.http2_only);
                let tcp = self.tcp.clone().call(tunnel::uri_of(proxy)).await.map_err(ConnectError::of_tcp)?;
                if !is_tunnel {
                    return Ok(Stream::to_proxy(tcp));
                }
                let mut tcp = tcp.into_inner();
                let opened = tunnel::open(&mut tcp, &uri, proxy).await;
                opened.map_err(|error| ConnectError::new(Kind::Proxy, error))?;
                TokioIo::new(tcp)
            }
        };
        if !secure {
            return Ok(Stream::plain(tcp));
        }
        let name = ServerName::try_from(host).map_err(|error| ConnectError::new(Kind::Handshake, error))?;
        let tls = self.tls.connect(name, tcp.into_inner()).await.map_err(ConnectError::of_tls)?;
        let http2 = tls.get_ref().1.alpn_protocol() == Some(b"h2");
        if self.http2_only && !http2 {
            return Err(ConnectError::new(Kind::Handshake, "the backend does not offer HTTP/2"));
        }
        Ok(Stream::tls(tls, http2))
    }
}

/// Why there is no connection.
#[derive(Debug)]
pub(super) struct ConnectError {
    pub(super) kind: Kind,
    authority: Option<Authority>,
    proxy: Option<Authority>,
    source: BoxError,
}

impl ConnectError {
    fn new(kind: Kind, source: impl Into<BoxError>) -> Self {
        Self { kind, authority: None, proxy: None, source: source.into() }
    }

    fn of_tcp(error: impl StdError + Send + Sync + 'static) -> Self {
        let mut cause: Option<&(dyn StdError + 'static)> = Some(&error);
        let mut kind = Kind::Connect;
        while let Some(error) = cause {
            if error.is::<ResolveError>() {
                kind = Kind::Dns;
            } else if error.downcast_ref::<io::Error>().is_some_and(|io| io.kind() == io::ErrorKind::TimedOut) {
                kind = Kind::ConnectTimeout;
            }
            cause = error.source();
        }
        Self::new(kind, error)
    }

    fn of_tls(error: io::Error) -> Self {
        let kind = match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(rustls::Error::InvalidCertificate(_)) => Kind::Certificate,
            Some(rustls::Error::AlertReceived(alert)) if refuses_certificate(*alert) => Kind::ClientCertificate,
            _ => Kind::Handshake,
        };
        // The text of an error of ours; that of rustls would be its `Debug`.
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if let Some(rustls::Error::InvalidCertificate(CertificateError::Other(ours))) = inner {
            return Self::new(kind, ours.0.to_string());
        }
        Self::new(kind, error)
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.authority {
            Some(authority) => write!(f, "no connection to `{authority}`")?,
            None => f.write_str("no connection")?,
        }
        self.proxy.as_ref().map_or(Ok(()), |proxy| write!(f, " through the web proxy `{proxy}`"))
    }
}

impl StdError for ConnectError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(self.source.as_ref())
    }
}

/// Whether the backend ended the connection because of the certificate that it was or was not shown. In TLS 1.3 the
/// gateway learns of that only after the handshake; the backend has read no request then.
pub(super) fn is_refused_certificate(error: &(dyn StdError + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        let io = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(rustls::Error::AlertReceived(alert)) = io.and_then(|inner| inner.downcast_ref()) {
            return refuses_certificate(*alert);
        }
        cause = error.source();
    }
    false
}

fn refuses_certificate(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::CertificateRequired
            | AlertDescription::NoCertificate
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied
    )
}

/// The system's resolver, with an error type that can be told from those of sockets; or an address that is known.
#[derive(Clone)]
struct Resolver {
    system: GaiResolver,
    address: Option<IpAddr>,
}

#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct ResolveError(io::Error);

impl Service<Name> for Resolver {
    type Response = Addresses;
    type Error = ResolveError;
    type Future = Resolving;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ResolveError>> {
        self.system.poll_ready(cx).map_err(ResolveError)
    }

    fn call(&mut self, name: Name) -> Resolving {
        match self.address {
            Some(address) => Resolving::Known(address),
            None => Resolving::System(self.system.call(name)),
        }
    }
}

enum Addresses {
    Known(Option<SocketAddr>),
    System(GaiAddrs),
}

impl Iterator for Addresses {
    type Item = SocketAddr;

    fn next(&mut self) -> Option<SocketAddr> {
        match self {
            Self::Known(address) => address.take(),
            Self::System(addresses) => addresses.next(),
        }
    }
}

enum Resolving {
    Known(IpAddr),
    System(GaiFuture),
}

impl Future for Resolving {
    type Output = Result<Addresses, ResolveError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            // The connector puts in the port of the URL.
            Self::Known(address) => Poll::Ready(Ok(Addresses::Known(Some(SocketAddr::new(*address, 0))))),
            Self::System(addresses) => Pin::new(addresses).poll(cx).map_ok(Addresses::System).map_err(ResolveError),
        }
    }
}
