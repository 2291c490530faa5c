//! `cache-lookup-value`: takes a value from the cache into a variable.

use std::sync::Arc;

use super::super::caching::{self, CACHING_TYPE, CachingType};
use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Resume, Statement};
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Spec};
use crate::expr::Value;
use crate::state::{Answer, CacheEntry, CacheKey, StoreError};
use crate::xml::Element;

const KEY: Attribute = Attribute::required("key", "text").or_expression();
const DEFAULT: Attribute = Attribute::optional("default-value", "text", "the variable stays as it is").or_expression();
const VARIABLE: Attribute = Attribute::required("variable-name", "the name of a variable");

pub(crate) const SPEC: Spec =
    Spec::new("cache-lookup-value", "Sets a variable to the value that is kept under `key`, of the type it had.")
        .attributes(&[KEY, DEFAULT, VARIABLE, CACHING_TYPE])
        .state("values, in `EngineSettings::cache` or `EngineSettings::external_cache`.");

/// `cache-lookup-value`, compiled.
#[derive(Debug)]
pub(crate) struct CacheLookupValue {
    key: Setting<String>,
    caching_type: CachingType,
    target: Arc<Target>,
}

/// What becomes of the value.
#[derive(Debug)]
struct Target {
    variable: Arc<str>,
    default: Option<Setting<Value>>,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let key = compiler.setting(element, &KEY);
    let default = compiler.setting(element, &DEFAULT);
    let caching_type = compiler.constant(element, &CACHING_TYPE).unwrap_or_default();
    let variable = compiler.constant::<String>(element, &VARIABLE);
    let target = Target { variable: variable?.into(), default };
    Some(step("cache-lookup-value", CacheLookupValue { key: key?, caching_type, target: target.into() }))
}

impl Statement for CacheLookupValue {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let key = CacheKey::value(&self.key.get(exchange)?);
        let Some(store) = self.caching_type.store(&exchange.settings) else {
            return self.target.heard(Ok(None), exchange);
        };
        match store.get(&key, exchange.settings.clock.wall()) {
            Answer::Ready(answer) => self.target.heard(answer, exchange),
            Answer::Later(answer) => {
                let target = self.target.clone();
                Ok(Flow::Wait(Box::pin(async move {
                    let answer = answer.await;
                    let resume: Resume = Box::new(move |exchange| target.heard(answer, exchange));
                    resume
                })))
            }
        }
    }

    fn needs(&self) -> Needs {
        self.key.needs() | self.target.default.as_ref().map_or(Needs::NONE, Setting::needs)
    }
}

impl Target {
    fn heard(
        &self,
        answer: Result<Option<CacheEntry>, StoreError>,
        exchange: &mut Exchange,
    ) -> Result<Flow, Box<Failure>> {
        let found = caching::of_entry(caching::answered(exchange, answer).flatten());
        exchange.trace_note(|| format!("Cache lookup resulted in a {}.", if found.is_some() { "hit" } else { "miss" }));
        let value = match (found, &self.default) {
            (Some((value, _)), _) => Some(value),
            (None, Some(default)) => Some(default.get(exchange)?.into_owned()),
            (None, None) => None,
        };
        if let Some(value) = value {
            exchange.variables.set(self.variable.clone(), value);
        }
        Ok(Flow::Continue)
    }
}
