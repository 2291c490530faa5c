//! The host names under which the gateway is reached.

use http::uri::Authority;
use http::{HeaderMap, Uri, header};

use crate::forward::BaseUrl;

/// The gateway's own host names, to tell its own URLs from those of others.
#[derive(Clone, Debug, Default)]
pub(super) struct OwnNames(Box<[Name]>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Name {
    host: Box<str>,
    /// None for the default port of the scheme.
    port: Option<u16>,
}

impl OwnNames {
    /// Takes `host` or `host:port`; what is neither names nothing.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let names = names.into_iter().filter_map(|name| {
            let authority: Authority = name.trim().parse().ok()?;
            let host = authority.host().to_ascii_lowercase();
            (!host.is_empty()).then(|| Name { host: host.into(), port: authority.port_u16() })
        });
        Self(names.collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a base URL can be the gateway's own, whatever `Host` then says.
    pub fn may_be(&self, base: &BaseUrl) -> bool {
        let authority = base.authority();
        is_loopback(authority.host()) || self.0.iter().any(|name| name.host.eq_ignore_ascii_case(authority.host()))
    }

    /// Whether a request for this absolute URL comes back to the gateway: the URL has one of its names, or it is a
    /// loopback address and `Host` has one of its names.
    pub fn cover(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        let (Some(host), Some(scheme)) = (uri.host(), uri.scheme_str()) else { return false };
        let default = if scheme == "https" { 443 } else { 80 };
        let port = uri.port_u16().unwrap_or(default);
        let has_port = |name: &Name| name.port.unwrap_or(default) == port;
        if self.0.iter().any(|name| has_port(name) && name.host.eq_ignore_ascii_case(host)) {
            return true;
        }
        let asked = headers.get(header::HOST).and_then(|value| value.to_str().ok()?.parse::<Authority>().ok());
        is_loopback(host)
            && asked.is_some_and(|asked| {
                self.0.iter().any(|name| has_port(name) && name.host.eq_ignore_ascii_case(asked.host()))
            })
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || address.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn tells_its_own_urls() {
        let names = OwnNames::new(["contoso.azure-api.net", " Api.Contoso.com:8443 ", "", "a b", "127.0.0.1:8080"]);
        let cases = [
            ("https://contoso.azure-api.net/x", None, true),
            ("https://CONTOSO.azure-api.net:443/x", None, true),
            ("http://contoso.azure-api.net/x", None, true),
            ("https://contoso.azure-api.net:8443/x", None, false),
            ("https://api.contoso.com:8443/", None, true),
            ("https://api.contoso.com/", None, false),
            ("https://evil-contoso.azure-api.net/", None, false),
            ("https://contoso.azure-api.net.evil.example/", None, false),
            ("https://elsewhere.example/", Some("contoso.azure-api.net"), false),
            ("https://localhost/x", Some("contoso.azure-api.net"), true),
            ("https://127.0.0.1/x", Some("contoso.azure-api.net"), true),
            ("https://[::1]/x", Some("contoso.azure-api.net"), true),
            ("https://localhost/x", Some("other.example"), false),
            ("https://localhost/x", None, false),
            ("http://localhost:9000/x", Some("contoso.azure-api.net"), false),
            ("https://localhost:8443/x", Some("api.contoso.com"), true),
            ("http://127.0.0.1:8080/x", None, true),
            ("http://127.0.0.1:8081/x", None, false),
            ("http://localhost:8080/x", Some("127.0.0.1:8080"), true),
        ];
        for (url, host, expected) in cases {
            let headers = host.map(|host| (header::HOST, HeaderValue::from_static(host)));
            let headers = HeaderMap::from_iter(headers);
            assert_eq!(names.cover(&url.parse().unwrap(), &headers), expected, "{url} {host:?}");
            let base = BaseUrl::parse(url).unwrap();
            assert!(!expected || names.may_be(&base), "{url}");
        }
        assert!(OwnNames::new([""]).is_empty());
    }
}
