//! Finds the entity whose URL covers the URL that is about to be called.

use std::collections::HashMap;

use crate::forward::BaseUrl;

/// Values by base URL: same scheme, host and port, and the longest path that covers the path called.
pub(super) struct UrlMatch<T> {
    /// By authority; of each, the longest path first, and of equal ones the first that was given.
    by_authority: HashMap<Box<str>, Vec<(BaseUrl, T)>>,
}

impl<T> UrlMatch<T> {
    pub(super) fn new(values: impl IntoIterator<Item = (BaseUrl, T)>) -> Self {
        let mut by_authority: HashMap<Box<str>, Vec<_>> = HashMap::new();
        for (base, value) in values {
            by_authority.entry(base.authority().as_str().into()).or_default().push((base, value));
        }
        for candidates in by_authority.values_mut() {
            candidates.sort_by_key(|(base, _)| std::cmp::Reverse(base.path().len()));
        }
        Self { by_authority }
    }

    /// The value for `base` followed by the path of `remainder`.
    pub(super) fn find(&self, base: &BaseUrl, remainder: &str) -> Option<&T> {
        if self.by_authority.is_empty() {
            return None;
        }
        let candidates = self.by_authority.get(base.authority().as_str())?;
        let path = remainder.split_once('?').map_or(remainder, |(path, _)| path);
        let found = candidates.iter().find(|(own, _)| own.scheme() == base.scheme() && covers(own, base, path));
        found.map(|(_, value)| value)
    }
}

/// Whether `own`'s path is that of `base` and `path` together, or a parent of it.
fn covers(own: &BaseUrl, base: &BaseUrl, path: &str) -> bool {
    let starts = |rest: &str| rest.is_empty() || rest.starts_with('/');
    if let Some(rest) = base.path().strip_prefix(own.path()) {
        return starts(rest);
    }
    let Some(missing) = own.path().strip_prefix(base.path()).filter(|missing| starts(missing)) else { return false };
    let missing = missing.trim_start_matches('/');
    path.trim_start_matches('/').strip_prefix(missing).is_some_and(starts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_equal_urls_the_first_wins() {
        let base = || BaseUrl::parse("https://a.example/api").unwrap();
        let urls = UrlMatch::new((0..50).map(|number| (base(), number)));
        assert_eq!(urls.find(&base(), "/x"), Some(&0));
    }

    #[test]
    fn the_longest_covering_url_wins() {
        let urls = ["https://a.example", "https://a.example/api", "https://a.example/api/v2", "http://b.example/x"];
        let urls = UrlMatch::new(urls.map(|url| (BaseUrl::parse(url).unwrap(), url)));
        let cases = [
            ("https://a.example", "/", Some("https://a.example")),
            ("https://A.EXAMPLE:443/", "/other?x=/api", Some("https://a.example")),
            ("https://a.example/api", "/v1", Some("https://a.example/api")),
            ("https://a.example", "/api/v1", Some("https://a.example/api")),
            ("https://a.example", "/api", Some("https://a.example/api")),
            ("https://a.example", "/apis", Some("https://a.example")),
            ("https://a.example/api", "/v2/x", Some("https://a.example/api/v2")),
            ("https://a.example/api", "/v20", Some("https://a.example/api")),
            ("https://a.example/ap", "/i/v2", Some("https://a.example")),
            ("https://a.example/api/v2/deep", "/", Some("https://a.example/api/v2")),
            ("http://a.example/api", "/", None),
            ("https://a.example:8443/api", "/", None),
            ("http://b.example", "/", None),
            ("http://b.example", "/x?y", Some("http://b.example/x")),
            ("http://c.example", "/", None),
        ];
        for (base, remainder, expected) in cases {
            let found = urls.find(&BaseUrl::parse(base).unwrap(), remainder).copied();
            assert_eq!(found, expected, "{base} and {remainder}");
        }
    }
}
