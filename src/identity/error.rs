//! Why there is no token.

use std::error::Error as StdError;
use std::sync::Arc;

/// Why a [`TokenSource`](super::TokenSource) gave no token. It never holds a token or a key.
#[derive(Clone, Debug, thiserror::Error)]
#[error(transparent)]
pub struct Error(#[from] Kind);

#[derive(Clone, Debug, thiserror::Error)]
enum Kind {
    #[error("the identity was refused: {0}")]
    Refused(Arc<str>),
    #[error("the source of tokens failed: {0}")]
    Unavailable(Arc<dyn StdError + Send + Sync>),
}

impl Error {
    /// The source works and gives no token to this identity for this resource; `message` says why.
    pub fn refused(message: impl AsRef<str>) -> Self {
        Kind::Refused(message.as_ref().into()).into()
    }

    /// The source failed, now. Asking again may help.
    pub fn unavailable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Kind::Unavailable(source.into().into()).into()
    }

    /// Whether the source works and gives no token.
    pub fn is_refused(&self) -> bool {
        matches!(self.0, Kind::Refused(_))
    }
}
