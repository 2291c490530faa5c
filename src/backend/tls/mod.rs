//! TLS towards backends: crypto provider, trusted roots, and which checks a certificate must pass.

mod pin_check;
mod pins;
mod roots;
/// What a host hands over in types of rustls 0.23.
pub mod rustls_0_23;
mod thumbprint;
mod verifier;
mod x509;

use std::sync::Arc;

use rustls::client::{ClientConfig, Resumption, WantsClientCert};
use rustls::crypto::CryptoProvider;
use rustls::{ConfigBuilder, WantsVerifier};

pub(super) use pins::{PinnedServer, Pins};
use roots::Anchors;
pub(super) use roots::{Roots, check as check_authorities};
pub(super) use thumbprint::Thumbprint;
use verifier::Verifier;
pub(super) use x509::Facts;

use super::certificates::Resolver;
use super::link::Link;
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

impl Default for Checks {
    fn default() -> Self {
        Self::ALL
    }
}

/// What all TLS configurations of a transport share.
pub(super) struct Tls {
    start: ConfigBuilder<ClientConfig, WantsVerifier>,
    provider: Arc<CryptoProvider>,
    anchors: Arc<Anchors>,
    pins_required: bool,
}

impl Tls {
    pub(super) fn new(
        provider: Option<Arc<CryptoProvider>>,
        roots: &Roots,
        pins_required: bool,
    ) -> Result<Self, TransportError> {
        let provider = provider.or_else(default_provider).ok_or(TransportError::NoCryptoProvider)?;
        let start = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(|error| TransportError::CryptoProvider(error.to_string()))?;
        let anchors = Arc::new(Anchors::new(roots.load()?, &provider)?);
        Ok(Self { start, provider, anchors, pins_required })
    }

    /// The crypto provider.
    pub(super) fn provider(&self) -> &Arc<CryptoProvider> {
        &self.provider
    }

    /// The configurations of a link, one for each list of protocols to offer.
    pub(super) fn configs<const N: usize>(&self, link: &Link, protocols: [&[&[u8]]; N]) -> [Arc<ClientConfig>; N] {
        let verified = self.verified(self.start.clone(), link);
        protocols.map(|protocols| {
            let mut config = match link.certificates.as_slice() {
                [] => verified.clone().with_no_client_auth(),
                certificates => {
                    let resolver = Arc::new(Resolver::new(certificates));
                    let mut config = verified.clone().with_client_cert_resolver(resolver);
                    // A session that is resumed keeps the certificate of the first handshake.
                    config.resumption = Resumption::disabled();
                    config
                }
            };
            config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
            Arc::new(config)
        })
    }

    /// The configuration of a link for a protocol that says its name, or else for TLS 1.2, whose sessions are not resumed.
    #[cfg(feature = "sql")]
    pub(super) fn of_protocol(&self, link: &Link, protocol: Option<&[u8]>) -> Arc<ClientConfig> {
        let older = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_protocol_versions(&[&rustls::version::TLS12]);
        // INVARIANT: the provider can do TLS 1.2: the transport was made with it.
        let start = older.ok().filter(|_| protocol.is_none()).unwrap_or_else(|| self.start.clone());
        let verified = self.verified(start, link);
        let mut config = match link.certificates.as_slice() {
            [] => verified.with_no_client_auth(),
            certificates => verified.with_client_cert_resolver(Arc::new(Resolver::new(certificates))),
        };
        config.resumption = Resumption::disabled();
        config.alpn_protocols = protocol.iter().map(|protocol| protocol.to_vec()).collect();
        Arc::new(config)
    }

    fn verified(
        &self,
        start: ConfigBuilder<ClientConfig, WantsVerifier>,
        link: &Link,
    ) -> ConfigBuilder<ClientConfig, WantsClientCert> {
        // The additional ones were tried when they were read.
        let more = link.authorities.as_ref().and_then(|more| self.anchors.with(more, &self.provider));
        let anchors = more.map_or_else(|| Arc::clone(&self.anchors), Arc::new);
        match &anchors.verifier {
            Some(chain) if link.checks == Checks::ALL && link.pins.is_none() => {
                start.with_webpki_verifier(Arc::clone(chain))
            }
            _ => {
                let (pins, provider) = (link.pins.clone(), Arc::clone(&self.provider));
                let verifier = Verifier::new(link.checks, pins, self.pins_required, anchors, provider);
                start.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
            }
        }
    }
}

/// The provider of the process, or the one that is compiled in.
pub(super) fn default_provider() -> Option<Arc<CryptoProvider>> {
    CryptoProvider::get_default().cloned().or_else(compiled_in)
}

fn compiled_in() -> Option<Arc<CryptoProvider>> {
    #[cfg(feature = "aws-lc-rs")]
    return Some(Arc::new(rustls::crypto::aws_lc_rs::default_provider()));
    #[cfg(all(feature = "ring", not(feature = "aws-lc-rs")))]
    return Some(Arc::new(rustls::crypto::ring::default_provider()));
    #[cfg(not(any(feature = "ring", feature = "aws-lc-rs")))]
    None
}
