//! Certificates as `ToString()` writes them.

use crate::expr::code::Run;
use crate::expr::dotnet::certificate::{Certificate, NameType};
use crate::expr::fault::Fault;
use crate::expr::library::date_time::LOCAL;
use crate::expr::library::oid;

/// A text of parts, each with a title and lines.
struct Parts {
    text: String,
    line_end: &'static str,
}

impl Parts {
    fn part(&mut self, title: &str, lines: &[String]) {
        if !self.text.is_empty() {
            self.text.push_str(self.line_end);
        }
        self.text.push_str(&format!("[{title}]{}", self.line_end));
        for line in lines {
            self.text.push_str(&format!("  {line}{}", self.line_end));
        }
    }
}

fn dates(certificate: &Certificate) -> Result<[String; 2], Fault> {
    Ok([certificate.not_before().format("", LOCAL)?, certificate.not_after().format("", LOCAL)?])
}

/// Names, number, dates and thumbprint.
pub(super) fn brief(run: &Run<'_>, certificate: &Certificate) -> Result<String, Fault> {
    let mut parts = Parts { text: String::new(), line_end: run.settings.line_end.as_str() };
    let [from, until] = dates(certificate)?;
    parts.part("Subject", &[certificate.subject()]);
    parts.part("Issuer", &[certificate.issuer()]);
    parts.part("Serial Number", &[certificate.serial_number()]);
    parts.part("Not Before", &[from]);
    parts.part("Not After", &[until]);
    parts.part("Thumbprint", &[certificate.thumbprint()]);
    Ok(parts.text)
}

fn named(certificate: &Certificate, name: String, for_issuer: bool) -> Vec<String> {
    let kinds = [
        ("Simple Name", NameType::Simple),
        ("Email Name", NameType::Email),
        ("UPN Name", NameType::Upn),
        ("DNS Name", NameType::Dns),
    ];
    let found = kinds.into_iter().filter_map(|(title, kind)| {
        let text = certificate.name_info(kind, for_issuer);
        (!text.is_empty()).then(|| format!("{title}: {text}"))
    });
    std::iter::once(name).chain(found).collect()
}

/// All that `ToString(true)` writes, the key and the extensions in hexadecimal.
pub(super) fn full(run: &Run<'_>, certificate: &Certificate) -> Result<String, Fault> {
    let mut parts = Parts { text: String::new(), line_end: run.settings.line_end.as_str() };
    let [from, until] = dates(certificate)?;
    parts.part("Version", &[format!("V{}", certificate.version())]);
    parts.part("Subject", &named(certificate, certificate.subject(), false));
    parts.part("Issuer", &named(certificate, certificate.issuer(), true));
    parts.part("Serial Number", &[certificate.serial_number()]);
    parts.part("Not Before", &[from]);
    parts.part("Not After", &[until]);
    parts.part("Thumbprint", &[certificate.thumbprint()]);
    let algorithm = certificate.signature_algorithm();
    parts.part("Signature Algorithm", &[format!("{}({algorithm})", oid::name_of(&algorithm))]);
    let mut key = vec![format!("Algorithm: {}", oid::name_of(&certificate.key_algorithm()))];
    key.extend(certificate.rsa_public_key().map(|key| format!("Length: {}", key.size())));
    key.push(format!("Key Blob: {}", oid::format(&certificate.public_key_bits())));
    key.push(format!("Parameters: {}", oid::format(&certificate.key_algorithm_parameters())));
    parts.part("Public Key", &key);
    let extensions = certificate.extensions();
    if !extensions.is_empty() {
        parts.part("Extensions", &[]);
        let line_end = parts.line_end;
        for extension in extensions {
            let (id, value) = (&extension.oid, oid::format(&extension.value));
            parts.text.push_str(&format!("* {}({id}):{line_end}  {value}{line_end}", oid::name_of(id)));
        }
    }
    Ok(parts.text)
}
