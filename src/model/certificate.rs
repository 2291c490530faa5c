//! A client certificate of the gateway.

use serde::{Deserialize, Serialize};

use super::KeyVault;
use super::extra::Extra;
use super::sensitive::Sensitive;

/// A client certificate with its key.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Certificate {
    /// PFX in base64; write-only, does not print in `Debug`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Sensitive>,
    /// Password of the PFX; write-only, does not print in `Debug`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Sensitive>,
    /// Key Vault secret that holds the certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_vault: Option<KeyVault>,
    /// Subject; read-only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// SHA-1 thumbprint in hex; read-only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumbprint: Option<String>,
    /// End of validity; read-only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expiration_date: Option<String>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Certificate {
    /// Makes one in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets: PFX in base64; write-only, does not print in `Debug`.
    #[must_use]
    pub fn data(mut self, data: impl Into<Sensitive>) -> Self {
        self.data = Some(data.into());
        self
    }

    /// Sets: password of the PFX; write-only, does not print in `Debug`.
    #[must_use]
    pub fn password(mut self, password: impl Into<Sensitive>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// Sets: key Vault secret that holds the certificate.
    #[must_use]
    pub fn key_vault(mut self, key_vault: KeyVault) -> Self {
        self.key_vault = Some(key_vault);
        self
    }

    /// Sets: subject; read-only.
    #[must_use]
    pub fn subject(mut self, subject: impl Into<String>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Sets: SHA-1 thumbprint in hex; read-only.
    #[must_use]
    pub fn thumbprint(mut self, thumbprint: impl Into<String>) -> Self {
        self.thumbprint = Some(thumbprint.into());
        self
    }

    /// Sets: end of validity; read-only.
    #[must_use]
    pub fn expiration_date(mut self, expiration_date: impl Into<String>) -> Self {
        self.expiration_date = Some(expiration_date.into());
        self
    }
}

/// A certificate that chains of backends may end in, besides those that the system trusts: an entry of `certificates` of
/// the service itself, in the store `Root` or `CertificateAuthority`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CertificateAuthority {
    /// The certificate in base64 (DER, or PFX with a password), or PEM.
    pub data: Sensitive,
    /// Password of the PFX; does not print in `Debug`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Sensitive>,
}

impl CertificateAuthority {
    /// Makes one of base64 (DER or PFX), or PEM.
    pub fn new(data: impl Into<Sensitive>) -> Self {
        Self { data: data.into(), password: None }
    }

    /// Sets: password of the PFX.
    #[must_use]
    pub fn password(mut self, password: impl Into<Sensitive>) -> Self {
        self.password = Some(password.into());
        self
    }
}
