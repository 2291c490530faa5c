//! What the caching policies share: which cache they use, keys of responses, and what they keep of one request.

mod downstream;
mod flights;
mod kept_body;
mod key;
mod rules;
mod validation;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

pub(crate) use downstream::{Downstream, DownstreamType};
pub(crate) use flights::{Begun, Flights, Follow, Lead};
use kept_body::Keeping;
pub(crate) use kept_body::Place;
pub(crate) use key::{Parts, Vary, VaryBy};
pub(crate) use rules::{KeepRules, Kept};
pub(crate) use validation::is_unchanged;

use bytes::Bytes;

use super::compile::Compiler;
use super::exchange::Exchange;
use super::messages::{MessageBody, ResponseState};
use super::setting::Literal;
use super::settings::EngineSettings;
use super::spec::Attribute;
use super::unanswered::Unanswered;
use crate::expr::Value;
use crate::state::{Answer, CacheEntry, CacheStore, CachedResponse, CachedValue};
use crate::xml::Element;

/// `caching-type`, of all caching policies.
pub(crate) const CACHING_TYPE: Attribute =
    Attribute::optional("caching-type", "`prefer-external`, `external` or `internal`", "prefer-external");

/// Which cache is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum CachingType {
    /// The external one when there is one.
    #[default]
    PreferExternal,
    External,
    Internal,
}

impl CachingType {
    /// The cache; none when there is no external one.
    pub(crate) fn store(self, settings: &EngineSettings) -> Option<Arc<dyn CacheStore>> {
        let external = settings.external_cache.as_ref();
        match self {
            Self::PreferExternal => Some(external.unwrap_or(&settings.cache)),
            Self::External => external,
            Self::Internal => Some(&settings.cache),
        }
        .cloned()
    }
}

impl Literal for CachingType {
    fn literal(text: &str) -> Option<Self> {
        match text {
            "prefer-external" => Some(Self::PreferExternal),
            "external" => Some(Self::External),
            "internal" => Some(Self::Internal),
            _ => None,
        }
    }

    fn value(_: Value) -> Result<Self, String> {
        Err("`caching-type` does not take an expression".to_owned())
    }
}

/// What a request keeps between `cache-lookup`, `cache-store` and its end.
pub(crate) struct Caching {
    pub(crate) lookup: Lookup,
    pub(crate) downstream: Downstream,
    /// When the response is over, once that is known.
    pub(crate) expires: Option<Expiry>,
}

/// What `cache-lookup` came to.
pub(crate) enum Lookup {
    /// Responses to such a request are neither looked up nor kept.
    Passed,
    /// There was nothing: `cache-store` may keep the response.
    Missed(Box<Missed>),
    /// There was a response, or `cache-store` has run.
    Over,
}

/// What `cache-store` needs to know of the look-up.
pub(crate) struct Missed {
    /// None without a cache to keep anything in.
    pub(crate) store: Option<Place>,
    /// Others wait for the response.
    pub(crate) lead: Option<Lead>,
}

/// How long downstream caches may keep a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expiry {
    /// Not at all: it is not kept here either.
    Never,
    At(SystemTime),
}

/// Warns when `element` is not the only one of its section, or stands in a fragment: API Management supports neither.
pub(crate) fn warn_of_place(compiler: &mut Compiler<'_>, element: &Element, name: &'static str) {
    let (section, at) = (compiler.section, element.span.start);
    if compiler.is_fragment {
        compiler.warning(at, format!("`{name}` stands in a fragment: API Management does not support that"));
    }
    if compiler.seen_once.contains(&(section, name)) {
        compiler.warning(at, format!("a second `{name}` in `{section}`: the first one that runs holds"));
    }
    compiler.seen_once.push((section, name));
}

/// What a cache answered to a question; its failure is not the request's.
pub(crate) fn answered<T>(exchange: &mut Exchange, answer: Result<T, crate::state::StoreError>) -> Option<T> {
    match answer {
        Ok(answer) => Some(answer),
        Err(error) => {
            tracing::debug!(target: "gatewright::policy", %error, "the cache does not answer");
            exchange.unanswered(Unanswered::Cache, || format!("The cache does not answer: {error}."));
            None
        }
    }
}

/// Waits for a cache to write, beside the request; `held` is dropped when it has.
pub(crate) fn in_background(answer: Answer<()>, held: impl Send + 'static) {
    // Without a runtime there is nobody to wait for a store that others share.
    if let (Answer::Later(answer), Ok(runtime)) = (answer, tokio::runtime::Handle::try_current()) {
        runtime.spawn(async move {
            if let Err(error) = answer.await {
                tracing::debug!(target: "gatewright::policy", %error, "the cache does not keep");
            }
            drop(held);
        });
    }
}

/// A lifetime in seconds; none when there is nothing to keep.
pub(crate) fn lifetime(seconds: i64) -> Option<Duration> {
    u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs)
}

/// The value as caches keep it; none, with a warning, when it cannot be kept.
pub(crate) fn to_entry(
    exchange: &mut Exchange,
    element: &str,
    value: &Value,
    fresh_until: Option<SystemTime>,
) -> Option<CacheEntry> {
    let limit = exchange.settings.cache_entry_limit;
    match value.to_kept(limit) {
        Some(bytes) => Some(CacheEntry::Value(CachedValue { bytes: bytes.into(), fresh_until })),
        None => {
            let of = value.type_name();
            let warning =
                format_args!("a value of type `{of}` is not kept: it has more than {limit} bytes, or no form");
            exchange.warn(element, warning);
            None
        }
    }
}

/// The value of an entry, with the time until which it is fresh.
pub(crate) fn of_entry(entry: Option<CacheEntry>) -> Option<(Value, Option<SystemTime>)> {
    let Some(CacheEntry::Value(kept)) = entry else { return None };
    let value = Value::from_kept(&kept.bytes);
    if value.is_none() {
        tracing::debug!(target: "gatewright::policy", "what the cache keeps is no value");
    }
    value.map(|value| (value, kept.fresh_until))
}

impl ResponseState {
    /// A response that was kept.
    pub(crate) fn of_kept(kept: &CachedResponse) -> Self {
        Self {
            status: kept.status,
            reason: kept.reason.clone(),
            headers: kept.headers.clone(),
            body: if kept.body.is_empty() { MessageBody::None } else { MessageBody::Bytes(kept.body.clone().into()) },
        }
    }
}

/// Keeps the response of an exchange, as it is now; what is still on its way is copied as it passes.
pub(crate) fn keep(exchange: &mut Exchange, place: Place, lead: Option<Lead>, kept: Kept) {
    let Some(response) = &mut exchange.response else { return };
    let (clock, limit) = (exchange.settings.clock.clone(), exchange.settings.cache_entry_limit);
    let keeping = Keeping::new(place, lead, response, clock, kept.expires, limit);
    match &mut response.body {
        MessageBody::None => keeping.keep(Bytes::new()),
        // The memory may be that of a larger piece, which is not to be kept with it.
        MessageBody::Bytes(body) => keeping.keep(Bytes::copy_from_slice(body)),
        body @ MessageBody::Stream(_) => *body = MessageBody::Stream(keeping.follow(body.take())),
        MessageBody::Consumed | MessageBody::Sent => {
            exchange.trace_note(|| "Nothing is kept: the body was read and not preserved.".to_owned());
            return;
        }
    }
    exchange.trace_note(|| format!("The response is kept for {} seconds.", kept.seconds));
}
