//! What all backends share: trusted roots, time limits, and the pools of connections.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::crypto::CryptoProvider;

use sha2::{Digest, Sha256};

use super::certificates::{CertificateError, Certificates, ClientCertificate, WeakCertificate};
use super::client::{Client, Limits, WeakClient};
use super::link::Link;
#[cfg(feature = "sql")]
use super::tls::Checks;
use super::tls::{Roots, Tls};
#[cfg(feature = "sql")]
use crate::forward::CertificateName;
use crate::forward::WebProxy;
use crate::identity::TokenCache;
use crate::model;

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
    limits: Limits,
    client: Client,
    /// Kept as long as something uses them.
    clients: Mutex<HashMap<Link, WeakClient>>,
    certificates: Certificates,
    /// Entities by a hash of their data, so that a reload neither reads them again nor opens new connections.
    entities: Mutex<HashMap<[u8; 32], WeakCertificate>>,
    proxy: Option<WebProxy>,
    tokens: Option<TokenCache>,
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

    /// The crypto provider.
    #[cfg(feature = "policy")]
    pub(crate) fn crypto_provider(&self) -> &CryptoProvider {
        self.0.tls.provider()
    }

    /// Settings to build one with.
    pub fn builder() -> TransportBuilder {
        TransportBuilder::default()
    }

    /// A client that checks certificates fully and shows none of its own.
    pub fn client(&self) -> Client {
        self.0.client.clone()
    }

    /// A client like [`client`](Self::client) that goes through no web proxy, for what is on this machine.
    pub fn direct_client(&self) -> Client {
        self.client_with(&Link::default())
    }

    /// The client for connections of one kind; the same one for all that ask for the same kind.
    pub(super) fn client_with(&self, link: &Link) -> Client {
        if *link == self.link() {
            return self.client();
        }
        let mut clients = self.0.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = clients.get(link).and_then(WeakClient::upgrade) {
            return client;
        }
        clients.retain(|_, client| client.upgrade().is_some());
        let client = Client::new(&self.0.tls, link.clone(), self.0.limits);
        clients.insert(link.clone(), client.downgrade());
        client
    }

    /// Where tokens of managed identities come from, when it was given.
    pub fn tokens(&self) -> Option<&TokenCache> {
        self.0.tokens.as_ref()
    }

    /// How connections are made when an entity says nothing about it.
    pub(super) fn link(&self) -> Link {
        Link { proxy: self.0.proxy.clone(), ..Link::default() }
    }

    /// The client certificates that were given to the transport.
    pub(super) fn certificates(&self) -> &Certificates {
        &self.0.certificates
    }

    /// TLS for a protocol that is not HTTP, to a server whose certificate is checked fully or not at all, showing a certificate of
    /// the transport. Without the name of a protocol it is TLS 1.2, which older protocols put into packets of their own.
    #[cfg(feature = "sql")]
    pub(crate) fn tls_for(
        &self,
        is_checked: bool,
        certificate: Option<&CertificateName>,
        protocol: Option<&[u8]>,
    ) -> Result<Arc<rustls::ClientConfig>, CertificateError> {
        let checks = if is_checked { Checks::ALL } else { Checks { chain: false, name: false } };
        let certificates = match certificate {
            None => Vec::new(),
            Some(CertificateName::Data(data)) => vec![self.certificate_of(&super::variants::entity(data))?],
            Some(name) => vec![Certificates::default().find(name, &self.0.certificates)?],
        };
        let link = Link { checks, certificates, ..Link::default() };
        Ok(self.0.tls.of_protocol(&link, protocol))
    }

    /// The certificate of an entity, read once for all configurations that have it.
    pub(super) fn certificate_of(&self, entity: &model::Certificate) -> Result<ClientCertificate, CertificateError> {
        let data = entity.data.as_ref().ok_or(CertificateError::NotHere)?;
        let password = entity.password.as_ref().map_or("", |password| password.expose());
        let hash = Sha256::new().chain_update(Sha256::digest(data.expose())).chain_update(password).finalize().into();
        let known = |entities: &HashMap<_, WeakCertificate>| entities.get(&hash).and_then(WeakCertificate::upgrade);
        if let Some(known) = known(&self.0.entities.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(known);
        }
        // Not under the lock: it may take long.
        let certificate = ClientCertificate::of_entity(entity, self.0.tls.provider())?;
        let mut entities = self.0.entities.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known(&entities) {
            return Ok(known);
        }
        entities.retain(|_, certificate| certificate.upgrade().is_some());
        entities.insert(hash, certificate.downgrade());
        Ok(certificate)
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").field("limits", &self.0.limits).finish_non_exhaustive()
    }
}

/// Settings of a [`Transport`].
#[must_use]
pub struct TransportBuilder {
    limits: Limits,
    roots: Roots,
    provider: Option<Arc<CryptoProvider>>,
    pins_required: bool,
    certificates: Certificates,
    proxy: Option<WebProxy>,
    tokens: Option<TokenCache>,
}

impl Default for TransportBuilder {
    fn default() -> Self {
        Self {
            limits: Limits { connect: Duration::from_secs(21), websocket_idle: Duration::from_secs(600) },
            roots: Roots { native: true, pem: Vec::new() },
            provider: None,
            pins_required: false,
            certificates: Certificates::default(),
            proxy: None,
            tokens: None,
        }
    }
}

impl TransportBuilder {
    /// The time for resolving, connecting and the TLS handshake together; 21 seconds by default, as in Azure.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.limits.connect = limit;
        self
    }

    /// How long a WebSocket connection is kept over which nothing comes from either side; 10 minutes by default.
    /// `Duration::MAX` keeps it as long as both sides do.
    pub fn websocket_idle_timeout(mut self, limit: Duration) -> Self {
        self.limits.websocket_idle = limit;
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

    /// Whether a backend with pinned certificates must present one of them; false by default: a certificate that passes
    /// the checks for all is taken too, as Azure does.
    pub fn pins_required(mut self, required: bool) -> Self {
        self.pins_required = required;
        self
    }

    /// Gives a client certificate an id by which Backend entities and policies can name it: the id of the `certificates`
    /// entity, full or short.
    ///
    /// It stands in for entities that refer to a Key Vault. An entity that holds its own data comes first.
    pub fn certificate(mut self, id: &str, certificate: ClientCertificate) -> Self {
        self.certificates.insert(id, Ok(certificate));
        self
    }

    /// The web proxy for all backends that have none of their own; none by default.
    pub fn proxy(mut self, proxy: WebProxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Where tokens come from for backends with `credentials.managedIdentity`; without it such a backend is refused.
    pub fn tokens(mut self, tokens: TokenCache) -> Self {
        self.tokens = Some(tokens);
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
        let tls = Tls::new(self.provider, &self.roots, self.pins_required)?;
        let link = Link { proxy: self.proxy.clone(), ..Link::default() };
        Ok(Transport(Arc::new(Shared {
            client: Client::new(&tls, link, self.limits),
            tls,
            limits: self.limits,
            clients: Mutex::default(),
            certificates: self.certificates,
            entities: Mutex::default(),
            proxy: self.proxy,
            tokens: self.tokens,
        })))
    }
}

impl fmt::Debug for TransportBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportBuilder").field("limits", &self.limits).finish_non_exhaustive()
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
