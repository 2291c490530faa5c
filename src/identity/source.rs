//! The trait of whatever gives tokens.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;

use super::Error;
use crate::secret::Secret;

/// A source of access tokens: managed identity, workload identity, or one of your own.
///
/// It need not keep tokens: a [`TokenCache`](super::TokenCache) does.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use gatewright::identity::{Error, Token, TokenRequest, TokenSource};
///
/// struct Fixed;
///
/// #[async_trait::async_trait]
/// impl TokenSource for Fixed {
///     async fn token(&self, request: &TokenRequest) -> Result<Token, Error> {
///         match &*request.resource {
///             "https://vault.azure.net" => Ok(Token::new("eyJ0…", SystemTime::now() + Duration::from_secs(3600))),
///             other => Err(Error::refused(format!("`{other}` is not known"))),
///         }
///     }
/// }
/// ```
#[async_trait]
pub trait TokenSource: Send + Sync + 'static {
    /// A new token.
    ///
    /// # Errors
    ///
    /// [`Error`] says whether the identity was refused or the source failed.
    ///
    /// Cancel safe: dropping the future changes nothing.
    async fn token(&self, request: &TokenRequest) -> Result<Token, Error>;
}

const _: Option<&dyn TokenSource> = None;

/// Which token is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct TokenRequest {
    /// The audience: `https://vault.azure.net`, or the id of an application. Without `/.default`.
    pub resource: Arc<str>,
    /// Client id of a user-assigned identity; none for the system-assigned one.
    pub client_id: Option<Arc<str>>,
}

impl TokenRequest {
    /// A token of the system-assigned identity.
    pub fn new(resource: impl AsRef<str>) -> Self {
        let resource = resource.as_ref().trim();
        Self { resource: resource.strip_suffix("/.default").unwrap_or(resource).into(), client_id: None }
    }

    /// Of a user-assigned identity instead.
    #[must_use]
    pub fn client_id(mut self, client_id: impl Into<Arc<str>>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }
}

/// An access token. It does not print.
#[derive(Clone)]
#[non_exhaustive]
pub struct Token {
    /// What follows `Bearer`.
    pub secret: Secret,
    /// When it ends.
    pub expires: SystemTime,
}

impl Token {
    /// A token that ends at `expires`.
    pub fn new(secret: impl Into<Secret>, expires: SystemTime) -> Self {
        Self { secret: secret.into(), expires }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("expires", &self.expires).finish_non_exhaustive()
    }
}
