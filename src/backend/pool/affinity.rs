//! Keeps a session with one member, by a cookie.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};
use sha2::Sha256;

use super::affinity_options::AffinityCookie;
use crate::model::{SessionAffinity, SessionIdSource};
use crate::secret::Secret;

/// The cookie of a pool. Its value stands for a member, so that every instance can read it; it is the same for all
/// sessions of that member.
#[derive(Debug)]
pub(super) struct Affinity {
    name: Box<str>,
    /// Members by the value of the cookie.
    members: HashMap<Box<str>, usize>,
    /// `Set-Cookie` of each member, for a caller over TLS and for another.
    cookies: Vec<[HeaderValue; 2]>,
}

/// Without a key of the host's own, the value only hides the id.
const NO_KEY: &[u8] = b"gatewright session affinity";

impl Affinity {
    /// The affinity of a pool; none when it has no session id.
    pub(super) fn new(
        pool: &str,
        affinity: &SessionAffinity,
        members: &[&str],
        (key, cookie): (Option<&Secret>, &AffinityCookie),
    ) -> Result<Option<Self>, String> {
        let Some(session) = &affinity.session_id else { return Ok(None) };
        match &session.source {
            None | Some(SessionIdSource::Cookie) => {}
            Some(other) => return Err(format!("`source` of `sessionId` is `{}`: expected `cookie`", other.as_str())),
        }
        let name = session.name.as_deref().unwrap_or_default();
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(format!("`name` of `sessionId` is `{name}`: expected the name of a cookie"));
        }
        let attributes = [cookie.attributes(false)?, cookie.attributes(true)?];
        let mut by_value = HashMap::new();
        let mut cookies = Vec::with_capacity(members.len());
        for (index, member) in members.iter().enumerate() {
            let value = value(key, pool, member);
            let [plain, secure] =
                attributes.each_ref().map(|attributes| HeaderValue::try_from(format!("{name}={value}{attributes}")));
            let (Ok(plain), Ok(secure)) = (plain, secure) else {
                return Err(format!("`name` of `sessionId` is `{name}`: expected the name of a cookie"));
            };
            cookies.push([plain, secure]);
            by_value.insert(value.into(), index);
        }
        Ok(Some(Self { name: name.into(), members: by_value, cookies }))
    }

    /// The member that the cookie of a request stands for.
    pub(super) fn bound(&self, headers: &HeaderMap) -> Option<usize> {
        let lines = headers.get_all(COOKIE).iter().filter_map(|line| std::str::from_utf8(line.as_bytes()).ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter(|pair| self.is_ours(pair));
        let mut values = pairs.filter_map(|pair| pair.split_once('='));
        values.find_map(|(_, value)| self.members.get(value.trim().trim_matches('"')).copied())
    }

    fn is_ours(&self, pair: &str) -> bool {
        pair.split_once('=').is_some_and(|(name, _)| name.trim() == &*self.name)
    }

    /// Takes the cookie out of a request, and says which member it stands for.
    pub(super) fn take(&self, headers: &mut HeaderMap) -> Option<usize> {
        if !headers.contains_key(COOKIE) {
            return None;
        }
        let bound = self.bound(headers);
        let mut kept = Vec::new();
        let mut is_changed = false;
        for line in headers.get_all(COOKIE) {
            let Ok(text) = std::str::from_utf8(line.as_bytes()) else {
                kept.push(line.clone());
                continue;
            };
            if !text.split(';').any(|pair| self.is_ours(pair)) {
                kept.push(line.clone());
                continue;
            }
            is_changed = true;
            let others: Vec<_> = text.split(';').filter(|pair| !self.is_ours(pair)).map(str::trim).collect();
            let others = others.join("; ");
            if !others.is_empty() {
                kept.extend(HeaderValue::try_from(others));
            }
        }
        if is_changed {
            headers.remove(COOKIE);
            for line in kept {
                headers.append(COOKIE, line);
            }
        }
        bound
    }

    /// Binds the session to a member.
    pub(super) fn bind(&self, headers: &mut HeaderMap, member: usize, is_tls: bool) {
        if let Some(cookie) = self.cookies.get(member).and_then(|both| both.get(usize::from(is_tls))) {
            headers.append(SET_COOKIE, cookie.clone());
        }
    }
}

/// What stands for a member, in any configuration and instance with the same key.
fn value(key: Option<&Secret>, pool: &str, member: &str) -> String {
    // INVARIANT: HMAC takes a key of any length.
    let key = key.map_or(NO_KEY, |key| key.expose().as_bytes());
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return String::new() };
    mac.update(pool.to_ascii_lowercase().as_bytes());
    mac.update(b"\0");
    mac.update(member.to_ascii_lowercase().as_bytes());
    let digest = mac.finalize().into_bytes();
    URL_SAFE_NO_PAD.encode(digest.get(..16).unwrap_or_default())
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::SessionId;

    fn affinity(name: &str, key: Option<&Secret>) -> Result<Option<Affinity>, String> {
        let session = SessionId::new().source(SessionIdSource::Cookie).name(name);
        Affinity::new("pool", &SessionAffinity::new().session_id(session), &["a", "b"], (key, &AffinityCookie::new()))
    }

    #[test]
    fn only_its_own_cookie_is_taken() {
        let affinity = affinity("sid", None).unwrap().unwrap();
        let value = value(None, "Pool", "B");
        let ours = format!("sid={value}");
        let cases: &[(&[&str], Option<usize>, &[&str])] = &[
            (&[], None, &[]),
            (&["a=1; b=2"], None, &["a=1; b=2"]),
            (&[&ours], Some(1), &[]),
            (&[&format!("a=1; {ours}; b=2")], Some(1), &["a=1; b=2"]),
            (&["a=1", &ours, "b=2"], Some(1), &["a=1", "b=2"]),
            (&[&format!("sid=forged; {ours}")], Some(1), &[]),
            (&["sid=forged; x=y"], None, &["x=y"]),
            (&[&format!("xsid={value}; SID={value}")], None, &[&format!("xsid={value}; SID={value}")]),
            (&[&format!("sid=\"{value}\"")], Some(1), &[]),
            (&["sid", "sid="], None, &["sid"]),
        ];
        for (lines, bound, kept) in cases {
            let mut headers = HeaderMap::new();
            for line in *lines {
                headers.append(COOKIE, HeaderValue::from_str(line).unwrap());
            }
            assert_eq!(affinity.take(&mut headers), *bound, "{lines:?}");
            assert_eq!(headers.get_all(COOKIE).iter().collect::<Vec<_>>(), *kept, "{lines:?}");
        }
    }

    #[test]
    fn the_cookie_has_its_attributes() {
        let affinity = affinity("sid", None).unwrap().unwrap();
        let mut headers = HeaderMap::new();
        affinity.bind(&mut headers, 0, false);
        affinity.bind(&mut headers, 0, true);
        let value = value(None, "pool", "a");
        let lines: Vec<_> = headers.get_all(SET_COOKIE).iter().collect();
        assert_eq!(
            lines,
            [
                &format!("sid={value}; Path=/; HttpOnly; SameSite=Lax"),
                &format!("sid={value}; Path=/; HttpOnly; Secure; SameSite=Lax"),
            ]
        );
    }

    #[test]
    fn a_key_changes_the_values() {
        let key = Secret::new("k");
        assert_ne!(value(Some(&key), "pool", "a"), value(None, "pool", "a"));
        assert_ne!(value(None, "pool", "a"), value(None, "pool", "b"));
        assert_ne!(value(None, "pool", "a"), value(None, "other", "a"));
        assert!(affinity("", None).unwrap_err().contains("expected the name of a cookie"));
        assert!(affinity("a b", None).is_err() && affinity("a;b", None).is_err());
        assert!(Affinity::new("pool", &SessionAffinity::new(), &[], (None, &AffinityCookie::new())).unwrap().is_none());
    }

    proptest::proptest! {
        #[test]
        fn takes_any_cookie(lines in proptest::collection::vec("[ -~]{0,40}", 0..4)) {
            let affinity = affinity("sid", None).unwrap().unwrap();
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(COOKIE, HeaderValue::try_from(line).unwrap());
            }
            affinity.take(&mut headers);
            let again = headers.clone();
            affinity.take(&mut headers);
            proptest::prop_assert_eq!(headers, again);
        }
    }
}
