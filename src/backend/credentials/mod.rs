//! Credentials: what is added to a request for a backend.

mod layer;
mod prepared;
mod query;

pub use layer::{CredentialsLayer, CredentialsService};
pub use prepared::CredentialsError;
pub(super) use prepared::PreparedCredentials;
