//! What all backends share: trusted roots, time limits, and the pools of connections.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::crypto::CryptoProvider;

use super::client::Client;
use super::tls::{Checks, Roots, Tls};

/// Reaches backends over the network, HTTP/1.1 and HTTP/2, with or without TLS.
///
/// It holds the pools of connections. Keep one for as long as the process lives and build each new configuration with
/// it, so that a reload keeps the connections. A clone shares everything. Connections are never shared between
/// backends whose TLS settings differ.
///
/// ```
/// use std::time::Duration;
/// use gatewright::backend::Transport;
///
/// let transport = Transport::builder().connect_timeout(Duration::from_secs(5)).native_roots(false).build()?;
/// # let _ = transport;
/// # Ok::<_, gatewright::backend::TransportError>(())
/// ```
#[derive(Clone)]
pub struct Transport(Arc<Shared>);

struct Shared {
    tls: Tls,
    connect_timeout: Duration,
    clients: Mutex<HashMap<Checks, Client>>,
}

impl Transport {
    /// A transport with the defaults: the system's trusted roots, 21 seconds to connect.
    ///
    /// # Errors
    ///
    /// As [`TransportBuilder::build`].
    pub fn new() -> Result<Self, TransportError> {
        Self::builder().build()
    }

    /// Settings to build one with.
    pub fn builder() -> TransportBuilder {
        TransportBuilder::default()
    }

    /// A client that checks certificates fully.
    pub fn client(&self) -> Client {
        self.client_with(Checks::ALL)
    }

    pub(super) fn client_with(&self, checks: Checks) -> Client {
        let mut clients = self.0.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.entry(checks).or_insert_with(|| Client::new(&self.0.tls, checks, self.0.connect_timeout)).clone()
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").field("connect_timeout", &self.0.connect_timeout).finish_non_exhaustive()
    }
}

/// Settings of a [`Transport`].
#[must_use]
pub struct TransportBuilder {
    connect_timeout: Duration,
    roots: Roots,
    provider: Option<Arc<CryptoProvider>>,
}

impl Default for TransportBuilder {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(21),
            roots: Roots { native: true, pem: Vec::new() },
            provider: None,
        }
    }
}

impl TransportBuilder {
    /// The time for resolving, connecting and the TLS handshake together; 21 seconds by default, as in Azure.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.connect_timeout = limit;
        self
    }

    /// Whether the system's trusted roots are trusted; true by default. They are read once, by `build`, which blocks.
    pub fn native_roots(mut self, trusted: bool) -> Self {
        self.roots.native = trusted;
        self
    }

    /// Also trusts these CA certificates: PEM text with one or more `BEGIN CERTIFICATE` blocks.
    pub fn root_certificates_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots.pem.push(pem.into());
        self
    }

    pub(super) fn provider(mut self, provider: Arc<CryptoProvider>) -> Self {
        self.provider = Some(provider);
        self
    }

    /// Reads the roots and makes the transport. No connection is opened, and no runtime is needed yet.
    ///
    /// # Errors
    ///
    /// [`TransportError`] without a usable crypto provider, without any trusted root, or for bad PEM.
    pub fn build(self) -> Result<Transport, TransportError> {
        let tls = Tls::new(self.provider, self.roots)?;
        Ok(Transport(Arc::new(Shared { tls, connect_timeout: self.connect_timeout, clients: Mutex::default() })))
    }
}

impl fmt::Debug for TransportBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportBuilder").field("connect_timeout", &self.connect_timeout).finish_non_exhaustive()
    }
}

/// Why a [`Transport`] could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TransportError {
    /// No crypto provider was given, installed in the process, or compiled in.
    #[error(
        "there is no crypto provider for TLS: enable the feature `aws-lc-rs` or `ring`, or give one to the builder with `tls::rustls_0_23::crypto_provider`"
    )]
    NoCryptoProvider,
    /// The crypto provider lacks what TLS 1.2 and 1.3 need.
    #[error("the crypto provider for TLS cannot be used: {0}")]
    CryptoProvider(String),
    /// The system has no trusted roots and none were given.
    #[error(
        "no trusted root certificate was found on this system: set `SSL_CERT_FILE`, give some with `root_certificates_pem`, or turn `native_roots` off"
    )]
    NoRoots,
    /// A given root certificate is not one.
    #[error("a trusted root certificate could not be read: {0}")]
    Roots(String),
}
