//! The certificates that chains may end in.

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::backend::transport::TransportError;

/// Where trusted roots come from.
pub(in crate::backend) struct Roots {
    pub(in crate::backend) native: bool,
    pub(in crate::backend) pem: Vec<Vec<u8>>,
}

impl Roots {
    pub(super) fn load(&self) -> Result<RootCertStore, TransportError> {
        let mut store = RootCertStore::empty();
        for pem in &self.pem {
            let before = store.len();
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate.map_err(|error| TransportError::Roots(error.to_string()))?;
                store.add(certificate).map_err(|error| TransportError::Roots(error.to_string()))?;
            }
            if store.len() == before {
                return Err(TransportError::Roots("no `BEGIN CERTIFICATE` was found".to_owned()));
            }
        }
        if self.native {
            let found = rustls_native_certs::load_native_certs();
            for error in &found.errors {
                tracing::warn!(target: "gatewright::backend", %error, "a trusted root certificate was not loaded");
            }
            store.add_parsable_certificates(found.certs);
            if store.is_empty() {
                return Err(TransportError::NoRoots);
            }
        }
        Ok(store)
    }
}
