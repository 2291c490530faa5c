//! Headers that belong to one connection and do not pass the gateway.

use http::header::{CONNECTION, CONTENT_LENGTH, TE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::arrival::strip_listed;

/// Takes out of a request what must not go on.
///
/// `TE: trailers` stays, as gRPC asks for it; `Trailer` stays, since HTTP/1.1 sends only the trailers that it announces.
pub(crate) fn strip_request(headers: &mut HeaderMap) {
    // Most requests have none of them, and one look at the names costs less than removing each.
    if !headers.keys().any(|name| stays_here(name) || is_for_the_gateway(name)) {
        return;
    }
    let trailers = headers.get_all(TE).iter().any(|value| lists(value, "trailers"));
    strip(headers, |name| stays_here(name) || is_for_the_gateway(name));
    if trailers {
        headers.insert(TE, HeaderValue::from_static("trailers"));
    }
}

/// Takes out of a response what must not go on.
pub(crate) fn strip_response(headers: &mut HeaderMap) {
    if headers.keys().any(stays_here) {
        // RFC 9112, 6.3: it overrides a length, which must not be passed on.
        if headers.contains_key(TRANSFER_ENCODING) {
            headers.remove(CONTENT_LENGTH);
        }
        strip(headers, stays_here);
    }
}

fn stays_here(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "connection"
            | "keep-alive"
            | "proxy-authenticate"
            | "proxy-authorization"
            | "proxy-connection"
            | "te"
            | "transfer-encoding"
            | "upgrade"
    )
}

fn is_for_the_gateway(name: &HeaderName) -> bool {
    matches!(name.as_str(), "apim-debug-authorization" | "ocp-apim-trace")
}

fn strip(headers: &mut HeaderMap, is_stripped: fn(&HeaderName) -> bool) {
    if headers.contains_key(CONNECTION) {
        strip_listed(headers);
    }
    let stripped: Vec<_> = headers.keys().filter(|name| is_stripped(name)).cloned().collect();
    for name in stripped {
        headers.remove(name);
    }
}

/// Whether a value is a list with this word, without regard to case.
pub(crate) fn lists(value: &HeaderValue, word: &str) -> bool {
    let mut parts = value.as_bytes().split(|&byte| byte == b',');
    parts.any(|part| part.trim_ascii().eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(strip: fn(&mut HeaderMap), given: &[(&'static str, &'static str)]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.append(*name, HeaderValue::from_static(value));
        }
        strip(&mut headers);
        headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect()
    }

    #[test]
    fn strips_what_belongs_to_the_connection() {
        let given = [
            ("connection", "close, X-Listed"),
            ("connection", "x-other"),
            ("x-listed", "1"),
            ("x-other", "1"),
            ("keep-alive", "timeout=5"),
            ("proxy-connection", "keep-alive"),
            ("proxy-authenticate", "Basic"),
            ("proxy-authorization", "Basic x"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "websocket"),
            ("te", "gzip"),
            ("trailer", "x-sum"),
            ("x-kept", "1"),
        ];
        for strip in [strip_request, strip_response] {
            assert_eq!(left(strip, &given), ["trailer: x-sum", "x-kept: 1"]);
        }
    }

    #[test]
    fn keeps_te_trailers_towards_the_backend() {
        let cases: [(&str, &[&str]); 4] = [
            ("trailers", &["te: trailers"]),
            ("gzip;q=0.5, Trailers", &["te: trailers"]),
            ("gzip", &[]),
            ("trailers2", &[]),
        ];
        for (value, expected) in cases {
            assert_eq!(left(strip_request, &[("connection", "TE"), ("te", value)]), expected, "{value}");
            assert!(left(strip_response, &[("te", value)]).is_empty());
        }
    }

    #[test]
    fn strips_trace_control_from_requests() {
        assert!(left(strip_request, &[("ocp-apim-trace", "true"), ("apim-debug-authorization", "t")]).is_empty());
    }

    #[test]
    fn survives_odd_connection_headers() {
        for value in ["", ",", " , ,", "a b", "connection", "\u{7f}"] {
            let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) else { continue };
            let mut headers = HeaderMap::from_iter([(CONNECTION, value)]);
            strip_request(&mut headers);
            assert!(headers.is_empty());
        }
    }
}
