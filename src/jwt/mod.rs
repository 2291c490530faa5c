//! JSON web tokens: reading them, the keys that they are checked with, and where those keys come from.
//!
//! What a policy makes of a token (issuers, audiences, claims, answers) is not here.

mod algorithm;
mod claims;
mod decryption;
mod der;
mod encrypted;
mod key;
mod metadata;
mod signatures;
mod signed;

pub(crate) use claims::{Claim, Claims};
pub(crate) use decryption::DecryptionKey;
pub(crate) use encrypted::{Encrypted, Inner};
pub(crate) use key::{Key, KeyError};
pub use metadata::MetadataCache;
pub(crate) use metadata::{Flight, Found, Metadata, Retrieval};
pub(crate) use signatures::Outcome;
pub use signatures::Signatures;
pub(crate) use signed::{Malformed, Token};

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};

/// The longest token that is looked at, in bytes.
const LONGEST: usize = 256 << 10;

/// The bytes of a part of a token: base64url without padding, and nothing else.
fn part(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Appends the bytes of a part of a token.
fn append_part(text: &str, bytes: &mut Vec<u8>) -> Option<()> {
    URL_SAFE_NO_PAD.decode_vec(text, bytes).ok()
}

/// Whether JSON begins as an object does: a structure could be read of an array too.
fn is_object(json: &[u8]) -> bool {
    json.trim_ascii_start().starts_with(b"{")
}

/// The bytes of a number or key as people write them: base64url or base64, with padding or without.
fn lenient(text: &str) -> Option<Vec<u8>> {
    const ENGINE: GeneralPurpose = GeneralPurpose::new(
        &URL_SAFE,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let text: String = text
        .chars()
        .filter(|c| !c.is_ascii_whitespace())
        .map(|c| match c {
            '+' => '-',
            '/' => '_',
            c => c,
        })
        .collect();
    ENGINE.decode(text).ok()
}
