//! Who may call.

use async_trait::async_trait;
use http::header::AUTHORIZATION;
use http::request::Parts;

use crate::secret::Secret;

/// Decides whether a call is served; there is no management without one.
///
/// Functions of a request's head are such checks, too.
///
/// ```
/// use gatewright::management::{Authorize, Refusal};
///
/// fn only_from_here(head: &http::request::Parts) -> Result<(), Refusal> {
///     match head.headers.get("x-client-certificate-verified") {
///         Some(value) if value == "SUCCESS" => Ok(()),
///         _ => Err(Refusal::Unauthenticated),
///     }
/// }
///
/// fn takes(_: impl Authorize) {}
/// takes(only_from_here);
/// ```
#[async_trait]
pub trait Authorize: Send + Sync + 'static {
    /// Decides; the body of the request has not been read.
    ///
    /// # Errors
    ///
    /// [`Refusal`] says whether nobody is known to call, or somebody who may not.
    async fn authorize(&self, head: &Parts) -> Result<(), Refusal>;
}

const _: Option<&dyn Authorize> = None;

/// Why a call is not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// Nobody is known to call: 401 `AuthenticationFailed`.
    Unauthenticated,
    /// The caller may not do this: 403 `AuthorizationFailed`.
    Forbidden,
}

#[async_trait]
impl<F> Authorize for F
where
    F: Fn(&Parts) -> Result<(), Refusal> + Send + Sync + 'static,
{
    async fn authorize(&self, head: &Parts) -> Result<(), Refusal> {
        self(head)
    }
}

/// A token that all callers share: `Authorization: Bearer …`.
///
/// ```
/// use gatewright::management::BearerToken;
///
/// let token = BearerToken::new("a long random text");
/// assert_eq!(format!("{token:?}"), "BearerToken(Secret(***))");
/// ```
#[derive(Clone, Debug)]
pub struct BearerToken(Secret);

impl BearerToken {
    /// Takes the token that callers have to send. Nobody is served when it is empty.
    pub fn new(token: impl Into<String>) -> Self {
        Self(Secret::new(token))
    }
}

#[async_trait]
impl Authorize for BearerToken {
    async fn authorize(&self, head: &Parts) -> Result<(), Refusal> {
        let given = head.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given.and_then(|text| text.split_once(' '));
        let given = given.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        match given.map(|(_, token)| Secret::new(token.trim())) {
            Some(token) if token == self.0 && !self.0.expose().is_empty() => Ok(()),
            _ => Err(Refusal::Unauthenticated),
        }
    }
}
