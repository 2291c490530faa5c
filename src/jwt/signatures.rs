//! Checks signatures, by the crypto provider that TLS uses.

#[cfg(feature = "client")]
use rustls::crypto::CryptoProvider;
#[cfg(feature = "client")]
use rustls::pki_types::{AlgorithmIdentifier, SignatureVerificationAlgorithm, alg_id};
#[cfg(feature = "client")]
use x509_cert::der::{Decode, Encode, asn1::AnyRef};
#[cfg(feature = "client")]
use x509_cert::{Certificate, spki::AlgorithmIdentifierOwned};

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha384, Sha512};

use super::algorithm::{Algorithm, Hash};
use super::der;
use super::key::{Curve, Material};

/// What checks the signatures of tokens: the algorithms of a crypto provider of rustls, and HMAC of our own.
///
/// Without the feature `client`, or without any provider, only tokens with `HS256`, `HS384` and `HS512` are checked.
#[derive(Clone, Copy)]
pub struct Signatures {
    #[cfg(feature = "client")]
    asymmetric: Option<&'static [&'static dyn SignatureVerificationAlgorithm]>,
}

/// There is nothing that checks signatures with public keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Nothing checks signatures of public keys here: a crypto provider is missing (features aws-lc-rs and ring).")]
pub(crate) struct NoProvider;

/// What came of checking a signature with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is the key's.
    Good,
    /// It is not.
    Bad,
    /// The key is not one for that algorithm, so that it was not tried.
    NotTried,
}

impl Signatures {
    /// Those of the crypto provider of the process, or else of the one that is compiled in.
    pub fn of_process() -> Self {
        #[cfg(feature = "client")]
        return Self { asymmetric: process_wide() };
        #[cfg(not(feature = "client"))]
        Self {}
    }

    /// Those without any provider.
    #[cfg(test)]
    pub(crate) fn of_no_provider() -> Self {
        Self {
            #[cfg(feature = "client")]
            asymmetric: None,
        }
    }

    /// Those of a crypto provider.
    #[cfg(feature = "client")]
    pub(crate) fn of_provider(provider: &CryptoProvider) -> Self {
        Self { asymmetric: Some(provider.signature_verification_algorithms.all) }
    }

    /// Checks the signature of a message.
    pub(crate) fn check(
        self,
        algorithm: Algorithm,
        key: &Material,
        message: &[u8],
        signature: &[u8],
    ) -> Result<Outcome, NoProvider> {
        let is_good = match (algorithm, key) {
            (Algorithm::Hmac(hash), Material::Secret(secret)) => hmac(hash, secret, message, signature),
            (Algorithm::Rsa(_) | Algorithm::RsaPss(_), Material::Rsa(public)) => {
                self.asymmetric(algorithm, public, message, signature)?
            }
            (Algorithm::Ecdsa(hash), Material::Ec(curve, point)) if curve.hash() == hash => {
                // In a token the two numbers stand side by side.
                if signature.len() != 2 * curve.size() {
                    return Ok(Outcome::Bad);
                }
                let (r, s) = signature.split_at(curve.size());
                self.asymmetric(algorithm, point, message, &der::integers([r, s]))?
            }
            _ => return Ok(Outcome::NotTried),
        };
        Ok(if is_good { Outcome::Good } else { Outcome::Bad })
    }

    /// Whether the key of one certificate (DER) signed another one; names are not compared.
    #[cfg(feature = "client")]
    pub(crate) fn have_signed(self, issuer: &[u8], certificate: &[u8]) -> bool {
        let content = |algorithm: &AlgorithmIdentifierOwned| {
            let der = algorithm.to_der().ok()?;
            AnyRef::from_der(&der).ok().map(|any| any.value().to_vec())
        };
        let check = || {
            let certificate = Certificate::from_der(certificate).ok()?;
            let issuer = Certificate::from_der(issuer).ok()?;
            let key = issuer.tbs_certificate().subject_public_key_info();
            let (of_key, of_signature) = (content(&key.algorithm)?, content(certificate.signature_algorithm())?);
            let message = certificate.tbs_certificate().to_der().ok()?;
            let (key, signature) = (key.subject_public_key.raw_bytes(), certificate.signature().raw_bytes());
            let mut fitting = self.asymmetric?.iter().filter(|known| {
                known.public_key_alg_id().as_ref() == of_key && known.signature_alg_id().as_ref() == of_signature
            });
            Some(fitting.any(|known| known.verify_signature(key, &message, signature).is_ok()))
        };
        check().unwrap_or(false)
    }

    /// Nothing checks signatures of public keys here.
    #[cfg(not(feature = "client"))]
    pub(crate) fn have_signed(self, _: &[u8], _: &[u8]) -> bool {
        false
    }

    #[cfg(feature = "client")]
    fn asymmetric(
        self,
        algorithm: Algorithm,
        key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, NoProvider> {
        let (of_key, of_signature) = identifiers(algorithm);
        let all = self.asymmetric.ok_or(NoProvider)?;
        let mut fitting =
            all.iter().filter(|known| known.public_key_alg_id() == of_key && known.signature_alg_id() == of_signature);
        // A provider may have one for each range of sizes.
        Ok(fitting.any(|known| known.verify_signature(key, message, signature).is_ok()))
    }

    #[cfg(not(feature = "client"))]
    fn asymmetric(self, _: Algorithm, _: &[u8], _: &[u8], _: &[u8]) -> Result<bool, NoProvider> {
        Err(NoProvider)
    }
}

impl Default for Signatures {
    fn default() -> Self {
        Self::of_process()
    }
}

impl fmt::Debug for Signatures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Signatures")
    }
}

#[cfg(feature = "client")]
fn process_wide() -> Option<&'static [&'static dyn SignatureVerificationAlgorithm]> {
    let installed = CryptoProvider::get_default().map(|provider| provider.signature_verification_algorithms.all);
    #[cfg(feature = "aws-lc-rs")]
    let compiled_in = Some(rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms.all);
    #[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
    let compiled_in = Some(rustls::crypto::ring::default_provider().signature_verification_algorithms.all);
    #[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
    let compiled_in = None;
    installed.or(compiled_in)
}

/// How rustls names what a key and a signature are.
#[cfg(feature = "client")]
fn identifiers(algorithm: Algorithm) -> (AlgorithmIdentifier, AlgorithmIdentifier) {
    match algorithm {
        Algorithm::Rsa(Hash::Sha256) => (alg_id::RSA_ENCRYPTION, alg_id::RSA_PKCS1_SHA256),
        Algorithm::Rsa(Hash::Sha384) => (alg_id::RSA_ENCRYPTION, alg_id::RSA_PKCS1_SHA384),
        Algorithm::Rsa(Hash::Sha512) => (alg_id::RSA_ENCRYPTION, alg_id::RSA_PKCS1_SHA512),
        Algorithm::RsaPss(Hash::Sha256) => (alg_id::RSA_ENCRYPTION, alg_id::RSA_PSS_SHA256),
        Algorithm::RsaPss(Hash::Sha384) => (alg_id::RSA_ENCRYPTION, alg_id::RSA_PSS_SHA384),
        Algorithm::RsaPss(Hash::Sha512) => (alg_id::RSA_ENCRYPTION, alg_id::RSA_PSS_SHA512),
        Algorithm::Ecdsa(Hash::Sha256) | Algorithm::Hmac(_) => (alg_id::ECDSA_P256, alg_id::ECDSA_SHA256),
        Algorithm::Ecdsa(Hash::Sha384) => (alg_id::ECDSA_P384, alg_id::ECDSA_SHA384),
        Algorithm::Ecdsa(Hash::Sha512) => (alg_id::ECDSA_P521, alg_id::ECDSA_SHA512),
    }
}

/// Compares in constant time.
pub(super) fn hmac(hash: Hash, secret: &[u8], message: &[u8], signature: &[u8]) -> bool {
    match hash {
        Hash::Sha256 => Hmac::<Sha256>::new_from_slice(secret)
            .is_ok_and(|mac| mac.chain_update(message).verify_slice(signature).is_ok()),
        Hash::Sha384 => Hmac::<Sha384>::new_from_slice(secret)
            .is_ok_and(|mac| mac.chain_update(message).verify_slice(signature).is_ok()),
        Hash::Sha512 => Hmac::<Sha512>::new_from_slice(secret)
            .is_ok_and(|mac| mac.chain_update(message).verify_slice(signature).is_ok()),
    }
}

impl Curve {
    /// The hash that goes with the curve.
    fn hash(self) -> Hash {
        match self {
            Self::P256 => Hash::Sha256,
            Self::P384 => Hash::Sha384,
            Self::P521 => Hash::Sha512,
        }
    }
}
