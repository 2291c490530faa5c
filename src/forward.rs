//! What passes between a pipeline and the service behind it: where a request goes, how, and why it failed.

#[cfg(any(feature = "client", feature = "policy"))]
mod arrival;

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use http::uri::{Authority, Scheme};
use zeroize::Zeroizing;

#[cfg(feature = "policy")]
pub(crate) use arrival::arrive;
#[cfg(feature = "client")]
pub(crate) use arrival::strip_listed;

/// Where a request is to be sent. The request's own URI then holds only the path and query that follow the base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A base URL: the API's service URL, or `set-backend-service base-url`.
    Url(Arc<BaseUrl>),
    /// The id of a Backend entity: `set-backend-service backend-id`.
    Backend(Arc<str>),
}

/// An absolute `http` or `https` URL that paths are appended to, parsed once.
///
/// ```
/// use gatewright::forward::BaseUrl;
///
/// let base = BaseUrl::parse("https://contoso.com/api/8.2/")?;
/// assert_eq!(base.join("/partners/15?page=2").to_string(), "https://contoso.com/api/8.2/partners/15?page=2");
/// # Ok::<_, gatewright::forward::BaseUrlError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    scheme: Scheme,
    authority: Authority,
    path: Box<str>,
    query: Option<Box<str>>,
}

/// Why a text is not a base URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{url}` is not a base URL: {problem}: expected `http://host` or `https://host`, with an optional port and path"
)]
pub struct BaseUrlError {
    url: String,
    problem: &'static str,
}

impl BaseUrlError {
    /// The same of a text from which more secrets are taken out.
    #[cfg(all(feature = "client", feature = "policy"))]
    pub(crate) fn about(self, text: &str) -> Self {
        Self { url: shown(text), ..self }
    }
}

impl BaseUrl {
    /// Parses `http(s)://host[:port][/path][?query]`; `ws` and `wss`, as WebSocket APIs write it, mean the same.
    ///
    /// # Errors
    ///
    /// [`BaseUrlError`] when the scheme is another one, the host is missing, user information is present, or the text
    /// is not a URL.
    pub fn parse(text: &str) -> Result<Self, BaseUrlError> {
        let fail = |problem| BaseUrlError { url: shown(text), problem };
        // `url` accepts what .NET does (spaces, Unicode hosts, upper-case schemes) and gives a canonical text.
        let url = url::Url::parse(text.trim()).map_err(|_| fail("it cannot be parsed"))?;
        let scheme = match url.scheme() {
            "http" | "ws" => Scheme::HTTP,
            "https" | "wss" => Scheme::HTTPS,
            _ => return Err(fail("the scheme is not http or https")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(fail("it holds user information"));
        }
        let host = url.host_str().filter(|h| !h.is_empty()).ok_or_else(|| fail("it has no host"))?;
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let authority = authority.parse().map_err(|_| fail("the host is not valid"))?;
        Ok(Self {
            scheme,
            authority,
            path: url.path().trim_end_matches('/').into(),
            query: url.query().filter(|q| !q.is_empty()).map(Into::into),
        })
    }

    /// The scheme: `http` or `https`.
    pub fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// Host and, when it is not the scheme's default, port.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The path without a trailing slash; empty for the root.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query, without `?`.
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// The path and query to request, for what follows the base: `remainder` is a path with an optional query.
    ///
    /// There is exactly one slash between both; an empty remainder gives the base path as it is.
    pub fn path_and_query<'a>(&'a self, remainder: &'a str) -> Cow<'a, str> {
        let (path, query) = match remainder.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (remainder, None),
        };
        if self.path.is_empty() && self.query.is_none() && path.starts_with('/') {
            return Cow::Borrowed(remainder);
        }
        let mut out = String::with_capacity(self.path.len() + remainder.len() + 2);
        out.push_str(&self.path);
        if !path.is_empty() || self.path.is_empty() {
            out.push('/');
            out.push_str(path.strip_prefix('/').unwrap_or(path));
        }
        let queries = [self.query.as_deref(), query.filter(|q| !q.is_empty())];
        for (query, mark) in queries.into_iter().flatten().zip(['?', '&']) {
            out.push(mark);
            out.push_str(query);
        }
        Cow::Owned(out)
    }

    /// The whole URL, for traces and messages.
    pub fn join(&self, remainder: &str) -> impl std::fmt::Display {
        format!("{}://{}{}", self.scheme, self.authority, self.path_and_query(remainder))
    }
}

/// A text that was meant to be a URL, without what may be a secret in it: user information and the query.
///
/// It need not be a URL, so that what stands before an `@` is left out, wherever a parser would end the host.
fn shown(text: &str) -> String {
    let scheme = text.find("://").map_or("", |at| &text[..at + 3]);
    let rest = &text[scheme.len()..];
    let query = rest.find(['?', '#']);
    match rest.rfind('@') {
        // A query with an `@`, or a password with a `?`.
        Some(at) if query.is_some_and(|query| query < at) => format!("{scheme}***"),
        at => {
            let end = query.map_or(rest.len(), |query| query + 1);
            let user = if at.is_some() { "***" } else { "" };
            let query = if query.is_some() { "***" } else { "" };
            format!("{scheme}{user}{}{query}", &rest[at.unwrap_or(0)..end])
        }
    }
}

impl std::fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority, self.path)?;
        self.query.as_ref().map_or(Ok(()), |query| write!(f, "?{query}"))
    }
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

/// A web proxy: `https` goes through it in a tunnel (`CONNECT`), `http` by requests in absolute form.
///
/// A clone shares the same memory. User name and password do not print.
///
/// ```
/// use gatewright::forward::WebProxy;
///
/// let proxy = WebProxy::parse("http://192.168.1.1:8080", Some(r"Contoso\admin"), Some("s3cr3t"))?;
/// assert_eq!(format!("{proxy:?}"), "WebProxy(192.168.1.1:8080)");
/// # Ok::<_, gatewright::forward::WebProxyError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct WebProxy(Arc<(Authority, Option<HeaderValue>)>);

/// Why a text is not the URL of a web proxy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{url}` is not the URL of a web proxy: {problem}: expected `http://host` with an optional port")]
pub struct WebProxyError {
    url: String,
    problem: &'static str,
}

impl WebProxy {
    /// Reads `http://host[:port]`; with a user name, `Proxy-Authorization: Basic` is sent with every request.
    ///
    /// # Errors
    ///
    /// [`WebProxyError`] when the scheme is another one, there is a path or a query, the URL holds user information, or
    /// the user name has a colon.
    pub fn parse(url: &str, username: Option<&str>, password: Option<&str>) -> Result<Self, WebProxyError> {
        let fail = |problem| WebProxyError { url: shown(url), problem };
        let base = BaseUrl::parse(url).map_err(|error| fail(error.problem))?;
        if base.scheme != Scheme::HTTP {
            return Err(fail("the gateway speaks plain HTTP to proxies"));
        }
        if !base.path.is_empty() || base.query.is_some() {
            return Err(fail("it has a path or a query"));
        }
        let authorization = match username.filter(|name| !name.is_empty()) {
            None => None,
            Some(name) if name.contains(':') => return Err(fail("the user name has a colon")),
            Some(name) => {
                let text = STANDARD.encode(format!("{name}:{}", password.unwrap_or_default()));
                let value = HeaderValue::try_from(format!("Basic {text}"));
                let mut value = value.map_err(|_| fail("the user name cannot be sent"))?;
                value.set_sensitive(true);
                Some(value)
            }
        };
        Ok(Self(Arc::new((base.authority, authorization))))
    }

    /// Host and, when it is not 80, port.
    pub fn authority(&self) -> &Authority {
        &self.0.0
    }

    /// The value of `Proxy-Authorization`, marked sensitive.
    pub fn authorization(&self) -> Option<&HeaderValue> {
        self.0.1.as_ref()
    }
}

impl std::fmt::Debug for WebProxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "WebProxy({})", self.authority())
    }
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
    /// Whether its chain led to a root that the host trusts; what `Verify()` answers, within the time of validity.
    pub is_trusted: bool,
}

impl ClientCertificate {
    /// A certificate (DER) whose chain was not checked.
    pub fn new(der: impl Into<Bytes>) -> Self {
        Self { der: der.into(), is_trusted: false }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_do_not_hold_secrets_of_urls() {
        let cases = [
            ("http://me:s3cr3t@proxy:8080", "`http://***@proxy:8080`"),
            ("https://s3cr3t@host/p", "`https://***@host/p`"),
            ("http://me:s3/cr3t@proxy:8080", "`http://***@proxy:8080`"),
            ("http://me:s3?cr3t@proxy:8080", "`http://***`"),
            ("ftp://host/p?code=s3cr3t", "`ftp://host/p?***`"),
            ("http://me:s3@cr3t@h/?x=1#y", "`http://***@h/?***`"),
            ("me:s3cr3t@proxy", "`***@proxy`"),
            ("nonsense", "`nonsense`"),
        ];
        for (url, shown) in cases {
            let errors = [
                BaseUrl::parse(url).unwrap_err().to_string(),
                format!("`{}`", BaseUrl::parse(url).unwrap_err().url),
                WebProxy::parse(url, None, None).unwrap_err().to_string(),
                format!("{:?}", WebProxy::parse(url, None, None)),
            ];
            assert!(errors[0].starts_with(shown) && errors[1] == shown && errors[2].starts_with(shown), "{errors:?}");
            assert!(errors.iter().all(|error| !error.contains("s3") && !error.contains("cr3t")), "{errors:?}");
        }
    }
}
