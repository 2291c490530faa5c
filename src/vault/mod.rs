//! Secrets in HashiCorp Vault and OpenBao.
//!
//! [`VaultProvider`] reads the key-value engine in both versions over an [`Outbound`](crate::outbound::Outbound), such as a
//! `Transport`; [`VaultAuth`] is how it shows who it is.

mod auth;
mod identifier;
mod provider;
mod server;

pub use auth::{AppRole, Kubernetes, VaultAuth};
pub use identifier::KvVersion;
pub use provider::{VaultAddressError, VaultProvider};
