//! `rewrite-uri`: another path and query behind the backend's base URL.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;

use percent_encoding::{AsciiSet, utf8_percent_encode};

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement};
use super::super::pipeline::Needs;
use super::super::query;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Section, Spec};
use crate::forward::dots;
use crate::xml::Element;

const TEMPLATE: Attribute = Attribute::required("template", "a path with an optional query").or_expression();
const COPY: Attribute =
    Attribute::optional("copy-unmatched-params", "`true`, `false` or an expression", "true").or_expression();

pub(crate) const SPEC: Spec =
    Spec::new("rewrite-uri", "Replaces path and query of the request to the backend, behind its base URL.")
        .sections(&[Section::Inbound])
        .attributes(&[TEMPLATE, COPY]).differences(&["What a URL cannot have (spaces, `#`, letters beyond ASCII, a `%` that escapes nothing) is escaped.", "A `{name}` of a literal template that the operation's URL template does not have is an error in the operation's own document, and a warning in an API's when none of its operations has it. Names ignore case.", "A path with a segment `..` fails with `InvalidUri`, unless `EngineSettings::dot_segments_inside` lets such paths pass."]);

/// What stays as it is in a path: unreserved characters and RFC 3986's sub-delimiters, `:` and `@`.
const PATH: &AsciiSet = &query::UNRESERVED
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=')
    .remove(b':')
    .remove(b'@');

/// The same for the rest of a path.
const PATHS: &AsciiSet = &PATH.remove(b'/');

/// `rewrite-uri`, compiled.
#[derive(Debug)]
pub(crate) struct RewriteUri {
    template: Setting<String>,
    copy_unmatched: Setting<bool>,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let mut template = compiler.setting::<String>(element, &TEMPLATE);
    if let Some(Setting::Constant(text)) = &mut template {
        *text = query::legal(text).into_owned();
        let at = element.attribute(TEMPLATE.name).map_or(element.span.start, |attribute| attribute.span.start);
        for (_, name) in placeholders(text) {
            compiler.template_parameter(at, name);
        }
    }
    let copy_unmatched = compiler.setting(element, &COPY).unwrap_or(Setting::Constant(true));
    Some(step("rewrite-uri", RewriteUri { template: template?, copy_unmatched }))
}

impl RewriteUri {
    /// Puts the operation's parameters into the template. An unknown one stays as text.
    fn expand(template: &str, exchange: &Exchange) -> String {
        let (path_end, mut out, mut copied) = (template.find('?').unwrap_or(template.len()), String::new(), 0);
        for (range, name) in placeholders(template) {
            let parameters = &exchange.parameters;
            let exactly = parameters.iter().find(|(known, _)| **known == *name);
            let Some((known, value)) =
                exactly.or_else(|| parameters.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)))
            else {
                continue;
            };
            out.push_str(template.get(copied..range.start).unwrap_or_default());
            let is_wildcard = template.get(range.clone()).is_some_and(|text| text.contains('*'));
            // INVARIANT: writing to a String does not fail.
            if range.start > path_end {
                let _ = write!(out, "{}", query::encode(value));
            } else {
                let set = if is_wildcard || exchange.is_wildcard(known) { PATHS } else { PATH };
                let _ = write!(out, "{}", utf8_percent_encode(value, set));
            }
            copied = range.end;
        }
        out.push_str(template.get(copied..).unwrap_or_default());
        out
    }
}

/// The `{name}` and `{*name}` of a template: where they stand, braces included, and the names.
fn placeholders(template: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let open = at + template.get(at..)?.find('{')?;
        let close = open + template.get(open..)?.find('}')?;
        at = close + 1;
        let name = template.get(open + 1..close)?.trim();
        Some((open..at, name.strip_prefix('*').unwrap_or(name)))
    })
}

impl Statement for RewriteUri {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let template = self.template.get(exchange)?;
        let copy = *self.copy_unmatched.get(exchange)?;
        let mut expanded = Self::expand(&template, exchange);
        if let Cow::Owned(_) = template
            && let Cow::Owned(legal) = query::legal(&expanded)
        {
            expanded = legal;
        }
        let (path, own) = query::split(&expanded);
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        // What the caller gave may be part of it.
        if dots::lead_up(&path) && !exchange.settings.dot_segments_inside {
            let message = "The path has a segment '..', which a backend may take for another operation.";
            return Err(Failure::internal("InvalidUri", message));
        }
        let (_, incoming) = query::split(exchange.request.rest());
        let name_of = |parameter: &str| query::decode(parameter.split_once('=').map_or(parameter, |(name, _)| name));
        let is_taken = |parameter: &str| {
            let name = name_of(parameter);
            query::parameters(own).any(|mine| query::is_named(mine, &name)) || exchange.is_template_query(&name)
        };
        let copied = query::parameters(incoming).filter(|parameter| copy && !is_taken(parameter));
        let rest = query::join(&path, query::parameters(own).chain(copied));
        exchange.set_rest(rest);
        Ok(Flow::Continue)
    }

    fn needs(&self) -> Needs {
        self.template.needs() | self.copy_unmatched.needs() | Needs::PARAMETERS
    }
}
