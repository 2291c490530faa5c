//! Members of a pool that are no entities: URLs, beyond Azure.

use std::fmt;

use super::options::PoolOptions;
use crate::forward::BaseUrl;
use crate::model::CircuitBreaker;

/// A member of a pool that is a URL and no Backend entity.
///
/// It has the checks of certificates and the web proxy of the [`Transport`](crate::backend::Transport), the credentials of the
/// pool when [they apply](PoolOptions::credentials_apply), and the [`BackendOptions`](crate::backend::BackendOptions) of its id.
/// An entity that covers the URL has nothing to do with it.
///
/// ```
/// use gatewright::backend::{PoolOptions, UrlMember};
///
/// let options = PoolOptions::new()
///     .member_url("https://10.0.0.7:8443/api")
///     .member_url(UrlMember::new("https://spare.internal/api").id("spare").priority(2));
/// # let _ = options;
/// ```
#[derive(Clone, PartialEq)]
#[must_use]
pub struct UrlMember {
    pub(super) url: String,
    id: Option<String>,
    pub(super) priority: Option<u32>,
    pub(super) weight: Option<u32>,
    circuit_breaker: Option<CircuitBreaker>,
}

impl UrlMember {
    /// A member at `http(s)://host[:port][/path][?query]`, which may hold named values (`{{name}}`).
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), id: None, priority: None, weight: None, circuit_breaker: None }
    }

    /// What it is called in snapshots, events, errors and options, and by the cookie of a session; without it, the URL in its
    /// usual form and without its query: `https://10.0.0.7:8443/api`.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// As `priority` of the member of an entity: 0 to 100, a lower number is preferred.
    pub fn priority(mut self, priority: u32) -> Self {
        self.priority = Some(priority);
        self
    }

    /// As `weight` of the member of an entity: 0 to 100.
    pub fn weight(mut self, weight: u32) -> Self {
        self.weight = Some(weight);
        self
    }

    /// When it is left alone for a while; never by default. Pools that have a member of the same id share its state: URL and
    /// rules must be the same there.
    pub fn circuit_breaker(mut self, rules: CircuitBreaker) -> Self {
        self.circuit_breaker = Some(rules);
        self
    }

    pub(super) fn name(&self) -> String {
        if let Some(id) = &self.id {
            return id.clone();
        }
        match BaseUrl::parse(&self.url) {
            Ok(base) => format!("{}://{}{}", base.scheme(), base.authority(), base.path()),
            // Named values have yet to be put in. User information is refused then, and may be a secret.
            Err(_) => {
                let text = self.url.trim().split(['?', '#']).next().unwrap_or_default();
                text.rsplit_once('@').map_or_else(|| text.to_owned(), |(_, rest)| format!("***@{rest}"))
            }
        }
    }

    pub(in crate::backend) fn url(&self) -> &str {
        &self.url
    }

    pub(in crate::backend) fn rules(&self) -> Option<&CircuitBreaker> {
        self.circuit_breaker.as_ref()
    }
}

impl From<&str> for UrlMember {
    fn from(url: &str) -> Self {
        Self::new(url)
    }
}

impl From<String> for UrlMember {
    fn from(url: String) -> Self {
        Self::new(url)
    }
}

impl fmt::Debug for UrlMember {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("UrlMember");
        shown.field("id", &self.name()).field("priority", &self.priority).field("weight", &self.weight);
        shown.finish_non_exhaustive()
    }
}

impl PoolOptions {
    /// Adds a member that is no entity, after those of the entity, which may have none then (but for one that is loaded from
    /// files). Members by URL are not among the 30 that an entity may have; together there are at most 128.
    #[must_use]
    pub fn member_url(mut self, member: impl Into<UrlMember>) -> Self {
        self.url_members.push(member.into());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_id_is_the_url_without_what_may_be_secret() {
        let cases = [
            ("https://10.0.0.7:8443/api/?code=s3cr3t", "https://10.0.0.7:8443/api"),
            ("HTTP://East.Example:80/", "http://east.example"),
            ("https://{{host}}/api?code={{key}}", "https://{{host}}/api"),
            ("https://user:s3cr3t@host/api", "***@host/api"),
            ("nonsense", "nonsense"),
        ];
        for (url, expected) in cases {
            let member = UrlMember::new(url);
            assert_eq!(member.name(), expected);
            assert!(!format!("{member:?}").contains("s3cr3t"));
        }
        assert_eq!(UrlMember::from("https://a").id("east").name(), "east");
    }
}
