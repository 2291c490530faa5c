//! OpenID metadata and the keys that it leads to: retrieved when needed, kept, and renewed.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http::{Request, Uri, header};
use serde::Deserialize;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::key::Key;
use crate::body::Body;
use crate::clock::Clock;
use crate::outbound::{Outbound, OutboundOptions};

/// How long a document is taken as it is.
const FRESH: Duration = Duration::from_secs(60 * 60);
/// How long a document is used that cannot be renewed.
const STALE: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a URL is left alone after a failure, or after a key was asked for that is not there.
const PAUSE: Duration = Duration::from_secs(5 * 60);
/// How long a document with its keys may take.
const LIMIT: Duration = Duration::from_secs(10);
/// The largest document, in bytes.
const LARGEST: usize = 1 << 20;
/// The most keys that a document may lead to.
const MOST_KEYS: usize = 500;
/// Expressions may name documents.
const MOST: usize = 1024;

/// Keeps OpenID metadata and signing keys by URL, for all policies that check tokens.
///
/// A document is retrieved when it is first needed, and again every hour, while requests go on with the last one. It is
/// retrieved again, at most once in five minutes, when a token names a key that is not there, and after a failure. Of many
/// requests that wait for a document, one asks for all, for 10 seconds at most. A document that cannot be renewed is used
/// for a day. A clone shares everything.
#[derive(Clone, Default)]
pub struct MetadataCache(Arc<Mutex<HashMap<Box<str>, Arc<Entry>>>>);

/// What a document says.
#[derive(Debug, Default)]
pub(crate) struct Metadata {
    pub(crate) issuer: Option<Box<str>>,
    pub(crate) keys: Vec<Key>,
}

/// What documents are retrieved with.
#[derive(Clone)]
pub(crate) struct Retrieval {
    pub(crate) clock: Clock,
    pub(crate) outbound: Option<Arc<dyn Outbound>>,
}

/// What there is of a document.
pub(crate) enum Found {
    Here(Arc<Metadata>),
    /// It is on its way; this ends when it is there, or is known not to come.
    Coming(Flight),
    /// It could not be retrieved, and is not tried now.
    Missing,
    /// There is nothing to retrieve it with.
    NoOutbound,
}

/// A document on its way.
pub(crate) struct Flight(watch::Receiver<()>);

#[derive(Default)]
struct Entry(Mutex<State>);

#[derive(Default)]
struct State {
    held: Option<(Arc<Metadata>, Instant)>,
    /// After a failure it is not tried before.
    not_before: Option<Instant>,
    /// Nor before that, for the sake of a key that is not there.
    no_search_before: Option<Instant>,
    flight: Option<watch::Receiver<()>>,
}

impl Flight {
    /// Waits until the document is there, or is known not to come.
    pub(crate) async fn landed(mut self) {
        // That the sender is gone means the same.
        let _ = self.0.changed().await;
    }
}

impl MetadataCache {
    /// A cache that holds nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The document at a URL.
    pub(crate) fn find(&self, url: &str, retrieval: &Retrieval) -> Found {
        let entry = self.entry(url);
        let now = retrieval.clock.instant();
        let mut state = lock(&entry.0);
        let held = state.held.clone().filter(|(_, since)| now.duration_since(*since) < STALE);
        if let Some((metadata, since)) = held {
            if now.duration_since(since) >= FRESH && state.may_start(now) {
                entry.start(&mut state, url, retrieval);
            }
            return Found::Here(metadata);
        }
        if let Some(flight) = state.flight() {
            return Found::Coming(flight);
        }
        if !state.may_start(now) {
            return Found::Missing;
        }
        if retrieval.outbound.is_none() {
            return Found::NoOutbound;
        }
        entry.start(&mut state, url, retrieval).map_or(Found::Missing, Found::Coming)
    }

    /// A newer document than one that lacks a key.
    pub(crate) fn newer(&self, url: &str, seen: &Arc<Metadata>, retrieval: &Retrieval) -> Found {
        let entry = self.entry(url);
        let now = retrieval.clock.instant();
        let mut state = lock(&entry.0);
        if let Some((held, _)) = &state.held
            && !Arc::ptr_eq(held, seen)
        {
            return Found::Here(Arc::clone(held));
        }
        if let Some(flight) = state.flight() {
            return Found::Coming(flight);
        }
        if !state.may_start(now) || state.no_search_before.is_some_and(|until| now < until) {
            return Found::Missing;
        }
        state.no_search_before = Some(now + PAUSE);
        entry.start(&mut state, url, retrieval).map_or(Found::Missing, Found::Coming)
    }

    fn entry(&self, url: &str) -> Arc<Entry> {
        let mut entries = lock(&self.0);
        if let Some(entry) = entries.get(url) {
            return Arc::clone(entry);
        }
        if entries.len() >= MOST {
            let idle = entries.iter().find(|(_, entry)| Arc::strong_count(entry) == 1);
            if let Some(idle) = idle.map(|(url, _)| url.clone()) {
                entries.remove(&idle);
            }
        }
        Arc::clone(entries.entry(url.into()).or_default())
    }
}

impl State {
    /// Whether it may be tried now, and nobody does.
    fn may_start(&self, now: Instant) -> bool {
        self.flight().is_none() && self.not_before.is_none_or(|until| now >= until)
    }

    /// What is under way; a task that was dropped with its runtime is not.
    fn flight(&self) -> Option<Flight> {
        self.flight.clone().filter(|flight| flight.has_changed().is_ok()).map(Flight)
    }
}

impl Entry {
    /// Retrieves the document in a task of its own, which no request that goes away ends.
    fn start(self: &Arc<Self>, state: &mut State, url: &str, retrieval: &Retrieval) -> Option<Flight> {
        let outbound = retrieval.outbound.clone()?;
        let runtime = Handle::try_current().ok()?;
        let (done, flight) = watch::channel(());
        state.flight = Some(flight.clone());
        let (entry, url, clock) = (Arc::clone(self), Box::<str>::from(url), retrieval.clock.clone());
        runtime.spawn(async move {
            let got = timeout(LIMIT, retrieve(&*outbound, &url)).await;
            let got = got.unwrap_or_else(|_| Err(format!("there was no answer within {} s", LIMIT.as_secs())));
            let now = clock.instant();
            let mut state = lock(&entry.0);
            match got {
                Ok(metadata) => {
                    let keys = metadata.keys.len();
                    tracing::debug!(target: "gatewright::policy", url = shown(&url), keys, "OpenID metadata was retrieved");
                    state.held = Some((Arc::new(metadata), now));
                    state.not_before = None;
                }
                Err(problem) => {
                    let is_used = state.held.is_some();
                    tracing::warn!(
                        target: "gatewright::policy", url = shown(&url), is_used, "OpenID metadata was not retrieved: {problem}"
                    );
                    state.not_before = Some(now + PAUSE);
                }
            }
            state.flight = None;
            drop(state);
            drop(done);
        });
        Some(Flight(flight))
    }
}

#[derive(Deserialize)]
struct Discovery {
    #[serde(default)]
    issuer: Option<Box<str>>,
    jwks_uri: Option<String>,
}

/// The document at a URL, with its keys.
async fn retrieve(outbound: &dyn Outbound, url: &str) -> Result<Metadata, String> {
    let no_json = |what: &str| format!("{what} is not JSON as OpenID Connect Discovery has it");
    let document = get(outbound, url).await?;
    let document: Discovery = serde_json::from_slice(&document).map_err(|_| no_json("the metadata"))?;
    let keys_url = document.jwks_uri.ok_or("the metadata has no `jwks_uri`")?;
    let is_plain = is_scheme(&keys_url, "http") && is_scheme(url, "http");
    if !is_scheme(&keys_url, "https") && !is_plain {
        return Err("`jwks_uri` is not an https URL".to_owned());
    }
    let set = get(outbound, &keys_url).await?;
    let set: Value = serde_json::from_slice(&set).map_err(|_| no_json("the key set"))?;
    let keys = set.get("keys").and_then(Value::as_array).ok_or_else(|| no_json("the key set"))?;
    let keys = keys.iter().take(MOST_KEYS).filter_map(Key::of_json).collect();
    Ok(Metadata { issuer: document.issuer, keys })
}

fn is_scheme(url: &str, scheme: &str) -> bool {
    url.split_once("://").is_some_and(|(found, _)| found.eq_ignore_ascii_case(scheme))
}

async fn get(outbound: &dyn Outbound, url: &str) -> Result<Vec<u8>, String> {
    let uri: Uri = url.parse().map_err(|_| format!("`{}` is not a URL", shown(url)))?;
    let mut request = Request::new(Body::empty());
    *request.uri_mut() = uri;
    request.headers_mut().insert(header::ACCEPT, header::HeaderValue::from_static("application/json"));
    let options = OutboundOptions { follow_redirects: true, ..OutboundOptions::default() };
    let failed = |problem: &dyn fmt::Display| format!("{}: {problem}", shown(url));
    let response = outbound.send(request, &options).await.map_err(|error| failed(&error))?;
    if response.status() != http::StatusCode::OK {
        return Err(failed(&format_args!("the answer is {}", response.status())));
    }
    let body = response.into_body().collect(LARGEST).await.map_err(|error| failed(&error))?;
    Ok(body.as_bytes().map_or_else(Vec::new, |bytes| bytes.to_vec()))
}

/// A URL without its query, which may hold keys.
fn shown(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}

impl fmt::Debug for MetadataCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetadataCache").field("documents", &lock(&self.0).len()).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
