//! `cache-lookup`: answers with a response that was kept.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, Method, StatusCode, header};

use super::super::caching::{
    self, Begun, CACHING_TYPE, Caching, CachingType, Downstream, DownstreamType, Expiry, Lead, Lookup, Missed, Place,
    Vary, VaryBy, is_unchanged,
};
use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Keeper, Resume, Statement};
use super::super::messages::{MessageBody, ResponseState};
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Child, Content, Section, Spec};
use crate::state::{Answer, CacheEntry, CacheKey, CacheStore, CachedResponse, StoreError};
use crate::xml::Element;

const BOOL: &str = "`true` or `false`";
const DEVELOPER: Attribute = Attribute::optional("vary-by-developer", BOOL, "false").or_expression();
const GROUPS: Attribute = Attribute::optional("vary-by-developer-groups", BOOL, "false").or_expression();
const DOWNSTREAM: Attribute =
    Attribute::optional("downstream-caching-type", "`none`, `private` or `public`", "none").or_expression();
const REVALIDATE: Attribute = Attribute::optional("must-revalidate", BOOL, "true").or_expression();
const PRIVATE: Attribute = Attribute::optional("allow-private-response-caching", BOOL, "false").or_expression();
const HEADER: Child = Child::new("vary-by-header", "0..n", Content::Text { expressions: false });
const QUERY: Child = Child::new("vary-by-query-parameter", "0..n", Content::Text { expressions: false });

pub(crate) const SPEC: Spec = Spec::new(
    "cache-lookup",
    "Answers a GET with a response that `cache-store` kept; the rest of `inbound` and `backend` are left out then, and \
     `outbound` goes on behind `cache-store`.",
)
.sections(&[Section::Inbound])
.attributes(&[DEVELOPER, GROUPS, CACHING_TYPE, DOWNSTREAM, REVALIDATE, PRIVATE])
.content(Content::Elements(&[HEADER, QUERY]))
.state("responses, in `EngineSettings::cache` or `EngineSettings::external_cache`.");

/// `cache-lookup`, compiled.
#[derive(Debug)]
pub(crate) struct CacheLookup {
    developer: Setting<bool>,
    groups: Setting<bool>,
    caching_type: CachingType,
    downstream: Setting<DownstreamType>,
    must_revalidate: Setting<bool>,
    allows_private: Setting<bool>,
    vary: Vary,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    caching::warn_of_place(compiler, element, SPEC.element);
    let mut vary = Vary::default();
    for child in element.elements() {
        let (known, kind) = match &*child.name {
            "vary-by-header" => (&HEADER, "the name of a header"),
            "vary-by-query-parameter" => (&QUERY, "names of parameters, separated by `;`"),
            _ => continue,
        };
        compiler.check_child(known, child);
        let Some(Setting::Constant(text)) = compiler.text::<String>(child, false, kind) else { continue };
        let names = text.split(';').map(str::trim).filter(|name| !name.is_empty());
        if known.element == QUERY.element {
            vary.query.extend(names.map(str::to_owned));
            continue;
        }
        for name in names {
            match HeaderName::try_from(name) {
                Ok(name) => vary.headers.push(name),
                Err(_) => compiler.error(child.span.start, format!("`vary-by-header` is `{name}`: expected {kind}")),
            }
        }
    }
    let flag = |compiler: &mut Compiler<'_>, attribute: &Attribute, default: bool| {
        compiler.setting(element, attribute).unwrap_or(Setting::Constant(default))
    };
    let lookup = CacheLookup {
        developer: flag(compiler, &DEVELOPER, false),
        groups: flag(compiler, &GROUPS, false),
        caching_type: compiler.constant(element, &CACHING_TYPE).unwrap_or_default(),
        downstream: compiler.setting(element, &DOWNSTREAM).unwrap_or(Setting::Constant(DownstreamType::None)),
        must_revalidate: flag(compiler, &REVALIDATE, true),
        allows_private: flag(compiler, &PRIVATE, false),
        vary,
    };
    Some(step("cache-lookup", lookup))
}

impl Statement for CacheLookup {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        if exchange.caching.is_some() {
            exchange.trace_note(|| "Another cache-lookup has run: this one does nothing.".to_owned());
            return Ok(Flow::Continue);
        }
        let kind = *self.downstream.get(exchange)?;
        let downstream = Downstream { kind, must_revalidate: *self.must_revalidate.get(exchange)? };
        let by = VaryBy { developer: *self.developer.get(exchange)?, groups: *self.groups.get(exchange)? };
        let allows_private = *self.allows_private.get(exchange)?;
        let request = &exchange.request;
        let why = if request.method != Method::GET {
            Some("the request is no GET")
        } else if !allows_private && request.headers.contains_key(header::AUTHORIZATION) {
            Some("the request has an Authorization header")
        } else {
            None
        };
        let lookup = Lookup::Passed;
        exchange.caching = Some(Box::new(Caching { lookup, downstream, expires: None }));
        if let Some(why) = why {
            exchange.trace_note(|| format!("Nothing is looked up: {why}."));
            return Ok(Flow::Continue);
        }
        let Some(store) = self.caching_type.store(&exchange.settings) else {
            missed(exchange, Missed { store: None, lead: None });
            return Ok(Flow::Continue);
        };
        let key = self.vary.key(exchange, by);
        let patience = exchange.settings.cache_single_flight;
        Asked { store, key, patience }.ask(exchange)
    }

    fn needs(&self) -> Needs {
        let flags = [&self.developer, &self.groups, &self.must_revalidate, &self.allows_private];
        flags.into_iter().fold(self.downstream.needs() | Needs::REQUEST, |needs, flag| needs | flag.needs())
    }
}

/// A question to a cache.
struct Asked {
    store: Arc<dyn CacheStore>,
    key: CacheKey,
    /// How long to wait for another request that fetches the response.
    patience: Option<Duration>,
}

impl Asked {
    fn ask(self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        match self.store.get(&self.key, exchange.settings.clock.wall()) {
            Answer::Ready(answer) => self.heard(answer, exchange),
            Answer::Later(answer) => Ok(Flow::Wait(Box::pin(async move {
                let answer = answer.await;
                let resume: Resume = Box::new(move |exchange| self.heard(answer, exchange));
                resume
            }))),
        }
    }

    fn heard(
        mut self,
        answer: Result<Option<CacheEntry>, StoreError>,
        exchange: &mut Exchange,
    ) -> Result<Flow, Box<Failure>> {
        let found = caching::answered(exchange, answer);
        if let Some(Some(CacheEntry::Response(kept))) = &found
            && kept.expires > exchange.settings.clock.wall()
        {
            return Ok(hit(exchange, kept));
        }
        let mut lead: Option<Lead> = None;
        if let (Some(_), Some(patience)) = (found, self.patience) {
            match exchange.settings.flights.begin(&self.key) {
                Begun::Lead(it) => lead = Some(it),
                Begun::Follow(other) => {
                    exchange.trace_note(|| "Another request fetches the response: waiting for it.".to_owned());
                    self.patience = None;
                    return Ok(Flow::Wait(Box::pin(async move {
                        other.over(patience).await;
                        let resume: Resume = Box::new(move |exchange| self.ask(exchange));
                        resume
                    })));
                }
            }
        }
        missed(exchange, Missed { store: Some(Place::Key(self.store, self.key)), lead });
        Ok(Flow::Continue)
    }
}

fn hit(exchange: &mut Exchange, kept: &CachedResponse) -> Flow {
    exchange.trace_note(|| "Cache lookup resulted in a hit: the cached response will be used.".to_owned());
    if let Some(caching) = &mut exchange.caching {
        caching.lookup = Lookup::Over;
        caching.expires = Some(Expiry::At(kept.expires));
    }
    let mut response = ResponseState::of_kept(kept);
    if kept.status == StatusCode::OK && is_unchanged(&exchange.request.headers, &kept.headers) {
        response.status = StatusCode::NOT_MODIFIED;
        response.reason = None;
        response.body = MessageBody::None;
        [header::CONTENT_LENGTH, header::CONTENT_TYPE].iter().for_each(|name| drop(response.headers.remove(name)));
    }
    Flow::Cached(Box::new(response), Keeper::CacheStore)
}

fn missed(exchange: &mut Exchange, missed: Missed) {
    exchange.trace_note(|| {
        "Cache lookup resulted in a miss: cache headers were removed from the request, so that the backend sends a \
         complete response."
            .to_owned()
    });
    ask_for_all(&mut exchange.request.headers);
    if let Some(caching) = &mut exchange.caching {
        caching.lookup = Lookup::Missed(Box::new(missed));
    }
}

/// Lets the backend send a complete response, whatever the caller has.
fn ask_for_all(headers: &mut HeaderMap) {
    for name in [
        header::CACHE_CONTROL,
        header::PRAGMA,
        header::IF_MATCH,
        header::IF_NONE_MATCH,
        header::IF_MODIFIED_SINCE,
        header::IF_UNMODIFIED_SINCE,
        header::IF_RANGE,
        header::RANGE,
    ] {
        headers.remove(name);
    }
}
