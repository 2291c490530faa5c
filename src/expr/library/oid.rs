//! `System.Security.Cryptography.Oid` and `AsnEncodedData`.

use std::sync::{Mutex, PoisonError};

use super::args::{boolean, required, string};
use super::array::{bytes, to_bytes};
use crate::expr::dotnet::base64::dashed_hex;
use crate::expr::fault::Fault;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Value};

/// Object identifiers with the names that Windows has for them.
const FRIENDLY: &[(&str, &str)] = &[
    ("1.2.840.113549.1.1.1", "RSA"),
    ("1.2.840.113549.1.1.5", "sha1RSA"),
    ("1.2.840.113549.1.1.11", "sha256RSA"),
    ("1.2.840.113549.1.1.12", "sha384RSA"),
    ("1.2.840.113549.1.1.13", "sha512RSA"),
    ("1.2.840.10045.2.1", "ECC"),
    ("1.2.840.10045.4.3.2", "sha256ECDSA"),
    ("1.2.840.10045.4.3.3", "sha384ECDSA"),
    ("1.2.840.10045.4.3.4", "sha512ECDSA"),
    ("1.2.840.10045.3.1.7", "nistP256"),
    ("1.3.132.0.34", "nistP384"),
    ("1.3.132.0.35", "nistP521"),
    ("1.2.840.113549.2.5", "md5"),
    ("1.3.14.3.2.26", "sha1"),
    ("2.16.840.1.101.3.4.2.1", "sha256"),
    ("2.16.840.1.101.3.4.2.2", "sha384"),
    ("2.16.840.1.101.3.4.2.3", "sha512"),
    ("2.16.840.1.101.3.4.1.2", "aes128"),
    ("2.16.840.1.101.3.4.1.22", "aes192"),
    ("2.16.840.1.101.3.4.1.42", "aes256"),
    ("1.2.840.113549.3.7", "3des"),
    ("1.3.14.3.2.7", "des"),
    ("1.2.840.113549.3.2", "rc2"),
    ("2.5.4.3", "CN"),
    ("2.5.4.4", "SN"),
    ("2.5.4.5", "SERIALNUMBER"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "S"),
    ("2.5.4.9", "STREET"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.12", "T"),
    ("2.5.4.42", "G"),
    ("2.5.4.43", "I"),
    ("1.2.840.113549.1.9.1", "E"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("2.5.29.14", "Subject Key Identifier"),
    ("2.5.29.15", "Key Usage"),
    ("2.5.29.17", "Subject Alternative Name"),
    ("2.5.29.18", "Issuer Alternative Name"),
    ("2.5.29.19", "Basic Constraints"),
    ("2.5.29.31", "CRL Distribution Points"),
    ("2.5.29.32", "Certificate Policies"),
    ("2.5.29.35", "Authority Key Identifier"),
    ("2.5.29.37", "Enhanced Key Usage"),
    ("1.3.6.1.5.5.7.1.1", "Authority Information Access"),
    ("1.3.6.1.5.5.7.3.1", "Server Authentication"),
    ("1.3.6.1.5.5.7.3.2", "Client Authentication"),
];

/// An `Oid`.
struct Oid(Mutex<Parts>);

#[derive(Clone, Default)]
struct Parts {
    value: Option<String>,
    friendly: Option<String>,
}

impl Object for Oid {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::Oid)
    }
}

fn friendly_of(value: &str) -> Option<&'static str> {
    FRIENDLY.iter().find(|(known, _)| *known == value).map(|(_, name)| *name)
}

fn value_of(friendly: &str) -> Option<&'static str> {
    FRIENDLY.iter().find(|(_, name)| name.eq_ignore_ascii_case(friendly)).map(|(value, _)| *value)
}

fn object(parts: Parts) -> Value {
    Value::object(Oid(Mutex::new(parts)))
}

/// An `Oid` of a dotted number.
pub(super) fn of(value: &str) -> Value {
    object(Parts { value: Some(value.to_owned()), friendly: None })
}

fn parts(value: &Value) -> Result<Parts, Fault> {
    let oid = value.downcast::<Oid>().ok_or_else(Fault::null_reference)?;
    Ok(oid.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
}

fn change(value: &Value, work: impl FnOnce(&mut Parts)) -> Result<Value, Fault> {
    let oid = value.downcast::<Oid>().ok_or_else(Fault::null_reference)?;
    work(&mut oid.0.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(Value::Null)
}

fn text(value: &Value) -> Option<String> {
    value.as_text().map(|text| text.text().into_owned())
}

/// The dotted number of an `Oid` value.
pub(super) fn number(value: &Value) -> Option<String> {
    parts(value).ok()?.value
}

/// The name that an object identifier is known by; empty when it has none.
pub(super) fn name_of(value: &str) -> &'static str {
    friendly_of(value).unwrap_or_default()
}

/// `AsnEncodedData` and what derives from it.
pub(super) struct Encoded {
    pub(super) ty: TypeId,
    pub(super) oid: String,
    pub(super) critical: bool,
    pub(super) data: Vec<u8>,
}

impl Object for Encoded {
    fn ty(&self) -> Ty {
        Ty::Named(self.ty)
    }
}

/// The bytes of an `AsnEncodedData`.
pub(super) fn encoded(value: &Value) -> Result<&Encoded, Fault> {
    value.downcast::<Encoded>().ok_or_else(Fault::null_reference)
}

/// `Format(…)`: the bytes in hexadecimal.
pub(super) fn format(data: &[u8]) -> String {
    dashed_hex(data).replace('-', " ").to_ascii_lowercase()
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::Oid)
        .def("new()", |_, _| Ok(object(Parts::default())))
        .def("new(string oid)", |_, a| {
            let given = text(&a[0]);
            let found = given.as_deref().and_then(value_of).map(str::to_owned);
            Ok(object(Parts { value: found.or(given), friendly: None }))
        })
        .def("new(string value, string friendlyName)", |_, a| {
            Ok(object(Parts { value: text(&a[0]), friendly: text(&a[1]) }))
        })
        .def("new(Oid oid)", |_, a| parts(required(&a[0], "oid")?).map(object))
        .def_set(
            "string Value",
            |_, a| Ok(parts(&a[0])?.value.into()),
            |_, a| change(&a[0], |parts| parts.value = text(&a[1])),
        )
        .def_set(
            "string FriendlyName",
            |_, a| {
                let Parts { value, friendly } = parts(&a[0])?;
                Ok(match friendly {
                    Some(friendly) => friendly.into(),
                    None => value.as_deref().and_then(friendly_of).map(Value::from).into(),
                })
            },
            |_, a| {
                change(&a[0], |parts| {
                    parts.friendly = text(&a[1]);
                    if let Some(value) = parts.friendly.as_deref().and_then(value_of) {
                        parts.value = Some(value.to_owned());
                    }
                })
            },
        )
        .def("static Oid FromFriendlyName(string friendlyName, OidGroup group)", |_, a| {
            let name = string(&a[0], "friendlyName")?.text();
            match value_of(&name) {
                Some(value) => Ok(object(Parts { value: Some(value.to_owned()), friendly: Some(name.into_owned()) })),
                None => Err(Fault::new(TypeId::CryptographicException, "The OID value is invalid.")),
            }
        })
        .def("static Oid FromOidValue(string oidValue, OidGroup group)", |_, a| {
            let value = string(&a[0], "oidValue")?.text();
            match friendly_of(&value) {
                Some(name) => Ok(object(Parts { value: Some(value.into_owned()), friendly: Some(name.to_owned()) })),
                None => Err(Fault::new(TypeId::CryptographicException, "The OID value is invalid.")),
            }
        });
    table
        .on(TypeId::AsnEncodedData)
        .def("new(byte[] rawData)", |_, a| {
            let data = to_bytes(&a[0], "rawData")?;
            Ok(Value::object(Encoded { ty: TypeId::AsnEncodedData, oid: String::new(), critical: false, data }))
        })
        .def("new(Oid oid, byte[] rawData)", |_, a| {
            let (oid, data) = (number(&a[0]).unwrap_or_default(), to_bytes(&a[1], "rawData")?);
            Ok(Value::object(Encoded { ty: TypeId::AsnEncodedData, oid, critical: false, data }))
        })
        .def("Oid Oid", |_, a| Ok(of(&encoded(&a[0])?.oid)))
        .def("byte[] RawData", |_, a| Ok(bytes(encoded(&a[0])?.data.clone())))
        .def("string Format(bool multiLine)", |_, a| {
            let line_end = if boolean(&a[1]) { "\r\n" } else { "" };
            Ok(format!("{}{line_end}", format(&encoded(&a[0])?.data)).into())
        });
    table.on(TypeId::X509Extension).def("bool Critical", |_, a| Ok(encoded(&a[0])?.critical.into()));
}
