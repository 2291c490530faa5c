//! Keys that encrypted tokens are opened with.

use std::fmt;

use zeroize::Zeroizing;

use super::encrypted::{Encrypted, Inner, Management, WrongKey};
use super::key::KeyError;
use super::lenient;
use super::signed::Malformed;

/// A key that opens tokens.
pub(crate) enum DecryptionKey {
    /// Shared with whoever encrypts.
    Secret(Zeroizing<Vec<u8>>),
    /// The private half of an RSA key.
    #[cfg(feature = "aws-lc-rs")]
    Rsa(Box<aws_lc_rs::rsa::OaepPrivateDecryptingKey>),
}

impl DecryptionKey {
    /// A shared secret in base64.
    pub(crate) fn secret(text: &str) -> Result<Self, KeyError> {
        match lenient(text).ok_or(KeyError::Encoding)? {
            bytes if bytes.is_empty() => Err(KeyError::Empty),
            bytes => Ok(Self::Secret(Zeroizing::new(bytes))),
        }
    }

    /// An RSA key in PKCS #8.
    #[cfg(feature = "aws-lc-rs")]
    pub(crate) fn rsa(pkcs8: &[u8]) -> Option<Self> {
        let key = aws_lc_rs::rsa::PrivateDecryptingKey::from_pkcs8(pkcs8).ok()?;
        Some(Self::Rsa(Box::new(aws_lc_rs::rsa::OaepPrivateDecryptingKey::new(key).ok()?)))
    }

    /// Nothing decrypts with RSA in constant time here.
    #[cfg(not(feature = "aws-lc-rs"))]
    pub(crate) fn rsa(_: &[u8]) -> Option<Self> {
        None
    }

    /// What is in the token.
    pub(crate) fn open(&self, token: &Encrypted<'_>) -> Result<Result<Inner, Malformed>, WrongKey> {
        let content_key = match (self, token.management) {
            (Self::Secret(secret), Management::Direct) if token.encrypted_key.is_empty() => secret.clone(),
            #[cfg(feature = "aws-lc-rs")]
            (Self::Rsa(key), management @ (Management::Oaep | Management::Oaep256)) => {
                let algorithm = match management {
                    Management::Oaep256 => &aws_lc_rs::rsa::OAEP_SHA256_MGF1SHA256,
                    _ => &aws_lc_rs::rsa::OAEP_SHA1_MGF1SHA1,
                };
                let mut room = Zeroizing::new(vec![0; key.min_output_size()]);
                let opened = key.decrypt(algorithm, &token.encrypted_key, &mut room, None).map_err(|_| WrongKey)?;
                Zeroizing::new(opened.to_vec())
            }
            _ => return Err(WrongKey),
        };
        token.open(&content_key).map(|text| Inner::of(&text))
    }
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DecryptionKey(<hidden>)")
    }
}
