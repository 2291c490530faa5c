//! Requests that policies make on their own: the seam to whatever sends them.

use std::sync::Arc;

use async_trait::async_trait;
use http::{Request, Response};

use crate::body::Body;
use crate::forward::{CertificateName, FabricOptions, ForwardError, HttpVersion, WebProxy};

/// Sends the requests of `send-request` and its kin, and of whatever else a policy asks an outside service.
///
/// [`Transport`](crate::backend::Transport) and [`Backends`](crate::backend::Backends) are ones over the network; a
/// gateway has one by itself. In a test it is a few lines:
///
/// ```
/// use gatewright::Body;
/// use gatewright::forward::ForwardError;
/// use gatewright::outbound::{Outbound, OutboundOptions};
/// use http::{Request, Response};
///
/// struct Always(u16);
///
/// #[async_trait::async_trait]
/// impl Outbound for Always {
///     async fn send(&self, _: Request<Body>, _: &OutboundOptions) -> Result<Response<Body>, ForwardError> {
///         let mut response = Response::new(Body::from("hello"));
///         *response.status_mut() = self.0.try_into().unwrap_or_default();
///         Ok(response)
///     }
/// }
/// ```
#[async_trait]
pub trait Outbound: Send + Sync + 'static {
    /// Sends a request whose URI is absolute; gives the response once its headers are there.
    ///
    /// A `Host` header is sent as it is; without one it is that of the URI. The caller keeps the time: it drops the
    /// future when the time is over, and nothing may be left behind then.
    ///
    /// # Errors
    ///
    /// [`ForwardError`] in the words of `context.LastError`, when there is no response. A response of any status is none.
    async fn send(&self, request: Request<Body>, options: &OutboundOptions) -> Result<Response<Body>, ForwardError>;
}

const _: Option<&dyn Outbound> = None;

/// How a request of a policy's own is sent.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct OutboundOptions {
    /// The protocol to the service.
    pub http_version: HttpVersion,
    /// Whether redirects are followed, up to 10.
    pub follow_redirects: bool,
    /// The client certificate to show.
    pub certificate: Option<CertificateName>,
    /// The web proxy to go through.
    pub proxy: Option<WebProxy>,
    /// The Backend entity whose URL, credentials and TLS settings are used; path and query come from the request's URI.
    pub backend: Option<Arc<str>>,
    /// What the request asks of a Service Fabric cluster, when the entity is one's.
    pub fabric: Option<FabricOptions>,
}
