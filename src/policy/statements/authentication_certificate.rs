//! `authentication-certificate`: the client certificate that the backend is shown.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::environment::CertificateProblem;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement};
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::{Attribute, Section, Spec};
use crate::expr::Value;
use crate::forward::{CertificateData, CertificateName};
use crate::xml::Element;

const THUMBPRINT: Attribute = Attribute::optional("thumbprint", "a SHA-1 thumbprint in hex", "none").or_expression();
const ID: Attribute = Attribute::optional("certificate-id", "the id of a certificate", "none").or_expression();
const BODY: Attribute = Attribute::optional("body", "a PFX file as bytes or base64", "none").or_expression();
const PASSWORD: Attribute = Attribute::optional("password", "the password of `body`", "none").or_expression();

pub(crate) const SPEC: Spec = Spec::new(
    "authentication-certificate",
    "Shows a client certificate to the backend: by `thumbprint`, else `certificate-id`, else `body`.",
)
.sections(&[Section::Inbound])
.attributes(&[THUMBPRINT, ID, BODY, PASSWORD]);

/// `authentication-certificate`, compiled.
#[derive(Debug)]
pub(crate) struct AuthenticationCertificate {
    source: Source,
    password: Option<Setting<String>>,
}

#[derive(Debug)]
enum Source {
    Thumbprint(Setting<String>),
    Id(Setting<String>),
    Body(Setting<Value>),
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    Some(step("authentication-certificate", AuthenticationCertificate::compile(compiler, element)?))
}

impl AuthenticationCertificate {
    /// Reads the element, also as a child of another policy.
    pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        let given: Vec<_> = [&THUMBPRINT, &ID, &BODY]
            .into_iter()
            .filter_map(|attribute| Some((attribute, element.attribute(attribute.name)?)))
            .collect();
        let Some((chosen, written)) = given.first() else {
            let message =
                "`authentication-certificate` names no certificate: expected `thumbprint`, `certificate-id` or `body`";
            compiler.error(element.span.start, message.to_owned());
            return None;
        };
        for (_, beside) in given.iter().skip(1) {
            let message =
                format!("`{}` of `authentication-certificate` has no effect beside `{}`", beside.name, chosen.name);
            compiler.warning(beside.span.start, message);
        }
        // All of them are compiled: what has no effect has to be right too.
        let thumbprint = compiler.setting(element, &THUMBPRINT).map(Source::Thumbprint);
        let id = compiler.setting(element, &ID).map(Source::Id);
        let body = compiler.setting(element, &BODY).map(Source::Body);
        let password = compiler.setting(element, &PASSWORD);
        let is_whole = element.attribute(PASSWORD.name).is_some() == password.is_some();
        let found = [thumbprint, id, body];
        let is_whole = is_whole && found.iter().flatten().count() == given.len();
        let source = found.into_iter().flatten().next().filter(|_| is_whole)?;
        match &source {
            Source::Thumbprint(name) => check(compiler, written.span.start, name, CertificateName::Thumbprint),
            Source::Id(name) => check(compiler, written.span.start, name, CertificateName::Id),
            Source::Body(_) => {}
        }
        Some(Self { source, password })
    }

    /// Which certificate it is.
    pub(crate) fn choice(&self, exchange: &mut Exchange) -> Result<CertificateName, Box<Failure>> {
        Ok(match &self.source {
            Source::Thumbprint(text) => CertificateName::Thumbprint(text.get(exchange)?.trim().into()),
            Source::Id(text) => CertificateName::Id(text.get(exchange)?.trim().into()),
            Source::Body(value) => {
                let value = value.get(exchange)?.into_owned();
                let bytes = match value.as_bytes() {
                    Some(bytes) => bytes,
                    None => {
                        let text: String = value.to_text().unwrap_or_default().split_whitespace().collect();
                        let unreadable = |_| {
                            let message = "The body of the certificate is neither bytes nor base64.";
                            Failure::internal("CertificateNotFound", message)
                        };
                        STANDARD.decode(text).map_err(unreadable)?
                    }
                };
                let password = match &self.password {
                    Some(password) => password.get(exchange)?.into_owned(),
                    None => String::new(),
                };
                CertificateName::Data(CertificateData::new(bytes, password))
            }
        })
    }
}

/// Reports a certificate that is named by a literal, and that the configuration does not have.
fn check(compiler: &mut Compiler<'_>, at: usize, setting: &Setting<String>, named: fn(Arc<str>) -> CertificateName) {
    let Setting::Constant(text) = setting else { return };
    let text = text.trim();
    match compiler.environment.client_certificate_problem(&named(text.into())) {
        None => {}
        Some(CertificateProblem::Unknown) => compiler.error(at, format!("client certificate `{text}` is not defined")),
        Some(CertificateProblem::Doubtful(problem)) => compiler.warning(at, problem),
    }
}

impl Statement for AuthenticationCertificate {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        exchange.certificate = Some(self.choice(exchange)?);
        Ok(Flow::Continue)
    }

    fn needs(&self) -> Needs {
        let source = match &self.source {
            Source::Thumbprint(text) | Source::Id(text) => text.needs(),
            Source::Body(value) => value.needs(),
        };
        source | self.password.as_ref().map_or(Needs::NONE, Setting::needs)
    }
}
