//! One request that a policy sent.

use std::fmt;

use bytes::Bytes;
use http::{HeaderMap, Method};

use super::content::Content;
use crate::forward::Target;

/// A request that reached the backend, or that `send-request` sent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Call {
    /// The method.
    pub method: Method,
    /// The URL: absolute where a base URL is known, else the path and query.
    pub url: String,
    /// What `set-backend-service` chose, or the API's service URL.
    pub target: Option<Target>,
    /// The first line as a case writes it.
    pub(super) first: String,
    /// What the failures of assertions call it.
    pub(super) label: String,
    pub(super) content: Content,
}

impl Call {
    /// The headers.
    pub fn headers(&self) -> &HeaderMap {
        &self.content.headers
    }

    /// The body.
    pub fn body(&self) -> &Bytes {
        &self.content.body
    }

    /// The body as text.
    pub fn text(&self) -> String {
        self.content.text()
    }

    /// The method is this one.
    #[track_caller]
    pub fn assert_method(&self, method: &str) -> &Self {
        self.claim(if self.method.as_str() == method {
            Ok(())
        } else {
            Err(format!("method: expected `{method}`, found `{}`", self.method))
        })
    }

    /// The URL is this one.
    #[track_caller]
    pub fn assert_url(&self, url: &str) -> &Self {
        let is_it = self.url == url;
        self.claim(if is_it { Ok(()) } else { Err(format!("URL: expected `{url}`, found `{}`", self.url)) })
    }

    /// The request is for the Backend entity with this id.
    #[track_caller]
    pub fn assert_backend_id(&self, id: &str) -> &Self {
        self.claim(match &self.target {
            Some(Target::Backend(found)) if found.eq_ignore_ascii_case(id) => Ok(()),
            Some(Target::Backend(found)) => Err(format!("Backend entity: expected `{id}`, found `{found}`")),
            Some(Target::Url(url)) => Err(format!("Backend entity: expected `{id}`, found the URL `{url}`")),
            None => Err(format!("Backend entity: expected `{id}`, found none")),
        })
    }

    /// A header has this value, alone or among others.
    #[track_caller]
    pub fn assert_header(&self, name: &str, value: &str) -> &Self {
        self.claim(self.content.check_header(name, value))
    }

    /// A header is not there.
    #[track_caller]
    pub fn assert_no_header(&self, name: &str) -> &Self {
        self.claim(self.content.check_no_header(name))
    }

    /// The body is this text.
    #[track_caller]
    pub fn assert_body(&self, body: &str) -> &Self {
        self.claim(self.content.check_body(body))
    }

    /// The body has this text in it.
    #[track_caller]
    pub fn assert_body_has(&self, part: &str) -> &Self {
        self.claim(self.content.check_body_has(part))
    }

    /// The body is this JSON, whatever its white space and order of members.
    #[track_caller]
    pub fn assert_json(&self, body: &serde_json::Value) -> &Self {
        self.claim(self.content.check_json(body))
    }

    #[track_caller]
    fn claim(&self, checked: Result<(), String>) -> &Self {
        if let Err(problem) = checked {
            panic!("{}: {problem}\n\n{self}", self.label);
        }
        self
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}:\n  {} {}", self.label, self.method, self.url)?;
        self.content.fmt(f)
    }
}
