//! Secrets in environment variables.

use std::env;

use async_trait::async_trait;

use super::{Error, SecretProvider, SecretValue};

/// Environment variables whose names start with a prefix.
///
/// The id `backend-key` with the prefix `APP_` is looked for as `APP_backend-key`, then as `APP_BACKEND_KEY`: upper
/// case, with every character that is no letter or digit replaced by `_`. The environment is read at each call.
#[derive(Clone, Debug)]
pub struct EnvProvider {
    prefix: String,
}

impl EnvProvider {
    /// A provider of the variables that start with `prefix`; an empty prefix opens the whole environment.
    pub fn new(prefix: impl Into<String>) -> Self {
        Self { prefix: prefix.into() }
    }
}

#[async_trait]
impl SecretProvider for EnvProvider {
    async fn get(&self, id: &str) -> Result<SecretValue, Error> {
        if id.is_empty() || id.contains(['=', '\0']) {
            return Err(Error::invalid_id(id, "expected a part of the name of an environment variable"));
        }
        let folded: String =
            id.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
        for name in [id, &folded] {
            match env::var(format!("{}{name}", self.prefix)) {
                Ok(text) => return Ok(SecretValue::new(text)),
                Err(env::VarError::NotPresent) => {}
                Err(env::VarError::NotUnicode(_)) => return Err(Error::unavailable(id, "it is not valid UTF-8")),
            }
        }
        Err(Error::not_found(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn reads_exact_and_folded_names() {
        for id in ["PKG_NAME", "pkg-name", "pkg.name"] {
            let value = EnvProvider::new("CARGO_").get(id).await.unwrap();
            assert_eq!(value.secret.expose(), "gatewright", "{id}");
        }
    }

    #[tokio::test]
    async fn does_not_leave_its_prefix() {
        assert!(EnvProvider::new("GATEWRIGHT_NONE_").get("CARGO_PKG_NAME").await.unwrap_err().is_not_found());
    }

    #[tokio::test]
    async fn refuses_ids_that_name_no_variable() {
        for id in ["", "a=b", "a\0b"] {
            assert!(EnvProvider::new("").get(id).await.unwrap_err().is_invalid_id(), "{id:?}");
        }
    }
}
