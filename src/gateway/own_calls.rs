//! Calls of the gateway to itself, served in process.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use async_trait::async_trait;
use http::uri::Scheme;
use http::{HeaderValue, Method, Request, Response, Uri, header};
use hyper::upgrade::OnUpgrade;

use super::own_names::OwnNames;
use super::router::Route;
use super::serve;
use super::snapshot::Snapshot;
use super::soap;
use crate::backend::{Error, InProcess, Serve, Served};
use crate::body::Body;
use crate::forward::{ClientAddress, ClientScheme, ForwardError};
use crate::outbound::{Outbound, OutboundOptions};
use crate::policy::EngineSettings;

/// What a snapshot knows about calls of its own URLs.
pub(super) struct OwnCalls {
    pub names: OwnNames,
    /// How many calls may follow each other.
    pub most: usize,
    pub settings: Arc<EngineSettings>,
}

/// Who sent a request: a client, or the gateway itself.
#[derive(Clone, Default)]
pub(super) struct Caller {
    pub address: Option<IpAddr>,
    /// The calls of the gateway to itself that led to this request; none for a client's.
    pub trail: Option<Arc<Trail>>,
    pub unmatched: Unmatched,
    /// Who answers for all backends, in a test.
    pub stand_in: Option<Arc<dyn Serve>>,
}

/// What happens to a request that finds no API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Unmatched {
    /// It is answered with 404.
    #[default]
    Refused,
    /// Another service of the host answers it.
    FallsThrough,
}

/// Calls that followed each other, the first one first.
#[derive(Clone, Debug, Default)]
pub(super) struct Trail(Vec<(Method, Uri)>);

impl Trail {
    /// This trail and one call more; says why there must not be one.
    fn and(&self, request: &Request<Body>, most: usize) -> Result<Self, String> {
        let call = (request.method().clone(), request.uri().clone());
        let known = self.0.iter().filter(|known| **known == call).count();
        let mut longer = self.clone();
        longer.0.push(call);
        if known > 1 {
            return Err(format!("The gateway calls itself in a loop: {longer}."));
        }
        if self.0.len() >= most {
            return Err(format!("The gateway called itself more than {most} times in a row: {longer}."));
        }
        Ok(longer)
    }
}

impl fmt::Display for Trail {
    /// Without queries: they may hold keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (method, uri)) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(", then ")?;
            }
            write!(f, "{method} {}", uri.path())?;
        }
        Ok(())
    }
}

/// Serves the calls that one request makes to the gateway itself.
pub(super) struct OwnServer {
    pub snapshot: Arc<Snapshot>,
    pub caller: Caller,
}

impl Serve for OwnServer {
    fn serve(&self, request: &mut Request<Body>) -> Option<Served> {
        let own = self.snapshot.own.as_ref()?;
        if !own.names.cover(request.uri(), request.headers()) {
            return None;
        }
        let trail = match self.caller.trail.as_deref().unwrap_or(&Trail::default()).and(request, own.most) {
            Ok(trail) => trail,
            Err(why) => return Some(Box::pin(std::future::ready(Err(Error::call_loop(why))))),
        };
        let absolute = request.uri().clone();
        let as_received = received(&absolute);
        set_host(request, &absolute);
        let route = self.snapshot.route(request.method(), &as_received, request.headers());
        let by_body = self.snapshot.told_by_body(route, request.method(), &as_received, request.headers());
        if route == Route::NoApi && self.caller.unmatched == Unmatched::FallsThrough {
            return None;
        }
        let mut request = std::mem::replace(request, Request::new(Body::empty()));
        *request.uri_mut() = as_received;
        let is_secure = absolute.scheme() == Some(&Scheme::HTTPS);
        let upgrade = request.extensions_mut().remove::<OnUpgrade>();
        let extensions = request.extensions_mut();
        // Client certificates and whatever else a host has put there are about the first request.
        extensions.clear();
        extensions.insert(if is_secure { ClientScheme::Https } else { ClientScheme::Http });
        if let Some(address) = self.caller.address {
            extensions.insert(ClientAddress(address));
        }
        if let Some(upgrade) = upgrade {
            extensions.insert(upgrade);
        }
        let caller = Caller { trail: Some(Arc::new(trail)), ..self.caller.clone() };
        if let Some(found) = by_body {
            let run = soap::begin(Arc::clone(&self.snapshot), found, request, own.settings.clone(), caller);
            return Some(Box::pin(async move { Ok(run.await.await) }));
        }
        let run = serve::begin(&self.snapshot, route, request, own.settings.clone(), caller);
        Some(Box::pin(async move { Ok(run.await) }))
    }
}

/// Serves what is for the gateway itself, and has the rest sent.
pub(super) struct OwnFirst {
    pub server: OwnServer,
    pub inner: Arc<dyn Outbound>,
}

#[async_trait]
impl Outbound for OwnFirst {
    async fn send(
        &self,
        mut request: Request<Body>,
        options: &OutboundOptions,
    ) -> Result<Response<Body>, ForwardError> {
        match self.server.serve(&mut request) {
            Some(served) => Ok(InProcess::finish(served.await?)),
            None => self.inner.send(request, options).await,
        }
    }
}

/// The path and query that a server receives for an absolute URL.
fn received(absolute: &Uri) -> Uri {
    let path = absolute.path_and_query().cloned();
    path.map_or_else(|| Uri::from_static("/"), Uri::from)
}

/// Names the host in a header, where HTTP/2 would have it in the URL alone.
fn set_host(request: &mut Request<Body>, absolute: &Uri) {
    if !request.headers().contains_key(header::HOST)
        && let Some(authority) = absolute.authority()
        && let Ok(host) = HeaderValue::from_str(authority.as_str())
    {
        request.headers_mut().insert(header::HOST, host);
    }
}
