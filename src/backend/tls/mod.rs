//! TLS towards backends: crypto provider, trusted roots, and which checks a certificate must pass.

mod roots;
/// What a host hands over in types of rustls 0.23.
pub mod rustls_0_23;
mod verifier;

use std::sync::Arc;

use rustls::client::{ClientConfig, WantsClientCert, WebPkiServerVerifier};
use rustls::crypto::CryptoProvider;
use rustls::{ConfigBuilder, WantsVerifier};

pub(super) use roots::Roots;
use verifier::Verifier;

use super::transport::TransportError;

/// Which checks the certificate of a backend must pass. Signatures of the handshake are checked in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Checks {
    pub(super) chain: bool,
    pub(super) name: bool,
}

impl Checks {
    pub(super) const ALL: Self = Self { chain: true, name: true };
}

/// What all TLS configurations of a transport share.
pub(super) struct Tls {
    start: ConfigBuilder<ClientConfig, WantsVerifier>,
    provider: Arc<CryptoProvider>,
    chain: Option<Arc<WebPkiServerVerifier>>,
}

impl Tls {
    pub(super) fn new(provider: Option<Arc<CryptoProvider>>, roots: Roots) -> Result<Self, TransportError> {
        let provider = provider.or_else(|| CryptoProvider::get_default().cloned()).or_else(compiled_in);
        let provider = provider.ok_or(TransportError::NoCryptoProvider)?;
        let start = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(|error| TransportError::CryptoProvider(error.to_string()))?;
        let store = roots.load()?;
        let chain = match store.is_empty() {
            true => None,
            false => Some(
                WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(&provider))
                    .build()
                    .map_err(|error| TransportError::Roots(error.to_string()))?,
            ),
        };
        Ok(Self { start, provider, chain })
    }

    /// The configuration for these checks, offering these protocols.
    pub(super) fn config(&self, checks: Checks, protocols: &[&[u8]]) -> ClientConfig {
        let mut config = self.verified(checks).with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        config
    }

    fn verified(&self, checks: Checks) -> ConfigBuilder<ClientConfig, WantsClientCert> {
        let start = self.start.clone();
        match (&self.chain, checks) {
            (Some(chain), Checks::ALL) => start.with_webpki_verifier(Arc::clone(chain)),
            (chain, checks) => {
                let verifier = Verifier::new(checks, chain.clone(), self.provider.signature_verification_algorithms);
                start.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
            }
        }
    }
}

fn compiled_in() -> Option<Arc<CryptoProvider>> {
    #[cfg(feature = "aws-lc-rs")]
    return Some(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    #[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
    return Some(Arc::new(rustls::crypto::ring::default_provider()));
    #[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
    None
}
