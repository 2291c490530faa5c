//! Distinguished names as .NET prints them: most specific first, quoted where needed.

use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::der::{Tag, Tagged};
use x509_cert::name::Name;

use super::hex;

/// `X500DistinguishedName.Name`.
pub(super) fn text(name: &Name) -> String {
    let mut parts = parts(name);
    parts.reverse();
    parts.join(", ")
}

/// The name as it stands in the certificate, least specific first.
pub(super) fn text_in_order(name: &Name) -> String {
    parts(name).join(", ")
}

fn parts(name: &Name) -> Vec<String> {
    name.iter_rdn().map(|rdn| rdn.iter().map(attribute).collect::<Vec<_>>().join(" + ")).collect()
}

/// Types and values, most specific first.
pub(super) fn attributes(name: &Name) -> Vec<(String, String)> {
    let mut parts: Vec<Vec<_>> =
        name.iter_rdn().map(|rdn| rdn.iter().map(|part| (label(part), value(part))).collect()).collect();
    parts.reverse();
    parts.into_iter().flatten().collect()
}

/// The value of the first attribute that has one of `labels`, in the order of the labels.
pub(super) fn first(name: &Name, labels: &[&str]) -> Option<String> {
    labels.iter().find_map(|wanted| name.iter().find(|attribute| label(attribute) == *wanted).map(value))
}

fn attribute(attribute: &AttributeTypeAndValue) -> String {
    format!("{}={}", label(attribute), quoted(&value(attribute)))
}

fn label(attribute: &AttributeTypeAndValue) -> String {
    let oid = attribute.oid.to_string();
    let known = match oid.as_str() {
        "2.5.4.3" => "CN",
        "2.5.4.4" => "SN",
        "2.5.4.5" => "SERIALNUMBER",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "S",
        "2.5.4.9" => "STREET",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.12" => "T",
        "2.5.4.42" => "G",
        "2.5.4.43" => "I",
        "0.9.2342.19200300.100.1.25" => "DC",
        "1.2.840.113549.1.9.1" => "E",
        _ => return format!("OID.{oid}"),
    };
    known.to_owned()
}

fn value(attribute: &AttributeTypeAndValue) -> String {
    let bytes = attribute.value.value();
    match attribute.value.tag() {
        Tag::BmpString => {
            let units: Vec<u16> = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
            String::from_utf16_lossy(&units)
        }
        Tag::TeletexString => bytes.iter().map(|&byte| char::from(byte)).collect(),
        Tag::Utf8String | Tag::PrintableString | Tag::Ia5String | Tag::NumericString | Tag::VisibleString => {
            String::from_utf8_lossy(bytes).into_owned()
        }
        _ => format!("#{}", hex(bytes)),
    }
}

fn quoted(value: &str) -> String {
    let special = value.is_empty()
        || value.starts_with(char::is_whitespace)
        || value.ends_with(char::is_whitespace)
        || value.contains([',', '+', '=', '"', '\n', '<', '>', '#', ';']);
    if special { format!("\"{}\"", value.replace('"', "\"\"")) } else { value.to_owned() }
}
