//! Secrets held in memory.

use std::collections::HashMap;
use std::fmt;
use std::sync::{PoisonError, RwLock};

use async_trait::async_trait;

use super::{Error, Secret, SecretProvider, SecretValue};

/// Secrets that the program itself holds, by exact id. Made for tests and for hosts that have them already.
///
/// ```
/// use gatewright::secret::{MemoryProvider, SecretProvider};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), gatewright::secret::Error> {
/// let provider = MemoryProvider::new().secret("backend-key", "s3cr3t");
/// assert_eq!(provider.get("backend-key").await?.secret.expose(), "s3cr3t");
/// # Ok(()) }
/// ```
#[derive(Default)]
pub struct MemoryProvider(RwLock<HashMap<String, SecretValue>>);

impl MemoryProvider {
    /// A provider without secrets.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a secret, or replaces it.
    pub fn secret(self, id: impl Into<String>, secret: impl Into<Secret>) -> Self {
        self.set(id, SecretValue::new(secret));
        self
    }

    /// Adds a secret while the provider is in use, or replaces it.
    pub fn set(&self, id: impl Into<String>, value: SecretValue) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(id.into(), value);
    }
}

#[async_trait]
impl SecretProvider for MemoryProvider {
    async fn get(&self, id: &str) -> Result<SecretValue, Error> {
        let held = self.0.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        held.ok_or_else(|| Error::not_found(id))
    }
}

impl fmt::Debug for MemoryProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryProvider(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn gives_what_was_set_last() {
        let provider = MemoryProvider::new().secret("a", "1");
        provider.set("a", SecretValue::new("2").version("v2"));
        let value = provider.get("a").await.unwrap();
        assert_eq!((value.secret.expose(), value.version.as_deref()), ("2", Some("v2")));
        assert!(provider.get("A").await.unwrap_err().is_not_found());
    }
}
