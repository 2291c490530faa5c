//! What a certificate says of itself, as far as TLS checks need it.

use std::time::SystemTime;

use rustls::pki_types::UnixTime;
use x509_cert::Certificate;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// The parts of a certificate that are looked at.
pub(in crate::backend) struct Facts {
    /// Subject and issuer as they are encoded.
    pub(in crate::backend) subject: Vec<u8>,
    pub(in crate::backend) issuer: Vec<u8>,
    /// The public key with its algorithm, as it is encoded.
    pub(in crate::backend) public_key: Vec<u8>,
    /// The subject for people.
    pub(in crate::backend) subject_text: String,
    pub(in crate::backend) not_before: SystemTime,
    pub(in crate::backend) not_after: SystemTime,
    common_name: Option<String>,
    dns_names: Vec<String>,
}

impl Facts {
    /// Reads DER; nothing when it is not a certificate.
    pub(in crate::backend) fn of(der: &[u8]) -> Option<Self> {
        let certificate = Certificate::from_der(der).ok()?;
        let content = certificate.tbs_certificate();
        let names = content.get_extension::<SubjectAltName>().ok().flatten();
        let dns_names = names.into_iter().flat_map(|(_, names)| names.0).filter_map(|name| match name {
            GeneralName::DnsName(name) => Some(name.to_string()),
            _ => None,
        });
        Some(Self {
            subject: content.subject().to_der().ok()?,
            issuer: content.issuer().to_der().ok()?,
            public_key: content.subject_public_key_info().to_der().ok()?,
            subject_text: content.subject().to_string(),
            not_before: content.validity().not_before.to_system_time(),
            not_after: content.validity().not_after.to_system_time(),
            common_name: common_name(content.subject()),
            dns_names: dns_names.collect(),
        })
    }

    /// Whether its common name or one of its DNS names is this one, whatever the case.
    pub(super) fn is_named(&self, name: &str) -> bool {
        self.common_name.iter().chain(&self.dns_names).any(|own| own.eq_ignore_ascii_case(name))
    }

    pub(super) fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    /// Whether the time is before it begins to be valid, and whether it is after the end.
    pub(super) fn outside_validity(&self, now: UnixTime) -> (bool, bool) {
        let seconds = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        (now.as_secs() < seconds(self.not_before), now.as_secs() > seconds(self.not_after))
    }
}

fn common_name(subject: &Name) -> Option<String> {
    let found = subject.iter().filter(|attribute| attribute.oid == COMMON_NAME).last()?;
    Some(String::from_utf8_lossy(found.value.value()).into_owned())
}
