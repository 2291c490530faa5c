//! What the policies that check tokens have in common: where the token is, what must hold, and how it is refused.

mod authority;
mod claims;
mod entra;
mod keys;
mod refusal;
mod rules;
mod source;

pub(crate) use authority::Authority;
pub(crate) use claims::{CLAIMS, RequiredClaim};
pub(crate) use entra::Tenant;
pub(crate) use keys::{DECRYPTION_KEYS, SIGNING_KEYS, SIGNING_TOKENS, decryption_keys, signing_keys};
pub(crate) use rules::{Rules, texts};
pub(crate) use source::{HEADER, QUERY, SCHEME, Source, VALUE};
