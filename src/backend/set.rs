//! All backends of a configuration.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use http::{Request, Uri};
use rustls::pki_types::CertificateDer;

use super::attempt::Attempt;
use super::breaker::BreakerSnapshot;
use super::build_error::{BuildError, Problem};
use super::call::CallFuture;
use super::certificates::{self, Certificates};
use super::client::Client;
use super::credentials::Identity;
use super::error::{Error, Kind};
use super::fabric::Fabric;
use super::goal::Goal;
use super::link::Link;
use super::outgoing::Destination;
use super::pool::{Members, Pool, PoolSnapshot};
use super::protection::Protection;
use super::resilience::Resilience;
use super::sender::Sender;
use super::single::{self, Single, Surroundings};
use super::transport::Transport;
use super::tries::{self, Call};
use super::url_match::UrlMatch;
use super::variants::Variants;
use crate::Body;
use crate::clock::Clock;
use crate::forward::{BaseUrl, ClientScheme, ForwardOptions, Target};
use crate::model;
use crate::secret::NamedValues;

/// The Backend entities of a configuration, ready to be called.
///
/// Everything is decided when it is built: URLs are parsed, named values put in, headers made. When a named value
/// changes, build it again with the same [`Transport`]; connections are kept.
pub struct Backends {
    by_id: HashMap<Box<str>, Member>,
    /// By id in lower case.
    fabrics: HashMap<Box<str>, Arc<Fabric>>,
    /// By id in lower case.
    pools: HashMap<Box<str>, Arc<Pool>>,
    by_url: UrlMatch<Member>,
    sender: Sender,
    clock: Clock,
    warnings: Vec<BuildError>,
}

#[derive(Clone)]
pub(super) struct Member {
    pub(super) single: Arc<Single>,
    pub(super) client: Client,
    pub(super) identity: Option<Arc<Identity>>,
    pub(super) protection: Option<Arc<Protection>>,
}

/// Where one request goes.
struct Resolved<'a> {
    destination: Destination<'a>,
    member: Option<&'a Member>,
}

impl Backends {
    /// Entities are added to the builder.
    pub fn builder<'a>(transport: &'a Transport, values: &'a NamedValues) -> BackendsBuilder<'a> {
        BackendsBuilder {
            transport,
            values,
            match_by_url: true,
            certificates: Certificates::default(),
            authorities: None,
            members: HashMap::new(),
            fabrics: HashMap::new(),
            pools: Vec::new(),
            resilience: Resilience::default(),
            scope: String::new(),
            errors: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Whether there is an entity with this id, whatever the case of its letters.
    pub fn contains(&self, id: &str) -> bool {
        self.member(id).is_some() || self.fabric(id).is_some() || self.pool(id).is_some()
    }

    /// The base URL of an entity; none for one of a Service Fabric cluster. That of a pool is its first member's.
    pub fn base_url(&self, id: &str) -> Option<&BaseUrl> {
        match self.member(id) {
            Some(member) => Some(&member.single.base),
            None => self.pool(id)?.first()?.base_url(),
        }
    }

    /// Sends a request to a target. The URI of the request holds only the path and query that follow the target's.
    ///
    /// A [`Target::Url`] that an entity's URL covers gets that entity's credentials and TLS settings, unless
    /// [`BackendsBuilder::match_by_url`] is off. Bodies stream both ways; trailers pass. The response is as the backend
    /// gave it, without hop-by-hop headers. There is no time limit but that for connecting.
    ///
    /// The future yields [`Error`] when there is no response. Dropping it gives the request up.
    ///
    /// A pool chooses one of its members for each call. When the circuit of the backend is open, or no member of the pool is
    /// a candidate, nothing is sent and the error says when to come back ([`Error::retry_after`]).
    pub fn call(&self, target: &Target, request: Request<Body>, options: &ForwardOptions) -> CallFuture {
        if let Target::Backend(id) = target {
            if let Some(pool) = self.pool(id) {
                return self.call_pool(pool, request, options);
            }
            if let Some(fabric) = self.fabric(id) {
                return self.call_goal(Goal::Fabric(Arc::clone(fabric)), request, options);
            }
        }
        let resolved = match self.resolve(target, request.uri()) {
            Ok(resolved) => resolved,
            Err(error) => return CallFuture::failed(error),
        };
        match resolved.member {
            Some(member) if member.protection.is_some() => {
                let base = match target {
                    Target::Url(base) => Some(Arc::clone(base)),
                    Target::Backend(_) => None,
                };
                self.call_goal(Goal::Single(member.clone(), base), request, options)
            }
            member => self.sender.send(member, resolved.destination, request, options),
        }
    }

    fn call_goal(&self, goal: Goal, request: Request<Body>, options: &ForwardOptions) -> CallFuture {
        let Some(protection) = goal.protection() else { return self.sender.send_to(&goal, request, options) };
        if protection.waits() {
            let call = self.many_tries(options);
            return CallFuture::managed(Arc::clone(&call.expired), tries::single(call, goal, request));
        }
        let Some(breaker) = &protection.breaker else { return self.sender.send_to(&goal, request, options) };
        match breaker.admit() {
            Ok(permit) => {
                let attempt = Attempt::default().permitted(breaker, permit);
                self.sender.send_to(&goal, request, options).guarded(attempt)
            }
            Err(refusal) => CallFuture::failed(Error::open(refusal).of(Arc::clone(goal.id()))),
        }
    }

    fn call_pool(&self, pool: &Arc<Pool>, mut request: Request<Body>, options: &ForwardOptions) -> CallFuture {
        let bound = pool.session(request.headers_mut());
        let is_tls = request.extensions().get() == Some(&ClientScheme::Https);
        if pool.waits() {
            let (call, pool) = (self.many_tries(options), Arc::clone(pool));
            let expired = Arc::clone(&call.expired);
            return CallFuture::managed(expired, tries::pool(call, pool, bound, is_tls, request));
        }
        let (choice, permit) = match pool.choose(bound, is_tls, Members::default()) {
            Ok(chosen) => chosen,
            Err(error) => return CallFuture::failed(error),
        };
        let Some(goal) = pool.goal(choice.member) else { return CallFuture::failed(Error::new(Kind::NotFound)) };
        let mut attempt = Attempt::default().chosen(choice);
        let breaker = goal.protection().and_then(|protection| protection.breaker.as_ref());
        if let (Some(breaker), Some(permit)) = (breaker, permit) {
            attempt = attempt.permitted(breaker, permit);
        }
        self.sender.send_to(goal, request, options).guarded(attempt)
    }

    fn many_tries(&self, options: &ForwardOptions) -> Call {
        Call { sender: self.sender.clone(), options: options.clone(), expired: Arc::default() }
    }

    /// All circuit breakers as they are now, by the id of their entity.
    pub fn breakers(&self) -> Vec<BreakerSnapshot> {
        let goals = self.goals().into_iter();
        goals.filter_map(|goal| Some(goal.protection()?.breaker.as_ref()?.snapshot())).collect()
    }

    /// All pools as they are now, by their id.
    pub fn pools(&self) -> Vec<PoolSnapshot> {
        let mut pools: Vec<_> = self.pools.values().map(|pool| pool.snapshot()).collect();
        pools.sort_by(|a, b| a.pool.cmp(&b.pool));
        pools.dedup();
        pools
    }

    /// What works, but perhaps not as the author of the entities thinks.
    pub fn warnings(&self) -> &[BuildError] {
        &self.warnings
    }

    /// Every entity that is not a pool, once.
    pub(super) fn goals(&self) -> Vec<Goal> {
        let singles = self.by_id.values().map(|member| Goal::Single(member.clone(), None));
        let fabrics = self.fabrics.values().map(|fabric| Goal::Fabric(Arc::clone(fabric)));
        let mut goals: Vec<_> = singles.chain(fabrics).collect();
        goals.sort_by(|a, b| a.id().cmp(b.id()));
        goals.dedup_by(|a, b| a.id() == b.id());
        goals
    }

    pub(super) fn sender(&self) -> Sender {
        self.sender.clone()
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    fn pool(&self, id: &str) -> Option<&Arc<Pool>> {
        if self.pools.is_empty() {
            return None;
        }
        self.pools.get(id).or_else(|| self.pools.get(id.to_ascii_lowercase().as_str()))
    }

    fn fabric(&self, id: &str) -> Option<&Arc<Fabric>> {
        if self.fabrics.is_empty() {
            return None;
        }
        self.fabrics.get(id).or_else(|| self.fabrics.get(id.to_ascii_lowercase().as_str()))
    }

    fn resolve<'a>(&'a self, target: &'a Target, uri: &Uri) -> Result<Resolved<'a>, Error> {
        match target {
            Target::Backend(id) => {
                let member = self.member(id).ok_or_else(|| Error::new(Kind::NotFound).of(Arc::clone(id)))?;
                Ok(Resolved { destination: member.single.destination(), member: Some(member) })
            }
            Target::Url(base) => {
                let remainder = uri.path_and_query().map_or("", |remainder| remainder.as_str());
                let member = self.by_url.find(base, remainder);
                let plain = Destination { base, host: None, credentials: None };
                let destination = member.map_or(plain, |member| member.single.destination_at(base));
                Ok(Resolved { destination, member })
            }
        }
    }

    fn member(&self, id: &str) -> Option<&Member> {
        self.by_id.get(id).or_else(|| self.by_id.get(id.to_ascii_lowercase().as_str()))
    }
}

impl fmt::Debug for Backends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut ids: Vec<_> = self.by_id.values().map(|member| &member.single.id).collect();
        ids.extend(self.fabrics.values().map(|fabric| &fabric.id));
        ids.extend(self.pools.values().map(|pool| &pool.id));
        ids.sort();
        ids.dedup();
        f.debug_struct("Backends").field("ids", &ids).finish_non_exhaustive()
    }
}

/// Collects Backend entities, and what is wrong with them.
#[must_use]
pub struct BackendsBuilder<'a> {
    transport: &'a Transport,
    values: &'a NamedValues,
    match_by_url: bool,
    certificates: Certificates,
    authorities: Option<Arc<[CertificateDer<'static>]>>,
    members: HashMap<Box<str>, Member>,
    fabrics: HashMap<Box<str>, Arc<Fabric>>,
    /// Made when all members are known.
    pools: Vec<(String, model::Pool)>,
    resilience: Resilience,
    scope: String,
    errors: Vec<BuildError>,
    warnings: Vec<BuildError>,
}

impl BackendsBuilder<'_> {
    /// Whether an entity also serves requests to a plain URL that its own URL covers; true by default.
    ///
    /// Scheme, host and port must be the same, and its path the same or a parent; the longest path wins.
    pub fn match_by_url(mut self, matched: bool) -> Self {
        self.match_by_url = matched;
        self
    }

    /// The state of circuit breakers and the options of backends; it must come before the backends. Without it, breakers
    /// start closed, and nothing beyond the entities is set.
    pub fn resilience(mut self, resilience: &Resilience) -> Self {
        self.resilience = resilience.clone();
        self
    }

    /// The workspace that the entities belong to, so that their breakers are not those of the service; it must come before
    /// them.
    pub fn workspace(mut self, id: &str) -> Self {
        id.clone_into(&mut self.scope);
        self
    }

    /// Also trusts this certificate, for all entities and URLs of this configuration. It must come before the backends.
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

    /// Adds a client certificate that backends may name by id or thumbprint; it must come before them.
    ///
    /// One that cannot be read is an error of those that use it.
    pub fn certificate(mut self, id: &str, certificate: &model::Certificate) -> Self {
        self.certificates.insert(id, self.transport.certificate_of(certificate));
        self
    }

    /// Adds an entity. Ids are told apart without regard to case.
    pub fn backend(mut self, id: &str, backend: &model::Backend) -> Self {
        let around = Surroundings {
            values: self.values,
            transport: self.transport,
            certificates: &self.certificates,
            authorities: self.authorities.as_ref(),
        };
        if backend.is_pool() {
            let known = self.has(id);
            return if known { self.problem(id, Problem::Duplicate) } else { self.pool(id, backend) };
        }
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
                Ok(mut fabric) => {
                    fabric.protection = protection;
                    self.fabrics.insert(id.to_ascii_lowercase().into(), Arc::new(fabric));
                }
                Err(error) => self.errors.push(error),
            }
            return self;
        }
        if self.has(id) {
            self.errors.push(BuildError::new(id, Problem::Duplicate));
            return self;
        }
        let identity = single::identity(id, backend, &around).map(|identity| identity.map(Arc::new));
        match (Single::new(id, backend, self.values), single::client(id, backend, &around), identity) {
            (Ok(single), Ok(client), Ok(identity)) => {
                let member = Member { single: Arc::new(single), client, identity, protection };
                self.members.insert(id.to_ascii_lowercase().into(), member);
            }
            (single, client, identity) => {
                self.errors.extend(single.err().into_iter().chain(client.err()).chain(identity.err()));
            }
        }
        self
    }

    fn pool(mut self, id: &str, backend: &model::Backend) -> Self {
        let not_of_pools = [
            ("url", backend.url.is_some()),
            ("protocol", backend.protocol.is_some()),
            ("credentials", backend.credentials.is_some()),
            ("proxy", backend.proxy.is_some()),
            ("tls", backend.tls.is_some()),
            ("circuitBreaker", backend.circuit_breaker.is_some()),
            ("serviceFabricCluster", backend.fabric().is_some()),
        ];
        let ignored = not_of_pools.iter().filter(|(_, is_set)| *is_set);
        self.warnings.extend(ignored.map(|(field, _)| BuildError::new(id, Problem::NotOfPools(field))));
        match &backend.pool {
            Some(pool) => self.pools.push((id.to_owned(), pool.clone())),
            None => return self.problem(id, Problem::Pool("`pool` is missing".to_owned())),
        }
        self
    }

    fn problem(mut self, id: &str, problem: Problem) -> Self {
        self.errors.push(BuildError::new(id, problem));
        self
    }

    fn has(&self, id: &str) -> bool {
        let key = id.to_ascii_lowercase();
        let is_pool = self.pools.iter().any(|(known, _)| known.eq_ignore_ascii_case(id));
        is_pool || self.members.contains_key(key.as_str()) || self.fabrics.contains_key(key.as_str())
    }

    /// Makes the pools, now that all members are known.
    fn pools(&mut self) -> HashMap<Box<str>, Arc<Pool>> {
        let mut made = HashMap::new();
        let pools = std::mem::take(&mut self.pools);
        for (id, pool) in &pools {
            let options = self.resilience.pool_options(id);
            let around = (&self.resilience.clock, &self.resilience.version);
            let outcome = Pool::names(pool, options)
                .and_then(|names| self.goals(&names, &pools))
                .and_then(|goals| Pool::new(id, pool, options, goals, around));
            let problem = |text| BuildError::new(id, Problem::Pool(text));
            match outcome {
                Ok((pool, notes)) => {
                    self.warnings.extend(notes.into_iter().map(problem));
                    made.insert(id.to_ascii_lowercase().into(), Arc::new(pool));
                }
                Err(problems) => self.errors.extend(problems.into_iter().map(problem)),
            }
        }
        made
    }

    fn goals(&self, names: &[String], pools: &[(String, model::Pool)]) -> Result<Vec<Goal>, Vec<String>> {
        let (mut goals, mut problems) = (Vec::with_capacity(names.len()), Vec::new());
        for name in names {
            let key = name.to_ascii_lowercase();
            if let Some(member) = self.members.get(key.as_str()) {
                goals.push(Goal::Single(member.clone(), None));
            } else if let Some(fabric) = self.fabrics.get(key.as_str()) {
                goals.push(Goal::Fabric(Arc::clone(fabric)));
            } else if pools.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
                problems.push(format!("member `{name}` is a pool itself: expected backends of type `Single`"));
            } else {
                problems.push(format!("member `{name}` is not defined"));
            }
        }
        if problems.is_empty() { Ok(goals) } else { Err(problems) }
    }

    /// The backends.
    ///
    /// # Errors
    ///
    /// One [`BuildError`] for each thing that is wrong, in the order in which the entities were added: an unknown named
    /// value, a bad URL or header, or a setting that is not supported yet.
    pub fn build(mut self) -> Result<Backends, Vec<BuildError>> {
        let pools = self.pools();
        if !self.errors.is_empty() {
            return Err(self.errors);
        }
        let matched = self.members.values().filter(|_| self.match_by_url);
        let by_url = UrlMatch::new(matched.map(|member| (member.single.base.clone(), member.clone())));
        // Found as it is written without folding the case for each request.
        let written: Vec<_> = self.members.values().map(|m| (Box::<str>::from(&*m.single.id), m.clone())).collect();
        self.members.extend(written);
        let client = client_of_urls(self.transport, self.authorities);
        let variants = Arc::new(Variants::new(self.transport.clone(), self.certificates));
        let (clock, warnings) = (self.resilience.clock, self.warnings);
        let sender = Sender { client, variants };
        Ok(Backends { by_id: self.members, fabrics: self.fabrics, pools, by_url, sender, clock, warnings })
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
