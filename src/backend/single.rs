//! One Backend entity, made ready to be called.

use std::sync::Arc;

use http::HeaderValue;
use rustls::pki_types::CertificateDer;

use super::build_error::{BuildError, Problem};
use super::certificates::{Certificates, ClientCertificate};
use super::client::Client;
use super::credentials::{Identity, PreparedCredentials};
use super::link::Link;
use super::outgoing::{self, Destination};
use super::tls::{Checks, PinnedServer, Pins};
use super::transport::Transport;
use crate::forward::{BaseUrl, CertificateName, WebProxy};
use crate::identity::{TokenCache, TokenRequest};
use crate::model;
use crate::secret::NamedValues;

/// An entity of type `Single`, without what only a [`Client`] can do: its checks of certificates.
pub(super) struct Single {
    pub(super) id: Arc<str>,
    /// The entity that it is, or of whose addresses it is one.
    pub(super) entity: Arc<str>,
    pub(super) base: BaseUrl,
    host: HeaderValue,
    credentials: Arc<PreparedCredentials>,
}

impl Single {
    pub(super) fn new(id: &str, backend: &model::Backend, values: &NamedValues) -> Result<Self, BuildError> {
        let problem = |problem| BuildError::new(id, problem);
        refuse_unsupported(backend).map_err(problem)?;
        let base = base_url(backend, values).map_err(problem)?;
        let credentials = Arc::new(credentials(id, backend, values)?);
        let host = outgoing::host_header(&base).map_err(|error| problem(Problem::Url(error.to_string())))?;
        let id: Arc<str> = id.into();
        Ok(Self { entity: Arc::clone(&id), id, base, host, credentials })
    }

    /// The same at one of its addresses.
    pub(super) fn part(&self, id: Arc<str>) -> Self {
        let (base, host) = (self.base.clone(), self.host.clone());
        Self { id, entity: Arc::clone(&self.entity), base, host, credentials: Arc::clone(&self.credentials) }
    }

    /// Where its own requests go.
    pub(super) fn destination(&self) -> Destination<'_> {
        Destination { base: &self.base, host: Some(&self.host), credentials: Some(&self.credentials) }
    }

    /// Where a request goes that named a URL which this entity covers.
    pub(super) fn destination_at<'a>(&'a self, base: &'a BaseUrl) -> Destination<'a> {
        Destination { base, host: Some(&self.host), credentials: Some(&self.credentials) }
    }
}

/// The credentials of an entity, with all named values put in.
pub(super) fn credentials(
    id: &str,
    backend: &model::Backend,
    values: &NamedValues,
) -> Result<PreparedCredentials, BuildError> {
    match &backend.credentials {
        Some(credentials) => PreparedCredentials::new(credentials, values).map_err(|error| BuildError::new(id, error)),
        None => Ok(PreparedCredentials::none()),
    }
}

/// What an entity's connections are made with, besides the entity.
pub(super) struct Surroundings<'a> {
    pub(super) values: &'a NamedValues,
    pub(super) transport: &'a Transport,
    pub(super) certificates: &'a Certificates,
    pub(super) authorities: Option<&'a Arc<[CertificateDer<'static>]>>,
}

/// The client for the connections that the entity asks for.
pub(super) fn client(id: &str, backend: &model::Backend, around: &Surroundings<'_>) -> Result<Client, BuildError> {
    let link = link(backend, around).map_err(|problem| BuildError::new(id, problem))?;
    Ok(around.transport.client_with(&link))
}

/// Whose token the entity asks for, of these.
pub(super) fn identity(
    id: &str,
    backend: &model::Backend,
    values: &NamedValues,
    tokens: Option<&TokenCache>,
) -> Result<Option<Identity>, BuildError> {
    let wanted = backend.credentials.as_ref().and_then(|credentials| credentials.managed_identity.as_ref());
    let Some(wanted) = wanted else { return Ok(None) };
    let problem = |problem| BuildError::new(id, problem);
    let fill = |text| values.substitute(text).map_err(|error| problem(Problem::Identity(error.to_string())));
    let mut request = TokenRequest::new(fill(&wanted.resource)?);
    if let Some(client) = wanted.client_id.as_deref().filter(|client| !client.is_empty()) {
        request = request.client_id(fill(client)?.as_ref());
    }
    let tokens = tokens.cloned().ok_or_else(|| problem(Problem::NoTokens))?;
    Ok(Some(Identity { tokens, request }))
}

/// Refuses the breaker of an entity that stands alone.
pub(super) fn refuse_breaker(id: &str, backend: &model::Backend) -> Result<(), BuildError> {
    match &backend.circuit_breaker {
        Some(breaker) if !breaker.rules.is_empty() => Err(BuildError::new(id, Problem::BreakerAroundService)),
        _ => Ok(()),
    }
}

fn link(backend: &model::Backend, around: &Surroundings<'_>) -> Result<Link, Problem> {
    let mut link = around.transport.link();
    link.authorities = around.authorities.cloned();
    if let Some(tls) = &backend.tls {
        let (chain, name) = (tls.validate_certificate_chain, tls.validate_certificate_name);
        link.checks = Checks { chain: chain.unwrap_or(true), name: name.unwrap_or(true) };
        let pins = Pins::new(&tls.server_certificate_thumbprints, &tls.server_x509_names, PinnedServer::Backend);
        link.pins = pins.map_err(|error| Problem::Tls(error.to_string()))?;
    }
    if let Some(credentials) = &backend.credentials {
        link.certificates = client_certificates(credentials, around)?;
    }
    if let Some(proxy) = &backend.proxy {
        link.proxy = Some(web_proxy(proxy, around.values)?);
    }
    Ok(link)
}

/// Those by id, or else those by thumbprint.
fn client_certificates(
    credentials: &model::Credentials,
    around: &Surroundings<'_>,
) -> Result<Vec<ClientCertificate>, Problem> {
    let find = |name| around.certificates.find(&name, around.transport.certificates());
    let ids = credentials.certificate_ids.iter().map(|id| CertificateName::Id(id.as_str().into()));
    let thumbprints = credentials.certificate.iter().map(|text| CertificateName::Thumbprint(text.as_str().into()));
    let found = match credentials.certificate_ids.is_empty() {
        false => ids.map(find).collect(),
        true => thumbprints.map(find).collect::<Result<_, _>>(),
    };
    found.map_err(Problem::Certificate)
}

fn web_proxy(proxy: &model::Proxy, values: &NamedValues) -> Result<WebProxy, Problem> {
    let fill = |text| values.substitute(text).map_err(|error| Problem::Proxy(format!("{error} (used in `proxy`)")));
    let url = fill(&proxy.url)?;
    let username = proxy.username.as_deref().map(fill).transpose()?;
    let password = proxy.password.as_ref().map(|password| fill(password.expose())).transpose()?;
    WebProxy::parse(&url, username.as_deref(), password.as_deref()).map_err(|error| {
        // What was put in may be a secret.
        let shown = if url == proxy.url { error.to_string() } else { "its URL is not that of a web proxy".to_owned() };
        Problem::Proxy(format!("`proxy`: {shown}"))
    })
}

fn refuse_unsupported(backend: &model::Backend) -> Result<(), Problem> {
    if let Some(model::BackendKind::Other(kind)) = &backend.kind {
        return Err(Problem::UnknownKind(kind.clone()));
    }
    let is_fabric = |url: &&String| url.trim().to_ascii_lowercase().starts_with("fabric:");
    if let (None, Some(url)) = (backend.fabric(), backend.url.as_ref().filter(is_fabric)) {
        return Err(Problem::NoCluster(url.clone()));
    }
    let unsupported = [
        (backend.is_pool(), "pools without `Backends`"),
        // Those of `Backends` are made elsewhere.
        (backend.fabric().is_some(), "Service Fabric clusters without `Backends`"),
    ];
    match unsupported.into_iter().find(|(used, _)| *used) {
        Some((_, what)) => Err(Problem::Unsupported(what)),
        None => Ok(()),
    }
}

fn base_url(backend: &model::Backend, values: &NamedValues) -> Result<BaseUrl, Problem> {
    let text = backend.url.as_deref().ok_or(Problem::NoUrl)?;
    let filled = values.substitute(text).map_err(|error| Problem::Url(error.to_string()))?;
    BaseUrl::parse(&filled).map_err(|error| {
        // What was put in may be a secret.
        let shown = if filled == text {
            error.to_string()
        } else {
            format!("`{text}` with its named values is not a base URL")
        };
        Problem::Url(shown)
    })
}
