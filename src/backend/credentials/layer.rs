//! Credentials around any service.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Uri};
use tower_layer::Layer;
use tower_service::Service;

use super::{CredentialsError, PreparedCredentials};
use crate::model::Credentials;
use crate::secret::NamedValues;

/// Adds the credentials of a backend to each request, around any service.
///
/// Headers replace those of the same name, one field line a value; query parameters replace those of the same name and
/// come last, percent-encoded; `authorization` replaces the caller's. All header values are marked sensitive. Where the
/// URI would be longer than 64 KiB it stays as it is, without the parameters, and an event at `warn` says so.
///
/// ```
/// use gatewright::backend::CredentialsLayer;
/// use gatewright::model::Credentials;
/// use gatewright::secret::NamedValues;
/// use tower_layer::Layer;
/// use tower::util::service_fn;
///
/// let values = NamedValues::new().secret("orders-key", "s3cr3t");
/// let credentials = Credentials::new().header("x-functions-key", "{{orders-key}}");
/// let layer = CredentialsLayer::new(&credentials, &values)?;
/// let service = layer.layer(service_fn(async |request: http::Request<()>| {
///     assert_eq!(request.headers()["x-functions-key"], "s3cr3t");
///     Ok::<_, std::convert::Infallible>(http::Response::new(()))
/// }));
/// # let _ = service;
/// # Ok::<_, gatewright::backend::CredentialsError>(())
/// ```
#[derive(Clone)]
pub struct CredentialsLayer(Arc<PreparedCredentials>);

impl CredentialsLayer {
    /// Puts the named values into the credentials, once.
    ///
    /// # Errors
    ///
    /// [`CredentialsError`] for an unknown named value, a header that cannot be sent, and kinds of credentials that a
    /// layer cannot add: client certificates and managed identities.
    pub fn new(credentials: &Credentials, values: &NamedValues) -> Result<Self, CredentialsError> {
        if credentials.managed_identity.is_some() {
            return Err(CredentialsError::Unsupported("managed identities"));
        }
        if !credentials.certificate_ids.is_empty() || !credentials.certificate.is_empty() {
            return Err(CredentialsError::Unsupported("client certificates"));
        }
        Ok(Self(Arc::new(PreparedCredentials::new(credentials, values)?)))
    }
}

impl<S> Layer<S> for CredentialsLayer {
    type Service = CredentialsService<S>;

    fn layer(&self, inner: S) -> CredentialsService<S> {
        CredentialsService { credentials: Arc::clone(&self.0), inner }
    }
}

/// The service of [`CredentialsLayer`].
#[derive(Clone)]
pub struct CredentialsService<S> {
    credentials: Arc<PreparedCredentials>,
    inner: S,
}

impl<S, B> Service<Request<B>> for CredentialsService<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        self.credentials.set_headers(request.headers_mut());
        if let Some(query) = self.credentials.query() {
            let mut parts = request.uri().clone().into_parts();
            let with = query.apply(parts.path_and_query.as_ref().map_or("/", |given| given.as_str()));
            // The target of `CONNECT` has no query, and a URI ends at 64 KiB.
            let changed = with.parse().ok().and_then(|with| {
                parts.path_and_query = Some(with);
                Uri::from_parts(parts).ok()
            });
            match changed {
                Some(uri) => *request.uri_mut() = uri,
                None => tracing::warn!(target: "gatewright::backend", "the URI has no room for query credentials"),
            }
        }
        self.inner.call(request)
    }
}

impl fmt::Debug for CredentialsLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CredentialsLayer(***)")
    }
}

impl<S: fmt::Debug> fmt::Debug for CredentialsService<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialsService").field("inner", &self.inner).finish_non_exhaustive()
    }
}
