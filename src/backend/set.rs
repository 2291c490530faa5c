//! All backends of a configuration.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use http::{Request, Uri};
use rustls::pki_types::CertificateDer;

use super::build_error::{BuildError, Problem};
use super::call::CallFuture;
use super::certificates::{self, Certificates};
use super::client::Client;
use super::credentials::{Identity, set_authorization};
use super::error::{Error, Kind};
use super::fabric::Fabric;
use super::link::Link;
use super::outgoing::{self, Destination};
use super::redirect;
use super::single::{self, Single, Surroundings};
use super::transport::Transport;
use super::url_match::UrlMatch;
use super::variants::Variants;
use crate::Body;
use crate::forward::{BaseUrl, ForwardOptions, Target};
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
    by_url: UrlMatch<Member>,
    client: Client,
    variants: Variants,
}

#[derive(Clone)]
pub(super) struct Member {
    pub(super) single: Arc<Single>,
    pub(super) client: Client,
    pub(super) identity: Option<Arc<Identity>>,
}

/// Where one request goes: a pool would have chosen a member, and a breaker let the request pass.
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
            errors: Vec::new(),
        }
    }

    /// Whether there is an entity with this id, whatever the case of its letters.
    pub fn contains(&self, id: &str) -> bool {
        self.member(id).is_some() || self.fabric(id).is_some()
    }

    /// The base URL of an entity; none for one of a Service Fabric cluster.
    pub fn base_url(&self, id: &str) -> Option<&BaseUrl> {
        self.member(id).map(|member| &member.single.base)
    }

    /// Sends a request to a target. The URI of the request holds only the path and query that follow the target's.
    ///
    /// A [`Target::Url`] that an entity's URL covers gets that entity's credentials and TLS settings, unless
    /// [`BackendsBuilder::match_by_url`] is off. Bodies stream both ways; trailers pass. The response is as the backend
    /// gave it, without hop-by-hop headers. There is no time limit but that for connecting.
    ///
    /// The future yields [`Error`] when there is no response. Dropping it gives the request up.
    pub fn call(&self, target: &Target, mut request: Request<Body>, options: &ForwardOptions) -> CallFuture {
        if let Target::Backend(id) = target
            && let Some(fabric) = self.fabric(id)
        {
            return self.call_fabric(fabric, request, options);
        }
        let resolved = match self.resolve(target, request.uri()) {
            Ok(resolved) => resolved,
            Err(error) => return CallFuture::failed(error),
        };
        let client = resolved.member.map_or(&self.client, |member| &member.client);
        let single = resolved.member.map(|member| &member.single);
        let variant = match self.variants.of(client, options) {
            Ok(variant) => variant,
            Err(error) => return CallFuture::failed(error),
        };
        let client = variant.as_ref().unwrap_or(client);
        let identity = resolved.member.and_then(|member| member.identity.as_ref());
        if options.follow_redirects {
            let base = resolved.destination.base.clone();
            let follow = redirect::Follow {
                base,
                single: single.cloned(),
                identity: identity.cloned(),
                client: client.clone(),
                other: self.variants.elsewhere(&self.client, options),
            };
            return CallFuture::redirecting(follow.send(request, options.clone()), single.cloned());
        }
        match outgoing::prepare(&mut request, &resolved.destination, options) {
            Ok(()) => match identity.map(|identity| (identity, identity.at_once())) {
                Some((identity, None)) => {
                    let (identity, client, version) = (Arc::clone(identity), client.clone(), options.http_version);
                    let call = async move {
                        set_authorization(request.headers_mut(), identity.header().await?);
                        client.send(request, version).await
                    };
                    CallFuture::redirecting(call, single.cloned())
                }
                token => {
                    if let Some((_, Some(bearer))) = token {
                        set_authorization(request.headers_mut(), bearer);
                    }
                    CallFuture::direct(client.send(request, options.http_version), single.cloned())
                }
            },
            Err(error) => CallFuture::failed(match single {
                Some(single) => error.of(Arc::clone(&single.id)),
                None => error,
            }),
        }
    }

    fn call_fabric(&self, fabric: &Arc<Fabric>, request: Request<Body>, options: &ForwardOptions) -> CallFuture {
        let client = match self.variants.of(&fabric.client, options) {
            Ok(variant) => variant.unwrap_or_else(|| fabric.client.clone()),
            Err(error) => return CallFuture::failed(error.of(Arc::clone(&fabric.id))),
        };
        let id = Arc::clone(&fabric.id);
        let call = Arc::clone(fabric).call(request, options.clone(), client);
        CallFuture::redirecting(async move { call.await.map_err(|error| error.of(id)) }, None)
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
    errors: Vec<BuildError>,
}

impl BackendsBuilder<'_> {
    /// Whether an entity also serves requests to a plain URL that its own URL covers; true by default.
    ///
    /// Scheme, host and port must be the same, and its path the same or a parent; the longest path wins.
    pub fn match_by_url(mut self, matched: bool) -> Self {
        self.match_by_url = matched;
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
        if let Some(cluster) = backend.fabric().filter(|_| !backend.is_pool()) {
            match Fabric::new(id, backend, cluster, &around) {
                Ok(_) if self.has(id) => self.errors.push(BuildError::new(id, Problem::Duplicate)),
                Ok(fabric) => {
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
                let member = Member { single: Arc::new(single), client, identity };
                self.members.insert(id.to_ascii_lowercase().into(), member);
            }
            (single, client, identity) => {
                self.errors.extend(single.err().into_iter().chain(client.err()).chain(identity.err()));
            }
        }
        self
    }

    fn has(&self, id: &str) -> bool {
        let id = id.to_ascii_lowercase();
        self.members.contains_key(id.as_str()) || self.fabrics.contains_key(id.as_str())
    }

    /// The backends.
    ///
    /// # Errors
    ///
    /// One [`BuildError`] for each thing that is wrong, in the order in which the entities were added: an unknown named
    /// value, a bad URL or header, or a setting that is not supported yet.
    pub fn build(mut self) -> Result<Backends, Vec<BuildError>> {
        if !self.errors.is_empty() {
            return Err(self.errors);
        }
        let matched = self.members.values().filter(|_| self.match_by_url);
        let by_url = UrlMatch::new(matched.map(|member| (member.single.base.clone(), member.clone())));
        // Found as it is written without folding the case for each request.
        let written: Vec<_> = self.members.values().map(|m| (Box::<str>::from(&*m.single.id), m.clone())).collect();
        self.members.extend(written);
        let client = client_of_urls(self.transport, self.authorities);
        let variants = Variants::new(self.transport.clone(), self.certificates);
        Ok(Backends { by_id: self.members, fabrics: self.fabrics, by_url, client, variants })
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
