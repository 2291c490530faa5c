//! What of a request decides which member it goes to, with consistent hashing.

use std::borrow::Cow;
use std::net::IpAddr;

use http::header::{COOKIE, HeaderName};
use http::{HeaderMap, Request};
use percent_encoding::percent_decode_str;

use crate::forward::ClientAddress;
use crate::random::{STEP, mix};

/// What [`Balance::Hash`](super::Balance::Hash) looks at. Requests with the same value go to the same member.
///
/// A request without it, or with an empty one, goes to whichever member has its turn. The value is hashed in the same way
/// by every instance and every version, and without a secret: whoever chooses the value chooses the member.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HashKey {
    /// The value of a header as policies leave it, the first when there are several.
    Header(HeaderName),
    /// The value of a query parameter, decoded, the first when there are several; its name in any case of letters. The query
    /// is the one that goes to the backend, without the credentials of entities.
    Query(String),
    /// The value of a cookie, without quotes. It stays in the request.
    Cookie(String),
    /// The caller's address: what the gateway knows, [`ForwardOptions::client_ip`](crate::forward::ForwardOptions), or else
    /// [`ClientAddress`] in the extensions of the request.
    ClientAddress,
}

impl HashKey {
    /// The hash of what a request has of it.
    pub(in crate::backend) fn of<B>(&self, request: &Request<B>, client: Option<IpAddr>) -> Option<u64> {
        match self {
            Self::Header(name) => hash(request.headers().get(name)?.as_bytes()),
            Self::Query(name) => query(request.uri().query()?, name),
            Self::Cookie(name) => cookie(request.headers(), name),
            Self::ClientAddress => {
                let known = || request.extensions().get::<ClientAddress>().map(|address| address.0);
                match client.or_else(known)?.to_canonical() {
                    IpAddr::V4(address) => hash(&address.octets()),
                    IpAddr::V6(address) => hash(&address.octets()),
                }
            }
        }
    }
}

fn query(query: &str, wanted: &str) -> Option<u64> {
    query.split('&').find_map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if !name.eq_ignore_ascii_case(wanted) && !decoded(name).eq_ignore_ascii_case(wanted.as_bytes()) {
            return None;
        }
        hash(&decoded(value))
    })
}

fn decoded(text: &str) -> Cow<'_, [u8]> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text.as_bytes());
    }
    Cow::Owned(percent_decode_str(&text.replace('+', " ")).collect())
}

fn cookie(headers: &HeaderMap, wanted: &str) -> Option<u64> {
    let lines = headers.get_all(COOKIE).into_iter().filter_map(|line| std::str::from_utf8(line.as_bytes()).ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim() == wanted)?;
    hash(value.trim().trim_matches('"').as_bytes())
}

/// The same number for the same bytes everywhere and for ever, none for no bytes.
pub(super) fn hash(bytes: &[u8]) -> Option<u64> {
    if bytes.is_empty() {
        return None;
    }
    let mut state = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        state = mix(state.wrapping_add(STEP) ^ u64::from_le_bytes(word));
    }
    Some(state)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_value_is_found_wherever_it_is() {
        let key = |text: &str| hash(text.as_bytes());
        let header = HashKey::Header(HeaderName::from_static("x-tenant"));
        let query = HashKey::Query("Tenant id".to_owned());
        let cookie = HashKey::Cookie("sid".to_owned());
        type Case<'a> = (&'a HashKey, &'a str, &'a [(&'a str, &'a str)], Option<u64>);
        let cases: &[Case<'_>] = &[
            (&header, "/", &[("x-tenant", "a"), ("x-tenant", "b")], key("a")),
            (&header, "/", &[("x-tenant", "")], None),
            (&header, "/?x-tenant=a", &[], None),
            (&query, "/p?a=1&tenant+ID=x%20y&tenant%20id=z", &[], key("x y")),
            (&query, "/p?tenant%20id", &[], None),
            (&query, "/p", &[], None),
            (&cookie, "/", &[("cookie", "a=1; SID=no"), ("cookie", "b=2;sid=\"q\"")], key("q")),
            (&cookie, "/", &[("cookie", "sid=")], None),
            (&HashKey::ClientAddress, "/", &[], None),
        ];
        for (wanted, uri, headers, expected) in cases {
            let request =
                headers.iter().fold(Request::get(*uri), |request, (name, value)| request.header(*name, *value));
            assert_eq!(wanted.of(&request.body(()).unwrap(), None), *expected, "{wanted:?} {uri} {headers:?}");
        }
    }

    #[test]
    fn an_address_is_that_of_the_gateway_or_of_the_host() {
        let mut request = Request::new(());
        request.extensions_mut().insert(ClientAddress([10, 0, 0, 1].into()));
        let of = |client: Option<&str>| HashKey::ClientAddress.of(&request, client.map(|text| text.parse().unwrap()));
        assert_eq!(of(None), hash(&[10, 0, 0, 1]));
        assert_eq!(of(Some("10.0.0.2")), hash(&[10, 0, 0, 2]));
        assert_eq!(of(Some("::ffff:10.0.0.2")), of(Some("10.0.0.2")));
        assert_ne!(of(Some("::1")), of(Some("::2")));
    }

    /// Instances of different versions must agree.
    #[test]
    fn the_hash_never_changes() {
        assert_eq!(hash(b""), None);
        let known = [
            ("a", 0xf0ee_a8c8_a060_7d15),
            ("tenant-1", 0xd6b4_9a66_81a8_2465),
            ("0123456789abcdef-longer", 0x05de_8162_1fe3_0b2f),
        ];
        for (text, expected) in known {
            assert_eq!(hash(text.as_bytes()), Some(expected), "{text}");
        }
    }

    proptest! {
        #[test]
        fn takes_any_query_and_cookie(query in "[ -~]{0,60}", cookie in "[ -~]{0,60}") {
            super::query(&query, "a");
            let mut headers = HeaderMap::new();
            headers.insert(COOKIE, cookie.try_into().unwrap());
            super::cookie(&headers, "a");
        }

        #[test]
        fn different_values_have_different_hashes(one in "[a-z0-9-]{1,24}", other in "[a-z0-9-]{1,24}") {
            prop_assert_eq!(one == other, hash(one.as_bytes()) == hash(other.as_bytes()));
        }
    }
}
