//! `cache-store-value`: keeps a value in the cache.

use super::super::caching::{self, CACHING_TYPE, CachingType};
use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement};
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Spec};
use crate::expr::Value;
use crate::state::CacheKey;
use crate::xml::Element;

const KEY: Attribute = Attribute::required("key", "text").or_expression();
const VALUE: Attribute = Attribute::required("value", "text").or_expression();
const DURATION: Attribute = Attribute::required("duration", "seconds, a whole number").or_expression();

pub(crate) const SPEC: Spec = Spec::new(
    "cache-store-value",
    "Keeps a value of any type under `key` for `duration` seconds; `null` removes what is there.",
)
.attributes(&[KEY, VALUE, DURATION, CACHING_TYPE])
.state("values, in `EngineSettings::cache` or `EngineSettings::external_cache`.");

/// `cache-store-value`, compiled.
#[derive(Debug)]
pub(crate) struct CacheStoreValue {
    key: Setting<String>,
    value: Setting<Value>,
    duration: Setting<i64>,
    caching_type: CachingType,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let key = compiler.setting(element, &KEY);
    let value = compiler.setting(element, &VALUE);
    let duration = compiler.setting(element, &DURATION);
    let caching_type = compiler.constant(element, &CACHING_TYPE).unwrap_or_default();
    Some(step("cache-store-value", CacheStoreValue { key: key?, value: value?, duration: duration?, caching_type }))
}

impl Statement for CacheStoreValue {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let key = CacheKey::value(&self.key.get(exchange)?);
        let value = self.value.get(exchange)?;
        let seconds = *self.duration.get(exchange)?;
        let Some(store) = self.caching_type.store(&exchange.settings) else { return Ok(Flow::Continue) };
        if value.is_null() {
            caching::in_background(store.remove(&key), ());
            return Ok(Flow::Continue);
        }
        let Some(lifetime) = caching::lifetime(seconds) else {
            exchange.trace_note(|| format!("Nothing is kept: the duration is {seconds} seconds."));
            return Ok(Flow::Continue);
        };
        if let Some(entry) = caching::to_entry(exchange, SPEC.element, &value, None) {
            caching::in_background(store.put(key, entry, lifetime, exchange.settings.clock.wall()), ());
        }
        Ok(Flow::Continue)
    }

    fn needs(&self) -> Needs {
        self.key.needs() | self.value.needs() | self.duration.needs()
    }
}
