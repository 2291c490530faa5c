//! One backend around a client of the host's own.

use std::fmt;
use std::sync::Arc;

use tower_layer::Layer;

use super::build_error::{BuildError, Problem};
use super::credentials::Identity;
use super::service::BackendService;
use super::single::{self, Single};
use crate::identity::TokenCache;
use crate::model;
use crate::secret::NamedValues;

/// Puts one Backend entity around any service that sends requests with absolute URIs.
///
/// The service's error type must come from [`Error`](super::Error), for requests that cannot be sent. The entity may
/// not have TLS settings, client certificates or a web proxy, since the service below decides about those.
///
/// ```
/// use gatewright::backend::{BackendLayer, Error};
/// use gatewright::model::{Backend, Credentials};
/// use gatewright::secret::NamedValues;
/// use http::{Request, Response};
/// use tower::ServiceExt as _;
/// use tower_layer::Layer as _;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let orders = Backend::new("https://orders.internal/api")?.credentials(Credentials::new().header("x-key", "k"));
/// let client = tower::service_fn(async |request: Request<gatewright::Body>| {
///     assert_eq!(request.uri(), "https://orders.internal/api/new?first=1");
///     Ok::<_, Error>(Response::new(request.headers()["x-key"].clone()))
/// });
/// let service = BackendLayer::new("orders", &orders, &NamedValues::new())?.layer(client);
/// let response = service.oneshot(Request::get("/new?first=1").body(gatewright::Body::empty())?).await?;
/// assert_eq!(response.into_body(), "k");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct BackendLayer {
    single: Arc<Single>,
    identity: Option<Arc<Identity>>,
}

impl BackendLayer {
    /// A layer of an entity.
    ///
    /// # Errors
    ///
    /// [`BuildError`] as for [`BackendsBuilder::build`](super::BackendsBuilder::build) and when the entity has TLS settings,
    /// client certificates, a web proxy, a circuit breaker or a managed identity.
    pub fn new(id: &str, backend: &model::Backend, values: &NamedValues) -> Result<Self, BuildError> {
        Self::made(id, backend, values, None)
    }

    /// A layer of an entity that may have a managed identity, whose tokens come from `tokens`. A service of it is ready
    /// when it has a token for the next request; a request for which there is none fails, and nothing is sent.
    ///
    /// # Errors
    ///
    /// As [`new`](Self::new), but for the managed identity.
    pub fn with_tokens(
        id: &str,
        backend: &model::Backend,
        values: &NamedValues,
        tokens: &TokenCache,
    ) -> Result<Self, BuildError> {
        Self::made(id, backend, values, Some(tokens))
    }

    fn made(
        id: &str,
        backend: &model::Backend,
        values: &NamedValues,
        tokens: Option<&TokenCache>,
    ) -> Result<Self, BuildError> {
        if backend.tls.as_ref().is_some_and(|tls| *tls != model::Tls::default()) {
            return Err(BuildError::new(id, Problem::TlsAroundService));
        }
        single::refuse_breaker(id, backend)?;
        let shows_certificate =
            backend.credentials.as_ref().is_some_and(|c| !c.certificate_ids.is_empty() || !c.certificate.is_empty());
        for (name, is_set) in [("proxy", backend.proxy.is_some()), ("credentials.certificate", shows_certificate)] {
            if is_set {
                return Err(BuildError::new(id, Problem::AroundService(name)));
            }
        }
        let identity = single::identity(id, backend, values, tokens)?.map(Arc::new);
        Ok(Self { single: Arc::new(Single::new(id, backend, values)?), identity })
    }
}

impl<S> Layer<S> for BackendLayer {
    type Service = BackendService<S>;

    fn layer(&self, inner: S) -> BackendService<S> {
        BackendService::around(Arc::clone(&self.single), self.identity.clone(), inner)
    }
}

impl fmt::Debug for BackendLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BackendLayer").field(&self.single.id).finish()
    }
}
