//! What a call is answered with.

use std::time::Duration;

use http::header::{CONTENT_TYPE, ETAG};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use crate::body::Body;

/// An answer before it becomes a response.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: StatusCode,
    body: Option<Value>,
    headers: Vec<(HeaderName, String)>,
    /// When the connections of the backend are to be made anew.
    pub reconnect: Option<Duration>,
    /// What the link in the body leads to, when there is one to be made.
    pub document: Option<String>,
}

impl Answer {
    pub fn new(status: StatusCode) -> Self {
        Self { status, body: None, headers: Vec::new(), reconnect: None, document: None }
    }

    pub fn json(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    pub fn etag(self, etag: impl Into<String>) -> Self {
        self.header(ETAG, etag)
    }

    pub fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// Puts a link to the document into the body.
    pub fn link(mut self, url: String) -> Self {
        if let Some(Value::Object(members)) = &mut self.body {
            members.insert("value".to_owned(), json!({ "link": url }));
        }
        self
    }

    /// The response to `HEAD` has no body, whatever the answer.
    pub fn into_response(self, is_head: bool) -> Response<Body> {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::try_from(value) {
                response.headers_mut().insert(name, value);
            }
        }
        if let Some(body) = self.body {
            response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
            if !is_head {
                *response.body_mut() = Body::from(body.to_string());
            }
        }
        response
    }

    #[cfg(test)]
    pub fn body_text(&self) -> String {
        self.body.as_ref().map(Value::to_string).unwrap_or_default()
    }
}
