//! What tells connections apart.

use std::net::IpAddr;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;

use super::certificates::ClientCertificate;
use super::tls::{Checks, Pins};
use crate::forward::WebProxy;

/// How connections of a backend are made. Backends share connections only when all of this is equal; a pool tells them
/// apart by scheme, host and port below it, and by HTTP version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Link {
    pub(super) checks: Checks,
    pub(super) pins: Option<Arc<Pins>>,
    /// Trusted besides the roots of the transport.
    pub(super) authorities: Option<Arc<[CertificateDer<'static>]>>,
    /// What the gateway shows when it is asked to.
    pub(super) certificates: Vec<ClientCertificate>,
    pub(super) proxy: Option<WebProxy>,
    /// Where connections lead, whatever the name of the host stands for. A web proxy finds its own way.
    pub(super) address: Option<IpAddr>,
}
