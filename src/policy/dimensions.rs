//! Dimensions of metrics: names and values that a document gives, and those that the gateway fills.

use super::compile::{Compiler, one_of};
use super::error::Failure;
use super::exchange::Exchange;
use super::pipeline::Needs;
use super::setting::Setting;
use super::spec::{Attribute, Child, Content};
use crate::forward::Target;
use crate::xml::Element;

const NAME: Attribute = Attribute::required("name", "the name of the dimension").or_expression();
const VALUE: Attribute = Attribute::optional(
    "value",
    "text; may be left out for the names that the gateway fills",
    "what the gateway knows",
)
.or_expression();

/// The child of the policies that emit metrics.
pub(crate) const DIMENSION: Child = Child::new("dimension", "1..n", Content::Nothing).attributes(&[NAME, VALUE]);

/// More custom dimensions than this are a warning.
const MOST_CUSTOM: usize = 5;
/// More dimensions than this are an error, unless the host says otherwise.
const MOST: usize = 10;

/// A dimension, compiled.
#[derive(Debug)]
pub(crate) enum Dimension {
    Custom(Setting<String>, Setting<String>),
    Known(Known),
}

/// A dimension that the gateway fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    Api,
    Operation,
    Product,
    User,
    Subscription,
    Location,
    Gateway,
    Backend,
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
    pub(crate) const DEFAULTS: [Self; 5] = [Self::Api, Self::Operation, Self::Product, Self::User, Self::Subscription];

    pub(crate) const fn name(self) -> &'static str {
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

    /// Its value now; empty for what the request does not have.
    pub(crate) fn value(self, exchange: &Exchange) -> String {
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

/// When the values of dimensions are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// While it is open which backend answers.
    BeforeBackend,
    BehindBackend,
}

/// Reads the dimensions in an element; none when one of them is wrong.
pub(crate) fn dimensions(compiler: &mut Compiler<'_>, element: &Element, moment: Moment) -> Option<Vec<Dimension>> {
    let (mut dimensions, mut is_whole) = (Vec::new(), true);
    for child in element.elements().filter(|child| &*child.name == DIMENSION.element) {
        compiler.check_child(&DIMENSION, child);
        let dimension = dimension(compiler, child, moment);
        is_whole &= dimension.is_some();
        dimensions.extend(dimension);
    }
    let (name, count) = (&element.name, element.elements().count());
    let most = compiler.environment.most_dimensions.unwrap_or(MOST);
    let custom = dimensions.iter().filter(|dimension| matches!(dimension, Dimension::Custom(..))).count();
    if count > most {
        let message = format!("`{name}` has {count} dimensions: at most {most} are allowed");
        compiler.error(element.span.start, message);
    } else if custom > MOST_CUSTOM {
        let message =
            format!("`{name}` has {custom} dimensions of its own: API Management takes {MOST_CUSTOM} of them");
        compiler.warning(element.span.start, message);
    }
    is_whole.then_some(dimensions)
}

fn dimension(compiler: &mut Compiler<'_>, element: &Element, moment: Moment) -> Option<Dimension> {
    let name = compiler.setting::<String>(element, &NAME)?;
    if element.attribute(VALUE.name).is_some() {
        return Some(Dimension::Custom(name, compiler.setting(element, &VALUE)?));
    }
    let known = match &name {
        Setting::Constant(name) => Known::ALL.into_iter().find(|known| known.name() == name.trim()),
        Setting::Expression(_) => None,
    };
    match known {
        Some(Known::Backend) if moment == Moment::BeforeBackend => {
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

impl Dimension {
    /// Name and value for this request, without secrets.
    pub(crate) fn get(&self, exchange: &mut Exchange) -> Result<(String, String), Box<Failure>> {
        Ok(match self {
            Self::Custom(name, value) => {
                let (name, value) = (name.get(exchange)?, value.get(exchange)?);
                let redaction = &exchange.redaction;
                (redaction.redact(&name).into_owned(), redaction.redact(&value).into_owned())
            }
            Self::Known(known) => (known.name().to_owned(), known.value(exchange)),
        })
    }

    pub(crate) fn needs(&self) -> Needs {
        match self {
            Self::Custom(name, value) => name.needs() | value.needs(),
            Self::Known(_) => Needs::NONE,
        }
    }
}
