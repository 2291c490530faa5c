//! `json-to-xml`: a body of JSON becomes XML.

mod convert;
mod names;
mod parts;

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::{Exchange, Message};
use super::super::list::{Flow, Statement};
use super::super::media::{self, MediaType};
use super::super::messages::{MessageBody, replace_body};
use super::super::pipeline::Needs;
use super::super::setting::{Literal, Setting};
use super::super::spec::{Attribute, Section, Spec};
use crate::expr::Value;
use crate::xml::Element;
use convert::{ConvertError, Options, convert};

const BOOL: &str = "`true` or `false`";
const APPLY: Attribute = Attribute::required("apply", "`always` or `content-type-json`").or_expression();
const ACCEPT: Attribute = Attribute::optional("consider-accept-header", BOOL, "true").or_expression();
const PARSE_DATE: Attribute = Attribute::optional("parse-date", BOOL, "true");
const SEPARATOR: Attribute = Attribute::optional("namespace-separator", "one character", "_").or_expression();
const PREFIX: Attribute = Attribute::optional("namespace-prefix", "text", "none").or_expression();
const ATTRIBUTES: Attribute = Attribute::optional("attribute-block-name", "a property name", "none").or_expression();
const ATTRIBUTE_PREFIX: Attribute = Attribute::optional("attribute-prefix", "text", "none");
const NAMESPACES: Attribute = Attribute::optional("namespace-block-name", "a property name", "none");
const REPLACEMENT: Attribute = Attribute::optional("invalid-character-replacement", "text", "`_xHHHH_`");
const NULLS: Attribute = Attribute::optional("null-values", "text", "`xsi:nil`");
const TRIM: Attribute = Attribute::optional("trim-values", BOOL, "false");
const EMPTY: Attribute = Attribute::optional("empty-values", "`preserve` or `as-null`", "preserve").or_expression();

pub(crate) const SPEC: Spec =
    Spec::new("json-to-xml", "Converts the body of the request or response from JSON to XML.")
        .sections(&[Section::Inbound, Section::Outbound, Section::OnError])
        .attributes(&[
            APPLY,
            ACCEPT,
            PARSE_DATE,
            SEPARATOR,
            PREFIX,
            ATTRIBUTES,
            ATTRIBUTE_PREFIX,
            NAMESPACES,
            REPLACEMENT,
            NULLS,
            TRIM,
            EMPTY,
        ])
        .differences(&["Several properties at the top stand in a `Document`; so does a list, as an `item` each."]);

/// `json-to-xml`, compiled.
#[derive(Debug)]
pub(crate) struct JsonToXml {
    message: Message,
    apply: Setting<Apply>,
    considers_accept: Setting<bool>,
    parses_dates: bool,
    separator: Setting<String>,
    prefix: Option<Setting<String>>,
    attribute_block: Option<Setting<String>>,
    attribute_prefix: Option<String>,
    namespace_block: Option<String>,
    replacement: Option<String>,
    null_text: Option<String>,
    trims: bool,
    empty_values: Setting<EmptyValues>,
}

/// Which bodies are converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Apply {
    Always,
    ContentTypeJson,
}

impl Literal for Apply {
    fn literal(text: &str) -> Option<Self> {
        match text {
            "always" => Some(Self::Always),
            "content-type-json" => Some(Self::ContentTypeJson),
            _ => None,
        }
    }

    fn value(value: Value) -> Result<Self, String> {
        let text = value.to_text().unwrap_or_default();
        Self::literal(&text).ok_or_else(|| format!("'{text}' is neither always nor content-type-json."))
    }
}

/// What becomes of empty strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EmptyValues {
    Preserve,
    AsNull,
}

impl Literal for EmptyValues {
    fn literal(text: &str) -> Option<Self> {
        match text {
            "preserve" => Some(Self::Preserve),
            "as-null" => Some(Self::AsNull),
            _ => None,
        }
    }

    fn value(value: Value) -> Result<Self, String> {
        let text = value.to_text().unwrap_or_default();
        Self::literal(&text).ok_or_else(|| format!("'{text}' is not a value of empty-values."))
    }
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let apply = compiler.setting(element, &APPLY);
    let separator = compiler.setting::<String>(element, &SEPARATOR);
    if let Some(Setting::Constant(text)) = &separator
        && text.chars().count() != 1
    {
        let message = format!("`namespace-separator` of `json-to-xml` is `{text}`: expected {}", SEPARATOR.kind);
        compiler.error(element.span.start, message);
    }
    let considers_accept = compiler.setting(element, &ACCEPT).unwrap_or(Setting::Constant(true));
    let statement = JsonToXml {
        message: Message::of(compiler.section),
        considers_accept,
        parses_dates: compiler.constant(element, &PARSE_DATE).unwrap_or(true),
        separator: separator.unwrap_or_else(|| Setting::Constant("_".to_owned())),
        prefix: compiler.setting(element, &PREFIX),
        attribute_block: compiler.setting(element, &ATTRIBUTES),
        attribute_prefix: compiler.constant(element, &ATTRIBUTE_PREFIX),
        namespace_block: compiler.constant(element, &NAMESPACES),
        replacement: compiler.constant(element, &REPLACEMENT),
        null_text: compiler.constant(element, &NULLS),
        trims: compiler.constant(element, &TRIM).unwrap_or(false),
        empty_values: compiler.setting(element, &EMPTY).unwrap_or(Setting::Constant(EmptyValues::Preserve)),
        apply: apply?,
    };
    Some(step("json-to-xml", statement))
}

/// The text of an optional setting; an empty one is none.
fn text(setting: &Option<Setting<String>>, exchange: &mut Exchange) -> Result<Option<String>, Box<Failure>> {
    let Some(setting) = setting else { return Ok(None) };
    Ok(Some(setting.get(exchange)?.into_owned()).filter(|text| !text.is_empty()))
}

impl Statement for JsonToXml {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let apply = *self.apply.get(exchange)?;
        let separator = self.separator.get(exchange)?.chars().next();
        let prefix = text(&self.prefix, exchange)?;
        let attribute_block = text(&self.attribute_block, exchange)?;
        let empty_values = *self.empty_values.get(exchange)?;
        let is_set = |text: &&str| !text.is_empty();
        let options = Options {
            parses_dates: self.parses_dates,
            separator,
            namespace_prefix: prefix.as_deref(),
            attribute_block: attribute_block.as_deref(),
            attribute_prefix: self.attribute_prefix.as_deref().filter(is_set),
            namespace_block: self.namespace_block.as_deref().filter(is_set),
            replacement: self.replacement.as_deref(),
            null_text: self.null_text.as_deref(),
            trims: self.trims,
            empty_as_null: empty_values == EmptyValues::AsNull,
            limit: exchange.settings.body_limit,
        };
        if *self.considers_accept.get(exchange)? && !media::accepts(&exchange.request.headers, |media| media.is_xml()) {
            return Ok(Flow::Continue);
        }
        let Some((body, headers)) = exchange.message(self.message) else { return Ok(Flow::Continue) };
        let MessageBody::Bytes(bytes) = body else { return Ok(Flow::Continue) };
        if apply != Apply::Always && !MediaType::of(headers).is_some_and(|media| media.is_json()) {
            return Ok(Flow::Continue);
        }
        let xml = convert(&media::text(bytes, headers), options).map_err(|error| match error {
            ConvertError::Invalid(problem) => {
                Failure::internal("JsonToXmlInvalidJson", format!("The body is not valid JSON. {problem}"))
            }
            ConvertError::TooLarge => self.message.too_large(options.limit),
        })?;
        replace_body(body, headers, xml.into());
        media::set_content_type(headers, "text/xml; charset=utf-8");
        Ok(Flow::Continue)
    }

    fn needs(&self) -> Needs {
        let texts = [Some(&self.separator), self.prefix.as_ref(), self.attribute_block.as_ref()];
        let texts = texts.into_iter().flatten().fold(Needs::NONE, |needs, text| needs | text.needs());
        let own = texts | self.apply.needs() | self.considers_accept.needs() | self.empty_values.needs();
        own | self.message.body_needs() | Needs::REQUEST
    }
}
