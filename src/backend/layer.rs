//! One backend around a client of the host's own.

use std::fmt;
use std::sync::Arc;

use tower_layer::Layer;

use super::build_error::{BuildError, Problem};
use super::service::BackendService;
use super::single::{self, Single};
use crate::model;
use crate::secret::NamedValues;

/// Puts one Backend entity around any service that sends requests with absolute URIs.
///
/// The service's error type must come from [`Error`](super::Error), for requests that cannot be sent. The entity may
/// not have TLS settings, client certificates or a web proxy, since the service below decides about those.
#[derive(Clone)]
pub struct BackendLayer(Arc<Single>);

impl BackendLayer {
    /// A layer of an entity.
    ///
    /// # Errors
    ///
    /// [`BuildError`] as for [`BackendsBuilder::build`](super::BackendsBuilder::build) and when the entity has TLS settings,
    /// client certificates, a web proxy or a managed identity.
    pub fn new(id: &str, backend: &model::Backend, values: &NamedValues) -> Result<Self, BuildError> {
        if backend.tls.as_ref().is_some_and(|tls| *tls != model::Tls::default()) {
            return Err(BuildError::new(id, Problem::TlsAroundService));
        }
        single::refuse_identity(id, backend)?;
        let shows_certificate =
            backend.credentials.as_ref().is_some_and(|c| !c.certificate_ids.is_empty() || !c.certificate.is_empty());
        for (name, is_set) in [("proxy", backend.proxy.is_some()), ("credentials.certificate", shows_certificate)] {
            if is_set {
                return Err(BuildError::new(id, Problem::AroundService(name)));
            }
        }
        Ok(Self(Arc::new(Single::new(id, backend, values)?)))
    }
}

impl<S> Layer<S> for BackendLayer {
    type Service = BackendService<S>;

    fn layer(&self, inner: S) -> BackendService<S> {
        BackendService::around(Arc::clone(&self.0), inner)
    }
}

impl fmt::Debug for BackendLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BackendLayer").field(&self.0.id).finish()
    }
}
