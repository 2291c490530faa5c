//! `llm-emit-token-metric`: what a language model used, for the host's metric sink.

use std::sync::Arc;

use http::header;

use super::super::compile::{Compiler, step};
use super::super::dimensions::{DIMENSION, Dimension, Known, Moment, dimensions};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement};
use super::super::llm::{CountKind, Counts, TokenMetric};
use super::super::pipeline::Needs;
use super::super::spec::{Attribute, Child, Content, Section, Spec};
use crate::xml::Element;

const NAMESPACE: Attribute = Attribute::optional("namespace", "text", "API Management");
const NAME: Attribute = Attribute::optional("name", "text; it has no effect", "");
const KIND: Attribute =
    Attribute::optional("value-type", "`all`, `total-tokens`, `prompt-tokens` or `completion-tokens`", "all");
const IGNORE: Attribute =
    Attribute::optional("ignore-prompt", "`true` or `false`: whether `Prompt Tokens` is left out", "false");

pub(super) const ATTRIBUTES: &[Attribute] = &[NAMESPACE, NAME, KIND, IGNORE];
pub(super) const CHILDREN: &[Child] = &[DIMENSION];

pub(crate) const SPEC: Spec = Spec::new(
    "llm-emit-token-metric",
    "Hands what a language model says that it used to the host's metric sink, with dimensions: `Total Tokens`, \
     `Prompt Tokens`, `Completion Tokens` and, when it says so, `Cached Tokens` and `Reasoning Tokens`.",
)
.sections(&[Section::Inbound])
.attributes(ATTRIBUTES)
.content(Content::Elements(CHILDREN))
.differences(&["Nothing is aggregated: each value goes to `EngineSettings::metric_sink`."]);

/// `llm-emit-token-metric`, compiled.
#[derive(Debug)]
pub(crate) struct LlmEmitTokenMetric {
    element: &'static str,
    namespace: Arc<str>,
    counts: Counts,
    dimensions: Vec<Dimension>,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    compile_as(SPEC.element, compiler, element)
}

/// Compiles the element under one of its names.
pub(super) fn compile_as(name: &'static str, compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    if element.attribute(NAME.name).is_some() {
        compiler.warning(element.span.start, format!("`name` of `{name}` has no effect: the metrics have fixed names"));
    }
    if element.elements().next().is_none() {
        let message = format!("`{name}` has no `dimension`: API Management's reference asks for at least one");
        compiler.warning(element.span.start, message);
    }
    let namespace = compiler.constant::<String>(element, &NAMESPACE);
    let metric = LlmEmitTokenMetric {
        element: name,
        namespace: namespace.as_deref().unwrap_or(NAMESPACE.default).into(),
        counts: Counts {
            kind: compiler.constant::<CountKind>(element, &KIND).unwrap_or_default(),
            ignores_prompt: compiler.constant(element, &IGNORE).unwrap_or(false),
        },
        dimensions: dimensions(compiler, element, Moment::BehindBackend)?,
    };
    Some(step(name, metric))
}

impl LlmEmitTokenMetric {
    /// Names and values for this request; the backend is not known yet.
    fn dimensions(&self, exchange: &mut Exchange) -> Result<Vec<(String, Option<String>)>, Box<Failure>> {
        let of = |dimension: &Dimension| match dimension {
            Dimension::Known(Known::Backend) => Ok((Known::Backend.name().to_owned(), None)),
            other => other.get(exchange).map(|(name, value)| (name, Some(value))),
        };
        self.dimensions.iter().map(of).collect()
    }
}

impl Statement for LlmEmitTokenMetric {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        match self.dimensions(exchange) {
            Ok(dimensions) => {
                let metric = TokenMetric { namespace: self.namespace.clone(), counts: self.counts, dimensions };
                exchange.model_call().metrics.push(metric);
                // What an answer says of its tokens is not read when the answer is packed.
                exchange.request.headers.remove(header::ACCEPT_ENCODING);
            }
            // A metric is no reason to refuse a request.
            Err(failure) => {
                let failure = failure.redacted(&exchange.redaction);
                exchange.warn(self.element, format_args!("no metric of tokens is emitted: {}", failure.message));
            }
        }
        Ok(Flow::Continue)
    }

    fn needs(&self) -> Needs {
        self.dimensions.iter().fold(Needs::NONE, |needs, dimension| needs | dimension.needs())
    }
}
