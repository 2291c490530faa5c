//! One Backend entity, made ready to be called.

use std::sync::Arc;

use http::HeaderValue;

use super::build_error::{BuildError, Problem};
use super::client::Client;
use super::credentials::PreparedCredentials;
use super::outgoing::{self, Destination};
use super::tls::Checks;
use super::transport::Transport;
use crate::forward::BaseUrl;
use crate::model;
use crate::secret::NamedValues;

/// An entity of type `Single`, without what only a [`Client`] can do: its checks of certificates.
pub(super) struct Single {
    pub(super) id: Arc<str>,
    pub(super) base: BaseUrl,
    host: HeaderValue,
    credentials: PreparedCredentials,
}

impl Single {
    pub(super) fn new(id: &str, backend: &model::Backend, values: &NamedValues) -> Result<Self, BuildError> {
        let problem = |problem| BuildError::new(id, problem);
        refuse_unsupported(backend).map_err(problem)?;
        let base = base_url(backend, values).map_err(problem)?;
        let credentials = match &backend.credentials {
            Some(credentials) => {
                PreparedCredentials::new(credentials, values).map_err(|error| BuildError::new(id, error))?
            }
            None => PreparedCredentials::none(),
        };
        let host = outgoing::host_header(&base).map_err(|error| problem(Problem::Url(error.to_string())))?;
        Ok(Self { id: id.into(), base, host, credentials })
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

/// The client with the checks that the entity asks for.
pub(super) fn client(id: &str, backend: &model::Backend, transport: &Transport) -> Result<Client, BuildError> {
    let Some(tls) = &backend.tls else { return Ok(transport.client()) };
    if !tls.server_certificate_thumbprints.is_empty() || !tls.server_x509_names.is_empty() {
        return Err(BuildError::new(id, Problem::Unsupported("thumbprints and names of server certificates")));
    }
    let (chain, name) = (tls.validate_certificate_chain, tls.validate_certificate_name);
    Ok(transport.client_with(Checks { chain: chain.unwrap_or(true), name: name.unwrap_or(true) }))
}

fn refuse_unsupported(backend: &model::Backend) -> Result<(), Problem> {
    if let Some(model::BackendKind::Other(kind)) = &backend.kind {
        return Err(Problem::UnknownKind(kind.clone()));
    }
    let is_fabric_url = backend.url.as_ref().is_some_and(|url| url.to_ascii_lowercase().starts_with("fabric:"));
    let unsupported = [
        (backend.is_pool(), "pools"),
        (backend.fabric().is_some() || is_fabric_url, "Service Fabric clusters"),
        (backend.circuit_breaker.as_ref().is_some_and(|breaker| !breaker.rules.is_empty()), "circuit breakers"),
        (backend.proxy.is_some(), "web proxies"),
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
