//! `llm-content-safety`: has prompts and answers of language models judged by a content safety service.

use std::sync::Arc;

use http::header;

use super::super::compile::{Compiler, step};
use super::super::content_safety::{
    Category, Checker, LARGEST, OutputType, Screen, Terms, UNREADABLE, Windows, refusal, refused,
};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Resume, Statement};
use super::super::llm;
use super::super::messages::MessageBody;
use super::super::own_request::Asking;
use super::super::packed::Packing;
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Child, Content, Scope, Section, Spec};
use crate::xml::Element;

const FLAG: &str = "`true` or `false`";
const BACKEND: Attribute =
    Attribute::required("backend-id", "the id of the Backend entity of the service").or_expression();
const SHIELD: Attribute = Attribute::optional("shield-prompt", FLAG, "false").or_expression();
const ENFORCE: Attribute = Attribute::optional("enforce-on-completions", FLAG, "false").or_expression();
const WINDOW: Attribute =
    Attribute::optional("window-size", "characters, a whole number from 1 to 10000", "10000").or_expression();
const OVERLAP: Attribute =
    Attribute::optional("window-overlap-size", "characters, a whole number from 0", "0").or_expression();
const OUTPUT: Attribute =
    Attribute::optional("output-type", "`FourSeverityLevels` or `EightSeverityLevels`", "FourSeverityLevels")
        .or_expression();
const NAME: Attribute = Attribute::required("name", "`Hate`, `SelfHarm`, `Sexual` or `Violence`").or_expression();
const THRESHOLD: Attribute =
    Attribute::required("threshold", "a whole number from 0, the strictest, to 7").or_expression();
const CATEGORY: Child = Child::new("category", "1..n", Content::Nothing).attributes(&[NAME, THRESHOLD]);
const CATEGORIES: Child = Child::new("categories", "0..1", Content::Elements(&[CATEGORY])).attributes(&[OUTPUT]);
const ID: Child = Child::new("id", "1..n", Content::Text { expressions: true });
const BLOCKLISTS: Child = Child::new("blocklists", "0..1", Content::Elements(&[ID]));
/// As a toolkit writes it.
const BLOCK_LISTS: Child = Child::new("block-lists", "0..1", Content::Elements(&[ID]));
const CHILDREN: &[Child] = &[CATEGORIES, BLOCKLISTS, BLOCK_LISTS];

pub(crate) const SPEC: Spec = Spec::new(
    "llm-content-safety",
    "Has prompts, and answers if asked to, judged by an Azure AI Content Safety service; what does not pass, or cannot be \
     judged, is answered with 403.",
)
.sections(&[Section::Inbound, Section::Outbound])
.scopes(&[Scope::Global, Scope::Workspace, Scope::Product, Scope::Api])
.attributes(&[BACKEND, SHIELD, ENFORCE, WINDOW, OVERLAP])
.content(Content::Elements(CHILDREN));

/// `llm-content-safety`, compiled.
#[derive(Debug)]
pub(crate) struct LlmContentSafety {
    section: Section,
    backend: Setting<String>,
    shields: Setting<bool>,
    enforces: Setting<bool>,
    window: Setting<i64>,
    overlap: Setting<i64>,
    output_type: Setting<OutputType>,
    categories: Vec<(Setting<Category>, Setting<i64>)>,
    blocklists: Vec<Setting<String>>,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let backend = compiler.setting::<String>(element, &BACKEND);
    if let (Some(Setting::Constant(id)), Some(attribute)) = (&backend, element.attribute(BACKEND.name)) {
        compiler.backend(attribute.span.start, id.trim());
    }
    let (mut output_type, mut categories, mut blocklists) = (None, Some(Vec::new()), Some(Vec::new()));
    for child in element.elements() {
        let Some(known) = CHILDREN.iter().find(|known| *known.element == *child.name) else { continue };
        compiler.check_child(known, child);
        if child.elements().next().is_none() {
            let of = if known.element == CATEGORIES.element { CATEGORY.element } else { ID.element };
            compiler.error(child.span.start, format!("`{}` has no `{of}`: it needs at least one", known.element));
        }
        if known.element == CATEGORIES.element {
            output_type = compiler.setting(child, &OUTPUT);
        }
        for inner in child.elements() {
            if &*inner.name == CATEGORY.element {
                add(&mut categories, category(compiler, inner));
            } else if &*inner.name == ID.element {
                compiler.check_child(&ID, inner);
                add(&mut blocklists, compiler.text::<String>(inner, true, "the name of a blocklist"));
            }
        }
    }
    let flag = |compiler: &mut Compiler<'_>, attribute: &Attribute| {
        compiler.setting(element, attribute).unwrap_or(Setting::Constant(false))
    };
    let safety = LlmContentSafety {
        section: compiler.section,
        shields: flag(compiler, &SHIELD),
        enforces: flag(compiler, &ENFORCE),
        window: compiler.setting_within(element, &WINDOW, 1..=i64::MAX).unwrap_or(Setting::Constant(LARGEST as i64)),
        overlap: compiler.setting_within(element, &OVERLAP, 0..=i64::MAX).unwrap_or(Setting::Constant(0)),
        output_type: output_type.unwrap_or(Setting::Constant(OutputType::Four)),
        backend: backend?,
        categories: categories?,
        blocklists: blocklists?,
    };
    safety.warn(compiler, element);
    Some(step("llm-content-safety", safety))
}

fn add<T>(all: &mut Option<Vec<T>>, one: Option<T>) {
    match (one, all.as_mut()) {
        (Some(one), Some(all)) => all.push(one),
        (Some(_), None) => {}
        (None, _) => *all = None,
    }
}

fn category(compiler: &mut Compiler<'_>, element: &Element) -> Option<(Setting<Category>, Setting<i64>)> {
    compiler.check_child(&CATEGORY, element);
    let (name, threshold) = (compiler.setting(element, &NAME), compiler.setting_within(element, &THRESHOLD, 0..=7));
    Some((name?, threshold?))
}

impl LlmContentSafety {
    /// Warns of what has no effect.
    fn warn(&self, compiler: &mut Compiler<'_>, element: &Element) {
        let at = element.span.start;
        let is_off = |flag: &Setting<bool>| matches!(flag, Setting::Constant(false));
        let is_behind = compiler.knows_section && self.section == Section::Outbound;
        for (attribute, flag) in [(SHIELD, &self.shields), (ENFORCE, &self.enforces)] {
            if is_behind && !is_off(flag) {
                let message = format!("`{}` of `llm-content-safety` has no effect in `outbound`", attribute.name);
                compiler.warning(at, message);
            }
        }
        if self.categories.is_empty() && self.blocklists.is_empty() && (is_behind || is_off(&self.shields)) {
            let message =
                "`llm-content-safety` checks nothing: it has no category, no blocklist and no `shield-prompt`";
            compiler.warning(at, message.to_owned());
        }
        match (&self.window, &self.overlap) {
            (Setting::Constant(window), _) if *window > LARGEST as i64 => {
                let message = format!("`window-size` of `llm-content-safety` is `{window}`: {LARGEST} are taken");
                compiler.warning(at, message);
            }
            (Setting::Constant(window), Setting::Constant(overlap)) if overlap >= window => {
                let message =
                    "`window-overlap-size` of `llm-content-safety` is not less than `window-size`: one less is taken";
                compiler.warning(at, message.to_owned());
            }
            _ => {}
        }
    }

    fn terms(&self, exchange: &mut Exchange) -> Result<Terms, Box<Failure>> {
        let mut terms = Terms { output_type: *self.output_type.get(exchange)?, ..Terms::default() };
        for (name, threshold) in &self.categories {
            let (name, threshold) = (*name.get(exchange)?, *threshold.get(exchange)?);
            let threshold = u64::try_from(threshold).ok().filter(|threshold| *threshold <= 7);
            let threshold = threshold.ok_or_else(|| Failure::expression("The threshold is not between 0 and 7."))?;
            terms.categories.push((name, threshold));
        }
        for blocklist in &self.blocklists {
            terms.blocklists.push(blocklist.get(exchange)?.trim().to_owned());
        }
        Ok(terms)
    }

    /// The windows of answers.
    fn windows(&self, exchange: &mut Exchange) -> Result<Windows, Box<Failure>> {
        let (size, overlap) = (*self.window.get(exchange)?, *self.overlap.get(exchange)?);
        let size = usize::try_from(size).ok().filter(|size| *size > 0);
        let size = size.ok_or_else(|| Failure::expression("The window size is not a number from 1."))?;
        let overlap =
            usize::try_from(overlap).map_err(|_| Failure::expression("The overlap of windows is negative."))?;
        Ok(Windows::new(size, overlap))
    }

    fn inbound(&self, exchange: &mut Exchange, terms: Terms, windows: Windows) -> Result<Flow, Box<Failure>> {
        let (shields, enforces) = (*self.shields.get(exchange)?, *self.enforces.get(exchange)?);
        let backend = self.backend.get(exchange)?;
        if enforces {
            let checker = Arc::new(Checker::new(Asking::new(exchange, &backend)?, terms.clone(), false));
            let screen = Screen { element: SPEC.element, checker, windows };
            exchange.model_call().screens.push(screen);
            // What is packed cannot be checked.
            exchange.request.headers.remove(header::ACCEPT_ENCODING);
        }
        let checker = Checker::new(Asking::new(exchange, &backend)?, terms, shields);
        let request = &exchange.request;
        let MessageBody::Bytes(body) = &request.body else { return Ok(Flow::Continue) };
        if checker.is_idle() {
            return Ok(Flow::Continue);
        }
        if Packing::of(&request.headers).is_some() {
            exchange.trace_note(|| "The request is packed, so that nobody can check it.".to_owned());
            return Err(refusal());
        }
        let Some(text) = llm::prompt_text(body, &request.headers, request.rest()) else {
            return Err(refused(exchange, SPEC.element, UNREADABLE));
        };
        if text.is_empty() {
            return Ok(Flow::Continue);
        }
        Ok(Flow::Wait(Box::pin(async move {
            let judged = checker.check(&text, Windows::new(LARGEST, 0)).await;
            let resume: Resume = Box::new(move |exchange| match judged {
                Ok(()) => Ok(Flow::Continue),
                Err(why) => Err(refused(exchange, SPEC.element, &why)),
            });
            resume
        })))
    }
}

impl Statement for LlmContentSafety {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let (terms, windows) = (self.terms(exchange)?, self.windows(exchange)?);
        if self.section == Section::Inbound {
            return self.inbound(exchange, terms, windows);
        }
        let backend = self.backend.get(exchange)?;
        let checker = Arc::new(Checker::new(Asking::new(exchange, &backend)?, terms, false));
        Screen { element: SPEC.element, checker, windows }.check(exchange, |_| Ok(Flow::Continue))
    }

    fn needs(&self) -> Needs {
        let body = if self.section == Section::Inbound { Needs::REQUEST_BODY } else { Needs::NONE };
        let flags = body | Needs::OUTBOUND | self.backend.needs() | self.shields.needs() | self.enforces.needs();
        let needs = flags | self.window.needs() | self.overlap.needs() | self.output_type.needs();
        let categories = self.categories.iter();
        let needs = categories.fold(needs, |needs, (name, threshold)| needs | name.needs() | threshold.needs());
        self.blocklists.iter().fold(needs, |needs, blocklist| needs | blocklist.needs())
    }
}
