//! Who a caller may be: `identity` elements, and what a certificate says of itself.

use super::super::super::certificates;
use super::super::super::compile::Compiler;
use super::super::super::distinguished_name::DistinguishedName;
use super::super::super::spec::{Attribute, Child, Content};
use crate::expr::dotnet::certificate::Certificate;
use crate::forward::ClientCertificate;
use crate::jwt::Signatures;
use crate::xml::Element;

const HEX: &str = "a SHA-1 thumbprint in hex";
const NAME: &str = "a distinguished name such as `CN=api, O=Contoso`";
const THUMBPRINT: Attribute = Attribute::optional("thumbprint", HEX, "any");
const SERIAL: Attribute = Attribute::optional("serial-number", "a serial number in hex", "any");
const COMMON_NAME: Attribute = Attribute::optional("common-name", "the CN of the subject", "any");
const SUBJECT: Attribute = Attribute::optional("subject", NAME, "any");
const DNS_NAME: Attribute = Attribute::optional("dns-name", "one of the DNS names", "any");
const ISSUER: Attribute = Attribute::optional("issuer-subject", NAME, "any");
const ISSUER_THUMBPRINT: Attribute = Attribute::optional("issuer-thumbprint", HEX, "any");
const ISSUER_ID: Attribute = Attribute::optional("issuer-certificate-id", "the id of a certificate", "any");
const IDENTITY: Child = Child::new("identity", "1..10", Content::Nothing).attributes(&[
    THUMBPRINT,
    SERIAL,
    COMMON_NAME,
    SUBJECT,
    DNS_NAME,
    ISSUER,
    ISSUER_THUMBPRINT,
    ISSUER_ID,
]);
pub(super) const IDENTITIES: Child = Child::new("identities", "0..1", Content::Elements(&[IDENTITY]));

/// An identity: all that it says must be so.
#[derive(Debug)]
pub(super) struct Identity(Vec<Claim>);

#[derive(Debug)]
enum Claim {
    Thumbprint(String),
    Serial(String),
    CommonName(String),
    Subject(DistinguishedName),
    DnsName(String),
    Issuer(DistinguishedName),
    IssuerThumbprint(String, Signatures),
    /// The key of the issuer's certificate signed it.
    SignedBy(Box<Certificate>, Signatures),
}

/// What a certificate says of itself.
pub(super) struct Shown<'c> {
    certificate: &'c Certificate,
    shown: &'c ClientCertificate,
    subject: Option<DistinguishedName>,
    issuer: Option<DistinguishedName>,
}

impl<'c> Shown<'c> {
    pub(super) fn new(certificate: &'c Certificate, shown: &'c ClientCertificate) -> Self {
        let subject = DistinguishedName::of(certificate.subject_attributes());
        Self { certificate, shown, subject, issuer: DistinguishedName::of(certificate.issuer_attributes()) }
    }

    /// The thumbprint of the certificate that signed it, as far as the caller showed that one.
    fn issuer_has_thumbprint(&self, thumbprint: &str, signatures: Signatures) -> bool {
        let is_self_signed = self.certificate.subject() == self.certificate.issuer();
        let chain = self.shown.chain.iter().filter_map(|der| Certificate::parse(der).ok());
        let own = is_self_signed.then(|| self.certificate.clone());
        let is_named = |issuer: &Certificate| issuer.subject() == self.certificate.issuer();
        let mut issuers = chain.chain(own).filter(|issuer| is_named(issuer) && issuer.thumbprint() == thumbprint);
        issuers.any(|issuer| signatures.have_signed(issuer.raw(), self.certificate.raw()))
    }
}

impl Identity {
    /// Reads the elements in `identities`; none when one of them is wrong.
    pub(super) fn compile(compiler: &mut Compiler<'_>, parent: &Element) -> Option<Vec<Self>> {
        compiler.check_child(&IDENTITIES, parent);
        let elements = parent.elements().filter(|child| *child.name == *IDENTITY.element);
        let read: Vec<Option<Self>> = elements.map(|element| Self::of(compiler, element)).collect();
        read.into_iter().collect()
    }

    fn of(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        compiler.check_child(&IDENTITY, element);
        let has = |attribute: &Attribute| element.attribute(attribute.name).is_some();
        if has(&ISSUER_ID) && (has(&ISSUER) || has(&ISSUER_THUMBPRINT)) {
            let message = "`issuer-certificate-id` stands beside another attribute of the issuer: expected one of them";
            compiler.error(element.span.start, message.to_owned());
        }
        let known = [&THUMBPRINT, &SERIAL, &COMMON_NAME, &SUBJECT, &DNS_NAME, &ISSUER, &ISSUER_THUMBPRINT, &ISSUER_ID];
        if !known.into_iter().any(has) {
            compiler.error(element.span.start, "`identity` says nothing: it needs an attribute".to_owned());
        }
        let claims: Vec<Option<Claim>> =
            known.into_iter().filter(|attribute| has(attribute)).map(|known| claim(compiler, element, known)).collect();
        Some(Self(claims.into_iter().collect::<Option<_>>()?))
    }

    /// Whether the certificate is this one's.
    pub(super) fn matches(&self, shown: &Shown<'_>) -> bool {
        self.0.iter().all(|claim| claim.holds(shown))
    }
}

fn claim(compiler: &mut Compiler<'_>, element: &Element, attribute: &Attribute) -> Option<Claim> {
    let text = compiler.constant::<String>(element, attribute)?;
    let at = element.attribute(attribute.name).map_or(element.span.start, |attribute| attribute.span.start);
    let claim = match attribute.name {
        "thumbprint" => hex(&text).filter(|hex| hex.len() == 40).map(Claim::Thumbprint),
        "issuer-thumbprint" => hex(&text)
            .filter(|hex| hex.len() == 40)
            .map(|hex| Claim::IssuerThumbprint(hex, compiler.environment.checks_signatures())),
        "serial-number" => hex(&text).map(|hex| Claim::Serial(hex.trim_start_matches('0').to_owned())),
        "common-name" => Some(Claim::CommonName(text.trim().to_lowercase())),
        "dns-name" => Some(Claim::DnsName(text.trim().to_lowercase())),
        "subject" => DistinguishedName::parse(&text).map(Claim::Subject),
        "issuer-subject" => DistinguishedName::parse(&text).map(Claim::Issuer),
        _ => {
            let opened = certificates::named(compiler, at, &text)?;
            let signatures = compiler.environment.checks_signatures();
            return Some(Claim::SignedBy(Box::new(opened.certificate), signatures));
        }
    };
    if claim.is_none() {
        let message = format!("`{}` of `identity` is `{text}`: expected {}", attribute.name, attribute.kind);
        compiler.error(at, message);
    }
    claim
}

impl Claim {
    fn holds(&self, shown: &Shown<'_>) -> bool {
        let certificate = shown.certificate;
        let is_named = |name: &Option<DistinguishedName>, known| name.as_ref().is_some_and(|name| name.is_same(known));
        match self {
            Self::Thumbprint(known) => certificate.thumbprint() == *known,
            Self::Serial(known) => certificate.serial_number().trim_start_matches('0') == known,
            Self::CommonName(known) => {
                shown.subject.as_ref().is_some_and(|subject| subject.values("CN").any(|name| name == known))
            }
            Self::Subject(known) => is_named(&shown.subject, known),
            Self::Issuer(known) => is_named(&shown.issuer, known),
            Self::DnsName(known) => certificate.dns_names().iter().any(|name| name.to_lowercase() == *known),
            Self::IssuerThumbprint(known, signatures) => shown.issuer_has_thumbprint(known, *signatures),
            Self::SignedBy(issuer, signatures) => {
                issuer.subject() == certificate.issuer() && signatures.have_signed(issuer.raw(), certificate.raw())
            }
        }
    }
}

/// Hexadecimal digits in upper case, without what stands between them.
fn hex(text: &str) -> Option<String> {
    let between = |c: char| c.is_whitespace() || matches!(c, ':' | '-' | '\u{200e}' | '\u{200f}' | '\u{feff}');
    let digits: String = text.chars().filter(|c| !between(*c)).map(|c| c.to_ascii_uppercase()).collect();
    (!digits.is_empty() && digits.chars().all(|c| c.is_ascii_hexdigit())).then_some(digits)
}
