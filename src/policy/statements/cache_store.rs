//! `cache-store`: keeps the response for `cache-lookup`.

use super::super::caching::{self, Expiry, KeepRules, Lookup};
use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement};
use super::super::pipeline::Needs;
use super::super::spec::{Attribute, Section, Spec};
use crate::xml::Element;

const MODE: Attribute = Attribute::optional("caching-mode", "text; it has no effect", "");

pub(crate) const SPEC: Spec = Spec::new(
    "cache-store",
    "Keeps the response, as it is here, for requests of the same key; a `cache-lookup` must have missed it before.",
)
.sections(&[Section::Outbound])
.attributes(&[KeepRules::ATTRIBUTES[0], KeepRules::ATTRIBUTES[1], MODE])
.state("responses, in `EngineSettings::cache` or `EngineSettings::external_cache`.");

/// `cache-store`, compiled.
#[derive(Debug)]
pub(crate) struct CacheStore(KeepRules);

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    caching::warn_of_place(compiler, element, SPEC.element);
    if element.attribute(MODE.name).is_some() {
        compiler.warning(element.span.start, "`caching-mode` of `cache-store` has no effect".to_owned());
    }
    Some(step("cache-store", CacheStore(KeepRules::compile(compiler, element)?)))
}

impl Statement for CacheStore {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let caching = exchange.caching.as_deref_mut();
        let Some(Lookup::Missed(_)) = caching.as_ref().map(|caching| &caching.lookup) else {
            exchange.trace_note(|| "Nothing is kept: no cache-lookup has missed the response.".to_owned());
            return Ok(Flow::Continue);
        };
        let kept = self.0.kept(exchange)?;
        let Some(caching) = exchange.caching.as_deref_mut() else { return Ok(Flow::Continue) };
        let Lookup::Missed(missed) = std::mem::replace(&mut caching.lookup, Lookup::Over) else {
            return Ok(Flow::Continue);
        };
        caching.expires = Some(kept.map_or(Expiry::Never, |kept| Expiry::At(kept.expires)));
        if let (Some(kept), Some(place)) = (kept, missed.store) {
            caching::keep(exchange, place, missed.lead, kept);
        }
        Ok(Flow::Continue)
    }

    fn needs(&self) -> Needs {
        self.0.needs()
    }
}
