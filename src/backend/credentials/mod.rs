//! Credentials: what is added to a request for a backend.

mod awaited;
mod identity;
mod layer;
mod prepared;
mod query;

pub(super) use awaited::AwaitedToken;
pub(super) use identity::{Identity, set as set_authorization};
pub use layer::{CredentialsLayer, CredentialsService};
pub use prepared::CredentialsError;
pub(super) use prepared::PreparedCredentials;
