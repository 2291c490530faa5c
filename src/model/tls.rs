//! How the gateway reaches a backend: certificate validation and web proxy.

use serde::{Deserialize, Serialize};

use super::extra::Extra;
use super::sensitive::Sensitive;
use super::tolerant;

/// How the certificate of a backend is validated.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Tls {
    /// Whether an untrusted chain is refused; absent means true.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "tolerant::boolean")]
    pub validate_certificate_chain: Option<bool>,
    /// Whether a name that does not match the URL is refused; absent means true.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "tolerant::boolean")]
    pub validate_certificate_name: Option<bool>,
    /// Hex hashes (SHA-1, SHA-256 or SHA-512) of certificates to trust.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "tolerant::list")]
    pub server_certificate_thumbprints: Vec<String>,
    /// Subject names to trust, each with the thumbprint of its issuer.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "tolerant::list")]
    pub server_x509_names: Vec<X509Name>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Tls {
    /// Makes one in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets: whether an untrusted chain is refused; absent means true.
    #[must_use]
    pub fn validate_certificate_chain(mut self, validate_certificate_chain: bool) -> Self {
        self.validate_certificate_chain = Some(validate_certificate_chain);
        self
    }

    /// Sets: whether a name that does not match the URL is refused; absent means true.
    #[must_use]
    pub fn validate_certificate_name(mut self, validate_certificate_name: bool) -> Self {
        self.validate_certificate_name = Some(validate_certificate_name);
        self
    }

    /// Sets: hex hashes (SHA-1, SHA-256 or SHA-512) of certificates to trust.
    #[must_use]
    pub fn server_certificate_thumbprints(
        mut self,
        server_certificate_thumbprints: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.server_certificate_thumbprints = server_certificate_thumbprints.into_iter().map(Into::into).collect();
        self
    }

    /// Adds a subject name to trust.
    #[must_use]
    pub fn server_x509_name(mut self, server_x509_name: X509Name) -> Self {
        self.server_x509_names.push(server_x509_name);
        self
    }
}

/// A certificate named by subject and issuer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct X509Name {
    /// Common name of the subject; `*.contoso.com` is allowed.
    pub name: String,
    /// Thumbprint of the issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer_certificate_thumbprint: Option<String>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl X509Name {
    /// Makes one of what is required.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), issuer_certificate_thumbprint: None, extra: Extra::default() }
    }

    /// Sets: thumbprint of the issuer.
    #[must_use]
    pub fn issuer_certificate_thumbprint(mut self, issuer_certificate_thumbprint: impl Into<String>) -> Self {
        self.issuer_certificate_thumbprint = Some(issuer_certificate_thumbprint.into());
        self
    }
}

/// A web proxy between the gateway and a backend.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Proxy {
    /// Absolute URL of the proxy, such as `http://192.168.1.1:8080`.
    pub url: String,
    /// User name; may carry a domain (`Contoso\admin`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Password; does not print in `Debug`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<Sensitive>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Proxy {
    /// Makes one of what is required.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: url.into(), username: None, password: None, extra: Extra::default() }
    }

    /// Sets: user name; may carry a domain (`Contoso\admin`).
    #[must_use]
    pub fn username(mut self, username: impl Into<String>) -> Self {
        self.username = Some(username.into());
        self
    }

    /// Sets: password; does not print in `Debug`.
    #[must_use]
    pub fn password(mut self, password: impl Into<Sensitive>) -> Self {
        self.password = Some(password.into());
        self
    }
}
