//! Why Azure Cosmos DB gave no answer.

/// Why an operation of Azure Cosmos DB was not done. It holds no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CosmosError {
    status: Option<u16>,
    message: Box<str>,
}

impl CosmosError {
    /// There is no answer.
    pub fn new(message: impl Into<Box<str>>) -> Self {
        Self { status: None, message: message.into() }
    }

    /// The service answered with an error of this HTTP status.
    pub fn of_status(status: u16, message: impl Into<Box<str>>) -> Self {
        Self { status: Some(status), message: message.into() }
    }

    /// The HTTP status that the service answered with, if it answered.
    pub fn status(&self) -> Option<u16> {
        self.status
    }
}
