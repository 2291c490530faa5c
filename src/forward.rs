//! What passes between a pipeline and the service behind it: where a request goes, how, and why it failed.

#[cfg(any(feature = "client", feature = "policy"))]
mod arrival;
mod base_url;
#[cfg(any(feature = "client", feature = "policy"))]
pub(crate) mod dots;
#[cfg(any(feature = "client", feature = "policy"))]
pub(crate) mod hop_by_hop;
mod web_proxy;

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use zeroize::Zeroizing;

#[cfg(feature = "policy")]
pub(crate) use arrival::arrive;
pub use base_url::{BaseUrl, BaseUrlError};
pub use web_proxy::{WebProxy, WebProxyError};

/// Where a request is to be sent. The request's own URI then holds only the path and query that follow the base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A base URL: the API's service URL, or `set-backend-service base-url`.
    Url(Arc<BaseUrl>),
    /// The id of a Backend entity: `set-backend-service backend-id`.
    Backend(Arc<str>),
}

/// How one request is to be forwarded: the settings of `forward-request` that the service behind a pipeline obeys.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ForwardOptions {
    /// The protocol to the backend.
    pub http_version: HttpVersion,
    /// Whether redirects are followed, up to 10.
    pub follow_redirects: bool,
    /// Whether the request's `Host` header was set by a policy and is sent as it is; otherwise the backend's is used.
    pub keep_host: bool,
    /// The caller's address, added to `X-Forwarded-For`.
    pub client_ip: Option<IpAddr>,
    /// How long an interim response may take to a request with `Expect: 100-continue`; without it the body is sent after
    /// a second at most.
    pub continue_timeout: Option<Duration>,
    /// Whether the request may open a WebSocket connection; otherwise `Upgrade` is taken out.
    pub websocket: bool,
    /// The client certificate to show, instead of those of the Backend entity.
    pub certificate: Option<CertificateName>,
    /// The web proxy to go through, instead of that of the Backend entity.
    pub proxy: Option<WebProxy>,
    /// What the request asks of a Service Fabric cluster; other backends take no notice of it.
    pub fabric: Option<FabricOptions>,
    /// What the attempts of one request tell each other, so that a pool sends each to another member while it can.
    pub tried: Option<Tried>,
}

/// Which members of pools the attempts of one request went to, in whatever case of letters; a clone shares it.
///
/// ```
/// use gatewright::forward::Tried;
///
/// let tried = Tried::default();
/// tried.add(&"east".into());
/// assert!(tried.contains("EAST") && !tried.contains("west"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Tried(Arc<Mutex<Vec<Arc<str>>>>);

impl Tried {
    /// An attempt goes to a member.
    pub fn add(&self, backend: &Arc<str>) {
        let mut tried = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !tried.iter().any(|known| known.eq_ignore_ascii_case(backend)) {
            tried.push(Arc::clone(backend));
        }
    }

    /// Whether an attempt went to it.
    pub fn contains(&self, backend: &str) -> bool {
        let tried = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tried.iter().any(|known| known.eq_ignore_ascii_case(backend))
    }
}

impl ForwardOptions {
    /// Whether nothing is asked that a service without a target would have to know.
    #[cfg(feature = "policy")]
    pub(crate) fn is_plain(&self) -> bool {
        let is_changed = self.follow_redirects || self.keep_host || self.websocket;
        let is_chosen = self.continue_timeout.is_some() || self.certificate.is_some() || self.proxy.is_some();
        self.http_version == HttpVersion::Http1 && !is_changed && !is_chosen && self.fabric.is_none()
    }
}

/// Which replica of which service of a Service Fabric cluster a request is for: the `sf-` attributes of
/// `set-backend-service`.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct FabricOptions {
    /// `fabric:/application/service`, instead of the URL of the Backend entity.
    pub service: Option<Arc<str>>,
    /// The key of the partition; none for a service with a single one.
    pub partition_key: Option<Arc<str>>,
    /// The name of the listener; none for the one with the empty name, or the only one.
    pub listener: Option<Arc<str>>,
    /// Which replica of a stateful service.
    pub replica: ReplicaRole,
    /// What the attempts of one request tell each other.
    pub resolution: Resolution,
}

/// Which replica of a stateful service: `sf-replica-type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReplicaRole {
    /// `primary`: the one that writes.
    #[default]
    Primary,
    /// `secondary`: one of the others.
    Secondary,
}

/// Which answer of the naming service the last attempt of a request used; a clone shares it.
///
/// ```
/// use gatewright::forward::Resolution;
///
/// let resolution = Resolution::default();
/// resolution.used("131049462219135936:1");
/// assert_eq!(resolution.take_stale(), None);
/// resolution.mark_stale();
/// assert_eq!(resolution.take_stale().as_deref(), Some("131049462219135936:1"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Resolution(Arc<Mutex<(Option<Arc<str>>, bool)>>);

impl Resolution {
    /// Notes the version of the answer that an attempt uses.
    pub fn used(&self, version: &str) {
        self.lock().0 = Some(version.into());
    }

    /// Asks for a newer answer in the next attempt.
    pub fn mark_stale(&self) {
        self.lock().1 = true;
    }

    /// The version that the next attempt must not use, once.
    pub fn take_stale(&self) -> Option<Arc<str>> {
        let mut state = self.lock();
        if std::mem::take(&mut state.1) { state.0.clone() } else { None }
    }

    fn lock(&self) -> MutexGuard<'_, (Option<Arc<str>>, bool)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Names a client certificate of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateName {
    /// By the id of its entity, full or short.
    Id(Arc<str>),
    /// By its SHA-1 thumbprint in hex.
    Thumbprint(Arc<str>),
    /// The certificate itself, with its key.
    Data(CertificateData),
}

/// A PFX file and its password, or PEM. A clone shares the same memory; nothing of it prints.
#[derive(Clone, PartialEq, Eq)]
pub struct CertificateData(Arc<(Zeroizing<Vec<u8>>, Zeroizing<String>)>);

impl CertificateData {
    /// The bytes of the file, and the password, which may be empty.
    pub fn new(file: impl Into<Vec<u8>>, password: impl Into<String>) -> Self {
        Self(Arc::new((Zeroizing::new(file.into()), Zeroizing::new(password.into()))))
    }

    /// The bytes of the file.
    pub fn file(&self) -> &[u8] {
        &self.0.0
    }

    /// The password.
    pub fn password(&self) -> &str {
        &self.0.1
    }
}

impl std::fmt::Debug for CertificateData {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CertificateData(<hidden>)")
    }
}

/// The protocol to the backend: `http-version` of `forward-request`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HttpVersion {
    /// `1`: HTTP/1.1.
    #[default]
    Http1,
    /// `2`: HTTP/2 only.
    Http2,
    /// `2or1`: HTTP/2 when the backend offers it, else HTTP/1.1.
    Http2Or1,
}

/// Why a forwarded request got no response, in the words of `context.LastError`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ForwardError {
    /// `BackendConnectionFailure`, `Timeout`, `ClientConnectionFailure`, `BackendNotFound`, …
    pub reason: &'static str,
    /// What `context.LastError.Message` says.
    pub message: Cow<'static, str>,
    /// The status that the caller gets when no policy changes it.
    pub status: u16,
    /// The seconds for `Retry-After`, when nothing was sent because the backend is left alone for a while.
    pub retry_after: Option<u32>,
}

impl ForwardError {
    /// The first one among an error and its sources.
    #[cfg(feature = "policy")]
    pub(crate) fn within<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Self> {
        let find = |error: &'a (dyn std::error::Error + 'static)| {
            #[cfg(feature = "client")]
            if let Some(Reported { error, .. }) = error.downcast_ref() {
                return error.get();
            }
            error.downcast_ref()
        };
        std::iter::successors(Some(error), |error| (*error).source()).find_map(find)
    }
}

/// A link between an error and its cause: the words in which a pipeline reports the error.
#[cfg(feature = "client")]
#[derive(Debug, Default, thiserror::Error)]
#[error("{}", .error.get().map_or("", |error| &*error.message))]
pub(crate) struct Reported {
    /// Empty until somebody asks.
    pub(crate) error: std::sync::OnceLock<ForwardError>,
    pub(crate) source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl ServedBy {
    /// A member of a pool, or a replica of a service.
    pub fn new(backend: Arc<str>, base: Arc<BaseUrl>) -> Self {
        Self { backend, base }
    }
}

/// Who answered, in the extensions of a response that came through a pool or from a Service Fabric cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServedBy {
    /// The id of the Backend entity.
    pub backend: Arc<str>,
    /// Its URL.
    pub base: Arc<BaseUrl>,
}

/// The caller's address. A host puts it into the extensions of a request, from what it knows of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// The caller's certificate, when it showed one. A host that serves TLS puts it into the extensions of a request; it is
/// `context.Request.Certificate`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientCertificate {
    /// The certificate, DER.
    pub der: Bytes,
    /// The certificates above it that the host knows, DER: what the caller sent behind it, the issuer's first.
    pub chain: Vec<Bytes>,
    /// Whether its chain led to a root that the host trusts; what `Verify()` answers, within the time of validity.
    pub is_trusted: bool,
}

impl ClientCertificate {
    /// A certificate (DER) whose chain was not checked.
    pub fn new(der: impl Into<Bytes>) -> Self {
        Self { der: der.into(), chain: Vec::new(), is_trusted: false }
    }

    /// Adds the certificates above it (DER), the issuer's first.
    #[must_use]
    pub fn chain(mut self, chain: impl IntoIterator<Item = impl Into<Bytes>>) -> Self {
        self.chain = chain.into_iter().map(Into::into).collect();
        self
    }

    /// Says that its chain leads to a root that the host trusts.
    #[must_use]
    pub fn trusted(mut self) -> Self {
        self.is_trusted = true;
        self
    }
}

/// How the caller connected. A host that serves TLS puts it into the extensions of a request; without it, the scheme of
/// `context.Request.OriginalUrl` is `http` unless the request line says another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientScheme {
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
}
