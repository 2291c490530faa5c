//! What is added to a request for a backend.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::extra::Extra;
use super::sensitive::Sensitive;
use super::tolerant;

/// Headers, query parameters, certificates and tokens that are added to a request for a backend.
///
/// Values of headers and of the query do not print in `Debug`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Credentials {
    /// Scheme and parameter of the `Authorization` header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authorization: Option<Authorization>,
    /// Request headers by name; each value is one field line. Named values (`{{name}}`) are allowed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "tolerant::secrets")]
    pub header: BTreeMap<String, Vec<Sensitive>>,
    /// Query parameters by name. Named values (`{{name}}`) are allowed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", deserialize_with = "tolerant::secrets")]
    pub query: BTreeMap<String, Vec<Sensitive>>,
    /// Thumbprints of client certificates; ignored when `certificate_ids` are given.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "tolerant::list")]
    pub certificate: Vec<String>,
    /// Resource ids of client certificates.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "tolerant::list")]
    pub certificate_ids: Vec<String>,
    /// Identity whose token is sent as `Authorization: Bearer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed_identity: Option<ManagedIdentity>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Credentials {
    /// Makes one in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets: scheme and parameter of the `Authorization` header.
    #[must_use]
    pub fn authorization(mut self, authorization: Authorization) -> Self {
        self.authorization = Some(authorization);
        self
    }

    /// Adds a request header; each value is one field line. Named values (`{{name}}`) are allowed.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Sensitive>) -> Self {
        self.header.entry(name.into()).or_default().push(value.into());
        self
    }

    /// Adds a query parameter. Named values (`{{name}}`) are allowed.
    #[must_use]
    pub fn query(mut self, name: impl Into<String>, value: impl Into<Sensitive>) -> Self {
        self.query.entry(name.into()).or_default().push(value.into());
        self
    }

    /// Sets: thumbprints of client certificates; ignored when `certificate_ids` are given.
    #[must_use]
    pub fn certificate(mut self, certificate: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.certificate = certificate.into_iter().map(Into::into).collect();
        self
    }

    /// Sets: resource ids of client certificates.
    #[must_use]
    pub fn certificate_ids(mut self, certificate_ids: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.certificate_ids = certificate_ids.into_iter().map(Into::into).collect();
        self
    }

    /// Sets: identity whose token is sent as `Authorization: Bearer`.
    #[must_use]
    pub fn managed_identity(mut self, managed_identity: ManagedIdentity) -> Self {
        self.managed_identity = Some(managed_identity);
        self
    }
}

/// Sent as `Authorization: <scheme> <parameter>`, as it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Authorization {
    /// Authentication scheme, such as `Basic` or `Bearer`.
    pub scheme: String,
    /// What follows the scheme; no base64 is applied.
    pub parameter: Sensitive,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Authorization {
    /// Makes one of scheme and parameter.
    pub fn new(scheme: impl Into<String>, parameter: impl Into<Sensitive>) -> Self {
        Self { scheme: scheme.into(), parameter: parameter.into(), extra: Extra::default() }
    }
}

/// A managed identity whose token a backend is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ManagedIdentity {
    /// Audience that the token is for, such as `https://cognitiveservices.azure.com`.
    pub resource: String,
    /// Client id of a user-assigned identity; absent means the system-assigned one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl ManagedIdentity {
    /// Makes one of what is required.
    pub fn new(resource: impl Into<String>) -> Self {
        Self { resource: resource.into(), client_id: None, extra: Extra::default() }
    }

    /// Sets: client id of a user-assigned identity; absent means the system-assigned one.
    #[must_use]
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }
}
