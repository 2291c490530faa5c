//! `validate-jwt`: lets a request pass that has a valid token.

use std::sync::Arc;

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement};
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Child, Content, Section, Spec};
use super::super::status::{self, STATUS};
use super::super::tokens::{
    Authority, CLAIMS, DECRYPTION_KEYS, HEADER, QUERY, RequiredClaim, Rules, SCHEME, SIGNING_KEYS, SIGNING_TOKENS,
    Source, VALUE, decryption_keys, signing_keys, texts,
};
use crate::xml::Element;

pub(crate) const CODE: Attribute = Attribute::optional("failed-validation-httpcode", STATUS, "401").or_expression();
pub(crate) const MESSAGE: Attribute =
    Attribute::optional("failed-validation-error-message", "text for the caller", "what is wrong").or_expression();
pub(crate) const VARIABLE: Attribute =
    Attribute::optional("output-token-variable-name", "the name of a variable, which gets a `Jwt`", "none");
const EXPIRATION: Attribute =
    Attribute::optional("require-expiration-time", "`true` or `false`", "true").or_expression();
const SIGNED: Attribute = Attribute::optional("require-signed-tokens", "`true` or `false`", "true").or_expression();
const SKEW: Attribute = Attribute::optional("clock-skew", "seconds, a whole number from 0", "0").or_expression();

const URL: Attribute =
    Attribute::required("url", "the https URL of OpenID metadata, ending in `/.well-known/openid-configuration`")
        .or_expression();
const CONNECTIVITY: Attribute = Attribute::optional(
    "validate-connectivity",
    "`true` or `false`: about the portal's check; none is made here",
    "true",
);
const HOST: Attribute = Attribute::optional("host", "without effect", "none");
const OPENID: Child = Child::new("openid-config", "0..n", Content::Nothing).attributes(&[URL, CONNECTIVITY, HOST]);
const TEXT: Content = Content::Text { expressions: true };
const AUDIENCE: Child = Child::new("audience", "1..n", TEXT);
pub(crate) const AUDIENCES: Child = Child::new("audiences", "0..1", Content::Elements(&[AUDIENCE]));
const ISSUER: Child = Child::new("issuer", "1..n", TEXT);
const ISSUERS: Child = Child::new("issuers", "0..1", Content::Elements(&[ISSUER]));

/// In the order in which they belong.
const CHILDREN: &[Child] = &[OPENID, SIGNING_KEYS, SIGNING_TOKENS, DECRYPTION_KEYS, AUDIENCES, ISSUERS, CLAIMS];

pub(crate) const SPEC: Spec = Spec::new(
    "validate-jwt",
    "Refuses a request without a JSON web token that is signed by a known key, is in its time, and has the issuer, the \
     audience and the claims that are asked for.",
)
.sections(&[Section::Inbound])
.attributes(&[HEADER, QUERY, VALUE, CODE, MESSAGE, EXPIRATION, SCHEME, SIGNED, SKEW, VARIABLE])
.content(Content::Elements(CHILDREN))
.state("OpenID metadata and keys, in `EngineSettings::metadata`.");

/// `validate-jwt`, compiled.
#[derive(Debug)]
pub(crate) struct ValidateJwt(Arc<Rules>);

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let source = Source::compile(compiler, element, None);
    let code = code(compiler, element);
    let message = compiler.setting(element, &MESSAGE);
    let variable = variable(compiler, element);
    let requires_expiration = flag(compiler, element, &EXPIRATION);
    let requires_signature = flag(compiler, element, &SIGNED);
    let skew = skew(compiler, element);
    in_order(compiler, element, CHILDREN);
    let (mut keys, mut decryption) = (Some(Vec::new()), Some(Vec::new()));
    let (mut documents, mut issuers, mut audiences) = (Some(Vec::new()), Some(Vec::new()), Some(None));
    let mut claims = Vec::new();
    for child in element.elements() {
        match &*child.name {
            "openid-config" => {
                let url = document(compiler, child);
                documents = documents.zip(url).map(|(mut all, url)| {
                    all.push(url);
                    all
                });
            }
            "issuer-signing-keys" | "issuer-signing-tokens" => {
                let more = signing_keys(compiler, child);
                keys = keys.zip(more).map(|(mut all, more)| {
                    all.extend(more);
                    all
                });
            }
            "decryption-keys" => decryption = decryption_keys(compiler, child),
            "audiences" => audiences = self::audiences(compiler, child).map(Some),
            "issuers" => issuers = texts(compiler, child, &ISSUERS, &ISSUER),
            "required-claims" => claims = RequiredClaim::compile(compiler, child),
            _ => {}
        }
    }
    let rules = Rules {
        source: source?,
        code: code?,
        message,
        variable,
        requires_expiration: requires_expiration?,
        requires_signature: requires_signature?,
        skew: skew?,
        keys: keys?,
        decryption: decryption?,
        signatures: compiler.environment.checks_signatures(),
        authority: Authority::OpenId { documents: documents?, issuers: issuers? },
        audiences: audiences?,
        applications: None,
        claims,
    };
    Some(step("validate-jwt", ValidateJwt(Arc::new(rules))))
}

/// `failed-validation-httpcode`.
pub(crate) fn code(compiler: &mut Compiler<'_>, element: &Element) -> Option<Setting<i64>> {
    match element.attribute(CODE.name) {
        Some(_) => status::setting(compiler, element, &CODE),
        None => Some(Setting::Constant(401)),
    }
}

/// `output-token-variable-name`.
pub(crate) fn variable(compiler: &mut Compiler<'_>, element: &Element) -> Option<Arc<str>> {
    let name = compiler.constant::<String>(element, &VARIABLE)?;
    if name.is_empty() {
        let message = format!("`{}` of `{}` is empty: expected {}", VARIABLE.name, element.name, VARIABLE.kind);
        compiler.error(element.span.start, message);
    }
    Some(name.into())
}

/// The values in `audiences`.
pub(crate) fn audiences(compiler: &mut Compiler<'_>, element: &Element) -> Option<Vec<Setting<String>>> {
    if element.elements().next().is_none() {
        let message = "`audiences` has no `audience`: no token is good";
        compiler.warning(element.span.start, message.to_owned());
    }
    texts(compiler, element, &AUDIENCES, &AUDIENCE)
}

fn flag(compiler: &mut Compiler<'_>, element: &Element, attribute: &Attribute) -> Option<Setting<bool>> {
    match element.attribute(attribute.name) {
        Some(_) => compiler.setting(element, attribute),
        None => Some(Setting::Constant(true)),
    }
}

fn skew(compiler: &mut Compiler<'_>, element: &Element) -> Option<Setting<i64>> {
    match element.attribute(SKEW.name) {
        Some(_) => compiler.setting_within(element, &SKEW, 0..=i64::MAX),
        None => Some(Setting::Constant(0)),
    }
}

fn document(compiler: &mut Compiler<'_>, element: &Element) -> Option<Setting<String>> {
    compiler.check_child(&OPENID, element);
    compiler.constant::<bool>(element, &CONNECTIVITY);
    if let Some(host) = element.attribute(HOST.name) {
        compiler.warning(host.span.start, "`host` of `openid-config` has no effect".to_owned());
    }
    let url = compiler.setting::<String>(element, &URL)?;
    if let Setting::Constant(text) = &url {
        let parsed = url::Url::parse(text.trim());
        if !parsed.is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host()) {
            let at = element.attribute(URL.name).map_or(element.span.start, |a| a.span.start);
            compiler.error(at, format!("`url` of `openid-config` is `{text}`: expected {}", URL.kind));
            return None;
        }
    }
    Some(url)
}

/// Warns of children that stand in another order.
pub(crate) fn in_order(compiler: &mut Compiler<'_>, element: &Element, known: &[Child]) {
    let mut last = 0;
    for child in element.elements() {
        let Some(at) = known.iter().position(|known| *known.element == *child.name) else { continue };
        if at < last {
            let order: Vec<_> = known.iter().map(|known| format!("`{}`", known.element)).collect();
            let message = format!("`{}` stands too late: the order is {}", child.name, order.join(", "));
            compiler.warning(child.span.start, message);
        }
        last = last.max(at);
    }
}

impl Statement for ValidateJwt {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        self.0.run(exchange)
    }

    fn needs(&self) -> Needs {
        self.0.needs()
    }
}
