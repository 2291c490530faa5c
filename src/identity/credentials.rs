//! The seam to whatever keeps the authorizations of `get-authorization-context`.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::{Map, Value};

use super::Error;
use crate::secret::Secret;

/// Keeps authorizations at other services, such as an OAuth grant of a user, and gives their tokens: API Management's
/// credential manager, or one of your own.
///
/// It keeps tokens and renews them; it is asked for each request.
///
/// ```
/// use gatewright::identity::{AuthorizationContext, AuthorizationRequest, CredentialManager, Error};
/// use serde_json::json;
///
/// struct Fixed;
///
/// #[async_trait::async_trait]
/// impl CredentialManager for Fixed {
///     async fn get(&self, request: &AuthorizationRequest) -> Result<AuthorizationContext, Error> {
///         match (&*request.provider, &*request.authorization) {
///             ("github", "robot") => Ok(AuthorizationContext::new("gho_…").claim("scope", json!("repo"))),
///             _ => Err(Error::refused("Authorization was not found.")),
///         }
///     }
/// }
/// ```
#[async_trait]
pub trait CredentialManager: Send + Sync + 'static {
    /// The token of an authorization, and what the token endpoint said besides.
    ///
    /// # Errors
    ///
    /// [`Error`]: there is no such authorization, it does not work, or the identity may not use it. Its text is
    /// `context.LastError.Message`.
    ///
    /// Cancel safe: dropping the future changes nothing.
    async fn get(&self, request: &AuthorizationRequest) -> Result<AuthorizationContext, Error>;
}

const _: Option<&dyn CredentialManager> = None;

/// Which authorization is wanted, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthorizationRequest {
    /// The id of the provider.
    pub provider: Arc<str>,
    /// The id of the authorization.
    pub authorization: Arc<str>,
    /// Who asks.
    pub identity: AuthorizationIdentity,
}

/// Who asks for an authorization.
#[derive(Clone, PartialEq, Eq)]
pub enum AuthorizationIdentity {
    /// The gateway's own identity.
    Managed,
    /// Whoever a token of Microsoft Entra names. Its audience and its claims `oid` and `tid` are there; **its signature
    /// is not checked**: the manager does that, or hands the token to a service that does.
    Jwt(Arc<str>),
}

/// The token of an authorization.
#[derive(Clone)]
#[non_exhaustive]
pub struct AuthorizationContext {
    /// `AccessToken`.
    pub access_token: Secret,
    /// `Claims`: what the token endpoint said besides.
    pub claims: Map<String, Value>,
}

impl AuthorizationRequest {
    /// A request of the gateway's own identity.
    pub fn new(provider: impl Into<Arc<str>>, authorization: impl Into<Arc<str>>) -> Self {
        let (provider, authorization) = (provider.into(), authorization.into());
        Self { provider, authorization, identity: AuthorizationIdentity::Managed }
    }

    /// Of whoever a token names instead.
    #[must_use]
    pub fn identity(mut self, identity: AuthorizationIdentity) -> Self {
        self.identity = identity;
        self
    }
}

impl AuthorizationContext {
    /// A token without claims.
    pub fn new(access_token: impl Into<Secret>) -> Self {
        Self { access_token: access_token.into(), claims: Map::new() }
    }

    /// Adds a claim.
    #[must_use]
    pub fn claim(mut self, name: &str, value: Value) -> Self {
        self.claims.insert(name.to_owned(), value);
        self
    }
}

impl fmt::Debug for AuthorizationIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Managed => "Managed",
            Self::Jwt(_) => "Jwt(<hidden>)",
        })
    }
}

impl fmt::Debug for AuthorizationContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthorizationContext(<hidden>)")
    }
}
