//! Azure: managed and workload identities, and Key Vault, through Microsoft's own crates over the gateway's transport.

mod client;
mod identity;
mod key_vault;

pub use identity::AzureIdentity;
pub use key_vault::KeyVaultProvider;
