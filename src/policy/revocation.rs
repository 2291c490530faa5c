//! Whether certificates are revoked: the seam to whatever knows.

use async_trait::async_trait;

use crate::body::BoxError;
use crate::forward::ClientCertificate;

/// Knows which certificates of callers are revoked: by lists, by OCSP, or by a table of one's own.
///
/// `validate-client-certificate` asks it, when `validate-revocation` is not `false`, for each request with a certificate
/// that has passed the other checks of the certificate itself: it should keep what it learns.
///
/// ```
/// use gatewright::body::BoxError;
/// use gatewright::forward::ClientCertificate;
/// use gatewright::policy::RevocationChecker;
///
/// struct Listed(Vec<Vec<u8>>);
///
/// #[async_trait::async_trait]
/// impl RevocationChecker for Listed {
///     async fn is_revoked(&self, certificate: &ClientCertificate) -> Result<bool, BoxError> {
///         Ok(self.0.iter().any(|der| *der == certificate.der))
///     }
/// }
/// ```
#[async_trait]
pub trait RevocationChecker: Send + Sync + 'static {
    /// Whether the certificate is revoked.
    ///
    /// # Errors
    ///
    /// When that cannot be found out: the request is refused then.
    async fn is_revoked(&self, certificate: &ClientCertificate) -> Result<bool, BoxError>;
}

const _: Option<&dyn RevocationChecker> = None;
