//! `X509Certificate2`: what a certificate says, as .NET prints it.

mod name;
pub mod pfx;

use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;

use super::crypto::{HashAlgorithm, RsaKey};
use super::exception::{Exception, Result};
use super::{DateTime, base64};

/// A certificate.
#[derive(Debug, Clone)]
pub struct Certificate {
    der: Vec<u8>,
    inner: Box<x509_cert::Certificate>,
}

/// An extension of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// Its dotted number.
    pub oid: String,
    /// Whether who does not know it must refuse the certificate.
    pub critical: bool,
    /// DER.
    pub value: Vec<u8>,
}

/// `System.Security.Cryptography.X509Certificates.X509NameType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameType {
    /// 0
    Simple,
    /// 1
    Email,
    /// 2
    Upn,
    /// 3
    Dns,
    /// 4
    DnsFromAlternative,
    /// 5
    Url,
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

impl Certificate {
    /// From DER or PEM.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let bad = || Exception::cryptographic("Cannot find the requested object.");
        let der = match pem_body(bytes) {
            Some(body) => base64::decode(body).map_err(|_| bad())?,
            None => bytes.to_vec(),
        };
        let inner = x509_cert::Certificate::from_der(&der).map_err(|_| bad())?;
        Ok(Self { der, inner: Box::new(inner) })
    }

    /// `RawData`.
    pub fn raw(&self) -> &[u8] {
        &self.der
    }

    /// `GetCertHash()`.
    pub fn hash(&self, algorithm: HashAlgorithm) -> Vec<u8> {
        algorithm.hash(&self.der)
    }

    /// `Thumbprint`: SHA-1 in upper-case hexadecimal.
    pub fn thumbprint(&self) -> String {
        hex(&self.hash(HashAlgorithm::Sha1))
    }

    /// `Subject`.
    pub fn subject(&self) -> String {
        name::text(self.inner.tbs_certificate().subject())
    }

    /// `Issuer`.
    pub fn issuer(&self) -> String {
        name::text(self.inner.tbs_certificate().issuer())
    }

    /// The attributes of the subject in the order in which they are printed: type as it is printed, value as it is.
    pub fn subject_attributes(&self) -> Vec<(String, String)> {
        name::attributes(self.inner.tbs_certificate().subject())
    }

    /// The same of the issuer.
    pub fn issuer_attributes(&self) -> Vec<(String, String)> {
        name::attributes(self.inner.tbs_certificate().issuer())
    }

    /// `GetName()`: the subject, least specific part first.
    pub fn subject_in_order(&self) -> String {
        name::text_in_order(self.inner.tbs_certificate().subject())
    }

    /// `GetIssuerName()`: the issuer, least specific part first.
    pub fn issuer_in_order(&self) -> String {
        name::text_in_order(self.inner.tbs_certificate().issuer())
    }

    /// `SerialNumber`: hexadecimal, most significant byte first.
    pub fn serial_number(&self) -> String {
        hex(self.inner.tbs_certificate().serial_number().as_bytes())
    }

    /// `GetSerialNumber()`: least significant byte first.
    pub fn serial_number_bytes(&self) -> Vec<u8> {
        self.inner.tbs_certificate().serial_number().as_bytes().iter().rev().copied().collect()
    }

    /// `Version`.
    pub fn version(&self) -> i32 {
        self.inner.tbs_certificate().version() as i32 + 1
    }

    /// `NotBefore`, in UTC.
    pub fn not_before(&self) -> DateTime {
        let time = self.inner.tbs_certificate().validity().not_before;
        DateTime::from_unix(time.to_unix_duration().as_secs() as i64, 0)
    }

    /// `NotAfter`, in UTC.
    pub fn not_after(&self) -> DateTime {
        let time = self.inner.tbs_certificate().validity().not_after;
        DateTime::from_unix(time.to_unix_duration().as_secs() as i64, 0)
    }

    /// Whether `now` (UTC) is within the validity.
    pub fn is_valid_at(&self, now: DateTime) -> bool {
        (self.not_before()..=self.not_after()).contains(&now)
    }

    /// `SignatureAlgorithm.Value`.
    pub fn signature_algorithm(&self) -> String {
        self.inner.signature_algorithm().oid.to_string()
    }

    /// `GetKeyAlgorithm()`.
    pub fn key_algorithm(&self) -> String {
        self.inner.tbs_certificate().subject_public_key_info().algorithm.oid.to_string()
    }

    /// `GetKeyAlgorithmParameters()`: DER.
    pub fn key_algorithm_parameters(&self) -> Vec<u8> {
        let algorithm = &self.inner.tbs_certificate().subject_public_key_info().algorithm;
        algorithm.parameters.as_ref().and_then(|parameters| parameters.to_der().ok()).unwrap_or_default()
    }

    /// `Extensions`.
    pub fn extensions(&self) -> Vec<Extension> {
        let all = self.inner.tbs_certificate().extensions().into_iter().flatten();
        all.map(|extension| Extension {
            oid: extension.extn_id.to_string(),
            critical: extension.critical,
            value: extension.extn_value.as_bytes().to_vec(),
        })
        .collect()
    }

    /// `GetPublicKey()`: the bits of the key.
    pub fn public_key_bits(&self) -> Vec<u8> {
        self.inner.tbs_certificate().subject_public_key_info().subject_public_key.raw_bytes().to_vec()
    }

    /// The public key with its algorithm, DER.
    pub fn public_key_info(&self) -> Vec<u8> {
        self.inner.tbs_certificate().subject_public_key_info().to_der().unwrap_or_default()
    }

    /// `GetRSAPublicKey()`: nothing when it is no RSA key.
    pub fn rsa_public_key(&self) -> Option<RsaKey> {
        RsaKey::from_subject_public_key_info(&self.public_key_info()).ok()
    }

    /// All DNS names of the alternative names.
    pub fn dns_names(&self) -> Vec<String> {
        let names = self.inner.tbs_certificate().get_extension::<SubjectAltName>().ok().flatten();
        let names = names.into_iter().flat_map(|(_, names)| names.0);
        let dns = |name| match name {
            GeneralName::DnsName(dns) => Some(dns.to_string()),
            _ => None,
        };
        names.filter_map(dns).collect()
    }

    /// `GetNameInfo(kind, for_issuer)`.
    pub fn name_info(&self, kind: NameType, for_issuer: bool) -> String {
        let certificate = self.inner.tbs_certificate();
        let name = if for_issuer { certificate.issuer() } else { certificate.subject() };
        let alternative = |pick: fn(&GeneralName) -> Option<String>| {
            let names = certificate.get_extension::<SubjectAltName>().ok().flatten().map(|(_, names)| names.0);
            names.filter(|_| !for_issuer).and_then(|names| names.iter().find_map(pick))
        };
        let dns = || {
            alternative(|name| match name {
                GeneralName::DnsName(dns) => Some(dns.to_string()),
                _ => None,
            })
        };
        let found = match kind {
            NameType::Simple => name::first(name, &["CN", "OU", "O", "E"]).or_else(dns),
            NameType::Email => alternative(|name| match name {
                GeneralName::Rfc822Name(email) => Some(email.to_string()),
                _ => None,
            })
            .or_else(|| name::first(name, &["E"])),
            NameType::Upn => None,
            NameType::Dns => dns().or_else(|| name::first(name, &["CN"])),
            NameType::DnsFromAlternative => dns(),
            NameType::Url => alternative(|name| match name {
                GeneralName::UniformResourceIdentifier(url) => Some(url.to_string()),
                _ => None,
            }),
        };
        found.unwrap_or_default()
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

fn pem_body(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (_, rest) = text.split_once("-----BEGIN CERTIFICATE-----")?;
    rest.split_once("-----END CERTIFICATE-----").map(|(body, _)| body)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sample() -> Certificate {
        Certificate::parse(include_bytes!("test_certificate.pem")).expect("a certificate")
    }

    #[test]
    fn reads_a_certificate() {
        let certificate = sample();
        assert_eq!(
            certificate.subject(),
            "E=a@example.com, CN=api.example.com, OU=\"R, D\", O=Contoso X, S=Washington, C=US"
        );
        assert_eq!(certificate.issuer(), certificate.subject());
        assert_eq!(certificate.thumbprint(), "4E20553AD057A056AC6FFDBD4A16CB0EF16F4E8C");
        assert_eq!(certificate.serial_number(), "0A68D883D9D58BEEBB3DD27DD0C997A1F4721492");
        assert_eq!(certificate.version(), 3);
        assert_eq!(certificate.name_info(NameType::Simple, false), "api.example.com");
        assert_eq!(certificate.name_info(NameType::Dns, false), "www.example.com");
        assert_eq!(certificate.name_info(NameType::Email, true), "a@example.com");
        assert!(certificate.rsa_public_key().is_some_and(|key| key.size() == 2048));
        assert!(certificate.is_valid_at(certificate.not_before()) && !certificate.is_valid_at(DateTime::MIN));
        assert_eq!(Certificate::parse(certificate.raw()), Ok(certificate));
    }

    proptest! {
        #[test]
        fn never_panics(at in 0usize..700, value in any::<u8>()) {
            let mut der = sample().raw().to_vec();
            let at = at % der.len();
            der[at] = value;
            if let Ok(certificate) = Certificate::parse(&der) {
                let _ = (certificate.subject(), certificate.not_after(), certificate.rsa_public_key());
                let _ = certificate.name_info(NameType::Dns, false);
            }
            let _ = Certificate::parse(&der[..at]);
        }
    }
}
