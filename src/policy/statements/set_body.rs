//! `set-body`: other bytes for the request or response.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};

use super::super::compile::{Compiler, Read, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::{Exchange, Message, replace_body};
use super::super::list::{Flow, Statement};
use super::super::pipeline::Needs;
use super::super::setting::{BodyBytes, Setting};
use super::super::spec::{Attribute, Content, Spec};
use crate::xml::{Element, Space};

const TEMPLATE: Attribute = Attribute::optional("template", "`none`", "none");
const XSI_NIL: Attribute = Attribute::optional("xsi-nil", "`blank` or `null`", "blank");
const PARSE_DATE: Attribute = Attribute::optional("parse-date", "`true` or `false`", "true");
const HTML_DECODE: Attribute = Attribute::optional("html-decode-expression", "`true` or `false`", "false");

pub(crate) const SPEC: Spec = Spec::new("set-body", "Replaces the body of the request or response.")
    .attributes(&[TEMPLATE, XSI_NIL, PARSE_DATE, HTML_DECODE])
    .content(Content::Verbatim);

/// `set-body`, compiled.
#[derive(Debug)]
pub(crate) struct SetBody {
    message: Message,
    content: Setting<BodyBytes>,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    Some(step("set-body", SetBody::compile(compiler, element)?))
}

impl SetBody {
    /// Reads the element, also as a child of another policy.
    pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        compiler.constant::<bool>(element, &PARSE_DATE);
        compiler.constant::<bool>(element, &HTML_DECODE);
        if let Some(nil) = compiler.constant::<String>(element, &XSI_NIL)
            && !matches!(&*nil, "blank" | "null")
        {
            compiler
                .error(element.span.start, format!("`xsi-nil` of `set-body` is `{nil}`: expected {}", XSI_NIL.kind));
        }
        if let Some(template) = compiler.constant::<String>(element, &TEMPLATE)
            && template != "none"
        {
            let at = element.attribute("template").map_or(element.span.start, |a| a.span.start);
            let what = if template == "liquid" { "is not supported here yet" } else { "is unknown" };
            compiler.error(
                at,
                format!("`template` of `set-body` is `{template}`, which {what}: expected {}", TEMPLATE.kind),
            );
            return None;
        }
        let content = Self::content(compiler, element)?;
        Some(Self { message: Message::of(compiler.section), content })
    }

    /// The content: one expression, the source of child elements, or text.
    fn content(compiler: &mut Compiler<'_>, element: &Element) -> Option<Setting<BodyBytes>> {
        let mut children = element.elements();
        let text = match (children.next(), children.next()) {
            (None, _) => element.text(),
            (Some(value), None) if &*value.name == "value" && value.attributes.is_empty() => {
                if value.elements().next().is_some() { value.inner_text(compiler.document) } else { value.text() }
            }
            _ => element.inner_text(compiler.document),
        };
        Some(match compiler.read(&text, Space::Keep, "the content of `set-body`")? {
            Read::Literal(literal) => Setting::Constant(BodyBytes(literal.into())),
            Read::Given => return None,
            Read::Expression(expression) => match Setting::expression(expression) {
                Ok(setting) => setting,
                Err(problem) => {
                    compiler.error(element.inner.start, format!("the content of `set-body`: {problem}"));
                    return None;
                }
            },
        })
    }

    /// Works out the new bytes.
    pub(crate) fn bytes(&self, exchange: &mut Exchange) -> Result<Bytes, Box<Failure>> {
        Ok(self.content.get(exchange)?.0.clone())
    }

    pub(crate) fn needs(&self) -> Needs {
        self.content.needs()
    }
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
