//! `azure-openai-emit-token-metric`: the older name of `llm-emit-token-metric`.

use super::super::compile::Compiler;
use super::super::document::Node;
use super::super::spec::{Content, Section, Spec};
use super::llm_emit_token_metric::{self, ATTRIBUTES, CHILDREN};
use crate::xml::Element;

pub(crate) const SPEC: Spec = Spec::new("azure-openai-emit-token-metric", "The older name of `llm-emit-token-metric`.")
    .sections(&[Section::Inbound])
    .attributes(ATTRIBUTES)
    .content(Content::Elements(CHILDREN))
    .differences(&["Nothing is aggregated: each value goes to `EngineSettings::metric_sink`."]);

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    llm_emit_token_metric::compile_as(SPEC.element, compiler, element)
}
