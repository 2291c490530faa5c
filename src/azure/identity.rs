//! Managed and workload identities.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use azure_core::credentials::TokenCredential;
use azure_identity::{
    ClientAssertionCredentialOptions, ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
    WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};

use super::client::{self, TransportClient, one_line};
use crate::backend::Transport;
use crate::identity::{Error, Token, TokenRequest, TokenSource};

/// The identity that Azure gives to where the gateway runs.
///
/// Workload identity when `AZURE_FEDERATED_TOKEN_FILE` is set (a pod in Kubernetes); else what App Service and Container
/// Apps offer at `IDENTITY_ENDPOINT`; else the metadata service of virtual machines (IMDS), which is never asked through
/// a web proxy. Service Fabric, Azure Arc and Cloud Shell are not supported by `azure_identity`.
///
/// ```no_run
/// use gatewright::azure::AzureIdentity;
/// use gatewright::backend::Transport;
/// use gatewright::identity::TokenCache;
///
/// let tokens = TokenCache::new(AzureIdentity::new(&Transport::new()?));
/// let transport = Transport::builder().tokens(tokens).build()?;
/// # let _ = transport;
/// # Ok::<_, gatewright::backend::TransportError>(())
/// ```
pub struct AzureIdentity {
    client: Arc<TransportClient>,
}

impl AzureIdentity {
    /// Asks for tokens over `transport`, which need not be the one of the backends.
    pub fn new(transport: &Transport) -> Self {
        Self { client: Arc::new(TransportClient::new(transport)) }
    }

    /// The metadata service at another address than `http://169.254.169.254`: one that stands in for it in a cluster or in
    /// a test.
    #[must_use]
    pub fn metadata_service(mut self, address: SocketAddr) -> Self {
        self.client = Arc::new(self.client.metadata_service(address));
        self
    }

    fn credential(&self, request: &TokenRequest) -> azure_core::Result<Arc<dyn TokenCredential>> {
        let client_options = client::options(&self.client);
        let client_id = request.client_id.as_deref().map(str::to_owned);
        if std::env::var_os("AZURE_FEDERATED_TOKEN_FILE").is_some() {
            let credential_options = ClientAssertionCredentialOptions { client_options };
            let options = WorkloadIdentityCredentialOptions { credential_options, client_id, ..Default::default() };
            return Ok(WorkloadIdentityCredential::new(Some(options))?);
        }
        let user_assigned_id = client_id.map(UserAssignedId::ClientId);
        let options = ManagedIdentityCredentialOptions { user_assigned_id, client_options };
        Ok(ManagedIdentityCredential::new(Some(options))?)
    }
}

#[async_trait]
impl TokenSource for AzureIdentity {
    async fn token(&self, request: &TokenRequest) -> Result<Token, Error> {
        // The cache in a credential would keep a token that ours wants to be renewed.
        let credential = self.credential(request).map_err(failed)?;
        let scope = format!("{}/.default", request.resource);
        let token = credential.get_token(&[&scope], None).await.map_err(failed)?;
        Ok(Token::new(token.token.secret(), SystemTime::from(token.expires_on)))
    }
}

impl fmt::Debug for AzureIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AzureIdentity").finish_non_exhaustive()
    }
}

fn failed(error: azure_core::Error) -> Error {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(inner) = cause {
        let status = inner.downcast_ref::<azure_core::Error>().and_then(azure_core::Error::http_status);
        if status.is_some_and(|status| matches!(u16::from(status), 400 | 401 | 403)) {
            return Error::refused(one_line(&error));
        }
        cause = inner.source();
    }
    Error::unavailable(one_line(&error))
}
