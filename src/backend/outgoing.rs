//! Makes the request that goes on the wire out of the one that a pipeline hands over.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST, UPGRADE};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request, Uri, Version};
use http_body::Body;

use super::credentials::PreparedCredentials;
use super::error::{Error, Kind};
use super::expectation::ContinueTimeout;
use super::{forwarded, upgrade};
use crate::forward::{BaseUrl, ForwardOptions, HttpVersion, dots, hop_by_hop};

/// Where a request goes, made ready once for a backend.
pub(super) struct Destination<'a> {
    pub(super) base: &'a BaseUrl,
    /// The base's authority as a header, when it was made beforehand.
    pub(super) host: Option<&'a HeaderValue>,
    pub(super) credentials: Option<&'a PreparedCredentials>,
}

/// Does all that is to be done before sending.
pub(super) fn prepare<B: Body>(
    request: &mut Request<B>,
    destination: &Destination<'_>,
    options: &ForwardOptions,
) -> Result<(), Error> {
    clean(request, options)?;
    address(request, destination, options)
}

/// Takes out what must not pass the gateway, and adds the caller's address.
pub(super) fn clean<B: Body>(request: &mut Request<B>, options: &ForwardOptions) -> Result<(), Error> {
    if request.method() == Method::CONNECT {
        return Err(Error::caused_by(Kind::Unsendable, "`CONNECT` asks for a tunnel, which is not supported"));
    }
    // A policy may have made it of what the caller gave.
    if dots::climb(request.uri().path()) {
        return Err(Error::caused_by(Kind::Unsendable, "its path leads above the base URL"));
    }
    *request.version_mut() = Version::HTTP_11;
    let length = request.body().size_hint().exact();
    let is_upgrade = options.websocket && upgrade::is_asked(request);
    if let Some(limit) = options.continue_timeout {
        request.extensions_mut().insert(ContinueTimeout(limit));
    }
    let headers = request.headers_mut();
    hop_by_hop::strip_request(headers);
    if is_upgrade {
        upgrade::set_headers(headers);
    }
    drop_wrong_length(headers, length);
    if let Some(address) = options.client_ip {
        forwarded::append_client_ip(headers, address);
    }
    Ok(())
}

/// Sets the URI and the host, then adds the credentials.
pub(super) fn address<B>(
    request: &mut Request<B>,
    destination: &Destination<'_>,
    options: &ForwardOptions,
) -> Result<(), Error> {
    // RFC 9110, 9.3.8.
    if *request.method() == Method::TRACE && destination.credentials.is_some_and(|known| !known.is_empty()) {
        let why = "`TRACE` would show the caller the credentials of the backend";
        return Err(Error::caused_by(Kind::Unsendable, why));
    }
    let remainder = std::mem::take(request.uri_mut()).into_parts().path_and_query;
    *request.uri_mut() = uri(destination, remainder)?;
    let headers = request.headers_mut();
    // WebSocket goes over HTTP/1.1 in any case.
    let is_http2 = options.http_version == HttpVersion::Http2 && !headers.contains_key(UPGRADE);
    match headers.get(HOST).filter(|_| options.keep_host) {
        None => set_host(headers, destination, is_http2)?,
        Some(host) if is_http2 => {
            // RFC 9113, 8.3.1: what it says and what the URI says are the same.
            if !host.as_bytes().eq_ignore_ascii_case(destination.base.authority().as_str().as_bytes()) {
                let why = "a policy set another `Host` than the URL has, which HTTP/2 cannot say";
                return Err(Error::caused_by(Kind::Unsendable, why));
            }
            headers.remove(HOST);
        }
        Some(_) => {}
    }
    if let Some(credentials) = destination.credentials {
        credentials.set_headers(headers);
    }
    Ok(())
}

/// The protocol for a request: over HTTP/2 it could not have a `Host` of its own.
pub(super) fn version(headers: &HeaderMap, options: &ForwardOptions) -> HttpVersion {
    match options.http_version {
        HttpVersion::Http2Or1 if options.keep_host && headers.contains_key(HOST) => HttpVersion::Http1,
        version => version,
    }
}

fn set_host(headers: &mut HeaderMap, destination: &Destination<'_>, is_http2: bool) -> Result<(), Error> {
    // HTTP/2 has the authority of the URI instead.
    if is_http2 {
        headers.remove(HOST);
        return Ok(());
    }
    let host = match destination.host {
        Some(host) => host.clone(),
        None => host_header(destination.base)?,
    };
    headers.insert(HOST, host);
    Ok(())
}

/// The `Host` header for a base URL.
pub(super) fn host_header(base: &BaseUrl) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(base.authority().as_str()).map_err(|error| Error::caused_by(Kind::Unsendable, error))
}

/// The length comes from the body; one that a caller or a policy set is right or goes.
fn drop_wrong_length(headers: &mut HeaderMap, exact: Option<u64>) {
    let Some(value) = headers.get(CONTENT_LENGTH) else { return };
    let given = value.to_str().ok().and_then(|text| text.parse::<u64>().ok());
    if given.is_none() || given != exact || headers.get_all(CONTENT_LENGTH).iter().nth(1).is_some() {
        headers.remove(CONTENT_LENGTH);
    }
}

fn uri(destination: &Destination<'_>, remainder: Option<PathAndQuery>) -> Result<Uri, Error> {
    let text = remainder.as_ref().map_or("", PathAndQuery::as_str);
    let joined = destination.base.path_and_query(if text == "*" { "" } else { text });
    let query = destination.credentials.and_then(PreparedCredentials::query);
    let changed = match (joined, query) {
        (joined, Some(query)) => Some(query.apply(&joined)),
        (Cow::Owned(joined), None) => Some(joined),
        (Cow::Borrowed(_), None) => None,
    };
    let path_and_query = match changed {
        Some(text) => Some(PathAndQuery::from_maybe_shared(Bytes::from(text)).map_err(|_| too_long())?),
        None => remainder,
    };
    let mut parts = http::uri::Parts::default();
    parts.scheme = Some(destination.base.scheme().clone());
    parts.authority = Some(destination.base.authority().clone());
    parts.path_and_query = path_and_query;
    Uri::from_parts(parts).map_err(|_| too_long())
}

fn too_long() -> Error {
    Error::caused_by(Kind::Unsendable, "its URL is not valid or longer than 64 KiB")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Body;
    use crate::model::{Credentials, ManagedIdentity};
    use crate::secret::NamedValues;

    fn prepared(
        base: &str,
        credentials: &Credentials,
        request: Request<Body>,
        options: &ForwardOptions,
    ) -> Request<Body> {
        let (base, mut request) = (BaseUrl::parse(base).unwrap(), request);
        let credentials = PreparedCredentials::new(credentials, &NamedValues::new()).unwrap();
        let destination = Destination { base: &base, host: None, credentials: Some(&credentials) };
        prepare(&mut request, &destination, options).unwrap();
        request
    }

    fn get(uri: &str) -> Request<Body> {
        let mut parts = http::uri::Parts::default();
        match uri.parse::<Uri>() {
            Ok(uri) => parts = uri.into_parts(),
            Err(_) if uri.is_empty() => {}
            Err(_) => parts.path_and_query = Some(uri.parse().unwrap()),
        }
        let uri = Uri::from_parts(parts).unwrap();
        Request::builder().uri(uri).header(HOST, "client.example").body(Body::empty()).unwrap()
    }

    #[test]
    fn joins_base_and_remainder() {
        let none = Credentials::new();
        let code = Credentials::new().query("code", "a b");
        let cases = [
            ("http://b", &none, "/", "http://b/"),
            ("http://b:81/", &none, "/p?q=1", "http://b:81/p?q=1"),
            ("https://b/api/", &none, "/p?q=1", "https://b/api/p?q=1"),
            ("https://b/api?v=1", &none, "/p?q=1", "https://b/api/p?v=1&q=1"),
            ("https://b/api", &none, "?q=1", "https://b/api?q=1"),
            ("https://b/api", &none, "", "https://b/api"),
            ("https://b", &none, "", "https://b/"),
            ("https://b/api", &none, "*", "https://b/api"),
            ("https://b", &none, "http://client.example/p", "https://b/p"),
            ("https://b", &code, "/p?q=1&CODE=x", "https://b/p?q=1&code=a%20b"),
        ];
        for (base, credentials, uri, expected) in cases {
            let request = prepared(base, credentials, get(uri), &ForwardOptions::default());
            assert_eq!(request.uri().to_string(), expected, "{base} and {uri}");
        }
    }

    #[test]
    fn the_host_is_the_backends_unless_kept() {
        let kept = ForwardOptions { keep_host: true, ..Default::default() };
        let http2 = ForwardOptions { http_version: HttpVersion::Http2, ..Default::default() };
        let cases = [
            (ForwardOptions::default(), "https://b:444", Some("b:444")),
            (ForwardOptions::default(), "https://b:443", Some("b")),
            (kept, "https://b", Some("client.example")),
            (http2, "https://b", None),
        ];
        for (options, base, expected) in cases {
            let request = prepared(base, &Credentials::new(), get("/"), &options);
            assert_eq!(request.headers().get(HOST).map(|host| host.to_str().unwrap()), expected);
        }
    }

    #[test]
    fn a_host_of_its_own_does_not_go_over_http2() {
        let with = |http_version| ForwardOptions { keep_host: true, http_version, ..Default::default() };
        let request = |host| Request::get("/").header(HOST, host).body(Body::empty()).unwrap();
        let base = BaseUrl::parse("https://b:444").unwrap();
        let destination = Destination { base: &base, host: None, credentials: None };
        let mut other = request("other.example");
        assert!(prepare(&mut other, &destination, &with(HttpVersion::Http2)).is_err());
        let mut same = request("B:444");
        prepare(&mut same, &destination, &with(HttpVersion::Http2)).unwrap();
        assert!(!same.headers().contains_key(HOST));
        let cases = [
            (with(HttpVersion::Http2Or1), HttpVersion::Http1),
            (with(HttpVersion::Http2), HttpVersion::Http2),
            (ForwardOptions { http_version: HttpVersion::Http2Or1, ..Default::default() }, HttpVersion::Http2Or1),
        ];
        for (options, expected) in cases {
            assert_eq!(version(request("other.example").headers(), &options), expected);
        }
    }

    #[test]
    fn a_length_that_does_not_fit_the_body_goes() {
        for (given, expected) in [(&["5"][..], Some("5")), (&["4"], None), (&["5", "6"], None), (&["x"], None)] {
            let mut request = Request::new(Body::from("hello"));
            for value in given {
                request.headers_mut().append(CONTENT_LENGTH, HeaderValue::from_static(value));
            }
            let request = prepared("http://b", &Credentials::new(), request, &ForwardOptions::default());
            assert_eq!(request.headers().get(CONTENT_LENGTH).map(|v| v.to_str().unwrap()), expected, "{given:?}");
        }
    }

    #[test]
    fn credentials_are_not_traced() {
        let base = BaseUrl::parse("https://b").unwrap();
        let none = Credentials::new();
        let identity = Credentials::new().managed_identity(ManagedIdentity::new("r"));
        let cases = [(none, true), (Credentials::new().query("code", "k"), false), (identity, false)];
        for (credentials, expected) in cases {
            let credentials = PreparedCredentials::new(&credentials, &NamedValues::new()).unwrap();
            let destination = Destination { base: &base, host: None, credentials: Some(&credentials) };
            let mut request = Request::trace("/").body(Body::empty()).unwrap();
            assert_eq!(prepare(&mut request, &destination, &ForwardOptions::default()).is_ok(), expected);
        }
    }

    #[test]
    fn refuses_tunnels_and_what_leaves_the_base_url() {
        let cases = [(Method::CONNECT, "b:443"), (Method::GET, "/../admin"), (Method::GET, "/a/%2e%2e/..;/b?x")];
        for (method, uri) in cases {
            let mut request = Request::builder().method(method).uri(uri).body(Body::empty()).unwrap();
            let error = clean(&mut request, &ForwardOptions::default()).unwrap_err();
            let told = (error.side(), error.reason(), error.is_retry_safe());
            assert_eq!(told, (crate::backend::Side::Gateway, "BackendConnectionFailure", false), "{uri}");
        }
        assert!(clean(&mut get("/a/../b;x=.."), &ForwardOptions::default()).is_ok());
    }
}
