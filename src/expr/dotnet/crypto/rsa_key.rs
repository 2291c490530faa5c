//! RSA: keys, signatures and encryption.

use rsa::pkcs1::{DecodeRsaPrivateKey, DecodeRsaPublicKey};
use rsa::pkcs1v15::{Pkcs1v15Encrypt, Pkcs1v15Sign};
use rsa::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey};
use rsa::rand_core::{CryptoRng, Error as RandomError, RngCore};
use rsa::traits::{PrivateKeyParts, PublicKeyParts};
use rsa::{BigUint, RsaPrivateKey, RsaPublicKey, hazmat};

use super::super::base64;
use super::super::exception::{Exception, Result};
use super::rsa_padding::{oaep_pad, oaep_unpad, pss_pad, pss_verify};
use super::{FillRandom, HashAlgorithm};

/// `RSASignaturePadding`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignaturePadding {
    /// `Pkcs1`
    Pkcs1,
    /// `Pss`, with a salt as long as the hash.
    Pss,
}

/// `RSAEncryptionPadding`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncryptionPadding {
    /// `Pkcs1`
    Pkcs1,
    /// `OaepSHA1` and its kin.
    Oaep(HashAlgorithm),
}

/// An RSA key, public or with its private part.
#[derive(Clone)]
pub struct RsaKey {
    public: RsaPublicKey,
    private: Option<RsaPrivateKey>,
}

impl std::fmt::Debug for RsaKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RsaKey").field("size", &self.size()).field("has_private", &self.private.is_some()).finish()
    }
}

/// The numbers of a key, as `RSAParameters` has them; those of a private key are as wide as .NET writes them.
#[derive(Clone, PartialEq, Eq)]
pub struct RsaParameters {
    /// `Modulus`
    pub modulus: Vec<u8>,
    /// `Exponent`
    pub exponent: Vec<u8>,
    /// What a private key has besides.
    pub private: Option<PrivateParameters>,
}

/// The private half of [`RsaParameters`].
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateParameters {
    /// `P`
    pub p: Vec<u8>,
    /// `Q`
    pub q: Vec<u8>,
    /// `DP`
    pub dp: Vec<u8>,
    /// `DQ`
    pub dq: Vec<u8>,
    /// `InverseQ`
    pub inverse_q: Vec<u8>,
    /// `D`
    pub d: Vec<u8>,
}

/// Random bytes of ours as the `rsa` crate takes them.
struct Random<'a, 'b>(&'a mut FillRandom<'b>);

impl RngCore for Random<'_, '_> {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.fill_bytes(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill_bytes(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        (self.0)(bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> std::result::Result<(), RandomError> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Random<'_, '_> {}

fn bad_key() -> Exception {
    Exception::cryptographic("ASN1 corrupted data.")
}

fn too_long() -> Exception {
    Exception::cryptographic("The parameter is incorrect.")
}

impl RsaKey {
    /// The public key in a `SubjectPublicKeyInfo`.
    pub fn from_subject_public_key_info(der: &[u8]) -> Result<Self> {
        let public = RsaPublicKey::from_public_key_der(der).map_err(|_| bad_key())?;
        Ok(Self { public, private: None })
    }

    /// A private key in PKCS#8 or PKCS#1, or a public key in PKCS#1 or as `SubjectPublicKeyInfo`.
    pub fn from_der(der: &[u8]) -> Result<Self> {
        let private = RsaPrivateKey::from_pkcs8_der(der).ok().or_else(|| RsaPrivateKey::from_pkcs1_der(der).ok());
        if let Some(private) = private {
            return Ok(Self::from_private(private));
        }
        match RsaPublicKey::from_pkcs1_der(der) {
            Ok(public) => Ok(Self { public, private: None }),
            Err(_) => Self::from_subject_public_key_info(der),
        }
    }

    /// `ImportFromPem`.
    pub fn from_pem(text: &str) -> Result<Self> {
        let not_found = || {
            Exception::argument(
                "No supported key formats were found. Check that the input represents the contents of a PEM-encoded key file, not the path to such a file. (Parameter 'input')",
            )
        };
        let body =
            text.split_once("-----BEGIN ").and_then(|(_, rest)| rest.split_once("-----")).ok_or_else(not_found)?;
        let encoded = body.1.split_once("-----END ").ok_or_else(not_found)?.0;
        Self::from_der(&base64::decode(encoded)?)
    }

    /// `FromXmlString`: `<RSAKeyValue>` with `Modulus`, `Exponent`, and for a private key `D`, `P`, `Q`.
    pub fn from_xml(text: &str) -> Result<Self> {
        let bad = || {
            Exception::cryptographic("Input string does not contain a valid encoding of the 'RSA' 'Modulus' parameter.")
        };
        let document = roxmltree::Document::parse(text).map_err(|_| bad())?;
        let part = |name: &str| {
            let node = document.root_element().children().find(|node| node.has_tag_name(name))?;
            base64::decode(node.text()?).ok().map(|bytes| BigUint::from_bytes_be(&bytes))
        };
        let (modulus, exponent) = (part("Modulus").ok_or_else(bad)?, part("Exponent").ok_or_else(bad)?);
        if let (Some(d), Some(p), Some(q)) = (part("D"), part("P"), part("Q")) {
            let private = RsaPrivateKey::from_components(modulus, exponent, d, vec![p, q]).map_err(|_| bad())?;
            return Ok(Self::from_private(private));
        }
        let public = RsaPublicKey::new(modulus, exponent).map_err(|_| bad())?;
        Ok(Self { public, private: None })
    }

    /// A new key of so many bits.
    pub fn generate(bits: usize) -> Result<Self> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|_| Exception::cryptographic("There is no source of random numbers."))?;
        let mut counter = 0_u64;
        let mut fill = |bytes: &mut [u8]| {
            for chunk in bytes.chunks_mut(HashAlgorithm::Sha512.size()) {
                counter += 1;
                let block = HashAlgorithm::Sha512.hmac(&seed, &counter.to_le_bytes());
                chunk.iter_mut().zip(block).for_each(|(byte, random)| *byte = random);
            }
        };
        let private = RsaPrivateKey::new(&mut Random(&mut fill), bits).map_err(|_| bad_key())?;
        Ok(Self::from_private(private))
    }

    /// `ImportParameters`.
    pub fn from_parameters(parameters: &RsaParameters) -> Result<Self> {
        let bad = || Exception::cryptographic("The specified RSA parameters are not valid.");
        let number = |bytes: &[u8]| BigUint::from_bytes_be(bytes);
        let (modulus, exponent) = (number(&parameters.modulus), number(&parameters.exponent));
        if let Some(PrivateParameters { p, q, d, .. }) = &parameters.private {
            let primes = vec![number(p), number(q)];
            let private = RsaPrivateKey::from_components(modulus, exponent, number(d), primes).map_err(|_| bad())?;
            return Ok(Self::from_private(private));
        }
        Ok(Self { public: RsaPublicKey::new(modulus, exponent).map_err(|_| bad())?, private: None })
    }

    /// `ExportParameters`.
    pub fn parameters(&self, with_private: bool) -> Result<RsaParameters> {
        let (modulus, exponent) = (self.public.n().to_bytes_be(), self.public.e().to_bytes_be());
        if !with_private {
            return Ok(RsaParameters { modulus, exponent, private: None });
        }
        let private = self.private.as_ref().ok_or_else(no_private_key)?;
        let ([p, q], Some(dp), Some(dq), Some(inverse_q)) =
            (private.primes(), private.dp(), private.dq(), private.crt_coefficient())
        else {
            return Err(bad_key());
        };
        let half = self.public.size().div_ceil(2);
        let part = |number: &BigUint| widen(number, half);
        let private = PrivateParameters {
            p: part(p),
            q: part(q),
            dp: part(dp),
            dq: part(dq),
            inverse_q: part(&inverse_q),
            d: widen(private.d(), self.public.size()),
        };
        Ok(RsaParameters { modulus, exponent, private: Some(private) })
    }

    /// The private key in PKCS#8.
    pub fn to_pkcs8(&self) -> Result<Vec<u8>> {
        let private = self.private.as_ref().ok_or_else(no_private_key)?;
        private.to_pkcs8_der().map(|der| der.as_bytes().to_vec()).map_err(|_| bad_key())
    }

    fn from_private(private: RsaPrivateKey) -> Self {
        Self { public: private.to_public_key(), private: Some(private) }
    }

    /// `ToXmlString`.
    pub fn to_xml(&self, with_private: bool) -> Result<String> {
        let parameters = self.parameters(with_private)?;
        let mut parts = vec![("Modulus", &parameters.modulus), ("Exponent", &parameters.exponent)];
        if let Some(PrivateParameters { p, q, dp, dq, inverse_q, d }) = &parameters.private {
            parts.extend([("P", p), ("Q", q), ("DP", dp), ("DQ", dq), ("InverseQ", inverse_q), ("D", d)]);
        }
        let parts = parts.iter().map(|(name, part)| format!("<{name}>{}</{name}>", base64::encode(part)));
        Ok(format!("<RSAKeyValue>{}</RSAKeyValue>", parts.collect::<String>()))
    }

    /// `ExportSubjectPublicKeyInfo()`.
    pub fn to_subject_public_key_info(&self) -> Result<Vec<u8>> {
        self.public.to_public_key_der().map(|der| der.as_bytes().to_vec()).map_err(|_| bad_key())
    }

    /// `KeySize`, in bits.
    pub fn size(&self) -> usize {
        self.public.n().bits()
    }

    /// `SignHash`.
    pub fn sign_hash(
        &self,
        hash: &[u8],
        algorithm: HashAlgorithm,
        padding: SignaturePadding,
        random: &mut FillRandom<'_>,
    ) -> Result<Vec<u8>> {
        check_hash(hash, algorithm)?;
        let private = self.private.as_ref().ok_or_else(no_private_key)?;
        match padding {
            SignaturePadding::Pkcs1 => {
                private.sign_with_rng(&mut Random(random), pkcs1(algorithm), hash).map_err(|_| too_long())
            }
            SignaturePadding::Pss => {
                let mut salt = vec![0; algorithm.size()];
                random(&mut salt);
                let padded = pss_pad(hash, &salt, algorithm, self.size() - 1).ok_or_else(too_long)?;
                let message = BigUint::from_bytes_be(&padded);
                let signed = hazmat::rsa_decrypt_and_check(private, Some(&mut Random(random)), &message);
                signed.map(|signature| self.fixed_width(&signature)).map_err(|_| too_long())
            }
        }
    }

    /// `VerifyHash`.
    pub fn verify_hash(
        &self,
        hash: &[u8],
        signature: &[u8],
        algorithm: HashAlgorithm,
        padding: SignaturePadding,
    ) -> Result<bool> {
        check_hash(hash, algorithm)?;
        let number = BigUint::from_bytes_be(signature);
        if signature.len() != self.public.size() || number >= *self.public.n() {
            return Ok(false);
        }
        Ok(match padding {
            SignaturePadding::Pkcs1 => self.public.verify(pkcs1(algorithm), hash, signature).is_ok(),
            SignaturePadding::Pss => hazmat::rsa_encrypt(&self.public, &number)
                .is_ok_and(|message| pss_verify(&self.fixed_width(&message), hash, algorithm, self.size() - 1)),
        })
    }

    /// `Encrypt`.
    pub fn encrypt(&self, data: &[u8], padding: EncryptionPadding, random: &mut FillRandom<'_>) -> Result<Vec<u8>> {
        match padding {
            EncryptionPadding::Pkcs1 => {
                self.public.encrypt(&mut Random(random), Pkcs1v15Encrypt, data).map_err(|_| too_long())
            }
            EncryptionPadding::Oaep(algorithm) => {
                let mut seed = vec![0; algorithm.size()];
                random(&mut seed);
                let padded = oaep_pad(data, &seed, algorithm, self.public.size()).ok_or_else(too_long)?;
                let message = BigUint::from_bytes_be(&padded);
                let cipher = hazmat::rsa_encrypt(&self.public, &message).map_err(|_| too_long())?;
                Ok(self.fixed_width(&cipher))
            }
        }
    }

    /// `Decrypt`.
    pub fn decrypt(&self, data: &[u8], padding: EncryptionPadding, random: &mut FillRandom<'_>) -> Result<Vec<u8>> {
        let private = self.private.as_ref().ok_or_else(no_private_key)?;
        let number = BigUint::from_bytes_be(data);
        if data.len() != self.public.size() || number >= *self.public.n() {
            return Err(Exception::cryptographic(
                "The length of the data to decrypt is not valid for the size of this key.",
            ));
        }
        match padding {
            EncryptionPadding::Pkcs1 => {
                private.decrypt_blinded(&mut Random(random), Pkcs1v15Encrypt, data).map_err(|_| too_long())
            }
            EncryptionPadding::Oaep(algorithm) => {
                let opened = hazmat::rsa_decrypt_and_check(private, Some(&mut Random(random)), &number);
                let message = self.fixed_width(&opened.map_err(|_| too_long())?);
                oaep_unpad(&message, algorithm)
                    .ok_or_else(|| Exception::cryptographic("Error occurred while decoding OAEP padding."))
            }
        }
    }

    /// A number as bytes, as many as the modulus has.
    fn fixed_width(&self, number: &BigUint) -> Vec<u8> {
        widen(number, self.public.size())
    }
}

/// A number as so many bytes.
fn widen(number: &BigUint, size: usize) -> Vec<u8> {
    let bytes = number.to_bytes_be();
    let missing = size.saturating_sub(bytes.len());
    [vec![0; missing], bytes].concat()
}

fn no_private_key() -> Exception {
    Exception::cryptographic("Object contains only the public half of a key pair. A private key must also be provided.")
}

fn check_hash(hash: &[u8], algorithm: HashAlgorithm) -> Result<()> {
    if hash.len() == algorithm.size() {
        return Ok(());
    }
    Err(Exception::cryptographic("The hash is not the correct size for the algorithm."))
}

/// PKCS#1 v1.5 with the `DigestInfo` prefix of an algorithm (RFC 8017, section 9.2).
fn pkcs1(algorithm: HashAlgorithm) -> Pkcs1v15Sign {
    let size = algorithm.size() as u8;
    let sha2 =
        |last: u8| vec![0x30, 17 + size, 0x30, 13, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, last, 5, 0, 4, size];
    let prefix = match algorithm {
        HashAlgorithm::Md5 => vec![0x30, 0x20, 0x30, 12, 6, 8, 0x2A, 0x86, 0x48, 0x86, 0xF7, 13, 2, 5, 5, 0, 4, size],
        HashAlgorithm::Sha1 => vec![0x30, 0x21, 0x30, 9, 6, 5, 0x2B, 14, 3, 2, 0x1A, 5, 0, 4, size],
        HashAlgorithm::Sha256 => sha2(1),
        HashAlgorithm::Sha384 => sha2(2),
        HashAlgorithm::Sha512 => sha2(3),
    };
    Pkcs1v15Sign { hash_len: Some(algorithm.size()), prefix: prefix.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = include_str!("test_key.pem");

    #[test]
    fn signs_and_verifies() {
        let key = RsaKey::from_pem(KEY).expect("a key");
        let public = RsaKey::from_xml(&key.to_xml(false).expect("XML")).expect("a key");
        assert_eq!(key.size(), 2048);
        let unsigned = public.sign_hash(&[0; 20], HashAlgorithm::Sha1, SignaturePadding::Pkcs1, &mut |_| {});
        assert!(unsigned.is_err());
        for algorithm in [HashAlgorithm::Sha1, HashAlgorithm::Sha256, HashAlgorithm::Sha512] {
            let hash = algorithm.hash(b"data");
            for padding in [SignaturePadding::Pkcs1, SignaturePadding::Pss] {
                let mut signature = key.sign_hash(&hash, algorithm, padding, &mut |b| b.fill(7)).expect("a signature");
                assert_eq!(public.verify_hash(&hash, &signature, algorithm, padding), Ok(true));
                signature[5] ^= 1;
                assert_eq!(public.verify_hash(&hash, &signature, algorithm, padding), Ok(false));
            }
        }
        for padding in [EncryptionPadding::Pkcs1, EncryptionPadding::Oaep(HashAlgorithm::Sha256)] {
            let cipher = public.encrypt(b"data", padding, &mut |b| b.fill(7)).expect("a text");
            assert_eq!(cipher.len(), 256);
            assert_eq!(key.decrypt(&cipher, padding, &mut |b| b.fill(7)), Ok(b"data".to_vec()));
            assert!(public.decrypt(&cipher, padding, &mut |b| b.fill(7)).is_err());
        }
        assert!(public.encrypt(&[0; 300], EncryptionPadding::Pkcs1, &mut |b| b.fill(7)).is_err());
        assert!(RsaKey::from_pem("x").is_err() && RsaKey::from_xml("<a/>").is_err() && RsaKey::from_der(&[1]).is_err());
    }
}
