//! The proxy that stands between the gateway and a backend.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use http::uri::{Authority, Scheme};

use super::base_url::{BaseUrl, shown};

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
