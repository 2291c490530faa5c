//! All backends of a configuration.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use http::{Request, Uri};

use super::attempt::Attempt;
use super::breaker::BreakerSnapshot;
use super::build_error::BuildError;
use super::builder::BackendsBuilder;
use super::call::CallFuture;
#[cfg(feature = "policy")]
use super::certificates::CertificateError;
use super::client::Client;
use super::credentials::Identity;
use super::discovery::{Changing, Names};
use super::error::{Error, Kind};
use super::fabric::Fabric;
use super::goal::Goal;
use super::outgoing::Destination;
use super::pool::{Asked, Pool, PoolCell, PoolSnapshot};
use super::protection::Protection;
use super::sender::Sender;
use super::single::Single;
use super::transport::Transport;
use super::tries::{self, Call};
use super::url_match::UrlMatch;
use crate::Body;
use crate::clock::Clock;
#[cfg(feature = "policy")]
use crate::forward::CertificateName;
use crate::forward::{BaseUrl, ClientScheme, ForwardOptions, Target};
use crate::secret::NamedValues;

/// The Backend entities of a configuration, ready to be called.
///
/// Everything is decided when it is built: URLs are parsed, named values put in, headers made. When a named value
/// changes, build it again with the same [`Transport`]; connections are kept.
pub struct Backends {
    pub(super) by_id: HashMap<Box<str>, Member>,
    /// By id in lower case.
    pub(super) fabrics: HashMap<Box<str>, Arc<Fabric>>,
    /// By id in lower case.
    pub(super) pools: HashMap<Box<str>, Arc<PoolCell>>,
    /// Those that change with the addresses of their members, and before each those that are in it.
    pub(super) changing: Arc<[Arc<PoolCell>]>,
    pub(super) names: Arc<Names>,
    pub(super) by_url: UrlMatch<Member>,
    pub(super) sender: Sender,
    pub(super) clock: Clock,
    pub(super) warnings: Vec<BuildError>,
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
        BackendsBuilder::new(transport, values)
    }

    /// Whether there is an entity with this id, whatever the case of its letters.
    pub fn contains(&self, id: &str) -> bool {
        self.member(id).is_some() || self.fabric(id).is_some() || self.pool(id).is_some()
    }

    /// The base URL of an entity; none for one of a Service Fabric cluster. That of a pool is its first member's.
    pub fn base_url(&self, id: &str) -> Option<&BaseUrl> {
        match self.member(id) {
            Some(member) => Some(&member.single.base),
            None => self.pool(id)?.base_url(),
        }
    }

    /// Closes the HTTP/1.1 connections to an entity, to the members of a pool, or to the replicas of a cluster's services,
    /// so that the next request opens another one; those in use are closed when their response is over. Those of HTTP/2
    /// stay.
    pub fn reconnect(&self, id: &str) {
        let single = |member: &Member| {
            let authority = member.single.base.authority().as_str();
            member.client.reconnect(authority);
            self.sender.variants.reconnect(authority);
        };
        let cluster = |fabric: &Fabric| {
            for authority in fabric.authorities() {
                fabric.client.reconnect(&authority);
                self.sender.variants.reconnect(&authority);
            }
        };
        let any = |goal: &Goal| match goal {
            Goal::Single(member, _) => single(member),
            Goal::Fabric(fabric) => cluster(fabric),
        };
        if let Some(pool) = self.pool(id) {
            pool.current().any_goal(&mut |goal| {
                any(goal);
                false
            });
            return;
        }
        if let Some(member) = self.member(id) {
            single(member);
        } else if let Some(fabric) = self.fabric(id) {
            cluster(fabric);
        }
        // A pool may reach it over connections of its own, with the pool's credentials.
        for pool in self.pools.values() {
            pool.current().goals().filter(|goal| goal.entity().eq_ignore_ascii_case(id)).for_each(any);
        }
    }

    /// Whether a request to an entity may go to a URL of which this holds: that of any member of a pool, and that of a
    /// service of a cluster, which is not known yet.
    #[cfg(feature = "policy")]
    pub(crate) fn may_reach(&self, id: &str, is_meant: impl Fn(&BaseUrl) -> bool) -> bool {
        let leads = |goal: &Goal| goal.base_url().is_none_or(&is_meant);
        match (self.member(id), self.pool(id)) {
            (Some(member), _) => is_meant(&member.single.base),
            (None, Some(pool)) => pool.current().any_goal(&mut |goal| leads(goal)),
            (None, None) => true,
        }
    }

    /// Why a client certificate that a policy names cannot be shown.
    #[cfg(feature = "policy")]
    pub(crate) fn certificate_problem(&self, name: &CertificateName) -> Option<CertificateError> {
        self.sender.variants.certificate_problem(name)
    }

    /// Whether there are client certificates that have not been given, so that their thumbprints are not known.
    #[cfg(feature = "policy")]
    pub(crate) fn has_absent_certificates(&self) -> bool {
        self.sender.variants.has_absent_certificates()
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
                return self.call_pool(&pool.current(), request, options);
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
        if protection.is_managed() {
            let call = self.many_tries(options);
            return CallFuture::managed(Arc::clone(&call.expired), tries::single(call, goal, request));
        }
        let mut attempt = Attempt::under(Some(protection));
        if let Some(breaker) = &protection.breaker {
            match breaker.admit() {
                Ok(permit) => attempt = attempt.permitted(breaker, permit),
                Err(refusal) => return CallFuture::failed(Error::open(refusal).of(Arc::clone(goal.id()))),
            }
        }
        let call = self.sender.send_to(&goal, request, options);
        if attempt.is_free() { call } else { call.guarded(attempt) }
    }

    fn call_pool(&self, pool: &Arc<Pool>, mut request: Request<Body>, options: &ForwardOptions) -> CallFuture {
        let wish = pool.wish(&mut request, options.client_ip);
        let is_tls = request.extensions().get() == Some(&ClientScheme::Https);
        if pool.waits() {
            let (call, pool) = (self.many_tries(options), Arc::clone(pool));
            let expired = Arc::clone(&call.expired);
            return CallFuture::managed(expired, tries::pool(call, pool, wish, is_tls, request));
        }
        let (choice, permit) = match pool.choose(&wish, is_tls, &Asked::default(), options.tried.as_ref()) {
            Ok(chosen) => chosen,
            Err(error) => return CallFuture::failed(error),
        };
        let Some(goal) = pool.goal(&choice) else { return CallFuture::failed(Error::new(Kind::NotFound)) };
        let mut attempt = Attempt::under(goal.protection()).chosen(choice);
        let breaker = goal.protection().and_then(|protection| protection.breaker.as_ref());
        if let (Some(breaker), Some(permit)) = (breaker, permit) {
            attempt = attempt.permitted(breaker, permit);
        }
        attempt.sends(request.body_mut());
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

    /// Everything that is not a pool, once: entities, and members of pools that are none.
    pub(super) fn goals(&self) -> Vec<Goal> {
        let singles = self.by_id.values().map(|member| Goal::Single(member.clone(), None));
        let fabrics = self.fabrics.values().map(|fabric| Goal::Fabric(Arc::clone(fabric)));
        let mut goals: Vec<_> = singles.chain(fabrics).collect();
        goals.extend(self.changing.iter().filter_map(|pool| pool.changing()).flat_map(Changing::checked));
        // Pools in pools are among them.
        for pool in self.pools.values() {
            goals.extend(pool.current().goals().cloned());
        }
        // Of one id, the first stays: the entity with its own credentials, not what a pool made of it.
        goals.sort_by_cached_key(|goal| goal.id().to_ascii_lowercase());
        goals.dedup_by(|a, b| a.id().eq_ignore_ascii_case(b.id()));
        goals
    }

    /// Every Service Fabric cluster, also those that pools have for themselves, with their credentials.
    pub(super) fn clusters(&self) -> Vec<Arc<Fabric>> {
        let mut clusters: Vec<_> = self.fabrics.values().cloned().collect();
        for pool in self.pools.values() {
            for goal in pool.current().goals() {
                if let Goal::Fabric(fabric) = goal
                    && !clusters.iter().any(|known| Arc::ptr_eq(known, fabric))
                {
                    clusters.push(Arc::clone(fabric));
                }
            }
        }
        clusters
    }

    pub(super) fn sender(&self) -> Sender {
        self.sender.clone()
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.clock
    }

    fn pool(&self, id: &str) -> Option<&PoolCell> {
        if self.pools.is_empty() {
            return None;
        }
        let pool = self.pools.get(id).or_else(|| self.pools.get(id.to_ascii_lowercase().as_str()))?;
        Some(pool)
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
        let mut ids: Vec<_> = self.by_id.values().map(|member| Arc::clone(&member.single.id)).collect();
        ids.extend(self.fabrics.values().map(|fabric| Arc::clone(&fabric.id)));
        ids.extend(self.pools.values().map(|pool| Arc::clone(&pool.current().id)));

        ids.sort();
        ids.dedup();
        f.debug_struct("Backends").field("ids", &ids).finish_non_exhaustive()
    }
}
