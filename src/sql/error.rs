//! Why a SQL Server gave no rows.

/// Why a statement gave no rows. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SqlError(Box<str>);

impl SqlError {
    /// An error with this message: one line.
    pub fn new(message: impl Into<Box<str>>) -> Self {
        Self(message.into())
    }
}
