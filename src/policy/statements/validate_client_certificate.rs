//! `validate-client-certificate`: lets a request pass whose caller showed a good certificate.

mod identity;

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use http::StatusCode;

use super::super::compile::{Compiler, step};
use super::super::document::Node;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Resume, Statement};
use super::super::pipeline::Needs;
use super::super::spec::{Attribute, Child, Content, Section, Spec};
use crate::expr::dotnet::DateTime;
use crate::expr::dotnet::certificate::Certificate;
use crate::forward::ClientCertificate;
use crate::xml::Element;
use identity::{IDENTITIES, Identity, Shown};

const BOOL: &str = "`true` or `false`";
const REVOCATION: Attribute = Attribute::optional("validate-revocation", BOOL, "true");
const TRUST: Attribute = Attribute::optional("validate-trust", BOOL, "true");
const NOT_BEFORE: Attribute = Attribute::optional("validate-not-before", BOOL, "true");
const NOT_AFTER: Attribute = Attribute::optional("validate-not-after", BOOL, "true");
const IGNORE: Attribute = Attribute::optional("ignore-error", BOOL, "false");
const CHILDREN: &[Child] = &[IDENTITIES];
/// What the schema of API Management allows.
const MOST_IDENTITIES: usize = 10;

pub(crate) const SPEC: Spec = Spec::new(
    "validate-client-certificate",
    "Refuses a request whose caller showed no certificate, or one that is not trusted, not in its time, revoked, or not of \
     one of the identities.",
)
.sections(&[Section::Inbound])
.attributes(&[REVOCATION, TRUST, NOT_BEFORE, NOT_AFTER, IGNORE])
.content(Content::Elements(CHILDREN)).differences(&["Which certificates are revoked is what `EngineSettings::revocation` says; without it none is."]);

/// `validate-client-certificate`, compiled.
#[derive(Debug)]
pub(crate) struct ValidateClientCertificate(Arc<Rules>);

#[derive(Debug)]
struct Rules {
    revocation: bool,
    trust: bool,
    not_before: bool,
    not_after: bool,
    ignores_errors: bool,
    /// None when any is good.
    identities: Option<Vec<Identity>>,
}

/// Why a certificate is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    NotPresent,
    NotYetValid,
    Expired,
    NotTrusted,
    Revoked,
    NotMatched,
}

pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Node> {
    let mut flag = |attribute: &Attribute, default| compiler.constant(element, attribute).unwrap_or(default);
    let (revocation, trust) = (flag(&REVOCATION, true), flag(&TRUST, true));
    let (not_before, not_after, ignores_errors) =
        (flag(&NOT_BEFORE, true), flag(&NOT_AFTER, true), flag(&IGNORE, false));
    if revocation && !compiler.environment.checks_revocation() {
        let message = "nothing knows here which certificates are revoked: none is taken to be";
        compiler.warning(element.span.start, message.to_owned());
    }
    let mut identities = Some(None);
    if let Some(parent) = element.elements().find(|child| *child.name == *IDENTITIES.element) {
        identities = Identity::compile(compiler, parent).map(Some);
        let count = parent.elements().count();
        if !(1..=MOST_IDENTITIES).contains(&count) {
            let message = format!("`identities` has {count} elements: expected 1 to {MOST_IDENTITIES}");
            compiler.error(parent.span.start, message);
        }
    }
    let rules = Rules { revocation, trust, not_before, not_after, ignores_errors, identities: identities? };
    Some(step("validate-client-certificate", ValidateClientCertificate(Arc::new(rules))))
}

impl Refusal {
    fn failure(self) -> Box<Failure> {
        let (reason, message) = match self {
            Self::NotPresent => ("ClientCertificateNotPresent", "Client certificate is not present. Access denied."),
            Self::NotYetValid => {
                ("ClientCertificateNotYetValid", "Client certificate is not yet valid. Access denied.")
            }
            Self::Expired => ("ClientCertificateExpired", "Client certificate has expired. Access denied."),
            Self::NotTrusted => ("ClientCertificateNotTrusted", "Client certificate is not trusted. Access denied."),
            Self::Revoked => ("ClientCertificateRevoked", "Client certificate is revoked. Access denied."),
            Self::NotMatched => (
                "ClientCertificateIdentityNotMatched",
                "Client certificate does not match any allowed identity. Access denied.",
            ),
        };
        Failure::refused(StatusCode::FORBIDDEN, reason, message).public_message("Invalid client certificate")
    }
}

impl Rules {
    /// What is wrong with the certificate itself.
    fn certificate(&self, shown: &ClientCertificate, exchange: &Exchange) -> Result<Certificate, Refusal> {
        let certificate = Certificate::parse(&shown.der).map_err(|_| Refusal::NotTrusted)?;
        let now = exchange.settings.clock.wall().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = DateTime::from_unix(i64::try_from(now.as_secs()).unwrap_or(i64::MAX), now.subsec_nanos());
        if self.not_before && now < certificate.not_before() {
            return Err(Refusal::NotYetValid);
        }
        if self.not_after && now > certificate.not_after() {
            return Err(Refusal::Expired);
        }
        if self.trust && !shown.is_trusted {
            return Err(Refusal::NotTrusted);
        }
        Ok(certificate)
    }

    fn identity(&self, certificate: &Certificate, shown: &ClientCertificate) -> Result<(), Refusal> {
        let Some(identities) = &self.identities else { return Ok(()) };
        let shown = Shown::new(certificate, shown);
        if identities.iter().any(|identity| identity.matches(&shown)) { Ok(()) } else { Err(Refusal::NotMatched) }
    }

    fn end(&self, outcome: Result<(), Refusal>, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        match outcome {
            Ok(()) => Ok(Flow::Continue),
            Err(refusal) if self.ignores_errors => {
                let failure = refusal.failure();
                exchange.trace_note(|| format!("The error was ignored. {}: {}", failure.reason, failure.message));
                Ok(Flow::Continue)
            }
            Err(refusal) => Err(refusal.failure()),
        }
    }
}

impl Statement for ValidateClientCertificate {
    fn run(&self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        let Some(shown) = exchange.request.extensions.get::<ClientCertificate>().cloned() else {
            return self.0.end(Err(Refusal::NotPresent), exchange);
        };
        let certificate = match self.0.certificate(&shown, exchange) {
            Ok(certificate) => certificate,
            Err(refusal) => return self.0.end(Err(refusal), exchange),
        };
        let Some(checker) = exchange.settings.revocation.clone().filter(|_| self.0.revocation) else {
            let outcome = self.0.identity(&certificate, &shown);
            return self.0.end(outcome, exchange);
        };
        let rules = Arc::clone(&self.0);
        Ok(Flow::Wait(Box::pin(async move {
            let revoked = checker.is_revoked(&shown).await.unwrap_or_else(|error| {
                tracing::warn!(target: "gatewright::policy", "it is not known whether a client certificate is revoked: {error}");
                true
            });
            let outcome = if revoked { Err(Refusal::Revoked) } else { rules.identity(&certificate, &shown) };
            let resume: Resume = Box::new(move |exchange| rules.end(outcome, exchange));
            resume
        })))
    }

    fn needs(&self) -> Needs {
        Needs::NONE
    }
}
