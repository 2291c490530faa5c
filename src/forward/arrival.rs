//! What is done to the headers of a request when it comes in, before anyone acts on them.

#[cfg(feature = "policy")]
use http::HeaderValue;
use http::header::CONNECTION;
#[cfg(feature = "policy")]
use http::header::COOKIE;
use http::{HeaderMap, HeaderName};

/// Words that are no headers, headers that are dealt with by name when a request is sent, and the one that says whom it is
/// for.
const KEPT: [&str; 7] = ["close", "connection", "host", "keep-alive", "te", "transfer-encoding", "upgrade"];

/// Makes the headers of a request those that are for this side of the connection.
///
/// What `Connection` lists goes, and is listed no more: a list that is obeyed later would take out what policies have set
/// meanwhile. Several lines of cookies, as HTTP/2 has them, become one (RFC 9113, 8.2.3).
#[cfg(feature = "policy")]
pub(crate) fn arrive(headers: &mut HeaderMap) {
    if headers.contains_key(CONNECTION) && strip_listed(headers) {
        let kept: Vec<_> =
            words(headers).filter(|word| is_kept(word)).filter_map(|word| HeaderValue::from_bytes(word).ok()).collect();
        headers.remove(CONNECTION);
        for word in kept {
            headers.append(CONNECTION, word);
        }
    }
    join_cookies(headers);
}

#[cfg(feature = "policy")]
fn join_cookies(headers: &mut HeaderMap) {
    let lines = headers.get_all(COOKIE);
    if lines.iter().nth(1).is_none() {
        return;
    }
    let joined = lines.iter().map(HeaderValue::as_bytes).collect::<Vec<_>>().join(&b"; "[..]);
    if let Ok(mut joined) = HeaderValue::from_bytes(&joined) {
        joined.set_sensitive(lines.iter().any(HeaderValue::is_sensitive));
        headers.insert(COOKIE, joined);
    }
}

/// Takes out the headers that `Connection` lists, but for those that have a rule of their own; whether it lists others.
pub(crate) fn strip_listed(headers: &mut HeaderMap) -> bool {
    let others = words(headers).filter(|word| !is_kept(word));
    let names: Vec<_> = others.filter_map(|word| HeaderName::from_bytes(word).ok()).collect();
    for name in &names {
        headers.remove(name);
    }
    !names.is_empty()
}

fn words(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let values = headers.get_all(CONNECTION).iter();
    values.flat_map(|value| value.as_bytes().split(|&byte| byte == b',')).map(<[u8]>::trim_ascii)
}

fn is_kept(word: &[u8]) -> bool {
    KEPT.iter().any(|kept| word.eq_ignore_ascii_case(kept.as_bytes()))
}

#[cfg(all(test, feature = "policy"))]
mod tests {
    use super::*;

    fn arrived(given: &[(&'static str, &'static str)]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.append(*name, HeaderValue::from_static(value));
        }
        arrive(&mut headers);
        headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect()
    }

    #[test]
    fn a_list_of_the_caller_is_obeyed_once() {
        type Lines = &'static [(&'static str, &'static str)];
        let cases: [(Lines, &[&str]); 7] = [
            (&[("connection", "keep-alive")], &["connection: keep-alive"]),
            (&[("connection", "close, X-User"), ("x-user", "1"), ("x-kept", "1")], &["connection: close", "x-kept: 1"]),
            (&[("connection", "X-User"), ("connection", "Upgrade, x-b")], &["connection: Upgrade"]),
            (&[("connection", "TE, x-a"), ("te", "trailers"), ("x-a", "1")], &["connection: TE", "te: trailers"]),
            (
                &[("connection", "host, authorization"), ("host", "h"), ("authorization", "a")],
                &["connection: host", "host: h"],
            ),
            (&[("connection", "a b, ,"), ("x-kept", "1")], &["connection: a b, ,", "x-kept: 1"]),
            (&[("connection", "connection")], &["connection: connection"]),
        ];
        for (given, expected) in cases {
            let mut left = arrived(given);
            left.sort();
            assert_eq!(left, expected, "{given:?}");
        }
    }

    #[test]
    fn lines_of_cookies_become_one() {
        assert_eq!(arrived(&[("cookie", "a=1"), ("x", "1"), ("cookie", "b=2")]), ["cookie: a=1; b=2", "x: 1"]);
        assert_eq!(arrived(&[("cookie", "a=1")]), ["cookie: a=1"]);
    }
}
