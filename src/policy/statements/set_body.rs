//! `set-body`: other bytes for the request or response.

#[cfg(feature = "liquid")]
mod template;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};

use super::super::compile::{Compiler, Read, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::{Exchange, Message};
use super::super::list::{Flow, Statement};
use super::super::messages::replace_body;
use super::super::pipeline::Needs;
use super::super::setting::{BodyBytes, Setting};
use super::super::spec::{Attribute, Content, Spec};
#[cfg(feature = "liquid")]
use crate::secret::NamedValue;
use crate::xml::{Element, Space, Text};

const BOOL: &str = "`true` or `false`";
const TEMPLATE: Attribute = Attribute::optional("template", "`none` or `liquid`", "none");
const XSI_NIL: Attribute = Attribute::optional("xsi-nil", "`blank` or `null`", "blank");
const PARSE_DATE: Attribute = Attribute::optional("parse-date", BOOL, "true");
const HTML_DECODE: Attribute = Attribute::optional("html-decode-expression", BOOL, "false");

pub(crate) const SPEC: Spec =
    Spec::new("set-body", "Replaces the body of the request or response: by text, an expression or a Liquid template.")
        .attributes(&[TEMPLATE, XSI_NIL, PARSE_DATE, HTML_DECODE])
        .content(Content::Verbatim)
        .differences(&[
            "An expression may give bytes; null is the empty body, and anything else its text.",
            "`template=\"liquid\"` is refused in a build without the feature `liquid`.",
        ]);

/// `set-body`, compiled.
#[derive(Debug)]
pub(crate) struct SetBody {
    message: Message,
    content: BodyContent,
}

/// Bytes to be worked out.
#[derive(Debug)]
pub(crate) enum BodyContent {
    Setting(Setting<BodyBytes>),
    #[cfg(feature = "liquid")]
    Template(template::BodyTemplate),
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let body = Some(Message::of(compiler.section));
    Some(step("set-body", SetBody::of(compiler, element, body)?))
}

impl SetBody {
    /// Reads the element as a child of another policy: its templates see no `body`, but for those of resolvers.
    pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        let body = compiler.is_resolver.then(|| Message::of(compiler.section));
        Self::of(compiler, element, body)
    }

    fn of(compiler: &mut Compiler<'_>, element: &Element, body: Option<Message>) -> Option<Self> {
        let parses_dates = compiler.constant::<bool>(element, &PARSE_DATE).unwrap_or(true);
        compiler.constant::<bool>(element, &HTML_DECODE);
        let nil = compiler.constant::<String>(element, &XSI_NIL);
        if let Some(nil) = nil.as_deref().filter(|nil| !matches!(*nil, "blank" | "null")) {
            let message = format!("`xsi-nil` of `set-body` is `{nil}`: expected {}", XSI_NIL.kind);
            compiler.error(element.span.start, message);
        }
        let nil_is_null = nil.as_deref() == Some("null");
        let message = Message::of(compiler.section);
        let content = match compiler.constant::<String>(element, &TEMPLATE).as_deref() {
            None | Some("none") => BodyContent::Setting(content(compiler, element, Space::Keep)?),
            Some("liquid") => liquid(compiler, element, body, nil_is_null, parses_dates)?,
            Some(other) => {
                let at = element.attribute("template").map_or(element.span.start, |a| a.span.start);
                let message = format!("`template` of `set-body` is `{other}`: expected {}", TEMPLATE.kind);
                compiler.error(at, message);
                return None;
            }
        };
        Some(Self { message, content })
    }

    /// Works out the new bytes.
    pub(crate) fn bytes(&self, exchange: &mut Exchange) -> Result<Bytes, Box<Failure>> {
        self.content.bytes(exchange)
    }

    pub(crate) fn needs(&self) -> Needs {
        self.content.needs()
    }
}

impl BodyContent {
    /// Reads the content of another element: text, an expression, or a Liquid template, which sees the body of the
    /// section's message.
    pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element, is_liquid: bool) -> Option<Self> {
        if is_liquid {
            let body = Some(Message::of(compiler.section));
            return liquid(compiler, element, body, false, true);
        }
        content(compiler, element, Space::Trim).map(Self::Setting)
    }

    /// Works the bytes out.
    pub(crate) fn bytes(&self, exchange: &mut Exchange) -> Result<Bytes, Box<Failure>> {
        match self {
            Self::Setting(setting) => Ok(setting.get(exchange)?.0.clone()),
            #[cfg(feature = "liquid")]
            Self::Template(template) => template.render(exchange),
        }
    }

    pub(crate) fn needs(&self) -> Needs {
        match self {
            Self::Setting(setting) => setting.needs(),
            #[cfg(feature = "liquid")]
            Self::Template(template) => template.needs(),
        }
    }
}

/// The content: one expression, the source of child elements, or text.
fn content(compiler: &mut Compiler<'_>, element: &Element, space: Space) -> Option<Setting<BodyBytes>> {
    let text = content_text(compiler, element);
    let what = format!("the content of `{}`", element.name);
    Some(match compiler.read(&text, space, &what)? {
        Read::Literal(literal) => Setting::Constant(BodyBytes(literal.into())),
        Read::Given => return None,
        Read::Expression(expression) => match Setting::expression(expression) {
            Ok(setting) => setting,
            Err(problem) => {
                compiler.error(element.inner.start, format!("{what}: {problem}"));
                return None;
            }
        },
    })
}

/// What stands in the element, a lone `value` taken off.
fn content_text(compiler: &Compiler<'_>, element: &Element) -> Text {
    let mut children = element.elements();
    match (children.next(), children.next()) {
        (None, _) => element.text(),
        (Some(value), None) if &*value.name == "value" && value.attributes.is_empty() => {
            if value.elements().next().is_some() { value.inner_text(compiler.document) } else { value.text() }
        }
        _ => element.inner_text(compiler.document),
    }
}

#[cfg(feature = "liquid")]
fn liquid(
    compiler: &mut Compiler<'_>,
    element: &Element,
    body: Option<Message>,
    nil_is_null: bool,
    parses_dates: bool,
) -> Option<BodyContent> {
    let text = content_text(compiler, element);
    let values = &compiler.environment.named_values;
    // What is no named value, letter by letter, is Liquid's.
    let literal = text.literal(compiler.document, |reference| values.get_exact(reference.name).map(NamedValue::expose));
    match template::BodyTemplate::parse(&literal.text, body) {
        Ok(template) => Some(BodyContent::Template(template.nil(nil_is_null).dates(parses_dates))),
        Err(error) => {
            let message = format!("the content of `{}`: {error}", element.name);
            compiler.error(literal.source_offset(error.at), message);
            None
        }
    }
}

#[cfg(not(feature = "liquid"))]
fn liquid(compiler: &mut Compiler<'_>, element: &Element, _: Option<Message>, _: bool, _: bool) -> Option<BodyContent> {
    let at = element.attribute("template").map_or(element.span.start, |a| a.span.start);
    let message = format!(
        "`template` of `{}` is `liquid`, which this build cannot do: enable the feature `liquid`",
        element.name
    );
    compiler.error(at, message);
    None
}

/// A body written from text is UTF-8: `Content-Type` says so when it names a charset.
pub(crate) fn say_utf8(headers: &mut HeaderMap) {
    let Some(old) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return };
    let mut parts = old.split(';').map(str::trim);
    let mut new = parts.next().unwrap_or_default().to_owned();
    let mut has_charset = false;
    for part in parts {
        let is_charset = part.get(..8).is_some_and(|name| name.eq_ignore_ascii_case("charset="));
        has_charset |= is_charset;
        new.push_str("; ");
        new.push_str(if is_charset { "charset=utf-8" } else { part });
    }
    if has_charset && let Ok(value) = HeaderValue::from_str(&new) {
        headers.insert(header::CONTENT_TYPE, value);
    }
}

impl Statement for SetBody {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let bytes = self.bytes(exchange)?;
        match self.message {
            Message::Request => {
                let request = &mut exchange.request;
                replace_body(&mut request.body, &mut request.headers, bytes);
                say_utf8(&mut request.headers);
            }
            Message::Response => {
                if let Some(response) = &mut exchange.response {
                    response.replace_body(bytes);
                    say_utf8(&mut response.headers);
                }
            }
        }
        Ok(Flow::Continue)
    }

    fn needs(&self) -> Needs {
        SetBody::needs(self)
    }
}
