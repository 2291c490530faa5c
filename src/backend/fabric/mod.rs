//! Services of a Service Fabric cluster: resolved by its naming service, then called.

mod cache;
mod naming;
mod refresh;
mod resolver;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use http::{Request, Response};

use self::cache::Cache;
use self::resolver::Resolver;
use super::build_error::{BuildError, Problem};
use super::client::Client;
use super::credentials::{Identity, PreparedCredentials, set_authorization};
use super::error::{Error, Kind};
use super::outgoing::{self, Destination};
use super::protection::Protection;
use super::single::{self, Surroundings};
use super::tls::{PinnedServer, Pins};
use crate::Body;
use crate::clock::Clock;
use crate::forward::{BaseUrl, CertificateName, FabricOptions, ForwardOptions, ServedBy};
use crate::model::{self, ServiceFabricCluster};

/// A Backend entity whose address a cluster knows.
pub(super) struct Fabric {
    pub(super) id: Arc<str>,
    /// The service of requests that name none, without `fabric:/`.
    service: Result<String, String>,
    resolver: Resolver,
    cache: Cache,
    credentials: PreparedCredentials,
    identity: Option<Identity>,
    /// To the replicas.
    pub(super) client: Client,
    turn: AtomicUsize,
    refresh_after: Option<Duration>,
    pub(super) protection: Option<Arc<Protection>>,
}

impl Fabric {
    /// An entity with a cluster.
    pub(super) fn new(
        id: &str,
        backend: &model::Backend,
        cluster: &ServiceFabricCluster,
        around: &Surroundings<'_>,
    ) -> Result<Self, BuildError> {
        let problem = |problem: Problem| BuildError::new(id, problem);
        if let Some(model::BackendKind::Other(kind)) = &backend.kind {
            return Err(problem(Problem::UnknownKind(kind.clone())));
        }
        let url = backend.url.as_deref().ok_or(Problem::NoUrl).map_err(problem)?;
        let url = around.values.substitute(url).map_err(|error| problem(Problem::Url(error.to_string())))?;
        // A policy may name the service, so that the URL may be anything.
        let service = service_name(&url).map(str::to_owned).ok_or_else(|| backend.url.clone().unwrap_or_default());
        Ok(Self {
            id: id.into(),
            service,
            resolver: resolver(cluster, around).map_err(problem)?,
            cache: Cache::default(),
            credentials: single::credentials(id, backend, around.values)?,
            identity: single::identity(id, backend, around.values, around.transport.tokens())?,
            client: single::client(id, backend, around)?,
            turn: AtomicUsize::new(0),
            refresh_after: None,
            protection: None,
        })
    }

    /// The same, with addresses that are resolved again when they are that old.
    pub(super) fn refreshed(self, after: Option<Duration>, clock: &Clock) -> Self {
        Self { refresh_after: after, cache: Cache::new(clock.clone()), ..self }
    }

    /// The hosts and ports of the replicas that are known.
    pub(super) fn authorities(&self) -> Vec<String> {
        let partitions = self.cache.partitions();
        let addresses = partitions.iter().flat_map(|partition| partition.addresses());
        addresses.map(|address| address.authority().as_str().to_owned()).collect()
    }

    /// Resolves the service and calls it with `client`.
    pub(super) async fn call(
        self: Arc<Self>,
        mut request: Request<Body>,
        options: ForwardOptions,
        client: Client,
    ) -> Result<Response<Body>, Error> {
        let none = FabricOptions::default();
        let wanted = options.fabric.as_ref().unwrap_or(&none);
        let base = self.resolve(wanted).await?;
        let destination = Destination { base: &base, host: None, credentials: Some(&self.credentials) };
        outgoing::prepare(&mut request, &destination, &options)?;
        if let Some(identity) = &self.identity {
            set_authorization(request.headers_mut(), identity.header().await?);
        }
        let version = outgoing::version(request.headers(), &options);
        let mut response = client.send(request, version).await?;
        response.extensions_mut().insert(ServedBy::new(Arc::clone(&self.id), Arc::new(base)));
        Ok(response)
    }

    async fn resolve(&self, wanted: &FabricOptions) -> Result<BaseUrl, Error> {
        let unnamed = |text: &str| {
            let shown = format!("`{text}` is not the name of a service: expected `fabric:/application/service`");
            Error::caused_by(Kind::Unresolved, shown)
        };
        let service = match &wanted.service {
            Some(name) => service_name(name).ok_or_else(|| unnamed(name))?,
            None => self.service.as_deref().map_err(|url| unnamed(url))?,
        };
        let failed = |error: &dyn std::fmt::Display| {
            Error::caused_by(Kind::Unresolved, format!("service `fabric:/{service}`: {error}"))
        };
        let stale = wanted.resolution.take_stale();
        let partition =
            self.cache.find(&self.resolver, service, wanted.partition_key.as_deref(), stale.as_deref()).await;
        let partition = partition.map_err(|error| failed(&error))?;
        wanted.resolution.used(&partition.version);
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        partition.choose(wanted.replica, wanted.listener.as_deref(), turn).map_err(|error| failed(&error))
    }
}

fn resolver(cluster: &ServiceFabricCluster, around: &Surroundings<'_>) -> Result<Resolver, Problem> {
    let problem = |text: String| Problem::Fabric(text);
    if cluster.management_endpoints.is_empty() {
        return Err(problem("`managementEndpoints` is empty".to_owned()));
    }
    let endpoint = |text: &String| {
        let filled = around.values.substitute(text).map_err(|error| problem(error.to_string()))?;
        BaseUrl::parse(&filled).map_err(|error| {
            // What was put in may be a secret.
            let shown = if filled == *text {
                error.to_string()
            } else {
                format!("`{text}` with its named values is not a base URL")
            };
            problem(format!("`managementEndpoints`: {shown}"))
        })
    };
    let endpoints = cluster.management_endpoints.iter().map(endpoint).collect::<Result<_, _>>()?;
    if !cluster.server_certificate_thumbprints.is_empty() && !cluster.server_x509_names.is_empty() {
        let text = "both `serverCertificateThumbprints` and `serverX509Names` are set: expected one of them";
        return Err(problem(text.to_owned()));
    }
    let mut link = around.transport.link();
    link.authorities = around.authorities.cloned();
    let pins = Pins::new(&cluster.server_certificate_thumbprints, &cluster.server_x509_names, PinnedServer::Cluster);
    link.pins = pins.map_err(|error| problem(error.to_string()))?;
    let name = match (&cluster.client_certificate_id, &cluster.client_certificate_thumbprint) {
        (Some(id), _) => Some(CertificateName::Id(id.as_str().into())),
        (None, Some(thumbprint)) => Some(CertificateName::Thumbprint(thumbprint.as_str().into())),
        (None, None) => None,
    };
    if let Some(name) = name {
        let found = around.certificates.find(&name, around.transport.certificates());
        link.certificates = vec![found.map_err(Problem::Certificate)?];
    }
    Ok(Resolver { endpoints, client: around.transport.client_with(&link) })
}

/// What follows `fabric:/`.
fn service_name(url: &str) -> Option<&str> {
    let url = url.trim();
    let scheme = url.get(..8).filter(|scheme| scheme.eq_ignore_ascii_case("fabric:/"))?;
    let name = url.get(scheme.len()..)?.trim_matches('/');
    let is_name = !name.is_empty() && name.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
    is_name.then_some(name)
}
