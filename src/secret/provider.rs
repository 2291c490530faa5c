//! The trait of whatever holds secrets.

use std::time::SystemTime;

use async_trait::async_trait;

use super::{Error, Secret};

/// A source of secrets: a vault, a folder, the environment.
///
/// ```
/// use gatewright::secret::{Error, SecretProvider, SecretValue};
///
/// struct Fixed;
///
/// #[async_trait::async_trait]
/// impl SecretProvider for Fixed {
///     async fn get(&self, id: &str) -> Result<SecretValue, Error> {
///         match id {
///             "backend-key" => Ok(SecretValue::new("s3cr3t")),
///             _ => Err(Error::not_found(id)),
///         }
///     }
/// }
/// ```
#[async_trait]
pub trait SecretProvider: Send + Sync + 'static {
    /// The present value of the secret `id`; what an id looks like is up to the provider.
    ///
    /// # Errors
    ///
    /// [`Error`] says whether the secret does not exist, the id is malformed, or the source failed.
    ///
    /// Cancel safe: dropping the future changes nothing.
    async fn get(&self, id: &str) -> Result<SecretValue, Error>;

    /// The same by another identity than the provider's own, such as the client id of a user-assigned one in Azure. A
    /// provider that knows no identities uses its own.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    async fn get_as(&self, id: &str, identity: &str) -> Result<SecretValue, Error> {
        let _ = identity;
        self.get(id).await
    }

    /// Whether an id names one version of a secret, which never changes: it is not asked for again.
    fn is_fixed(&self, id: &str) -> bool {
        let _ = id;
        false
    }
}

const _: Option<&dyn SecretProvider> = None;

/// A secret with what its source says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecretValue {
    /// The secret.
    pub secret: Secret,
    /// What the source calls this version; another text means that the secret may have changed.
    pub version: Option<String>,
    /// When it stops to be valid.
    pub expires: Option<SystemTime>,
}

impl SecretValue {
    /// A secret of which nothing else is known.
    pub fn new(secret: impl Into<Secret>) -> Self {
        Self { secret: secret.into(), version: None, expires: None }
    }

    /// Adds what the source calls this version.
    pub fn version(mut self, version: impl Into<String>) -> Self {
        self.version = Some(version.into());
        self
    }

    /// Adds when the secret stops to be valid.
    pub fn expires(mut self, at: SystemTime) -> Self {
        self.expires = Some(at);
        self
    }
}
