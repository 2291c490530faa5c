//! `validate-content`: size and content of a body against what the operation declares, or a schema of the service.

#[cfg(feature = "libxml")]
mod included;
mod json;
mod run;
#[cfg(feature = "libxml")]
mod xml;

#[cfg(feature = "libxml")]
use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::{Exchange, Message};
use super::super::list::{Flow, Statement};

use super::super::pipeline::Needs;
use super::super::setting::{Literal, Setting};
use super::super::spec::{Attribute, Child, Content, Section, Spec};
#[cfg(feature = "libxml")]
use super::super::validation::LARGEST_DOCUMENT;
use super::super::validation::{ACTIONS, Action, SchemaContract, Variant, is_available};
use crate::expr::Value;
use crate::xml::Element;

const UNSPECIFIED: Attribute = Attribute::required("unspecified-content-type-action", ACTIONS).or_expression();
const MAX_SIZE: Attribute = Attribute::required("max-size", "bytes, a whole number from 0 to 4194304").or_expression();
const SIZE_ACTION: Attribute = Attribute::required("size-exceeded-action", ACTIONS).or_expression();
const VARIABLE: Attribute = Attribute::optional("errors-variable-name", "the name of a variable", "none");
const ANY: Attribute = Attribute::optional("any-content-type-value", "a media type, for every body", "none");
const MISSING: Attribute =
    Attribute::optional("missing-content-type-value", "a media type, for a body without one", "none");
const FROM: Attribute = Attribute::optional("from", "a media type", "none");
const WHEN: Attribute = Attribute::optional("when", "`true` or `false`", "none").or_expression();
const TO: Attribute = Attribute::required("to", "the media type to validate as");
const MAPPING: Child = Child::new("type", "0..n", Content::Nothing).attributes(&[FROM, WHEN, TO]);
const MAP: Child = Child::new("content-type-map", "0..1", Content::Elements(&[MAPPING])).attributes(&[ANY, MISSING]);
const TYPE: Attribute = Attribute::optional("type", "a media type", "any that the operation declares");
const AS: Attribute = Attribute::required("validate-as", "`json`, `xml` or `soap`");
const SCHEMA_ID: Attribute =
    Attribute::optional("schema-id", "the id of a schema of the service", "what the operation declares");
const SCHEMA_REF: Attribute =
    Attribute::optional("schema-ref", "a place in that schema such as `#/definitions/order`", "its root");
const ACTION: Attribute = Attribute::required("action", ACTIONS).or_expression();
const ADDITIONAL: Attribute =
    Attribute::optional("allow-additional-properties", "`true` or `false`", "what the schema says");
const IGNORE_CASE: Attribute = Attribute::optional("case-insensitive-property-names", "`true` or `false`", "false");
const CONTENT: Child = Child::new("content", "0..n", Content::Nothing).attributes(&[
    TYPE,
    AS,
    SCHEMA_ID,
    SCHEMA_REF,
    ACTION,
    ADDITIONAL,
    IGNORE_CASE,
]);
const CHILDREN: &[Child] = &[MAP, CONTENT];

pub(crate) const SPEC: Spec = Spec::new(
    "validate-content",
    "Checks size and content of a body against what the operation declares, or against a schema of the service.",
)
.sections(&[Section::Inbound, Section::Outbound, Section::OnError])
.attributes(&[UNSPECIFIED, MAX_SIZE, SIZE_ACTION, VARIABLE])
.content(Content::Elements(CHILDREN))
.differences(&["JSON schemas need the feature `validation`, XML schemas the feature `libxml`."]);

/// What API Management allows.
const LARGEST: i64 = 4 << 20;

/// `validate-content`, compiled.
#[derive(Debug)]
pub(crate) struct ValidateContent(Arc<Rules>);

#[derive(Debug)]
struct Rules {
    section: Section,
    message: Message,
    unspecified: Setting<Action>,
    max_size: Setting<i64>,
    size_action: Setting<Action>,
    variable: Option<Arc<str>>,
    any: Option<String>,
    missing: Option<String>,
    mappings: Vec<Mapping>,
    contents: Vec<ContentRule>,
}

/// A `type` of `content-type-map`.
#[derive(Debug)]
struct Mapping {
    from: Option<String>,
    when: Option<Setting<bool>>,
    to: String,
}

/// A `content` element.
#[derive(Debug)]
struct ContentRule {
    media_type: Option<String>,
    engine: Engine,
    schema: Option<Arc<SchemaContract>>,
    action: Setting<Action>,
    variant: Variant,
}

/// `validate-as`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Engine {
    Json,
    Xml,
    Soap,
}

impl Literal for Engine {
    fn literal(text: &str) -> Option<Self> {
        match text.trim() {
            "json" => Some(Self::Json),
            "xml" => Some(Self::Xml),
            "soap" => Some(Self::Soap),
            _ => None,
        }
    }

    fn value(_: Value) -> Result<Self, String> {
        Err("validate-as takes no expression.".to_owned())
    }
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let unspecified = compiler.setting(element, &UNSPECIFIED);
    let max_size = compiler.setting_within(element, &MAX_SIZE, 0..=LARGEST);
    let size_action = compiler.setting(element, &SIZE_ACTION);
    let variable = compiler.constant::<String>(element, &VARIABLE).map(Into::into);
    let (mut any, mut missing, mut mappings, mut contents) = (None, None, Vec::new(), Some(Vec::new()));
    for child in element.elements() {
        match &*child.name {
            "content-type-map" => {
                compiler.check_child(&MAP, child);
                any = compiler.constant::<String>(child, &ANY);
                missing = compiler.constant::<String>(child, &MISSING);
                let types = child.elements().filter(|child| &*child.name == MAPPING.element);
                mappings.extend(types.filter_map(|element| mapping(compiler, element)));
            }
            "content" => match (content(compiler, child), &mut contents) {
                (Some(content), Some(contents)) => contents.push(content),
                (None, contents) => *contents = None,
                _ => {}
            },
            _ => {}
        }
    }
    let rules = Rules {
        section: compiler.section,
        message: Message::of(compiler.section),
        unspecified: unspecified?,
        max_size: max_size?,
        size_action: size_action?,
        variable,
        any,
        missing,
        mappings,
        contents: contents?,
    };
    Some(step("validate-content", ValidateContent(Arc::new(rules))))
}

fn mapping(compiler: &mut Compiler<'_>, element: &Element) -> Option<Mapping> {
    compiler.check_child(&MAPPING, element);
    let (from, when) = (compiler.constant::<String>(element, &FROM), compiler.setting(element, &WHEN));
    if element.attribute(FROM.name).is_some() == element.attribute(WHEN.name).is_some() {
        let message = "`type` of `content-type-map` needs one of `from` and `when`";
        compiler.error(element.span.start, message.to_owned());
        return None;
    }
    Some(Mapping { from, when, to: compiler.constant(element, &TO)? })
}

fn content(compiler: &mut Compiler<'_>, element: &Element) -> Option<ContentRule> {
    compiler.check_child(&CONTENT, element);
    let media_type = compiler.constant::<String>(element, &TYPE);
    let action = compiler.setting(element, &ACTION);
    let additional_properties = compiler.constant(element, &ADDITIONAL);
    let ignores_case = compiler.constant(element, &IGNORE_CASE).unwrap_or(false);
    let engine = compiler.constant::<Engine>(element, &AS)?;
    if engine == Engine::Json && !is_available(compiler, element) {
        return None;
    }
    if engine != Engine::Json && !cfg!(feature = "libxml") {
        let message = "`validate-as` of `content` is `xml` or `soap`: this needs a build with the feature `libxml`";
        compiler.error(element.span.start, message.to_owned());
        return None;
    }
    let schema = match engine {
        Engine::Json => schema(compiler, element)?,
        Engine::Xml | Engine::Soap => xml_schema(compiler, element)?,
    };
    Some(ContentRule {
        media_type,
        engine,
        schema,
        action: action?,
        variant: Variant { additional_properties, ignores_case },
    })
}

/// The schema of the service that `schema-id` and `schema-ref` name.
fn schema(compiler: &mut Compiler<'_>, element: &Element) -> Option<Option<Arc<SchemaContract>>> {
    let reference = compiler.constant::<String>(element, &SCHEMA_REF);
    let Some(attribute) = element.attribute(SCHEMA_ID.name) else {
        if reference.is_some() {
            let message = "`schema-ref` of `content` needs the attribute `schema-id`";
            compiler.error(element.span.start, message.to_owned());
        }
        return Some(None);
    };
    let (at, id) = (attribute.span.start, compiler.constant::<String>(element, &SCHEMA_ID)?);
    let document = match compiler.environment.schemas.get(&id.to_ascii_lowercase()) {
        Some(document) => Arc::clone(document),
        None if compiler.environment.takes_as_given() => {
            compiler.note(at, format!("schema `{id}` is taken as given"));
            return None;
        }
        None => {
            compiler.error(at, format!("schema `{id}` is not defined"));
            return None;
        }
    };
    let pointer = reference.as_deref().map_or("", |reference| reference.trim().trim_start_matches('#'));
    if document.pointer(pointer).is_none() {
        compiler.error(element.span.start, format!("schema `{id}` has nothing at `#{pointer}`"));
        return None;
    }
    let name = if pointer.is_empty() { id } else { format!("{id}#{pointer}") };
    Some(Some(Arc::new(SchemaContract::json(name, document, pointer))))
}

/// The schema of XML of the service that `schema-id` names.
fn xml_schema(compiler: &mut Compiler<'_>, element: &Element) -> Option<Option<Arc<SchemaContract>>> {
    if element.attribute(SCHEMA_REF.name).is_some() {
        compiler.error(element.span.start, "`schema-ref` of `content` is for `json` only".to_owned());
    }
    let Some(attribute) = element.attribute(SCHEMA_ID.name) else { return Some(None) };
    let (at, id) = (attribute.span.start, compiler.constant::<String>(element, &SCHEMA_ID)?);
    let known = &compiler.environment.xml_schemas;
    let mut text = known.get(&id.to_ascii_lowercase()).cloned();
    let problem = match &mut text {
        #[cfg(feature = "libxml")]
        Some(text) => match usable(&id, text, known) {
            Ok(whole) => {
                *text = whole;
                None
            }
            Err(problem) => Some(format!("schema `{id}` cannot be used: {problem}")),
        },
        #[cfg(not(feature = "libxml"))]
        Some(_) => None,
        None if compiler.environment.takes_as_given() => {
            compiler.note(at, format!("schema `{id}` is taken as given"));
            return None;
        }
        None => Some(format!("schema `{id}` of XML is not defined")),
    };
    if let Some(problem) = problem {
        compiler.error(at, problem);
        return None;
    }
    Some(Some(Arc::new(SchemaContract::xml(id, text?))))
}

/// A schema with those that it includes, which can be compiled; one that is too large fails when it is used.
#[cfg(feature = "libxml")]
fn usable(id: &str, text: &Arc<str>, known: &BTreeMap<String, Arc<str>>) -> Result<Arc<str>, String> {
    if text.len() > LARGEST_DOCUMENT {
        return Ok(Arc::clone(text));
    }
    let whole: Arc<str> = included::whole(id, text, known)?.into();
    match xml::problem(&whole) {
        Some(problem) => Err(problem),
        None => Ok(whole),
    }
}

impl Statement for ValidateContent {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        self.0.run(exchange)
    }

    fn needs(&self) -> Needs {
        self.0.needs()
    }
}
