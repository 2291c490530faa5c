//! `trace`: a message for the operator.

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement};
use super::super::pipeline::Needs;
use super::super::setting::{Literal, Setting};
use super::super::spec::{Attribute, Child, Content, Spec};
use crate::sink::TraceSeverity;
use crate::xml::Element;

const SOURCE: Attribute = Attribute::required("source", "text");
const SEVERITY: Attribute = Attribute::optional("severity", "`verbose`, `information` or `error`", "verbose");
const NAME: Attribute = Attribute::required("name", "text").or_expression();
const VALUE: Attribute = Attribute::required("value", "text").or_expression();
const MESSAGE: Child = Child::new("message", "0..1", Content::Text { expressions: true });
const METADATA: Child = Child::new("metadata", "0..n", Content::Nothing).attributes(&[NAME, VALUE]);

pub(crate) const SPEC: Spec = Spec::new("trace", "Hands a message to the host's trace sink.")
    .attributes(&[SOURCE, SEVERITY])
    .content(Content::TextOrElements(&[MESSAGE, METADATA])).differences(&["Messages go to `EngineSettings::trace_sink`. When the API or its service has diagnostics, those that are less severe than the least `verbosity` of them do not; without any, all go.", "Of two metadata of one name the last holds."]);

/// `trace`, compiled.
#[derive(Debug)]
pub(crate) struct Trace {
    source: String,
    severity: TraceSeverity,
    message: Option<Setting<Option<String>>>,
    metadata: Vec<(Setting<Option<String>>, Setting<Option<String>>)>,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let source = compiler.constant(element, &SOURCE);
    let severity = compiler.constant(element, &SEVERITY).unwrap_or_default();
    let (mut message, mut metadata) = (None, Vec::new());
    // An older form has the message as plain text in the element.
    if element.elements().next().is_none() {
        message = compiler.text(element, true, "text").filter(|text| !is_empty(text));
    }
    for child in element.elements() {
        match &*child.name {
            "message" => {
                compiler.check_child(&MESSAGE, child);
                message = compiler.text(child, true, "text");
            }
            "metadata" => {
                compiler.check_child(&METADATA, child);
                let (name, value) = (compiler.setting(child, &NAME), compiler.setting(child, &VALUE));
                metadata.extend(name.zip(value));
            }
            _ => {}
        }
    }
    Some(step("trace", Trace { source: source?, severity, message, metadata }))
}

fn is_empty(text: &Setting<Option<String>>) -> bool {
    matches!(text, Setting::Constant(text) if text.as_deref().is_none_or(str::is_empty))
}

impl Literal for TraceSeverity {
    fn literal(text: &str) -> Option<Self> {
        match text {
            "verbose" => Some(Self::Verbose),
            "information" => Some(Self::Information),
            "error" => Some(Self::Error),
            _ => None,
        }
    }

    fn value(_: crate::expr::Value) -> Result<Self, String> {
        Err("`severity` does not take an expression".to_owned())
    }
}

impl Statement for Trace {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let message = match &self.message {
            Some(message) => message.get(exchange)?.into_owned().unwrap_or_default(),
            None => String::new(),
        };
        let mut metadata: Vec<(String, String)> = Vec::with_capacity(self.metadata.len());
        for (name, value) in &self.metadata {
            let name = name.get(exchange)?.into_owned().unwrap_or_default();
            let value = value.get(exchange)?.into_owned().unwrap_or_default();
            metadata.retain(|(known, _)| *known != name);
            metadata.push((name, value));
        }
        exchange.trace(&self.source, self.severity, &message, metadata);
        Ok(Flow::Continue)
    }

    fn needs(&self) -> Needs {
        let message = self.message.as_ref().map_or(Needs::NONE, Setting::needs);
        self.metadata.iter().fold(message, |needs, (name, value)| needs | name.needs() | value.needs())
    }
}
