//! `cache-store`: keeps the response for `cache-lookup`.

use http::StatusCode;

use super::super::caching::{self, Expiry, Keeping, Lookup};
use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement};
use super::super::messages::MessageBody;
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Section, Spec};
use crate::xml::Element;

const DURATION: Attribute = Attribute::required("duration", "seconds, a whole number").or_expression();
const CACHE_RESPONSE: Attribute =
    Attribute::optional("cache-response", "`true` or `false`", "only a response of status 200 is kept").or_expression();
const MODE: Attribute = Attribute::optional("caching-mode", "text; it has no effect", "");

pub(crate) const SPEC: Spec = Spec::new(
    "cache-store",
    "Keeps the response, as it is here, for requests of the same key; a `cache-lookup` must have missed it before.",
)
.sections(&[Section::Outbound])
.attributes(&[DURATION, CACHE_RESPONSE, MODE]);

/// `cache-store`, compiled.
#[derive(Debug)]
pub(crate) struct CacheStore {
    duration: Setting<i64>,
    cache_response: Option<Setting<bool>>,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    caching::warn_of_place(compiler, element, SPEC.element);
    if element.attribute(MODE.name).is_some() {
        compiler.warning(element.span.start, "`caching-mode` of `cache-store` has no effect".to_owned());
    }
    let duration = compiler.setting(element, &DURATION);
    let cache_response = compiler.setting(element, &CACHE_RESPONSE);
    Some(step("cache-store", CacheStore { duration: duration?, cache_response }))
}

impl Statement for CacheStore {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let caching = exchange.caching.as_deref_mut();
        let Some(Lookup::Missed(_)) = caching.as_ref().map(|caching| &caching.lookup) else {
            exchange.trace_note(|| "Nothing is kept: no cache-lookup has missed the response.".to_owned());
            return Ok(Flow::Continue);
        };
        let seconds = *self.duration.get(exchange)?;
        let keeps_any = match &self.cache_response {
            Some(setting) => Some(*setting.get(exchange)?),
            None => None,
        };
        let Some(caching) = exchange.caching.as_deref_mut() else { return Ok(Flow::Continue) };
        let Lookup::Missed(missed) = std::mem::replace(&mut caching.lookup, Lookup::Over) else {
            return Ok(Flow::Continue);
        };
        caching.expires = Some(Expiry::Never);
        let Some(response) = &mut exchange.response else { return Ok(Flow::Continue) };
        let now = exchange.settings.clock.wall();
        let lifetime = caching::lifetime(seconds).and_then(|lifetime| now.checked_add(lifetime));
        let Some(expires) = lifetime.filter(|_| keeps_any.unwrap_or(response.status == StatusCode::OK)) else {
            exchange.trace_note(|| "Nothing is kept: the response is not for caches.".to_owned());
            return Ok(Flow::Continue);
        };
        caching.expires = Some(Expiry::At(expires));
        let Some(place) = missed.store else { return Ok(Flow::Continue) };
        let (clock, limit) = (exchange.settings.clock.clone(), exchange.settings.cache_entry_limit);
        let keeping = Keeping::new(place, missed.lead, response, clock, expires, limit);
        match &mut response.body {
            MessageBody::None => keeping.keep(bytes::Bytes::new()),
            // The memory may be that of a larger piece, which is not to be kept with it.
            MessageBody::Bytes(body) => keeping.keep(bytes::Bytes::copy_from_slice(body)),
            body @ MessageBody::Stream(_) => *body = MessageBody::Stream(keeping.follow(body.take())),
            MessageBody::Consumed | MessageBody::Sent => {
                exchange.trace_note(|| "Nothing is kept: the body was read and not preserved.".to_owned());
                return Ok(Flow::Continue);
            }
        }
        exchange.trace_note(|| format!("The response is kept for {seconds} seconds."));
        Ok(Flow::Continue)
    }

    fn needs(&self) -> Needs {
        let cache_response = self.cache_response.as_ref().map_or(Needs::NONE, Setting::needs);
        self.duration.needs() | cache_response
    }
}
