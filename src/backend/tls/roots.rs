//! The certificates that chains may end in.

use std::sync::Arc;

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::backend::transport::TransportError;

/// Where trusted roots come from.
pub(in crate::backend) struct Roots {
    pub(in crate::backend) native: bool,
    pub(in crate::backend) pem: Vec<Vec<u8>>,
}

/// Trusted roots, as certificates and ready to verify with.
#[derive(Debug)]
pub(super) struct Anchors {
    pub(super) certificates: Vec<CertificateDer<'static>>,
    /// None without a root.
    pub(super) verifier: Option<Arc<WebPkiServerVerifier>>,
}

impl Anchors {
    pub(super) fn new(
        certificates: Vec<CertificateDer<'static>>,
        provider: &Arc<CryptoProvider>,
    ) -> Result<Self, TransportError> {
        let mut store = RootCertStore::empty();
        // Those of the system that cannot be read are left out, the given ones were tried before.
        store.add_parsable_certificates(certificates.iter().cloned());
        if store.is_empty() {
            return Ok(Self { certificates, verifier: None });
        }
        let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider));
        let verifier = builder.build().map_err(|error| TransportError::Roots(error.to_string()))?;
        Ok(Self { certificates, verifier: Some(verifier) })
    }

    /// These and more.
    pub(super) fn with(&self, more: &[CertificateDer<'static>], provider: &Arc<CryptoProvider>) -> Option<Self> {
        let certificates = self.certificates.iter().chain(more).cloned().collect();
        Self::new(certificates, provider).ok()
    }
}

impl Roots {
    pub(super) fn load(&self) -> Result<Vec<CertificateDer<'static>>, TransportError> {
        let mut certificates = Vec::new();
        for pem in &self.pem {
            certificates.extend(authorities(pem).map_err(TransportError::Roots)?);
        }
        if self.native {
            let found = rustls_native_certs::load_native_certs();
            for error in &found.errors {
                tracing::warn!(target: "gatewright::backend", %error, "a trusted root certificate was not loaded");
            }
            certificates.extend(found.certs);
            if certificates.is_empty() {
                return Err(TransportError::NoRoots);
            }
        }
        Ok(certificates)
    }
}

/// The CA certificates in PEM text: at least one, and each fit to end a chain.
fn authorities(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let certificates = certificates.map_err(|error| error.to_string())?;
    check(&certificates)?;
    Ok(certificates)
}

/// Whether there is a certificate, and each is fit to end a chain.
pub(in crate::backend) fn check(certificates: &[CertificateDer<'static>]) -> Result<(), String> {
    if certificates.is_empty() {
        return Err("no `BEGIN CERTIFICATE` was found".to_owned());
    }
    let mut store = RootCertStore::empty();
    certificates.iter().try_for_each(|certificate| store.add(certificate.clone()).map_err(|error| error.to_string()))
}
