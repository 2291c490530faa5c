//! Checks a certificate with chain and name switched on or off, each alone, or against pins.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

use super::Checks;
use super::pin_check::{PinCheck, Presented};
use super::pins::Pins;
use super::roots::Anchors;

#[derive(Debug)]
pub(super) struct Verifier {
    checks: Checks,
    pins: Option<Arc<Pins>>,
    pins_required: bool,
    roots: Arc<Anchors>,
    provider: Arc<CryptoProvider>,
}

impl Verifier {
    pub(super) fn new(
        checks: Checks,
        pins: Option<Arc<Pins>>,
        pins_required: bool,
        roots: Arc<Anchors>,
        provider: Arc<CryptoProvider>,
    ) -> Self {
        Self { checks, pins, pins_required, roots, provider }
    }

    /// Chain and name, as far as they are switched on.
    fn verify(&self, presented: &Presented<'_>, checks: Checks) -> Result<(), Error> {
        if !checks.chain {
            if checks.name {
                verify_server_name(&ParsedCertificate::try_from(presented.leaf)?, presented.host)?;
            }
            return Ok(());
        }
        let Some(chain) = &self.roots.verifier else {
            return Err(CertificateError::UnknownIssuer.into());
        };
        // It checks the chain first, so that a wrong name says that the chain is good.
        match chain.verify_server_cert(presented.leaf, presented.others, presented.host, &[], presented.now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !checks.name => Ok(()),
            result => result.map(|_| ()),
        }
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let presented = Presented { leaf: end_entity, others: intermediates, host: server_name, now };
        let Some(pins) = &self.pins else {
            self.verify(&presented, self.checks)?;
            return Ok(ServerCertVerified::assertion());
        };
        // With pins, chain and name are checked whatever the switches say.
        let ordinary = self.verify(&presented, Checks::ALL);
        if ordinary.is_err() || self.pins_required {
            let check = PinCheck {
                pins,
                provider: &self.provider,
                chain: self.roots.verifier.as_deref(),
                roots: &self.roots.certificates,
            };
            check.verify(&presented, ordinary.err())?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
