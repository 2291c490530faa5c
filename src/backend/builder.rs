//! Makes the backends of a configuration.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;

use super::build_error::{BuildError, BuildErrors, Problem};
use super::certificates::{self, Certificates};
use super::client::Client;
use super::fabric::Fabric;
use super::link::Link;
use super::pool_maker::{Made, PoolMaker};
use super::resilience::Resilience;
use super::sender::Sender;
use super::set::{Backends, Member};
use super::single::{self, Single, Surroundings};
use super::transport::Transport;
use super::url_match::UrlMatch;
use super::variants::Variants;
use crate::model;
use crate::secret::NamedValues;

/// Collects Backend entities, and what is wrong with them.
#[must_use]
pub struct BackendsBuilder<'a> {
    transport: &'a Transport,
    values: &'a NamedValues,
    match_by_url: bool,
    certificates: Certificates,
    authorities: Option<Arc<[CertificateDer<'static>]>>,
    /// Made when all that they need is known.
    entities: Vec<(String, model::Backend)>,
    members: HashMap<Box<str>, Member>,
    fabrics: HashMap<Box<str>, Arc<Fabric>>,
    /// Made when all members are known.
    pools: Vec<(String, model::Backend)>,
    /// Where each is, by id in lower case.
    pool_index: HashMap<String, usize>,
    resilience: Resilience,
    scope: String,
    errors: Vec<BuildError>,
    warnings: Vec<BuildError>,
}

impl<'a> BackendsBuilder<'a> {
    pub(super) fn new(transport: &'a Transport, values: &'a NamedValues) -> Self {
        Self {
            transport,
            values,
            match_by_url: true,
            certificates: Certificates::default(),
            authorities: None,
            entities: Vec::new(),
            members: HashMap::new(),
            fabrics: HashMap::new(),
            pools: Vec::new(),
            pool_index: HashMap::new(),
            resilience: Resilience::default(),
            scope: String::new(),
            errors: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Whether an entity also serves requests to a plain URL that its own URL covers; true by default.
    ///
    /// Scheme, host and port must be the same, and its path the same or a parent; the longest path wins, and of entities
    /// with the same URL the one that was added first.
    pub fn match_by_url(mut self, matched: bool) -> Self {
        self.match_by_url = matched;
        self
    }

    /// The state of circuit breakers and the options of backends. Without it, breakers start closed, and nothing
    /// beyond the entities is set.
    pub fn resilience(mut self, resilience: &Resilience) -> Self {
        self.resilience = resilience.clone();
        self
    }

    /// The workspace that the entities belong to, so that their breakers are not those of the service.
    pub fn workspace(mut self, id: &str) -> Self {
        id.clone_into(&mut self.scope);
        self
    }

    /// Also trusts this certificate, for all entities and URLs of this configuration.
    pub fn authority(mut self, authority: &model::CertificateAuthority) -> Self {
        match certificates::authorities(authority) {
            Ok(more) => {
                let known = self.authorities.iter().flat_map(|known| known.iter().cloned());
                self.authorities = Some(known.chain(more).collect());
            }
            Err(error) => self.errors.push(BuildError::new("*", Problem::Authority(error.to_string()))),
        }
        self
    }

    /// Adds a client certificate that backends may name by id or thumbprint.
    ///
    /// One that cannot be read is an error of those that use it.
    pub fn certificate(mut self, id: &str, certificate: &model::Certificate) -> Self {
        self.certificates.insert(id, self.transport.certificate_of(certificate));
        self
    }

    /// Adds an entity. Ids are told apart without regard to case.
    pub fn backend(mut self, id: &str, backend: &model::Backend) -> Self {
        self.entities.push((id.to_owned(), backend.clone()));
        self
    }

    fn make(&mut self, id: &str, backend: &model::Backend) {
        let around = Surroundings {
            values: self.values,
            transport: self.transport,
            certificates: &self.certificates,
            authorities: self.authorities.as_ref(),
        };
        if backend.is_pool() {
            return if self.has(id) { self.problem(id, Problem::Duplicate) } else { self.pool(id, backend) };
        }
        let ignored = backend.without_effect();
        self.warnings.extend(ignored.map(|field| BuildError::new(id, Problem::NotOfSingles(field))));
        let protection = match self.resilience.protect(&self.scope, id, backend.circuit_breaker.as_ref()) {
            Ok(protection) => protection,
            Err(problems) => {
                let problems = problems.into_iter().map(|text| BuildError::new(id, Problem::CircuitBreaker(text)));
                self.errors.extend(problems);
                None
            }
        };
        let notes = protection.iter().flat_map(|protection| protection.notes());
        self.warnings.extend(notes.map(|note| BuildError::new(id, Problem::CircuitBreaker(note.clone()))));
        if let Some(cluster) = backend.fabric() {
            match Fabric::new(id, backend, cluster, &around) {
                Ok(_) if self.has(id) => self.errors.push(BuildError::new(id, Problem::Duplicate)),
                Ok(fabric) => {
                    let after = self.resilience.backend_options(&self.scope, id).refresh_after();
                    let mut fabric = fabric.refreshed(after, &self.resilience.clock);
                    fabric.protection = protection;
                    self.fabrics.insert(id.to_ascii_lowercase().into(), Arc::new(fabric));
                }
                Err(error) => self.errors.push(error),
            }
            return;
        }
        if self.has(id) {
            return self.problem(id, Problem::Duplicate);
        }
        let identity =
            single::identity(id, backend, self.values, self.transport.tokens()).map(|identity| identity.map(Arc::new));
        match (Single::new(id, backend, self.values), single::client(id, backend, &around), identity) {
            (Ok(single), Ok(client), Ok(identity)) => {
                let member = Member { single: Arc::new(single), client, identity, protection };
                self.members.insert(id.to_ascii_lowercase().into(), member);
            }
            (single, client, identity) => {
                self.errors.extend(single.err().into_iter().chain(client.err()).chain(identity.err()));
            }
        }
    }

    fn pool(&mut self, id: &str, backend: &model::Backend) {
        let is_shared = self.resilience.pool_options(&self.scope, id).credentials_are_shared();
        let ignored = backend.without_effect().filter(|field| !(is_shared && *field == "credentials"));
        self.warnings.extend(ignored.map(|field| BuildError::new(id, Problem::NotOfPools(field))));
        self.pool_index.insert(id.to_ascii_lowercase(), self.pools.len());
        self.pools.push((id.to_owned(), backend.clone()));
    }

    fn problem(&mut self, id: &str, problem: Problem) {
        self.errors.push(BuildError::new(id, problem));
    }

    fn has(&self, id: &str) -> bool {
        let key = id.to_ascii_lowercase();
        let key = key.as_str();
        self.pool_index.contains_key(key) || self.members.contains_key(key) || self.fabrics.contains_key(key)
    }

    /// Makes the pools, now that all members are known.
    fn pools(&mut self, entities: &[(String, model::Backend)]) -> Made {
        let maker = PoolMaker {
            around: Surroundings {
                values: self.values,
                transport: self.transport,
                certificates: &self.certificates,
                authorities: self.authorities.as_ref(),
            },
            resilience: &self.resilience,
            scope: &self.scope,
            // Of one id, the first.
            entities: entities.iter().rev().map(|(id, entity)| (id.to_ascii_lowercase(), entity)).collect(),
            members: &self.members,
            fabrics: &self.fabrics,
            pools: &self.pools,
            pool_index: &self.pool_index,
        };
        let mut made = maker.make();
        self.errors.append(&mut made.errors);
        self.warnings.append(&mut made.warnings);
        made
    }

    /// The backends.
    ///
    /// # Errors
    ///
    /// [`BuildErrors`]: one for each thing that is wrong, in the order in which the entities were added: an unknown named
    /// value, a bad URL or header, or a setting that is not supported yet.
    pub fn build(mut self) -> Result<Backends, BuildErrors> {
        let entities = std::mem::take(&mut self.entities);
        for (id, backend) in &entities {
            self.make(id, backend);
        }
        let made = self.pools(&entities);
        BuildErrors::check(self.errors)?;
        let by_url = match self.match_by_url {
            true => UrlMatch::new(entities.iter().filter_map(|(id, _)| {
                let member = self.members.get(id.to_ascii_lowercase().as_str())?;
                Some((member.single.base.clone(), member.clone()))
            })),
            false => UrlMatch::new([]),
        };
        // Found as it is written without folding the case for each request.
        let written: Vec<_> = self.members.values().map(|m| (Box::<str>::from(&*m.single.id), m.clone())).collect();
        self.members.extend(written);
        let client = client_of_urls(self.transport, self.authorities);
        let variants = Arc::new(Variants::new(self.transport.clone(), self.certificates));
        let (pools, changing) = made.finished();
        Ok(Backends {
            by_id: self.members,
            fabrics: self.fabrics,
            pools,
            changing,
            names: self.resilience.names,
            by_url,
            sender: Sender { client, variants },
            clock: self.resilience.clock,
            warnings: self.warnings,
        })
    }
}

fn client_of_urls(transport: &Transport, authorities: Option<Arc<[CertificateDer<'static>]>>) -> Client {
    transport.client_with(&Link { authorities, ..transport.link() })
}

impl fmt::Debug for BackendsBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackendsBuilder").field("errors", &self.errors).finish_non_exhaustive()
    }
}
