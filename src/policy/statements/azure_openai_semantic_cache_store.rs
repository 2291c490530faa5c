//! `azure-openai-semantic-cache-store`: the older name of `llm-semantic-cache-store`.

use super::super::compile::Compiler;
use super::super::document::Node;
use super::super::spec::{Section, Spec};
use super::llm_semantic_cache_lookup::SCOPES;
use super::llm_semantic_cache_store::{self, ATTRIBUTES};
use crate::xml::Element;

pub(crate) const SPEC: Spec =
    Spec::new("azure-openai-semantic-cache-store", "The older name of `llm-semantic-cache-store`.")
        .sections(&[Section::Outbound])
        .scopes(SCOPES)
        .attributes(ATTRIBUTES)
        .state("answers of models, in `EngineSettings::vector_cache` or one of `EngineSettings::named_vector_caches`.");

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    llm_semantic_cache_store::compile_as(SPEC.element, compiler, element)
}
