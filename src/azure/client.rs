//! The gateway's transport as Microsoft's crates want it.

use std::net::SocketAddr;
use std::sync::Arc;

use async_trait::async_trait;
use azure_core::Bytes;
use azure_core::error::ErrorKind;
use azure_core::http::headers::Headers;
use azure_core::http::{self as azure_http, AsyncRawResponse, ClientOptions, HttpClient};
use tower_service::Service;
use url::Url;

use crate::Body;
use crate::backend::{Client, Transport};

/// Tokens and secrets are some kilobytes.
const LONGEST_ANSWER: usize = 1 << 20;
/// Where virtual machines find out about themselves.
const METADATA_SERVICE: &str = "169.254.169.254";

/// What clients of those crates are made with.
pub(super) fn options(client: &Arc<TransportClient>) -> ClientOptions {
    let transport = azure_http::Transport::new(Arc::clone(client) as Arc<dyn HttpClient>);
    ClientOptions { transport: Some(transport), ..ClientOptions::default() }
}

/// Those crates put a hint on a line of its own.
pub(super) fn one_line(error: &azure_core::Error) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The gateway's transport.
#[derive(Debug)]
pub(super) struct TransportClient {
    client: Client,
    /// Without a web proxy, for what is on this machine.
    direct: Client,
    metadata_service: Option<SocketAddr>,
}

impl TransportClient {
    pub(super) fn new(transport: &Transport) -> Self {
        Self { client: transport.client(), direct: transport.direct_client(), metadata_service: None }
    }

    /// The same with the metadata service at another address.
    pub(super) fn metadata_service(&self, address: SocketAddr) -> Self {
        Self { client: self.client.clone(), direct: self.direct.clone(), metadata_service: Some(address) }
    }

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
            azure_http::Body::SeekableStream(_) => return Err(io("streamed bodies are not sent".into())),
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
