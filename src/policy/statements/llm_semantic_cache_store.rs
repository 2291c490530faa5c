//! `llm-semantic-cache-store`: keeps what a model has answered for prompts that are like this one.

use super::super::caching::{self, KeepRules};
use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement};
use super::super::llm::Likeness;
use super::super::pipeline::Needs;
use super::super::spec::{Attribute, Section, Spec};
use super::llm_semantic_cache_lookup::SCOPES;
use crate::xml::Element;

pub(super) const ATTRIBUTES: &[Attribute] = &KeepRules::ATTRIBUTES;

pub(crate) const SPEC: Spec = Spec::new(
    "llm-semantic-cache-store",
    "Keeps the answer of a model, as it is here, for prompts that are like this one; an `llm-semantic-cache-lookup` must have \
     missed it before.",
)
.sections(&[Section::Outbound])
.scopes(SCOPES)
.attributes(ATTRIBUTES).state("answers of models, in `EngineSettings::vector_cache` or one of `EngineSettings::named_vector_caches`.");

/// `llm-semantic-cache-store`, compiled.
#[derive(Debug)]
pub(crate) struct LlmSemanticCacheStore(KeepRules);

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    compile_as(SPEC.element, compiler, element)
}

/// Compiles the element under one of its names.
pub(super) fn compile_as(name: &'static str, compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    caching::warn_of_place(compiler, element, name);
    Some(step(name, LlmSemanticCacheStore(KeepRules::compile(compiler, element)?)))
}

impl Statement for LlmSemanticCacheStore {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        if !matches!(exchange.model_call().likeness, Likeness::Missed(_)) {
            exchange.trace_note(|| "Nothing is kept: no semantic look-up has missed the answer.".to_owned());
            return Ok(Flow::Continue);
        }
        let kept = self.0.kept(exchange)?;
        let missed = std::mem::replace(&mut exchange.model_call().likeness, Likeness::Over);
        if let (Some(kept), Likeness::Missed(place)) = (kept, missed) {
            caching::keep(exchange, place, None, kept);
        }
        Ok(Flow::Continue)
    }

    fn needs(&self) -> Needs {
        self.0.needs()
    }
}
