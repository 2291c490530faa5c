//! Whether a certificate is one that is pinned.

use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error, OtherError, RootCertStore};

use super::pins::{PinnedName, PinnedServer, Pins};
use super::thumbprint::Thumbprint;
use super::x509::Facts;

/// A certificate that is looked at, with what its server sent along.
pub(super) struct Presented<'a> {
    pub(super) leaf: &'a CertificateDer<'a>,
    pub(super) others: &'a [CertificateDer<'a>],
    pub(super) host: &'a ServerName<'a>,
    pub(super) now: UnixTime,
}

/// What pins are checked with, besides the certificate.
pub(super) struct PinCheck<'a> {
    pub(super) pins: &'a Pins,
    pub(super) provider: &'a Arc<CryptoProvider>,
    /// The trusted roots: to verify with, and as certificates.
    pub(super) chain: Option<&'a WebPkiServerVerifier>,
    pub(super) roots: &'a [CertificateDer<'static>],
}

impl PinCheck<'_> {
    /// Whether `presented` is pinned; otherwise why not. `ordinary` is what the checks without pins found.
    pub(super) fn verify(&self, presented: &Presented<'_>, ordinary: Option<Error>) -> Result<(), Error> {
        let facts = Facts::of(presented.leaf).ok_or(CertificateError::BadEncoding)?;
        if self.by_thumbprint(presented, &facts)?
            || self.pins.names.iter().any(|name| self.by_name(presented, &facts, name))
        {
            return Ok(());
        }
        let not_pinned = NotPinned {
            subject: facts.subject_text,
            thumbprint: Thumbprint::of(presented.leaf).to_string(),
            ordinary: ordinary.map(|error| error.to_string()),
        };
        Err(CertificateError::Other(OtherError(Arc::new(not_pinned))).into())
    }

    fn by_thumbprint(&self, presented: &Presented<'_>, facts: &Facts) -> Result<bool, Error> {
        let is_pinned = |der: &[u8]| self.pins.thumbprints.iter().any(|pin| pin.matches(der));
        if is_pinned(presented.leaf) {
            match facts.outside_validity(presented.now) {
                (true, _) => return Err(CertificateError::NotValidYet.into()),
                (_, true) => return Err(CertificateError::Expired.into()),
                _ => {}
            }
            if self.pins.of == PinnedServer::Backend {
                verify_server_name(&ParsedCertificate::try_from(presented.leaf)?, presented.host)?;
            }
            return Ok(true);
        }
        let authorities = presented.others.iter().filter(|other| is_pinned(other));
        Ok(self.pins.of == PinnedServer::Backend && self.ends_in(presented, authorities, true))
    }

    fn by_name(&self, presented: &Presented<'_>, facts: &Facts, pin: &PinnedName) -> bool {
        if !facts.is_named(&pin.name) {
            return false;
        }
        if pin.issuers.is_empty() {
            return self.has_good_chain(presented);
        }
        let is_pinned = |der: &[u8]| pin.issuers.iter().any(|issuer| issuer.matches(der));
        if facts.is_self_issued() {
            let is_trusted =
                self.pins.of == PinnedServer::Backend && facts.outside_validity(presented.now) == (false, false);
            return is_pinned(presented.leaf) && (is_trusted || self.has_good_chain(presented));
        }
        let known = presented.others.iter().chain(self.roots);
        let mut issuers =
            known.filter(|der| is_pinned(der) && Facts::of(der).is_some_and(|f| f.subject == facts.issuer));
        match self.pins.of {
            PinnedServer::Backend => self.ends_in(presented, issuers, false),
            PinnedServer::Cluster => issuers.next().is_some() && self.has_good_chain(presented),
        }
    }

    /// Whether the chain ends in a trusted root, whatever the host.
    fn has_good_chain(&self, presented: &Presented<'_>) -> bool {
        self.chain.is_some_and(|chain| verifies(chain, presented, false))
    }

    /// Whether the chain ends in one of these certificates.
    fn ends_in<'c>(
        &self,
        presented: &Presented<'_>,
        authorities: impl Iterator<Item = &'c CertificateDer<'c>>,
        with_host: bool,
    ) -> bool {
        let mut store = RootCertStore::empty();
        for authority in authorities {
            // One that cannot be an anchor is none.
            let _ = store.add(authority.clone().into_owned());
        }
        let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(self.provider));
        builder.build().is_ok_and(|chain| verifies(&chain, presented, with_host))
    }
}

fn verifies(chain: &WebPkiServerVerifier, presented: &Presented<'_>, with_host: bool) -> bool {
    match chain.verify_server_cert(presented.leaf, presented.others, presented.host, &[], presented.now) {
        Ok(_) => true,
        Err(Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        )) => !with_host,
        Err(_) => false,
    }
}

#[derive(Debug)]
struct NotPinned {
    subject: String,
    thumbprint: String,
    ordinary: Option<String>,
}

impl std::fmt::Display for NotPinned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` with thumbprint {} is not among the pinned certificates", self.subject, self.thumbprint)?;
        self.ordinary.as_ref().map_or(Ok(()), |ordinary| write!(f, ", and without pins: {ordinary}"))
    }
}

impl std::error::Error for NotPinned {}
