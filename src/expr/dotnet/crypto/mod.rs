//! Cryptography: hashes, symmetric ciphers and RSA.

mod hash;
mod rsa_key;
mod rsa_padding;
mod symmetric;

pub use hash::HashAlgorithm;
pub use rsa_key::{EncryptionPadding, PrivateParameters, RsaKey, RsaParameters, SignaturePadding};
pub use symmetric::{Algorithm, CipherMode, PaddingMode, Symmetric};

/// A source of random bytes.
pub type FillRandom<'a> = dyn FnMut(&mut [u8]) + 'a;
