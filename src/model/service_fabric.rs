//! A Service Fabric cluster that resolves the addresses of a service.

use serde::{Deserialize, Serialize};

use super::X509Name;
use super::extra::Extra;
use super::tolerant;

/// A Service Fabric cluster and how to talk to it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ServiceFabricCluster {
    /// HTTP management endpoints of the cluster, usually on port 19080.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "tolerant::list")]
    pub management_endpoints: Vec<String>,
    /// Resource id of the certificate for the management endpoints.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_certificate_id: Option<String>,
    /// Thumbprint of that certificate; ignored when the id is given.
    #[serde(rename = "clientCertificatethumbprint", skip_serializing_if = "Option::is_none")]
    pub client_certificate_thumbprint: Option<String>,
    /// Attempts to resolve a partition.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "tolerant::integer")]
    pub max_partition_resolution_retries: Option<u32>,
    /// Thumbprints of the certificates that the management service presents.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "tolerant::list")]
    pub server_certificate_thumbprints: Vec<String>,
    /// Names of those certificates instead of thumbprints.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "tolerant::list")]
    pub server_x509_names: Vec<X509Name>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl ServiceFabricCluster {
    /// Makes one in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets: HTTP management endpoints of the cluster, usually on port 19080.
    #[must_use]
    pub fn management_endpoints(mut self, management_endpoints: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.management_endpoints = management_endpoints.into_iter().map(Into::into).collect();
        self
    }

    /// Sets: resource id of the certificate for the management endpoints.
    #[must_use]
    pub fn client_certificate_id(mut self, client_certificate_id: impl Into<String>) -> Self {
        self.client_certificate_id = Some(client_certificate_id.into());
        self
    }

    /// Sets: thumbprint of that certificate; ignored when the id is given.
    #[must_use]
    pub fn client_certificate_thumbprint(mut self, client_certificate_thumbprint: impl Into<String>) -> Self {
        self.client_certificate_thumbprint = Some(client_certificate_thumbprint.into());
        self
    }

    /// Sets: attempts to resolve a partition.
    #[must_use]
    pub fn max_partition_resolution_retries(mut self, max_partition_resolution_retries: u32) -> Self {
        self.max_partition_resolution_retries = Some(max_partition_resolution_retries);
        self
    }

    /// Sets: thumbprints of the certificates that the management service presents.
    #[must_use]
    pub fn server_certificate_thumbprints(
        mut self,
        server_certificate_thumbprints: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        self.server_certificate_thumbprints = server_certificate_thumbprints.into_iter().map(Into::into).collect();
        self
    }

    /// Adds a name of a server certificate.
    #[must_use]
    pub fn server_x509_name(mut self, server_x509_name: X509Name) -> Self {
        self.server_x509_names.push(server_x509_name);
        self
    }
}
