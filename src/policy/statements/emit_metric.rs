//! `emit-metric`: a value for the host's metric sink.

use super::super::compile::{Compiler, one_of, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement};
use super::super::pipeline::Needs;
use super::super::setting::{Literal, Setting};
use super::super::spec::{Attribute, Child, Content, Section, Spec};
use crate::expr::Value;
use crate::forward::Target;
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
const DIMENSION_NAME: Attribute = Attribute::required("name", "the name of the dimension").or_expression();
const DIMENSION_VALUE: Attribute = Attribute::optional(
    "value",
    "text; may be left out for the names that the gateway fills",
    "what the gateway knows",
)
.or_expression();
const DIMENSION: Child =
    Child::new("dimension", "1..n", Content::Nothing).attributes(&[DIMENSION_NAME, DIMENSION_VALUE]);

/// More custom dimensions than this are a warning.
const MOST_CUSTOM: usize = 5;
/// More dimensions than this are an error, unless the host says otherwise.
const MOST: usize = 10;

pub(crate) const SPEC: Spec = Spec::new(
    "emit-metric",
    "Hands a value with dimensions to the host's metric sink. The gateway fills `API ID`, `Operation ID`, `Product ID`, \
     `User ID`, `Subscription ID`, `Location`, `Gateway ID` and, in `outbound`, `Backend ID`.",
)
.attributes(&[NAME, NAMESPACE, VALUE, DEFAULTS])
.content(Content::Elements(&[DIMENSION]));

/// `emit-metric`, compiled.
#[derive(Debug)]
pub(crate) struct EmitMetric {
    name: String,
    namespace: String,
    value: Setting<Double>,
    dimensions: Vec<Dimension>,
}

#[derive(Debug)]
enum Dimension {
    Custom(Setting<String>, Setting<String>),
    Known(Known),
}

/// A dimension that the gateway fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Known {
    Api,
    Operation,
    Product,
    User,
    Subscription,
    Location,
    Gateway,
    Backend,
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

impl Known {
    const ALL: [Self; 8] = [
        Self::Api,
        Self::Operation,
        Self::Product,
        Self::User,
        Self::Subscription,
        Self::Location,
        Self::Gateway,
        Self::Backend,
    ];
    /// What `default-dimensions` adds.
    const DEFAULTS: [Self; 5] = [Self::Api, Self::Operation, Self::Product, Self::User, Self::Subscription];

    const fn name(self) -> &'static str {
        match self {
            Self::Api => "API ID",
            Self::Operation => "Operation ID",
            Self::Product => "Product ID",
            Self::User => "User ID",
            Self::Subscription => "Subscription ID",
            Self::Location => "Location",
            Self::Gateway => "Gateway ID",
            Self::Backend => "Backend ID",
        }
    }

    /// Its value; empty for what the request does not have.
    fn value(self, exchange: &Exchange) -> String {
        let facts = &exchange.facts;
        let deployment = facts.deployment.as_deref();
        let text = match self {
            Self::Api => facts.api.as_deref().map(|api| &*api.id),
            Self::Operation => facts.operation.as_deref().map(|operation| &*operation.id),
            Self::Product => facts.product.as_deref().map(|product| &*product.id),
            Self::User => facts.user.as_deref().map(|user| &*user.id),
            Self::Subscription => facts.subscription.as_deref().map(|subscription| &*subscription.id),
            Self::Location => deployment.map(|deployment| &*deployment.region),
            Self::Gateway => Some(deployment.map_or("managed", |deployment| &*deployment.gateway_id)),
            Self::Backend => match (&exchange.served_by, &exchange.target) {
                (Some((_, member)), _) => Some(&*member.backend),
                (None, Some(Target::Backend(id))) => Some(&**id),
                _ => None,
            },
        };
        text.unwrap_or_default().to_owned()
    }
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let name = compiler.constant(element, &NAME);
    let namespace = compiler.constant(element, &NAMESPACE).unwrap_or_else(|| NAMESPACE.default.to_owned());
    let value = match element.attribute(VALUE.name) {
        Some(_) => compiler.setting(element, &VALUE),
        None => Some(Setting::Constant(Double(1.0))),
    };
    let (mut dimensions, mut is_whole) = (Vec::new(), true);
    for child in element.elements().filter(|child| &*child.name == DIMENSION.element) {
        compiler.check_child(&DIMENSION, child);
        let dimension = dimension(compiler, child);
        is_whole &= dimension.is_some();
        dimensions.extend(dimension);
    }
    let count = element.elements().count();
    let most = compiler.environment.most_dimensions.unwrap_or(MOST);
    let custom = dimensions.iter().filter(|dimension| matches!(dimension, Dimension::Custom(..))).count();
    if count == 0 {
        compiler.error(element.span.start, "`emit-metric` has no `dimension`: it needs at least one".to_owned());
    } else if count > most {
        let message = format!("`emit-metric` has {count} dimensions: at most {most} are allowed");
        compiler.error(element.span.start, message);
    } else if custom > MOST_CUSTOM {
        let message =
            format!("`emit-metric` has {custom} dimensions of its own: API Management takes {MOST_CUSTOM} of them");
        compiler.warning(element.span.start, message);
    }
    if compiler.constant(element, &DEFAULTS).unwrap_or(false) {
        for known in Known::DEFAULTS {
            let is_there = dimensions.iter().any(|dimension| matches!(dimension, Dimension::Known(k) if *k == known));
            if !is_there {
                dimensions.push(Dimension::Known(known));
            }
        }
    }
    let metric = EmitMetric { name: name?, namespace, value: value?, dimensions };
    is_whole.then(|| step("emit-metric", metric))
}

fn dimension(compiler: &mut Compiler<'_>, element: &Element) -> Option<Dimension> {
    let name = compiler.setting::<String>(element, &DIMENSION_NAME)?;
    if element.attribute(DIMENSION_VALUE.name).is_some() {
        return Some(Dimension::Custom(name, compiler.setting(element, &DIMENSION_VALUE)?));
    }
    let known = match &name {
        Setting::Constant(name) => Known::ALL.into_iter().find(|known| known.name() == name.trim()),
        Setting::Expression(_) => None,
    };
    match known {
        Some(Known::Backend) if compiler.section != Section::Outbound && compiler.knows_section => {
            let message = "`Backend ID` is known in `outbound` only: it needs the attribute `value` here";
            compiler.error(element.span.start, message.to_owned());
            None
        }
        Some(known) => Some(Dimension::Known(known)),
        None => {
            let names = one_of(Known::ALL.map(Known::name));
            let message = format!("`dimension` has no `value`: it may be left out for {names}");
            compiler.error(element.span.start, message);
            None
        }
    }
}

impl Statement for EmitMetric {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let value = self.value.get(exchange)?.0;
        let mut dimensions = Vec::with_capacity(self.dimensions.len());
        for dimension in &self.dimensions {
            dimensions.push(match dimension {
                Dimension::Custom(name, value) => {
                    let (name, value) = (name.get(exchange)?, value.get(exchange)?);
                    let redaction = &exchange.redaction;
                    (redaction.redact(&name).into_owned(), redaction.redact(&value).into_owned())
                }
                Dimension::Known(known) => (known.name().to_owned(), known.value(exchange)),
            });
        }
        let id = exchange.id_text();
        let mut event = MetricEvent::new(&id, &self.namespace, &self.name, value);
        event.dimensions = &dimensions;
        exchange.settings.metric_sink.emit(&event);
        Ok(Flow::Continue)
    }

    fn needs(&self) -> Needs {
        self.dimensions.iter().fold(self.value.needs(), |needs, dimension| match dimension {
            Dimension::Custom(name, value) => needs | name.needs() | value.needs(),
            Dimension::Known(_) => needs,
        })
    }
}
