//! `validate-azure-ad-token`: lets a request pass that has a token of a tenant of Microsoft Entra.

use std::sync::Arc;

use http::header;

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement};
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Child, Content, Section, Spec};
use super::super::tokens::{
    Authority, CLAIMS, DECRYPTION_KEYS, QUERY, RequiredClaim, Rules, SCHEME, Source, Tenant, VALUE, decryption_keys,
    texts,
};
use super::validate_jwt::{AUDIENCES, CODE, MESSAGE, VARIABLE, audiences, code, variable};
use crate::xml::Element;

const TENANT: Attribute = Attribute::required(
    "tenant-id",
    "the id or a domain of a tenant, `organizations` or `common`, or the login URL of one",
)
.or_expression();
const HEADER: Attribute =
    Attribute::optional("header-name", "a header name", "`Authorization`, when there is no other source")
        .or_expression();
const ENDPOINT: Attribute = Attribute::optional(
    "authentication-endpoint",
    "the login URL of another cloud such as `https://login.microsoftonline.us`",
    "https://login.microsoftonline.com",
);
const FORWARDED: Attribute = Attribute::optional("allow-protected-forwarded-tokens", "without effect", "none");
const POSSESSION: Attribute = Attribute::optional("allow-proof-of-possession-tokens", "without effect", "none");

const APPLICATION: Child = Child::new("application-id", "1..n", Content::Text { expressions: false });
const BACKENDS: Child = Child::new("backend-application-ids", "0..1", Content::Elements(&[APPLICATION]));
const CLIENTS: Child = Child::new("client-application-ids", "0..1", Content::Elements(&[APPLICATION]));
const CHILDREN: &[Child] = &[BACKENDS, CLIENTS, AUDIENCES, CLAIMS, DECRYPTION_KEYS];

pub(crate) const SPEC: Spec = Spec::new(
    "validate-azure-ad-token",
    "Refuses a request without a token of a tenant of Microsoft Entra, for one of the audiences and by one of the client \
     applications that are listed.",
)
.sections(&[Section::Inbound])
.attributes(&[
    TENANT, HEADER, QUERY, VALUE, ENDPOINT, CODE, MESSAGE, VARIABLE, SCHEME, FORWARDED, POSSESSION,
])
.content(Content::Elements(CHILDREN)).state("OpenID metadata and keys, in `EngineSettings::metadata`.");

/// `validate-azure-ad-token`, compiled.
#[derive(Debug)]
pub(crate) struct ValidateAzureAdToken(Arc<Rules>);

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let authority = authority(compiler, element);
    let source = Source::compile(compiler, element, Some(header::AUTHORIZATION));
    let code = code(compiler, element);
    let message = compiler.setting(element, &MESSAGE);
    let variable = variable(compiler, element);
    for ignored in [FORWARDED, POSSESSION] {
        if let Some(found) = element.attribute(ignored.name) {
            compiler.warning(found.span.start, format!("`{}` of `{}` has no effect", ignored.name, element.name));
        }
    }
    let (mut decryption, mut given, mut claims) = (Some(Vec::new()), Some(None), Vec::new());
    let (mut backends, mut clients) = (Some(None), Some(None));
    for child in element.elements() {
        match &*child.name {
            "backend-application-ids" => backends = applications(compiler, child, &BACKENDS).map(Some),
            "client-application-ids" => clients = applications(compiler, child, &CLIENTS).map(Some),
            "audiences" => given = audiences(compiler, child).map(Some),
            "required-claims" => claims = RequiredClaim::compile(compiler, child),
            "decryption-keys" => decryption = decryption_keys(compiler, child),
            _ => {}
        }
    }
    let (backends, given, clients) = (backends?, given?, clients?);
    if backends.is_none() && given.is_none() && clients.is_none() {
        let message = "`validate-azure-ad-token` has neither `client-application-ids` nor `audiences`: a token of the tenant \
                       for any application is good";
        compiler.warning(element.span.start, message.to_owned());
    }
    let of_backends = backends.iter().flatten().flat_map(|id: &String| [id.clone(), format!("api://{id}")]);
    let of_backends: Vec<_> = of_backends.map(Setting::Constant).collect();
    let all = given.is_some() || backends.is_some();
    let rules = Rules {
        source: source?,
        code: code?,
        message,
        variable,
        requires_expiration: Setting::Constant(true),
        requires_signature: Setting::Constant(true),
        skew: Setting::Constant(0),
        keys: Vec::new(),
        decryption: decryption?,
        signatures: compiler.environment.checks_signatures(),
        authority: authority?,
        audiences: all.then(|| given.into_iter().flatten().chain(of_backends).collect()),
        applications: clients,
        claims,
    };
    Some(step("validate-azure-ad-token", ValidateAzureAdToken(Arc::new(rules))))
}

/// The tenant, at the login that `authentication-endpoint` names.
fn authority(compiler: &mut Compiler<'_>, element: &Element) -> Option<Authority> {
    let tenant = compiler.setting::<Tenant>(element, &TENANT);
    let Some(attribute) = element.attribute(ENDPOINT.name) else { return Some(Authority::Entra(tenant?, None)) };
    let endpoint = compiler.constant::<String>(element, &ENDPOINT)?;
    let probe = match &tenant {
        Some(Setting::Constant(tenant)) => Some(tenant.clone()),
        _ => Tenant::parse("common"),
    };
    let Some(moved) = probe.and_then(|tenant| tenant.at(&endpoint)) else {
        let (name, kind) = (ENDPOINT.name, ENDPOINT.kind);
        let message = format!("`{name}` of `{}` is `{endpoint}`: expected {kind}", element.name);
        compiler.error(attribute.span.start, message);
        return None;
    };
    Some(match tenant? {
        Setting::Constant(_) => Authority::Entra(Setting::Constant(moved), None),
        computed => Authority::Entra(computed, Some(endpoint)),
    })
}

fn applications(compiler: &mut Compiler<'_>, element: &Element, known: &Child) -> Option<Vec<String>> {
    if element.elements().next().is_none() {
        let message = format!("`{}` has no `application-id`: no token is good", element.name);
        compiler.warning(element.span.start, message);
    }
    let ids = texts(compiler, element, known, &APPLICATION)?;
    let constant = |id| match id {
        Setting::Constant(id) => Some(id),
        Setting::Expression(_) => None,
    };
    ids.into_iter().map(constant).collect()
}

impl Statement for ValidateAzureAdToken {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        self.0.run(exchange)
    }

    fn needs(&self) -> Needs {
        self.0.needs()
    }
}
