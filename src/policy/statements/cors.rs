//! `cors`: lets browsers call from other origins.

mod origin;
mod preflight;

use std::borrow::Cow;

use http::{HeaderMap, HeaderValue, header};

pub(crate) use preflight::{Outcome, Preflight, answer};

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement};
use super::super::media;
use super::super::messages::ResponseState;
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Child, Content, Section, Spec};
use crate::xml::Element;
use origin::{Origin, Origins};

const BOOL: &str = "`true` or `false`";
const SECONDS: &str = "a whole number of seconds, 0 or more";
const CREDENTIALS: Attribute = Attribute::optional("allow-credentials", BOOL, "false").or_expression();
const TERMINATE: Attribute =
    Attribute::optional("terminate-unmatched-request", BOOL, "true (a setting of the gateway)").or_expression();
const MAX_AGE: Attribute = Attribute::optional("preflight-result-max-age", SECONDS, "0").or_expression();
const ORIGIN: Child = Child::new("origin", "1..n", Content::Text { expressions: true });
const METHOD: Child = Child::new("method", "1..n", Content::Text { expressions: true });
const HEADER: Child = Child::new("header", "1..n", Content::Text { expressions: false });
const ORIGINS: Child = Child::new("allowed-origins", "1", Content::Elements(&[ORIGIN]));
const METHODS: Child = Child::new("allowed-methods", "0..1", Content::Elements(&[METHOD])).attributes(&[MAX_AGE]);
const HEADERS: Child = Child::new("allowed-headers", "0..1", Content::Elements(&[HEADER]));
const EXPOSE: Child = Child::new("expose-headers", "0..1", Content::Elements(&[HEADER]));
const PARTS: [&Child; 4] = [&ORIGINS, &METHODS, &HEADERS, &EXPOSE];

pub(crate) const SPEC: Spec = Spec::new("cors", "Answers preflight requests and lets other origins read responses.")
    .sections(&[Section::Inbound])
    .once()
    .attributes(&[CREDENTIALS, TERMINATE])
    .content(Content::Elements(&[ORIGINS, METHODS, HEADERS, EXPOSE])).differences(&["What holds without `terminate-unmatched-request` is `EngineSettings::cors_terminates_unmatched_requests`.", "A preflight request is answered by the first version of its API whose `cors` allows it; without `EngineSettings::preflight_looks_through_versions` it is answered with 404, as in API Management."]);

/// `cors`, compiled.
#[derive(Debug)]
pub(crate) struct Cors {
    credentials: Setting<bool>,
    /// None: as the gateway's settings say.
    terminates: Option<Setting<bool>>,
    origins: Origins,
    methods: Methods,
    max_age: Setting<i64>,
    headers: Names,
    expose: Option<HeaderValue>,
}

#[derive(Debug)]
enum Methods {
    Any,
    /// In the order written; none of an expression is left out.
    List(Vec<Setting<Option<String>>>),
}

/// Names of headers.
#[derive(Debug)]
enum Names {
    Any,
    List(Vec<String>),
}

/// What an allowed request's response gets, whatever else happens to it.
#[derive(Debug)]
pub(crate) struct Answer {
    origin: HeaderValue,
    credentials: bool,
    expose: Option<HeaderValue>,
}

impl Answer {
    /// Puts the policy's headers in place of those of the backend.
    pub(crate) fn apply(self, headers: &mut HeaderMap) {
        for name in [
            header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            header::ACCESS_CONTROL_ALLOW_METHODS,
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            header::ACCESS_CONTROL_MAX_AGE,
        ] {
            headers.remove(name);
        }
        let is_any = self.origin == "*";
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, self.origin);
        if self.credentials {
            headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        if let Some(expose) = self.expose {
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, expose);
        }
        if !is_any {
            media::vary(headers, &header::ORIGIN);
        }
    }
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    for part in PARTS {
        if let Some(first) = element.elements().find(|child| *child.name == *part.element) {
            compiler.check_child(part, first);
            if first.elements().next().is_none() {
                let Content::Elements([child, ..]) = part.content else { continue };
                let message = format!("`{}` is empty: it needs at least one `{}`", part.element, child.element);
                compiler.error(first.span.start, message);
            }
        }
    }
    let part = |part: &Child| element.elements().find(|child| *child.name == *part.element);
    let credentials = compiler.setting(element, &CREDENTIALS).unwrap_or(Setting::Constant(false));
    let terminates = compiler.setting(element, &TERMINATE);
    let Some(list) = part(&ORIGINS) else {
        let message = "`cors` needs `allowed-origins` with at least one `origin`";
        compiler.error(element.span.start, message.to_owned());
        return None;
    };
    let origins = Origins::compile(compiler, list, &ORIGIN);
    if origins.is_any() && matches!(credentials, Setting::Constant(true)) {
        let message = "`cors` allows credentials to every origin: name the origins that are trusted";
        compiler.warning(element.span.start, message.to_owned());
    }
    let (methods, max_age) = match part(&METHODS) {
        Some(list) => (methods(compiler, list), compiler.setting::<i64>(list, &MAX_AGE)),
        None => (Methods::List(["GET", "POST"].map(|name| Setting::Constant(Some(name.to_owned()))).into()), None),
    };
    if let Some(Setting::Constant(seconds)) = max_age
        && seconds < 0
    {
        let message = format!("`{}` of `allowed-methods` is `{seconds}`: expected {SECONDS}", MAX_AGE.name);
        compiler.error(element.span.start, message);
    }
    let headers = part(&HEADERS).map_or(Names::List(Vec::new()), |list| names(compiler, list));
    let expose = part(&EXPOSE).map(|list| match names(compiler, list) {
        Names::Any => HeaderValue::from_static("*"),
        Names::List(names) => value(&names.join(",")),
    });
    let max_age = max_age.unwrap_or(Setting::Constant(0));
    let cors = Cors { credentials, terminates, origins, methods, max_age, headers, expose };
    Some(step("cors", cors))
}

fn methods(compiler: &mut Compiler<'_>, list: &Element) -> Methods {
    let mut methods = Vec::new();
    for child in list.elements().filter(|child| *child.name == *METHOD.element) {
        compiler.check_child(&METHOD, child);
        let method = compiler.text::<Option<String>>(child, true, "an HTTP method or `*`");
        if let Some(Setting::Constant(Some(text))) = &method {
            if text == "*" {
                return Methods::Any;
            }
            if text.parse::<http::Method>().is_err() {
                let message = format!("the text of `method` is `{text}`: expected an HTTP method or `*`");
                compiler.error(child.span.start, message);
            }
        }
        methods.extend(method);
    }
    Methods::List(methods)
}

fn names(compiler: &mut Compiler<'_>, list: &Element) -> Names {
    let mut names = Vec::new();
    for child in list.elements().filter(|child| *child.name == *HEADER.element) {
        compiler.check_child(&HEADER, child);
        let Some(Setting::Constant(name)) = compiler.text::<String>(child, false, "a header name or `*`") else {
            continue;
        };
        if name == "*" {
            return Names::Any;
        }
        if http::HeaderName::from_bytes(name.as_bytes()).is_err() {
            let message = format!("the text of `header` is `{name}`: expected a header name or `*`");
            compiler.error(child.span.start, message);
        }
        names.push(name);
    }
    Names::List(names)
}

/// Names that were checked at load, or that came in a header, are a header value.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

impl Cors {
    /// The origin of a request from another one, as written.
    fn origin_of(headers: &HeaderMap) -> Option<HeaderValue> {
        headers.get(header::ORIGIN).filter(|origin| !origin.as_bytes().trim_ascii().is_empty()).cloned()
    }

    /// What the responses to an origin get; none when it is not allowed.
    fn allows(&self, origin: &HeaderValue, exchange: &mut Exchange) -> Result<Option<Answer>, Box<Failure>> {
        let given = origin.to_str().ok().and_then(|text| Origin::parse(text).ok());
        if !self.origins.has(given.as_ref(), exchange)? {
            return Ok(None);
        }
        let credentials = *self.credentials.get(exchange)?;
        let is_any = self.origins.is_any_for(exchange)? && !credentials;
        let origin = if is_any { HeaderValue::from_static("*") } else { origin.clone() };
        Ok(Some(Answer { origin, credentials, expose: self.expose.clone() }))
    }

    /// Whether a request that is not allowed ends here.
    fn terminates(&self, exchange: &mut Exchange) -> Result<bool, Box<Failure>> {
        match &self.terminates {
            Some(setting) => Ok(*setting.get(exchange)?),
            None => Ok(exchange.settings.cors_terminates_unmatched_requests),
        }
    }

    /// The configured methods, when `method` is one of them.
    fn methods(&self, method: &str, exchange: &mut Exchange) -> Result<Option<String>, Box<Failure>> {
        let Methods::List(list) = &self.methods else { return Ok(Some(method.to_owned())) };
        let mut names: Vec<Cow<'_, str>> = Vec::with_capacity(list.len());
        for name in list {
            match name.get(exchange)? {
                Cow::Borrowed(Some(name)) => names.push(Cow::Borrowed(name)),
                Cow::Owned(Some(name)) => names.push(Cow::Owned(name.trim().to_owned())),
                _ => {}
            }
        }
        if names.iter().any(|name| name == "*") {
            return Ok(Some(method.to_owned()));
        }
        let is_allowed = names.iter().any(|name| name.eq_ignore_ascii_case(method));
        Ok(is_allowed.then(|| names.join(",")))
    }
}

impl Statement for Cors {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let Some(origin) = Self::origin_of(&exchange.request.headers) else {
            exchange.trace_says(|_, _| {
                "Origin header was missing or empty and the request was classified as not cross-domain. \
                                 CORS policy was not applied."
                    .into()
            });
            return Ok(Flow::Continue);
        };
        if exchange.cors.is_some() {
            return Ok(Flow::Continue);
        }
        match self.allows(&origin, exchange)? {
            Some(answer) => exchange.cors = Some(Box::new(answer)),
            None if self.terminates(exchange)? => return Ok(Flow::End(Box::new(ResponseState::ok()))),
            None => {}
        }
        Ok(Flow::Continue)
    }

    fn needs(&self) -> Needs {
        let terminates = self.terminates.as_ref().map_or(Needs::NONE, Setting::needs);
        self.credentials.needs() | terminates | self.origins.needs()
    }
}
