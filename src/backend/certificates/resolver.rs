//! Chooses the certificate to show in a handshake.

use std::sync::Arc;

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::sign::CertifiedKey;

use super::ClientCertificate;

/// Shows the first certificate whose chain has an issuer that the backend asks for, or else the first that the backend
/// can check at all.
#[derive(Debug)]
pub(in crate::backend) struct Resolver(Box<[ClientCertificate]>);

impl Resolver {
    pub(in crate::backend) fn new(certificates: &[ClientCertificate]) -> Self {
        Self(certificates.into())
    }
}

impl ResolvesClientCert for Resolver {
    fn resolve(&self, issuers: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let mut first = None;
        for certificate in &self.0 {
            let identity = certificate.now();
            if identity.key.key.choose_scheme(schemes).is_none() {
                continue;
            }
            if identity.issuers.iter().any(|own| issuers.contains(&own.as_slice())) {
                return Some(Arc::clone(&identity.key));
            }
            first = first.or_else(|| Some(Arc::clone(&identity.key)));
        }
        first
    }

    fn has_certs(&self) -> bool {
        !self.0.is_empty()
    }
}
