//! The URL that a request's path is appended to.

use std::borrow::Cow;

use http::uri::{Authority, Scheme};

/// An absolute `http` or `https` URL that paths are appended to, parsed once.
///
/// ```
/// use gatewright::forward::BaseUrl;
///
/// let base = BaseUrl::parse("https://contoso.com/api/8.2/")?;
/// assert_eq!(base.join("/partners/15?page=2").to_string(), "https://contoso.com/api/8.2/partners/15?page=2");
/// # Ok::<_, gatewright::forward::BaseUrlError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    pub(super) scheme: Scheme,
    pub(super) authority: Authority,
    pub(super) path: Box<str>,
    pub(super) query: Option<Box<str>>,
}

/// Why a text is not a base URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{url}` is not a base URL: {problem}: expected `http://host` or `https://host`, with an optional port and path"
)]
pub struct BaseUrlError {
    url: String,
    pub(super) problem: &'static str,
}

impl BaseUrlError {
    /// The same of a text from which more secrets are taken out.
    #[cfg(all(feature = "client", feature = "policy"))]
    pub(crate) fn about(self, text: &str) -> Self {
        Self { url: shown(text), ..self }
    }
}

impl BaseUrl {
    /// Parses `http(s)://host[:port][/path][?query]`; `ws` and `wss`, as WebSocket APIs write it, mean the same.
    ///
    /// # Errors
    ///
    /// [`BaseUrlError`] when the scheme is another one, the host is missing, user information is present, or the text
    /// is not a URL.
    pub fn parse(text: &str) -> Result<Self, BaseUrlError> {
        let fail = |problem| BaseUrlError { url: shown(text), problem };
        // `url` accepts what .NET does (spaces, Unicode hosts, upper-case schemes) and gives a canonical text.
        let url = url::Url::parse(text.trim()).map_err(|_| fail("it cannot be parsed"))?;
        let scheme = match url.scheme() {
            "http" | "ws" => Scheme::HTTP,
            "https" | "wss" => Scheme::HTTPS,
            _ => return Err(fail("the scheme is not http or https")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(fail("it holds user information"));
        }
        let host = url.host_str().filter(|h| !h.is_empty()).ok_or_else(|| fail("it has no host"))?;
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let authority = authority.parse().map_err(|_| fail("the host is not valid"))?;
        Ok(Self {
            scheme,
            authority,
            path: url.path().trim_end_matches('/').into(),
            query: url.query().filter(|q| !q.is_empty()).map(Into::into),
        })
    }

    /// The scheme: `http` or `https`.
    pub fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// Host and, when it is not the scheme's default, port.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The path without a trailing slash; empty for the root.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query, without `?`.
    pub fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    /// The path and query to request, for what follows the base: `remainder` is a path with an optional query.
    ///
    /// There is exactly one slash between both; an empty remainder gives the base path as it is.
    pub fn path_and_query<'a>(&'a self, remainder: &'a str) -> Cow<'a, str> {
        let (path, query) = match remainder.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (remainder, None),
        };
        if self.path.is_empty() && self.query.is_none() && path.starts_with('/') {
            return Cow::Borrowed(remainder);
        }
        let mut out = String::with_capacity(self.path.len() + remainder.len() + 2);
        out.push_str(&self.path);
        if !path.is_empty() || self.path.is_empty() {
            out.push('/');
            out.push_str(path.strip_prefix('/').unwrap_or(path));
        }
        let queries = [self.query.as_deref(), query.filter(|q| !q.is_empty())];
        for (query, mark) in queries.into_iter().flatten().zip(['?', '&']) {
            out.push(mark);
            out.push_str(query);
        }
        Cow::Owned(out)
    }

    /// The whole URL, for traces and messages.
    pub fn join(&self, remainder: &str) -> impl std::fmt::Display {
        format!("{}://{}{}", self.scheme, self.authority, self.path_and_query(remainder))
    }
}

/// A text that was meant to be a URL, without what may be a secret in it: user information and the query.
///
/// It need not be a URL, so that what stands before an `@` is left out, wherever a parser would end the host.
pub(super) fn shown(text: &str) -> String {
    let scheme = text.find("://").map_or("", |at| &text[..at + 3]);
    let rest = &text[scheme.len()..];
    let query = rest.find(['?', '#']);
    match rest.rfind('@') {
        // A query with an `@`, or a password with a `?`.
        Some(at) if query.is_some_and(|query| query < at) => format!("{scheme}***"),
        at => {
            let end = query.map_or(rest.len(), |query| query + 1);
            let user = if at.is_some() { "***" } else { "" };
            let query = if query.is_some() { "***" } else { "" };
            format!("{scheme}{user}{}{query}", &rest[at.unwrap_or(0)..end])
        }
    }
}

impl std::fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority, self.path)?;
        self.query.as_ref().map_or(Ok(()), |query| write!(f, "?{query}"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::WebProxy;
    use super::*;

    #[test]
    fn errors_do_not_hold_secrets_of_urls() {
        let cases = [
            ("http://me:s3cr3t@proxy:8080", "`http://***@proxy:8080`"),
            ("https://s3cr3t@host/p", "`https://***@host/p`"),
            ("http://me:s3/cr3t@proxy:8080", "`http://***@proxy:8080`"),
            ("http://me:s3?cr3t@proxy:8080", "`http://***`"),
            ("ftp://host/p?code=s3cr3t", "`ftp://host/p?***`"),
            ("http://me:s3@cr3t@h/?x=1#y", "`http://***@h/?***`"),
            ("me:s3cr3t@proxy", "`***@proxy`"),
            ("nonsense", "`nonsense`"),
        ];
        for (url, shown) in cases {
            let errors = [
                BaseUrl::parse(url).unwrap_err().to_string(),
                format!("`{}`", BaseUrl::parse(url).unwrap_err().url),
                WebProxy::parse(url, None, None).unwrap_err().to_string(),
                format!("{:?}", WebProxy::parse(url, None, None)),
            ];
            assert!(errors[0].starts_with(shown) && errors[1] == shown && errors[2].starts_with(shown), "{errors:?}");
            assert!(errors.iter().all(|error| !error.contains("s3") && !error.contains("cr3t")), "{errors:?}");
        }
    }
}
