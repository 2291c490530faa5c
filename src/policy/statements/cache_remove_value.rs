//! `cache-remove-value`: forgets a value in the cache.

use super::super::caching::{self, CACHING_TYPE, CachingType};
use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Resume, Statement};
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Spec};
use crate::state::{Answer, CacheKey, StoreError};
use crate::xml::Element;

const KEY: Attribute = Attribute::required("key", "text").or_expression();
const FAIL: Attribute =
    Attribute::optional("fail-on-cache-removal-error", "`true` or `false`", "false").or_expression();

pub(crate) const SPEC: Spec =
    Spec::new("cache-remove-value", "Forgets the value that is kept under `key`; that there is none is no error.")
        .attributes(&[KEY, CACHING_TYPE, FAIL])
        .state("values, in `EngineSettings::cache` or `EngineSettings::external_cache`.");

/// `cache-remove-value`, compiled.
#[derive(Debug)]
pub(crate) struct CacheRemoveValue {
    key: Setting<String>,
    caching_type: CachingType,
    fails: Setting<bool>,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let key = compiler.setting(element, &KEY);
    let caching_type = compiler.constant(element, &CACHING_TYPE).unwrap_or_default();
    let fails = compiler.setting(element, &FAIL).unwrap_or(Setting::Constant(false));
    Some(step("cache-remove-value", CacheRemoveValue { key: key?, caching_type, fails }))
}

impl Statement for CacheRemoveValue {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let key = CacheKey::value(&self.key.get(exchange)?);
        let fails = *self.fails.get(exchange)?;
        let Some(store) = self.caching_type.store(&exchange.settings) else { return Ok(Flow::Continue) };
        match store.remove(&key) {
            Answer::Ready(answer) => removed(exchange, answer, fails),
            // The next look-up, perhaps of the same request, is not to find it.
            Answer::Later(answer) => Ok(Flow::Wait(Box::pin(async move {
                let answer = answer.await;
                let resume: Resume = Box::new(move |exchange| removed(exchange, answer, fails));
                resume
            }))),
        }
    }

    fn needs(&self) -> Needs {
        self.key.needs() | self.fails.needs()
    }
}

fn removed(exchange: &mut Exchange, answer: Result<(), StoreError>, fails: bool) -> Result<Flow, Box<Failure>> {
    match answer {
        Err(error) if fails => Err(Failure::internal("CacheRemovalFailed", error.to_string())),
        answer => {
            caching::answered(exchange, answer);
            Ok(Flow::Continue)
        }
    }
}
