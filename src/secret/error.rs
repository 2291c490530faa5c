//! Why a secret could not be had.

use std::error::Error as StdError;
use std::time::Duration;

/// Why a [`SecretProvider`](super::SecretProvider) gave no secret. It names the secret and never holds its content.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] Kind);

#[derive(Debug, thiserror::Error)]
enum Kind {
    #[error("secret `{id}` was not found")]
    NotFound { id: String },
    #[error("`{id}` is not the id of a secret: {problem}")]
    InvalidId { id: String, problem: &'static str },
    #[error("secret `{id}` could not be read: {source}")]
    Unavailable { id: String, source: Box<dyn StdError + Send + Sync>, retry_after: Option<Duration> },
}

impl Error {
    /// The provider works and has no secret of this id.
    pub fn not_found(id: &str) -> Self {
        Kind::NotFound { id: id.to_owned() }.into()
    }

    /// The id can never name a secret of this provider; `problem` says why.
    pub fn invalid_id(id: &str, problem: &'static str) -> Self {
        Kind::InvalidId { id: id.to_owned(), problem }.into()
    }

    /// The provider failed, now. Asking again may help.
    pub fn unavailable(id: &str, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Kind::Unavailable { id: id.to_owned(), source: source.into(), retry_after: None }.into()
    }

    /// Adds for how long a source that failed wants to be left alone (`Retry-After`).
    #[must_use]
    pub fn after(mut self, wait: Option<Duration>) -> Self {
        if let Kind::Unavailable { retry_after, .. } = &mut self.0 {
            *retry_after = wait;
        }
        self
    }

    /// For how long the source wants to be left alone, when it says so.
    pub fn retry_after(&self) -> Option<Duration> {
        match &self.0 {
            Kind::Unavailable { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// The id that was asked for.
    pub fn id(&self) -> &str {
        match &self.0 {
            Kind::NotFound { id } | Kind::InvalidId { id, .. } | Kind::Unavailable { id, .. } => id,
        }
    }

    /// Whether the provider works and has no such secret.
    pub fn is_not_found(&self) -> bool {
        matches!(self.0, Kind::NotFound { .. })
    }

    /// Whether the id can never name a secret of this provider.
    pub fn is_invalid_id(&self) -> bool {
        matches!(self.0, Kind::InvalidId { .. })
    }

    /// Whether the provider failed and asking again may help.
    pub fn is_unavailable(&self) -> bool {
        matches!(self.0, Kind::Unavailable { .. })
    }
}
