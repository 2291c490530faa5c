//! Identities: tokens that the gateway shows for itself, and where they come from.
//!
//! A [`TokenSource`] gets tokens; a [`TokenCache`] keeps them, gets the next before the last one ends, and lets one
//! request ask for all that wait.

mod cache;
mod credentials;
mod error;
mod source;

pub use cache::TokenCache;
pub use credentials::{AuthorizationContext, AuthorizationIdentity, AuthorizationRequest, CredentialManager};
pub use error::Error;
pub use source::{Token, TokenRequest, TokenSource};
