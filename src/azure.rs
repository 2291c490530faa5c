//! Azure: managed and workload identities, through Microsoft's own crates over the gateway's transport.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use azure_core::Bytes;
use azure_core::credentials::TokenCredential;
use azure_core::error::ErrorKind;
use azure_core::http::headers::Headers;
use azure_core::http::{self as azure_http, AsyncRawResponse, ClientOptions, HttpClient};
use azure_identity::{
    ClientAssertionCredentialOptions, ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
    WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use tower_service::Service;
use url::Url;

use crate::Body;
use crate::backend::{Client, Transport};
use crate::identity::{Error, Token, TokenRequest, TokenSource};

/// An answer of a token endpoint is some kilobytes.
const LONGEST_ANSWER: usize = 1 << 20;
/// Where virtual machines find out about themselves.
const METADATA_SERVICE: &str = "169.254.169.254";

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
        let client =
            TransportClient { client: transport.client(), direct: transport.direct_client(), metadata_service: None };
        Self { client: Arc::new(client) }
    }

    /// The metadata service at another address than `http://169.254.169.254`: one that stands in for it in a cluster or in
    /// a test.
    #[must_use]
    pub fn metadata_service(mut self, address: SocketAddr) -> Self {
        let TransportClient { client, direct, .. } = &*self.client;
        let (client, direct) = (client.clone(), direct.clone());
        self.client = Arc::new(TransportClient { client, direct, metadata_service: Some(address) });
        self
    }

    fn credential(&self, request: &TokenRequest) -> azure_core::Result<Arc<dyn TokenCredential>> {
        let transport = azure_http::Transport::new(Arc::clone(&self.client) as Arc<dyn HttpClient>);
        let client_options = ClientOptions { transport: Some(transport), ..ClientOptions::default() };
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

/// Those crates put a hint on a line of its own.
fn one_line(error: &azure_core::Error) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The gateway's transport as those crates want it.
#[derive(Debug)]
struct TransportClient {
    client: Client,
    /// Without a web proxy, for what is on this machine.
    direct: Client,
    metadata_service: Option<SocketAddr>,
}

impl TransportClient {
    /// Where a request goes.
    fn url(&self, url: &Url) -> Url {
        let mut url = url.clone();
        if let Some(address) = self.metadata_service.filter(|_| url.host_str() == Some(METADATA_SERVICE)) {
            // Neither fails for a URL with a host.
            let _ = url.set_ip_host(address.ip());
            let _ = url.set_port(Some(address.port()));
        }
        url
    }
}

#[async_trait]
impl HttpClient for TransportClient {
    async fn execute_request(&self, request: &azure_http::Request) -> azure_core::Result<AsyncRawResponse> {
        let io = |error: Box<dyn std::error::Error + Send + Sync>| azure_core::Error::new(ErrorKind::Io, error);
        let body = match request.body() {
            azure_http::Body::Bytes(bytes) => Body::from(bytes.clone()),
            azure_http::Body::SeekableStream(_) => return Err(io("a token request has no streamed body".into())),
        };
        let url = self.url(request.url());
        let mut builder = http::Request::builder().method(request.method().as_str()).uri(url.as_str());
        for (name, value) in request.headers().iter() {
            builder = builder.header(name.as_str(), value.as_str());
        }
        builder = builder.header("host", &url[url::Position::BeforeHost..url::Position::AfterPort]);
        let request_to_send = builder.body(body).map_err(|error| io(error.into()))?;
        let client = if url.scheme() == "https" { &self.client } else { &self.direct };
        let response = client.clone().call(request_to_send).await.map_err(|error| io(error.into()))?;
        let (parts, body) = response.into_parts();
        let mut headers = Headers::new();
        for (name, value) in &parts.headers {
            if let Ok(value) = value.to_str() {
                headers.insert(name.as_str().to_owned(), value.to_owned());
            }
        }
        let body = body.collect(LONGEST_ANSWER).await.map_err(|error| io(error.to_string().into()))?;
        let bytes: Bytes = body.as_bytes().cloned().unwrap_or_default();
        Ok(AsyncRawResponse::from_bytes(parts.status.as_u16().into(), headers, bytes))
    }
}
