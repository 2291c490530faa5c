//! `emit-metric`: a value for the host's metric sink.

use super::super::compile::{Compiler, step};
use super::super::dimensions::{DIMENSION, Dimension, Known, Moment, dimensions};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement};
use super::super::pipeline::Needs;
use super::super::setting::{Literal, Setting};
use super::super::spec::{Attribute, Content, Section, Spec};
use crate::expr::Value;
use crate::sink::MetricEvent;
use crate::xml::Element;

const NAME: Attribute = Attribute::required("name", "the name of the metric");
const NAMESPACE: Attribute = Attribute::optional("namespace", "text", "API Management");
const VALUE: Attribute = Attribute::optional("value", "a number", "1").or_expression();
const DEFAULTS: Attribute = Attribute::optional(
    "default-dimensions",
    "`true` or `false`: whether `API ID`, `Operation ID`, `Product ID`, `User ID` and `Subscription ID` are added",
    "false",
);

pub(crate) const SPEC: Spec = Spec::new(
    "emit-metric",
    "Hands a value with dimensions to the host's metric sink. The gateway fills `API ID`, `Operation ID`, `Product ID`, \
     `User ID`, `Subscription ID`, `Location`, `Gateway ID` and, in `outbound`, `Backend ID`.",
)
.attributes(&[NAME, NAMESPACE, VALUE, DEFAULTS])
.content(Content::Elements(&[DIMENSION])).differences(&["Nothing is aggregated: each value goes to `EngineSettings::metric_sink`."]);

/// `emit-metric`, compiled.
#[derive(Debug)]
pub(crate) struct EmitMetric {
    name: String,
    namespace: String,
    value: Setting<Double>,
    dimensions: Vec<Dimension>,
}

/// A number with a fraction.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Double(f64);

impl Literal for Double {
    fn literal(text: &str) -> Option<Self> {
        text.trim().parse().ok().filter(|value: &f64| value.is_finite()).map(Self)
    }

    fn value(value: Value) -> Result<Self, String> {
        value.as_double().map(Self).ok_or_else(|| format!("The result is {}, not a number.", value.type_name()))
    }
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let name = compiler.constant(element, &NAME);
    let namespace = compiler.constant(element, &NAMESPACE).unwrap_or_else(|| NAMESPACE.default.to_owned());
    let value = match element.attribute(VALUE.name) {
        Some(_) => compiler.setting(element, &VALUE),
        None => Some(Setting::Constant(Double(1.0))),
    };
    let is_behind = compiler.section == Section::Outbound || !compiler.knows_section;
    let moment = if is_behind { Moment::BehindBackend } else { Moment::BeforeBackend };
    let mut dimensions = dimensions(compiler, element, moment);
    if element.elements().next().is_none() {
        let message = "`emit-metric` has no `dimension`: it needs at least one";
        compiler.error(element.span.start, message.to_owned());
    }
    let has_defaults = compiler.constant(element, &DEFAULTS).unwrap_or(false);
    for known in Known::DEFAULTS.into_iter().filter(|_| has_defaults) {
        let Some(dimensions) = &mut dimensions else { break };
        if !dimensions.iter().any(|dimension| matches!(dimension, Dimension::Known(k) if *k == known)) {
            dimensions.push(Dimension::Known(known));
        }
    }
    Some(step("emit-metric", EmitMetric { name: name?, namespace, value: value?, dimensions: dimensions? }))
}

impl Statement for EmitMetric {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let value = self.value.get(exchange)?.0;
        let mut dimensions = Vec::with_capacity(self.dimensions.len());
        for dimension in &self.dimensions {
            dimensions.push(dimension.get(exchange)?);
        }
        let id = exchange.id_text();
        let mut event = MetricEvent::new(&id, &self.namespace, &self.name, value);
        event.dimensions = &dimensions;
        exchange.settings.metric_sink.emit(&event);
        Ok(Flow::Continue)
    }

    fn needs(&self) -> Needs {
        self.dimensions.iter().fold(self.value.needs(), |needs, dimension| needs | dimension.needs())
    }
}
