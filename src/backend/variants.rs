//! Clients for requests that ask for a certificate or a web proxy of their own.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

#[cfg(feature = "policy")]
use super::certificates::CertificateError;
use super::certificates::Certificates;
use super::client::Client;
use super::error::{Error, Kind};
use super::link::Link;
use super::transport::Transport;
use crate::forward::{CertificateData, CertificateName, ForwardOptions};
use crate::model;

/// An expression may name a proxy for each request; more clients than this are not kept.
const MOST: usize = 256;

pub(super) struct Variants {
    transport: Transport,
    certificates: Certificates,
    /// Kept, so that connections outlive their first request.
    clients: Mutex<HashMap<Link, Client>>,
}

impl Variants {
    pub(super) fn new(transport: Transport, certificates: Certificates) -> Self {
        Self { transport, certificates, clients: Mutex::default() }
    }

    /// The client for what `options` ask for instead of what `client` does; none when they ask for nothing.
    pub(super) fn of(&self, client: &Client, options: &ForwardOptions) -> Result<Option<Client>, Error> {
        if options.certificate.is_none() && options.proxy.is_none() {
            return Ok(None);
        }
        let mut link = client.link().clone();
        if let Some(name) = &options.certificate {
            let found = match name {
                CertificateName::Data(data) => self.transport.certificate_of(&entity(data)),
                name => self.certificates.find(name, self.transport.certificates()),
            };
            link.certificates = vec![found.map_err(|error| Error::caused_by(Kind::NoCertificate, error))?];
        }
        if let Some(proxy) = &options.proxy {
            link.proxy = Some(proxy.clone());
        }
        Ok(Some(self.client(link)))
    }

    /// Why a certificate cannot be shown to a backend.
    #[cfg(feature = "policy")]
    pub(super) fn certificate_problem(&self, name: &CertificateName) -> Option<CertificateError> {
        self.certificates.find(name, self.transport.certificates()).err()
    }

    /// Whether there are certificates that have not been given, so that their thumbprints are not known.
    #[cfg(feature = "policy")]
    pub(super) fn has_absent_certificates(&self) -> bool {
        self.certificates.has_absent()
    }

    /// The client for where a redirect leads: `plain`, but through the proxy of the client that was redirected.
    pub(super) fn elsewhere(&self, plain: &Client, redirected: &Client) -> Client {
        let proxy = &redirected.link().proxy;
        if *proxy == plain.link().proxy {
            return plain.clone();
        }
        self.client(Link { proxy: proxy.clone(), ..plain.link().clone() })
    }

    /// Closes the connections to a server.
    pub(super) fn reconnect(&self, authority: &str) {
        self.lock().values().for_each(|client| client.reconnect(authority));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Link, Client>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn client(&self, link: Link) -> Client {
        let mut clients = self.lock();
        if let Some(client) = clients.get(&link) {
            return client.clone();
        }
        if clients.len() >= MOST {
            clients.clear();
        }
        let client = self.transport.client_with(&link);
        clients.insert(link, client.clone());
        client
    }
}

/// The file of a policy as an entity, so that it is read once as those are.
pub(super) fn entity(data: &CertificateData) -> model::Certificate {
    let file = match std::str::from_utf8(data.file()) {
        Ok(text) if text.contains("-----BEGIN ") => text.to_owned(),
        _ => STANDARD.encode(data.file()),
    };
    model::Certificate::new().data(file).password(data.password())
}
