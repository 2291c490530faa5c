//! `cross-domain`: the policy file that Flash and Silverlight clients ask for.

use bytes::Bytes;

use super::super::compile::{Compiler, Read, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement};
use super::super::markup::Markup;
use super::super::pipeline::Needs;
use super::super::spec::{Attribute, Child, Content, Scope, Section, Spec};
use crate::xml::{Element, Space};

const DOMAIN_KIND: &str = "`*`, a host name, or `*` and the end of one";
const PERMITTED: Attribute =
    Attribute::required("permitted-cross-domain-policies", "`all`, `by-content-type`, `master-only` or `none`");
const DOMAIN: Attribute = Attribute::required("domain", DOMAIN_KIND);
const HEADERS: Attribute = Attribute::required("headers", "`*` or header names with commas, which may end in `*`");
const SECURE: Attribute = Attribute::optional("secure", "`true` or `false`", "true");
const SITE_CONTROL: Child = Child::new("site-control", "0..1", Content::Nothing).attributes(&[PERMITTED]);
const ACCESS: Child = Child::new("allow-access-from", "0..n", Content::Nothing).attributes(&[DOMAIN, SECURE]);
const REQUEST_HEADERS: Child =
    Child::new("allow-http-request-headers-from", "0..n", Content::Nothing).attributes(&[DOMAIN, HEADERS, SECURE]);
const POLICY: Child =
    Child::new("cross-domain-policy", "1", Content::Elements(&[SITE_CONTROL, ACCESS, REQUEST_HEADERS]));

pub(crate) const SPEC: Spec =
    Spec::new("cross-domain", "Answers `GET /crossdomain.xml` with a policy file of Adobe's format.")
        .sections(&[Section::Inbound])
        .scopes(&[Scope::Global])
        .once()
        .content(Content::Elements(&[POLICY]));

/// `cross-domain`, compiled: the file.
#[derive(Debug)]
#[cfg_attr(not(feature = "client"), expect(dead_code, reason = "the gateway, which serves it, needs the client"))]
pub(crate) struct CrossDomain(Bytes);

#[cfg(feature = "client")]
impl CrossDomain {
    /// The body of the answer; its type is `text/x-cross-domain-policy`.
    pub(crate) fn file(&self) -> &Bytes {
        &self.0
    }
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let Some(policy) = element.elements().find(|child| *child.name == *POLICY.element) else {
        compiler.error(element.span.start, "`cross-domain` needs one `cross-domain-policy`".to_owned());
        return None;
    };
    check(compiler, policy);
    let text = element.inner_text(compiler.document);
    let Read::Literal(text) = compiler.read(&text, Space::Trim, "the content of `cross-domain`")? else { return None };
    if let Err(problem) = Markup::parse(&text, 10_000) {
        compiler.error(element.inner.start, format!("the content of `cross-domain` is not well-formed: {problem}"));
        return None;
    }
    let file = format!("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{text}");
    Some(step("cross-domain", CrossDomain(file.into())))
}

fn check(compiler: &mut Compiler<'_>, policy: &Element) {
    compiler.check_child(&POLICY, policy);
    for child in policy.elements() {
        let known = [&SITE_CONTROL, &ACCESS, &REQUEST_HEADERS].into_iter().find(|known| *known.element == *child.name);
        let Some(known) = known else { continue };
        compiler.check_child(known, child);
        for attribute in known.attributes {
            let Some(text) = compiler.constant::<String>(child, attribute) else { continue };
            let is_right = match attribute.name {
                "domain" => is_domain(&text),
                "secure" => matches!(&*text, "true" | "false"),
                "headers" => text.split(',').all(|name| is_header(name.trim())),
                _ => matches!(&*text, "all" | "by-content-type" | "master-only" | "none"),
            };
            if !is_right {
                let message =
                    format!("`{}` of `{}` is `{text}`: expected {}", attribute.name, child.name, attribute.kind);
                compiler.error(child.span.start, message);
            }
        }
    }
}

fn is_domain(text: &str) -> bool {
    let rest = text.strip_prefix('*').unwrap_or(text);
    text == "*" || (!rest.is_empty() && rest.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-')))
}

fn is_header(text: &str) -> bool {
    let name = text.strip_suffix('*').unwrap_or(text);
    text == "*" || http::HeaderName::from_bytes(name.as_bytes()).is_ok()
}

impl Statement for CrossDomain {
    fn run(&self, _: &mut Exchange) -> Result<Flow, Box<Failure>> {
        // The gateway asks for the file when no API matches; ordinary requests pass.
        Ok(Flow::Continue)
    }

    fn needs(&self) -> Needs {
        Needs::NONE
    }
}
