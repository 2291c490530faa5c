//! `xml-to-json`: a body of XML becomes JSON.

mod convert;

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
use super::json_to_xml::EmptyValues;
use crate::expr::Value;
use crate::xml::Element;
use convert::{Options, convert};

const BOOL: &str = "`true` or `false`";
const KIND: Attribute = Attribute::required("kind", "`javascript-friendly` or `direct`").or_expression();
const APPLY: Attribute = Attribute::required("apply", "`always` or `content-type-xml`").or_expression();
const ACCEPT: Attribute = Attribute::optional("consider-accept-header", BOOL, "true").or_expression();
const ARRAYS: Attribute = Attribute::optional("always-array-child-elements", BOOL, "false").or_expression();
const SPACE: Attribute = Attribute::optional("preserve-whitespace-nodes", BOOL, "false").or_expression();
const EMPTY: Attribute = Attribute::optional("empty-values", "`preserve` or `as-null`", "preserve").or_expression();
const TRIM: Attribute = Attribute::optional("trim-values", BOOL, "false").or_expression();

pub(crate) const SPEC: Spec =
    Spec::new("xml-to-json", "Converts the body of the request or response from XML to JSON.")
        .sections(&[Section::Inbound, Section::Outbound, Section::OnError])
        .attributes(&[KIND, APPLY, ACCEPT, ARRAYS, SPACE, EMPTY, TRIM]).differences(&["`javascript-friendly` drops the prefix of a name unless a name without prefix, or an earlier one, is the same without it.", "Comments and processing instructions are left out.", "Bodies of XML are read by their byte order mark, else the charset of `Content-Type`, else the encoding that they declare, else as UTF-8; bytes that are no UTF-8 then are refused."]);

/// `xml-to-json`, compiled.
#[derive(Debug)]
pub(crate) struct XmlToJson {
    message: Message,
    kind: Setting<JsonKind>,
    apply: Setting<Apply>,
    considers_accept: Setting<bool>,
    always_arrays: Setting<bool>,
    keeps_space: Setting<bool>,
    empty_values: Setting<EmptyValues>,
    trims: Setting<bool>,
}

/// Which bodies are converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Apply {
    Always,
    ContentTypeXml,
}

impl Literal for Apply {
    fn literal(text: &str) -> Option<Self> {
        match text {
            "always" => Some(Self::Always),
            "content-type-xml" => Some(Self::ContentTypeXml),
            _ => None,
        }
    }

    fn value(value: Value) -> Result<Self, String> {
        let text = value.to_text().unwrap_or_default();
        Self::literal(&text).ok_or_else(|| format!("'{text}' is neither always nor content-type-xml."))
    }
}

/// The shape of the JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JsonKind {
    JavascriptFriendly,
    Direct,
}

impl Literal for JsonKind {
    fn literal(text: &str) -> Option<Self> {
        match text {
            "javascript-friendly" => Some(Self::JavascriptFriendly),
            "direct" => Some(Self::Direct),
            _ => None,
        }
    }

    fn value(value: Value) -> Result<Self, String> {
        let text = value.to_text().unwrap_or_default();
        Self::literal(&text).ok_or_else(|| format!("'{text}' is not a kind of xml-to-json."))
    }
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let message = Message::of(compiler.section);
    let kind = compiler.setting(element, &KIND);
    let apply = compiler.setting(element, &APPLY);
    let considers_accept = compiler.setting(element, &ACCEPT).unwrap_or(Setting::Constant(true));
    let always_arrays = compiler.setting(element, &ARRAYS).unwrap_or(Setting::Constant(false));
    let keeps_space = compiler.setting(element, &SPACE).unwrap_or(Setting::Constant(false));
    let empty_values = compiler.setting(element, &EMPTY).unwrap_or(Setting::Constant(EmptyValues::Preserve));
    let trims = compiler.setting(element, &TRIM).unwrap_or(Setting::Constant(false));
    let statement = XmlToJson {
        message,
        kind: kind?,
        apply: apply?,
        considers_accept,
        always_arrays,
        keeps_space,
        empty_values,
        trims,
    };
    Some(step("xml-to-json", statement))
}

impl Statement for XmlToJson {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let options = Options {
            kind: *self.kind.get(exchange)?,
            always_arrays: *self.always_arrays.get(exchange)?,
            keeps_space: *self.keeps_space.get(exchange)?,
            empty_as_null: *self.empty_values.get(exchange)? == EmptyValues::AsNull,
            trims: *self.trims.get(exchange)?,
            nodes: exchange.settings.node_limit(),
        };
        let apply = *self.apply.get(exchange)?;
        if *self.considers_accept.get(exchange)? && !media::accepts(&exchange.request.headers, |media| media.is_json())
        {
            return Ok(Flow::Continue);
        }
        let Some((body, headers)) = exchange.message(self.message) else { return Ok(Flow::Continue) };
        let MessageBody::Bytes(bytes) = body else { return Ok(Flow::Continue) };
        if apply != Apply::Always && !MediaType::of(headers).is_some_and(|media| media.is_xml()) {
            return Ok(Flow::Continue);
        }
        let invalid = |problem: &dyn std::fmt::Display| {
            Failure::internal("XmlToJsonInvalidXml", format!("The body is not well-formed XML. {problem}"))
        };
        let text = media::xml_text(bytes, headers).ok_or_else(|| invalid(&media::NOT_ITS_ENCODING))?;
        let json = convert(&text, options).map_err(|error| invalid(&error))?;
        replace_body(body, headers, json.into());
        media::set_content_type(headers, "application/json; charset=utf-8");
        Ok(Flow::Continue)
    }

    fn needs(&self) -> Needs {
        let own = self.kind.needs() | self.apply.needs() | self.considers_accept.needs() | self.always_arrays.needs();
        let own = own | self.keeps_space.needs() | self.empty_values.needs() | self.trims.needs();
        own | self.message.body_needs() | Needs::REQUEST
    }
}
