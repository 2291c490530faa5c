//! The answer of `send-request`, as a variable holds it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Object, Value};
use crate::expr::host::{Body, BodyError};
use crate::expr::types::{Ty, TypeId};

/// An `IResponse` that stands alone, for variables: status, headers and a body with the consumption rule.
///
/// `Value::from(response)` makes it a value.
#[derive(Clone)]
pub struct Response(Arc<Inner>);

struct Inner {
    status: i32,
    reason: String,
    headers: Vec<(String, Vec<String>)>,
    body: Mutex<Content>,
}

enum Content {
    None,
    Here(Body),
    Consumed,
}

impl Response {
    /// A response with its status, its headers (each name once, with its values) and its body, if it has one.
    pub fn new(status: u16, reason: &str, headers: Vec<(String, Vec<String>)>, body: Option<Body>) -> Self {
        let body = Mutex::new(body.map_or(Content::None, Content::Here));
        Self(Arc::new(Inner { status: i32::from(status), reason: reason.to_owned(), headers, body }))
    }

    /// The status code.
    pub fn status(&self) -> i32 {
        self.0.status
    }

    /// The reason phrase.
    pub fn reason(&self) -> &str {
        &self.0.reason
    }

    /// The names of the headers and their values.
    pub fn headers(&self) -> &[(String, Vec<String>)] {
        &self.0.headers
    }

    /// Whether there is, or was, a body.
    pub fn has_body(&self) -> bool {
        !matches!(*self.0.body.lock().unwrap_or_else(PoisonError::into_inner), Content::None)
    }

    /// Reads the body; without `preserve` it is gone afterwards.
    ///
    /// # Errors
    ///
    /// [`BodyError::Consumed`] when an earlier read took it.
    pub fn body(&self, preserve: bool) -> Result<Option<Body>, BodyError> {
        let mut content = self.0.body.lock().unwrap_or_else(PoisonError::into_inner);
        match &*content {
            Content::None => Ok(None),
            Content::Consumed => Err(BodyError::Consumed),
            Content::Here(body) if preserve => Ok(Some(body.clone())),
            Content::Here(_) => match std::mem::replace(&mut *content, Content::Consumed) {
                Content::Here(body) => Ok(Some(body)),
                _ => Ok(None),
            },
        }
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response").field("status", &self.0.status).finish_non_exhaustive()
    }
}

impl Object for Response {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::IResponse)
    }
}

impl Value {
    /// The response, when the value is one.
    pub fn as_response(&self) -> Option<&Response> {
        self.downcast()
    }
}

impl From<Response> for Value {
    fn from(response: Response) -> Self {
        Self::object(response)
    }
}
