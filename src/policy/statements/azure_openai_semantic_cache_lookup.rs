//! `azure-openai-semantic-cache-lookup`: the older name of `llm-semantic-cache-lookup`.

use super::super::compile::Compiler;
use super::super::document::Node;
use super::super::spec::{Content, Section, Spec};
use super::llm_semantic_cache_lookup::{self, ATTRIBUTES, CHILDREN, SCOPES};
use crate::xml::Element;

pub(crate) const SPEC: Spec =
    Spec::new("azure-openai-semantic-cache-lookup", "The older name of `llm-semantic-cache-lookup`.")
        .sections(&[Section::Inbound])
        .scopes(SCOPES)
        .attributes(ATTRIBUTES)
        .content(Content::Elements(CHILDREN))
        .state("answers of models, in `EngineSettings::vector_cache` or one of `EngineSettings::named_vector_caches`.");

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    llm_semantic_cache_lookup::compile_as(SPEC.element, compiler, element)
}
