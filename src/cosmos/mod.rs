//! Azure Cosmos DB: the seam to whatever asks it, and a client of its REST protocol (feature `cosmos`).

mod account;
mod error;
mod request;
#[cfg(feature = "cosmos")]
mod rest;

use async_trait::async_trait;

pub(crate) use account::ConnectionString;
pub use account::{CosmosAccount, CosmosCredential};
pub use error::CosmosError;
pub use request::{
    Consistency, CosmosAnswer, CosmosOperation, CosmosRequest, EntityTag, Indexing, PartitionKey, Query, Write,
    WriteKind, WriteOptions,
};
#[cfg(feature = "cosmos")]
pub(crate) use rest::RestClient;

/// Does what `cosmosdb-data-source` describes.
///
/// A build with the feature `cosmos` has one over the requests of policies ([`Outbound`](crate::outbound::Outbound)); a host
/// that gives its own to [`EngineSettings::cosmos`](crate::policy::EngineSettings::cosmos) has that one asked instead. In a
/// test it is a few lines:
///
/// ```
/// use gatewright::cosmos::{CosmosAnswer, CosmosError, CosmosExecutor, CosmosOperation, CosmosRequest};
///
/// struct OneItem;
///
/// #[async_trait::async_trait]
/// impl CosmosExecutor for OneItem {
///     async fn execute(&self, request: CosmosRequest) -> Result<CosmosAnswer, CosmosError> {
///         match request.operation {
///             CosmosOperation::Read { id, .. } => Ok(CosmosAnswer::Item(format!(r#"{{"id":"{id}"}}"#).into())),
///             _ => Err(CosmosError::new("it only reads")),
///         }
///     }
/// }
/// ```
#[async_trait]
pub trait CosmosExecutor: Send + Sync + 'static {
    /// Does one operation.
    ///
    /// The caller keeps the time: it drops the future when the time is over.
    ///
    /// # Errors
    ///
    /// [`CosmosError`] when there is no answer, or when the service answers with an error: [`CosmosError::of_status`] then. It
    /// must not hold secrets.
    async fn execute(&self, request: CosmosRequest) -> Result<CosmosAnswer, CosmosError>;
}

const _: Option<&dyn CosmosExecutor> = None;
