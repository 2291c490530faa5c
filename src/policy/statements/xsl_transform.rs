//! `xsl-transform`: a body of XML goes through an XSLT 1.0 stylesheet.

#[cfg(feature = "libxml")]
mod engine;
#[cfg(feature = "libxml")]
mod output;
#[cfg(feature = "libxml")]
mod scratch;
#[cfg(feature = "libxml")]
mod stylesheet;
#[cfg(feature = "libxml")]
mod work;
#[cfg(feature = "libxml")]
mod workers;

use super::super::compile::Compiler;
#[cfg(feature = "libxml")]
use super::super::compile::step;
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement};
use super::super::pipeline::Needs;
use super::super::spec::{Attribute, Child, Content, Section, Spec};
use crate::xml::Element;
#[cfg(feature = "libxml")]
pub use workers::XslWorkers;

const NAME: Attribute = Attribute::optional("name", "the name of an `xsl:param`", "required, or `parameter-name`");
const PARAMETER_NAME: Attribute = Attribute::optional("parameter-name", "the same", "");
const PARAMETER: Child =
    Child::new("parameter", "0..n", Content::Text { expressions: true }).attributes(&[NAME, PARAMETER_NAME]);
const STYLESHEET: Child = Child::new("xsl:stylesheet", "1, or an `xsl:transform`", Content::Verbatim);
const TRANSFORM: Child = Child::new("xsl:transform", "instead", Content::Verbatim);

pub(crate) const SPEC: Spec = Spec::new(
    "xsl-transform",
    "Transforms a body of XML by an XSLT 1.0 stylesheet. It needs the feature `libxml`: libxml2 and libxslt.",
)
.sections(&[Section::Inbound, Section::Outbound])
.once()
.content(Content::Elements(&[PARAMETER, STYLESHEET, TRANSFORM])).differences(&["Nothing outside of the stylesheet, the body and the parameters is read, and there are no scripts and extension elements.", "What a stylesheet takes is bounded when `EngineSettings::xsl_workers` is set; [XSLT](#xslt) says why."]);

/// `xsl-transform`, compiled.
#[derive(Debug)]
pub(crate) struct XslTransform {
    #[cfg(feature = "libxml")]
    message: super::super::exchange::Message,
    #[cfg(feature = "libxml")]
    stylesheet: std::sync::Arc<stylesheet::Stylesheet>,
    #[cfg(feature = "libxml")]
    parameters: Vec<(std::sync::Arc<str>, super::super::setting::Setting<String>)>,
}

#[cfg(not(feature = "libxml"))]
pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let message = "`xsl-transform` is not in this build: enable the feature `libxml`, which needs libxml2 and libxslt";
    compiler.error(element.span.start, message.to_owned());
    None
}

#[cfg(feature = "libxml")]
pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    use super::super::exchange::Message;

    let mut parameters = Vec::new();
    for child in element.elements().filter(|child| *child.name == *PARAMETER.element) {
        compiler.check_child(&PARAMETER, child);
        let name = compiler.constant::<String>(child, &NAME);
        let name = name.or_else(|| compiler.constant::<String>(child, &PARAMETER_NAME));
        let value = compiler.text::<String>(child, true, "text");
        match name.filter(|name| !name.trim().is_empty()) {
            Some(name) => parameters.extend(value.map(|value| (name.trim().into(), value))),
            None => compiler.error(child.span.start, format!("`parameter` needs the attribute `name`: {}", NAME.kind)),
        }
    }
    let mut sheets = element.elements().filter(|child| *child.name != *PARAMETER.element);
    let Some(sheet) = sheets.next() else {
        compiler.error(element.span.start, "`xsl-transform` needs one `xsl:stylesheet`".to_owned());
        return None;
    };
    if let Some(second) = sheets.next() {
        compiler.error(second.span.start, "a second stylesheet: `xsl-transform` may have one".to_owned());
    }
    let values = &compiler.environment.named_values;
    let inner = sheet.inner_text(compiler.document);
    // Braces are doubled in attribute value templates too: what is no named value is left alone.
    let inner =
        inner.literal(compiler.document, |reference| values.get(reference.name).map(crate::secret::NamedValue::expose));
    let start = compiler.document.text(sheet.span);
    let text = match sheet.is_self_closing {
        true => start.to_owned(),
        false => format!("{start}{}</{}>", inner.text, sheet.name),
    };
    let stylesheet = match stylesheet::Stylesheet::compile(text) {
        Ok(stylesheet) => std::sync::Arc::new(stylesheet),
        Err(problem) => {
            compiler.error(sheet.span.start, format!("the stylesheet of `xsl-transform`: {problem}"));
            return None;
        }
    };
    Some(step("xsl-transform", XslTransform { message: Message::of(compiler.section), stylesheet, parameters }))
}

#[cfg(not(feature = "libxml"))]
impl Statement for XslTransform {
    fn run(&self, _: &mut Exchange) -> Result<Flow, Box<Failure>> {
        // Documents that have one are refused when they are compiled.
        Ok(Flow::Continue)
    }

    fn needs(&self) -> Needs {
        Needs::NONE
    }
}

#[cfg(feature = "libxml")]
fn failed(problem: impl std::fmt::Display) -> Box<Failure> {
    Failure::internal("XslTransformFailed", format!("The body was not transformed. {problem}"))
}

#[cfg(feature = "libxml")]
impl Statement for XslTransform {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        use super::super::list::Resume;
        use super::super::markup::Markup;
        use super::super::media;
        use super::super::messages::{MessageBody, replace_body};

        let mut parameters = Vec::with_capacity(self.parameters.len());
        for (name, value) in &self.parameters {
            parameters.push((name.clone(), value.get(exchange)?.into_owned()));
        }
        let (nodes, limit) = (exchange.settings.node_limit(), exchange.settings.body_limit);
        let time = exchange.settings.xsl_time_limit;
        let message = self.message;
        let Some((MessageBody::Bytes(bytes), headers)) = exchange.message(message) else {
            return Ok(Flow::Continue);
        };
        let xml = media::xml_text(bytes, headers).ok_or_else(|| failed(media::NOT_ITS_ENCODING))?.into_owned();
        Markup::parse(&xml, nodes).map_err(failed)?;
        let runtime = tokio::runtime::Handle::try_current().map_err(failed)?;
        let (stylesheet, slots) = (self.stylesheet.clone(), exchange.settings.xsl_slots.clone());
        let workers = exchange.settings.xsl_workers.clone();
        let work = async move {
            let slot = slots.acquire_owned().await.map_err(|error| error.to_string())?;
            if let Some(workers) = workers {
                return workers.transform(&stylesheet.text, &xml, &parameters, limit).await;
            }
            let transform = move || {
                // A stylesheet that goes on after its time keeps its place: libxslt cannot be stopped.
                let _slot = slot;
                let compiled = engine::Compiled::new(stylesheet.text.clone(), stylesheet.output.clone());
                compiled?.transform(&xml, &parameters).map(|output| Some(output).filter(|output| output.len() <= limit))
            };
            runtime.spawn_blocking(transform).await.map_err(|error| error.to_string())?
        };
        Ok(Flow::Wait(Box::pin(async move {
            let outcome = tokio::time::timeout(time, work).await;
            let resume: Resume = Box::new(move |exchange| {
                let output = match outcome {
                    Ok(Ok(Some(output))) => output,
                    Ok(Ok(None)) => return Err(message.too_large(limit)),
                    Ok(Err(problem)) => return Err(failed(problem)),
                    Err(_) => return Err(failed(format_args!("It took more than {} s.", time.as_secs_f64()))),
                };
                if let Some((body, headers)) = exchange.message(message) {
                    replace_body(body, headers, output.into());
                }
                Ok(Flow::Continue)
            });
            resume
        })))
    }

    fn needs(&self) -> Needs {
        let parameters = self.parameters.iter().fold(Needs::NONE, |needs, (_, value)| needs | value.needs());
        parameters | self.message.body_needs()
    }
}
