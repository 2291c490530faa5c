//! What the cookie of session affinity looks like, and what happens when its member cannot be asked: beyond Azure.

use std::fmt::Write;
use std::time::Duration;

use super::options::PoolOptions;

/// Attributes of the cookie that keeps a session with one member. Its name is in the entity, and it is always `HttpOnly`.
///
/// ```
/// use std::time::Duration;
/// use gatewright::backend::{AffinityCookie, PoolOptions, SameSite};
///
/// let cookie = AffinityCookie::new()
///     .path("/orders")
///     .domain("contoso.com")
///     .same_site(SameSite::Strict)
///     .max_age(Duration::from_secs(3600))
///     .secure(true);
/// let options = PoolOptions::new().affinity_cookie(cookie);
/// # let _ = options;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct AffinityCookie {
    path: String,
    domain: Option<String>,
    same_site: SameSite,
    max_age: Option<Duration>,
    secure: Option<bool>,
}

/// Whether a browser sends a cookie with requests that another site makes: its attribute `SameSite`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SameSite {
    /// Never.
    Strict,
    /// When the user follows a link.
    #[default]
    Lax,
    /// Always; such a cookie is `Secure`, since browsers take no other.
    None,
}

/// What happens to a request of a session whose member is not a candidate: its circuit is open, it is unhealthy, or it is
/// an outlier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AffinityFailure {
    /// Another member answers, and has the session from then on.
    #[default]
    AnotherMember,
    /// The failure response of the pool, with the time until the member is back as `Retry-After`. Nothing is sent, neither
    /// by fail-over nor by hedging: for members that keep what only they know.
    Refuse,
}

impl Default for AffinityCookie {
    fn default() -> Self {
        Self { path: "/".to_owned(), domain: None, same_site: SameSite::Lax, max_age: None, secure: None }
    }
}

impl AffinityCookie {
    /// `Path=/; HttpOnly; SameSite=Lax`, and `Secure` for callers over TLS; until the browser is closed.
    pub fn new() -> Self {
        Self::default()
    }

    /// The path below which it is sent, with a `/` first; `/` by default.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// The domain that it is sent to, with all hosts below; without one, the host that the request was for.
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// Whether it is sent with requests that another site makes; `Lax` by default.
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// How long it lasts, in whole seconds, at least one; counted from when the session was bound, whether it is used or not.
    /// Without it, as long as the browser runs.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Some(age);
        self
    }

    /// Whether it is sent over TLS only: always or never, whatever the caller came by. Without it, when the caller came by TLS.
    /// For a gateway behind something that ends TLS.
    pub fn secure(mut self, secure: bool) -> Self {
        self.secure = Some(secure);
        self
    }

    /// What follows name and value, for a caller over TLS or another; or what is wrong.
    pub(super) fn attributes(&self, is_tls: bool) -> Result<String, String> {
        let expected = |what: &str, given: &str, expected: &str| {
            Err(format!("`{what}` of the cookie of session affinity is `{given}`: expected {expected}"))
        };
        let is_plain = |text: &str| text.bytes().all(|byte| (b' '..=b'~').contains(&byte) && byte != b';');
        if !self.path.starts_with('/') || !is_plain(&self.path) {
            return expected("path", &self.path, "one that begins with `/`, of ASCII without `;`");
        }
        let mut text = format!("; Path={}", self.path);
        if let Some(domain) = &self.domain {
            let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
            if !domain.bytes().any(|byte| byte.is_ascii_alphanumeric()) || !domain.bytes().all(is_name) {
                return expected("domain", domain, "the name of a host in ASCII");
            }
            let _ = write!(text, "; Domain={domain}");
        }
        if let Some(age) = self.max_age {
            if age.as_secs() == 0 {
                return expected("max_age", &format!("{age:?}"), "a second or more");
            }
            let _ = write!(text, "; Max-Age={}", age.as_secs());
        }
        text.push_str("; HttpOnly");
        let is_for_all = self.same_site == SameSite::None;
        if is_for_all && self.secure == Some(false) {
            return expected("secure", "false", "true, or another `same_site` than `None`");
        }
        if is_for_all || self.secure.unwrap_or(is_tls) {
            text.push_str("; Secure");
        }
        text.push_str(match self.same_site {
            SameSite::Strict => "; SameSite=Strict",
            SameSite::Lax => "; SameSite=Lax",
            SameSite::None => "; SameSite=None",
        });
        Ok(text)
    }
}

impl PoolOptions {
    /// The attributes of the cookie of session affinity; those of [`AffinityCookie::new`] by default.
    #[must_use]
    pub fn affinity_cookie(mut self, cookie: AffinityCookie) -> Self {
        self.affinity_cookie = cookie;
        self
    }

    /// What happens when the member of a session is not a candidate; another one answers by default. A cookie that stands
    /// for no member, or for one that is gone, is as none.
    #[must_use]
    pub fn affinity_failure(mut self, failure: AffinityFailure) -> Self {
        self.affinity_failure = failure;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_those_that_were_set() {
        let new = AffinityCookie::new;
        let hour = Duration::from_millis(3_600_900);
        let cases = [
            (new(), ["; Path=/; HttpOnly; SameSite=Lax", "; Path=/; HttpOnly; Secure; SameSite=Lax"]),
            (
                new().path("/a b").domain(".contoso.com").max_age(hour).same_site(SameSite::Strict),
                [
                    "; Path=/a b; Domain=.contoso.com; Max-Age=3600; HttpOnly; SameSite=Strict",
                    "; Path=/a b; Domain=.contoso.com; Max-Age=3600; HttpOnly; Secure; SameSite=Strict",
                ],
            ),
            (new().secure(true), ["; Path=/; HttpOnly; Secure; SameSite=Lax"; 2]),
            (new().secure(false), ["; Path=/; HttpOnly; SameSite=Lax"; 2]),
            (new().same_site(SameSite::None), ["; Path=/; HttpOnly; Secure; SameSite=None"; 2]),
        ];
        for (cookie, expected) in cases {
            assert_eq!([false, true].map(|is_tls| cookie.attributes(is_tls).unwrap()), expected, "{cookie:?}");
        }
    }

    #[test]
    fn what_browsers_would_not_take_is_refused() {
        let new = AffinityCookie::new;
        let wrong = "of the cookie of session affinity is";
        let cases = [
            (new().path("a"), format!("`path` {wrong} `a`: expected one that begins with `/`, of ASCII without `;`")),
            (
                new().path("/a;b"),
                format!("`path` {wrong} `/a;b`: expected one that begins with `/`, of ASCII without `;`"),
            ),
            (
                new().path("/\n"),
                format!("`path` {wrong} `/\n`: expected one that begins with `/`, of ASCII without `;`"),
            ),
            (new().domain("a b"), format!("`domain` {wrong} `a b`: expected the name of a host in ASCII")),
            (new().domain("."), format!("`domain` {wrong} `.`: expected the name of a host in ASCII")),
            (
                new().max_age(Duration::from_millis(999)),
                format!("`max_age` {wrong} `999ms`: expected a second or more"),
            ),
            (
                new().same_site(SameSite::None).secure(false),
                format!("`secure` {wrong} `false`: expected true, or another `same_site` than `None`"),
            ),
        ];
        for (cookie, expected) in cases {
            assert_eq!(cookie.attributes(true).unwrap_err(), expected);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_setting_adds_an_attribute(path in "\\PC{0,12}", domain in "[ -~]{0,12}") {
            let cookie = AffinityCookie::new().path(path).domain(domain);
            if let Ok(text) = cookie.attributes(true) {
                proptest::prop_assert_eq!(text.matches(';').count(), 5, "{}", text);
                proptest::prop_assert!(http::HeaderValue::try_from(text).is_ok());
            }
        }
    }
}
