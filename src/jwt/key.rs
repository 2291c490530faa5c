//! Keys that signatures are checked with: inline, of certificates, and JSON web keys.

use std::fmt;

use serde::Deserialize;
use serde_json::Value;
use x509_cert::Certificate;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode, Encode};
use x509_cert::spki::SubjectPublicKeyInfoOwned;
use zeroize::Zeroizing;

use super::algorithm::Algorithm;
use super::signatures::{NoProvider, Outcome, Signatures};
use super::{der, lenient};

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

/// A key with what is said of it.
#[derive(Debug)]
pub(crate) struct Key {
    /// What `kid` of a token names it by.
    id: Option<Box<str>>,
    /// The one algorithm that it may be used with, when it says one.
    algorithm: Option<Algorithm>,
    material: Material,
}

/// The key itself.
pub(crate) enum Material {
    /// Shared with whoever signs.
    Secret(Zeroizing<Vec<u8>>),
    /// DER of modulus and exponent.
    Rsa(Vec<u8>),
    /// A point that is not compressed.
    Ec(Curve, Vec<u8>),
}

/// The curves of `ES256`, `ES384` and `ES512`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
}

/// Why something is no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyError {
    #[error("it is not base64")]
    Encoding,
    #[error("it is empty")]
    Empty,
    #[error("it is not a certificate")]
    NoCertificate,
    #[error("its key is neither RSA nor one of the curves P-256, P-384 and P-521")]
    Unsupported,
}

impl Curve {
    /// Bytes of a number.
    pub(super) fn size(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }
}

impl fmt::Debug for Material {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Secret(_) => "Secret(<hidden>)",
            Self::Rsa(_) => "Rsa",
            Self::Ec(..) => "Ec",
        })
    }
}

impl Key {
    fn new(material: Material) -> Self {
        Self { id: None, algorithm: None, material }
    }

    /// The same key, named.
    #[must_use]
    pub(crate) fn named(mut self, id: Option<&str>) -> Self {
        self.id = id.map(Into::into);
        self
    }

    /// A shared secret in base64.
    pub(crate) fn secret(text: &str) -> Result<Self, KeyError> {
        match lenient(text).ok_or(KeyError::Encoding)? {
            bytes if bytes.is_empty() => Err(KeyError::Empty),
            bytes => Ok(Self::new(Material::Secret(Zeroizing::new(bytes)))),
        }
    }

    /// An RSA key by modulus and exponent, in base64url.
    pub(crate) fn rsa(modulus: &str, exponent: &str) -> Result<Self, KeyError> {
        let (modulus, exponent) = lenient(modulus).zip(lenient(exponent)).ok_or(KeyError::Encoding)?;
        if [&modulus, &exponent].iter().any(|number| number.iter().all(|byte| *byte == 0)) {
            return Err(KeyError::Empty);
        }
        Ok(Self::new(Material::Rsa(der::integers([&modulus, &exponent]))))
    }

    /// The key of a certificate, DER.
    pub(crate) fn of_certificate(der: &[u8]) -> Result<Self, KeyError> {
        let certificate = Certificate::from_der(der).map_err(|_| KeyError::NoCertificate)?;
        Self::of_info(certificate.tbs_certificate().subject_public_key_info())
    }

    /// The key of a certificate, DER in base64.
    pub(crate) fn of_certificate_text(text: &str) -> Result<Self, KeyError> {
        Self::of_certificate(&lenient(text).ok_or(KeyError::Encoding)?)
    }

    fn of_info(info: &SubjectPublicKeyInfoOwned) -> Result<Self, KeyError> {
        let bits = info.subject_public_key.raw_bytes().to_vec();
        if info.algorithm.oid == RSA {
            return Ok(Self::new(Material::Rsa(bits)));
        }
        let parameters = info.algorithm.parameters.as_ref().and_then(|any| any.to_der().ok());
        let curve = parameters.and_then(|der| ObjectIdentifier::from_der(&der).ok());
        let curve = match curve.filter(|_| info.algorithm.oid == EC) {
            Some(P256) => Curve::P256,
            Some(P384) => Curve::P384,
            Some(P521) => Curve::P521,
            _ => return Err(KeyError::Unsupported),
        };
        Ok(Self::new(Material::Ec(curve, bits)))
    }

    /// A public key of a JSON web key set; none when it is not for checking signatures or not known.
    pub(crate) fn of_json(value: &Value) -> Option<Self> {
        let json = JsonKey::deserialize(value).ok()?;
        let is_for_signatures = json.usage.as_deref().is_none_or(|usage| usage == "sig");
        let may_verify = json.operations.as_ref().is_none_or(|all| all.iter().any(|operation| operation == "verify"));
        if !is_for_signatures || !may_verify {
            return None;
        }
        let algorithm = match &json.algorithm {
            Some(name) => Some(Algorithm::parse(name)?),
            None => None,
        };
        let key = match json.kind.as_str() {
            "RSA" => match (&json.modulus, &json.exponent) {
                (Some(modulus), Some(exponent)) => Self::rsa(modulus, exponent).ok()?,
                _ => json.certificate()?,
            },
            "EC" => match (&json.curve, &json.x, &json.y) {
                (Some(curve), Some(x), Some(y)) => Self::point(curve, x, y)?,
                _ => json.certificate()?,
            },
            // A secret that everybody can read is none.
            _ => return None,
        };
        Some(Self { algorithm, ..key }.named(json.id.as_deref()))
    }

    fn point(curve: &str, x: &str, y: &str) -> Option<Self> {
        let curve = match curve {
            "P-256" => Curve::P256,
            "P-384" => Curve::P384,
            "P-521" => Curve::P521,
            _ => return None,
        };
        let mut point = vec![4];
        for number in [lenient(x)?, lenient(y)?] {
            let missing = curve.size().checked_sub(number.len())?;
            point.extend(std::iter::repeat_n(0, missing));
            point.extend(number);
        }
        Some(Self::new(Material::Ec(curve, point)))
    }

    /// Whether `kid` of a token names it.
    pub(crate) fn is_named(&self, id: &str) -> bool {
        self.id.as_deref() == Some(id)
    }

    /// Checks a signature with the key.
    pub(crate) fn check(
        &self,
        signatures: Signatures,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<Outcome, NoProvider> {
        if self.algorithm.is_some_and(|only| only != algorithm) {
            return Ok(Outcome::NotTried);
        }
        signatures.check(algorithm, &self.material, message, signature)
    }

    /// How many bytes a shared secret has.
    pub(crate) fn secret_size(&self) -> Option<usize> {
        match &self.material {
            Material::Secret(secret) => Some(secret.len()),
            _ => None,
        }
    }
}

/// A JSON web key, RFC 7517.
#[derive(Deserialize)]
struct JsonKey {
    #[serde(rename = "kty")]
    kind: String,
    #[serde(rename = "kid", default)]
    id: Option<String>,
    #[serde(rename = "use", default)]
    usage: Option<String>,
    #[serde(rename = "key_ops", default)]
    operations: Option<Vec<String>>,
    #[serde(rename = "alg", default)]
    algorithm: Option<String>,
    #[serde(rename = "n", default)]
    modulus: Option<String>,
    #[serde(rename = "e", default)]
    exponent: Option<String>,
    #[serde(rename = "crv", default)]
    curve: Option<String>,
    #[serde(default)]
    x: Option<String>,
    #[serde(default)]
    y: Option<String>,
    #[serde(rename = "x5c", default)]
    certificates: Option<Vec<String>>,
}

impl JsonKey {
    fn certificate(&self) -> Option<Key> {
        Key::of_certificate_text(self.certificates.as_ref()?.first()?).ok()
    }
}
