//! `azure-openai-token-limit`: the older name of `llm-token-limit`.

use super::super::compile::Compiler;
use super::super::document::Node;
use super::super::spec::{Section, Spec};
use super::llm_token_limit::{self, ATTRIBUTES};
use crate::xml::Element;

pub(crate) const SPEC: Spec = Spec::new("azure-openai-token-limit", "The older name of `llm-token-limit`.")
    .sections(&[Section::Inbound])
    .attributes(ATTRIBUTES)
    .state("counts, in `EngineSettings::counters`.");

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    llm_token_limit::compile_as(SPEC.element, compiler, element)
}
