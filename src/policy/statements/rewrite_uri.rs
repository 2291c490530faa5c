//! `rewrite-uri`: another path and query behind the backend's base URL.

use std::fmt::Write as _;

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
use crate::xml::Element;

const TEMPLATE: Attribute = Attribute::required("template", "a path with an optional query").or_expression();
const COPY: Attribute =
    Attribute::optional("copy-unmatched-params", "`true`, `false` or an expression", "true").or_expression();

pub(crate) const SPEC: Spec =
    Spec::new("rewrite-uri", "Replaces path and query of the request to the backend, behind its base URL.")
        .sections(&[Section::Inbound])
        .attributes(&[TEMPLATE, COPY]);

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
    let template = compiler.setting(element, &TEMPLATE);
    let copy_unmatched = compiler.setting(element, &COPY).unwrap_or(Setting::Constant(true));
    Some(step("rewrite-uri", RewriteUri { template: template?, copy_unmatched }))
}

impl RewriteUri {
    /// Puts the operation's parameters into the template. An unknown one stays as text.
    fn expand(template: &str, exchange: &Exchange) -> String {
        let (path_end, mut out, mut rest) = (template.find('?').unwrap_or(template.len()), String::new(), template);
        while let Some(open) = rest.find('{') {
            let Some(close) = rest[open..].find('}').map(|at| open + at) else { break };
            let name = rest[open + 1..close].trim();
            let (name, is_wildcard) = name.strip_prefix('*').map_or((name, false), |name| (name, true));
            let at = template.len() - rest.len() + open;
            out.push_str(&rest[..open]);
            match exchange.parameters.iter().find(|(known, _)| **known == *name) {
                None => out.push_str(&rest[open..=close]),
                Some((_, value)) if at > path_end => {
                    // INVARIANT: writing to a String does not fail.
                    let _ = write!(out, "{}", query::encode(value));
                }
                Some((known, value)) => {
                    let keeps_slashes = is_wildcard || exchange.is_wildcard(known);
                    let set = if keeps_slashes { PATHS } else { PATH };
                    let _ = write!(out, "{}", utf8_percent_encode(value, set));
                }
            }
            rest = &rest[close + 1..];
        }
        out.push_str(rest);
        out
    }
}

impl Statement for RewriteUri {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let template = self.template.get(exchange)?;
        let copy = *self.copy_unmatched.get(exchange)?;
        let expanded = Self::expand(&template, exchange);
        let (path, own) = query::split(&expanded);
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
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
