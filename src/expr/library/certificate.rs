//! `X509Certificate`, `X509Certificate2` and what hangs on them.

use crate::expr::code::Run;
use crate::expr::dotnet::certificate::{Certificate, NameType};
use crate::expr::dotnet::crypto::HashAlgorithm;
use crate::expr::dotnet::{DateTime, DateTimeKind, base64};
use crate::expr::fault::Fault;
use crate::expr::library::args::{boolean, int, required};
use crate::expr::library::array::{bytes, to_bytes};
use crate::expr::library::date_time::{LOCAL, utc_now};
use crate::expr::library::{hash, rsa};
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Str, Value};

struct CertificateObject(Certificate);

impl Object for CertificateObject {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::X509Certificate2)
    }

    fn to_text(&self, _: &mut Run<'_>) -> Result<Option<Str>, Fault> {
        let certificate = &self.0;
        let dates = [certificate.not_before(), certificate.not_after()];
        let [from, until] = dates.map(|date| date.format("", LOCAL).unwrap_or_default());
        let text = format!(
            "[Subject]\n  {}\n\n[Issuer]\n  {}\n\n[Serial Number]\n  {}\n\n[Not Before]\n  {from}\n\n[Not After]\n  {until}\n\n[Thumbprint]\n  {}\n",
            certificate.subject(),
            certificate.issuer(),
            certificate.serial_number(),
            certificate.thumbprint(),
        );
        Ok(Some(text.into()))
    }

    fn equals(&self, other: &Value) -> Option<bool> {
        Some(other.downcast::<Self>().is_some_and(|other| other.0 == self.0))
    }

    fn hash_code(&self) -> Option<i32> {
        let hash = self.0.hash(HashAlgorithm::Sha1);
        Some(hash.iter().take(4).fold(0, |code, byte| code << 8 | i32::from(*byte)))
    }
}

/// A text that hangs on a certificate: the name of a subject, an object identifier.
struct Text {
    ty: TypeId,
    value: String,
    friendly: String,
}

impl Object for Text {
    fn ty(&self) -> Ty {
        Ty::Named(self.ty)
    }
}

/// A `PublicKey`.
struct KeyObject(Certificate);

impl Object for KeyObject {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::PublicKey)
    }
}

/// An `X509Certificate2` from DER or PEM.
pub(crate) fn parse(data: &[u8]) -> Result<Value, Fault> {
    Ok(Value::object(CertificateObject(Certificate::parse(data)?)))
}

fn get(value: &Value) -> Result<&Certificate, Fault> {
    value.downcast::<CertificateObject>().map(|object| &object.0).ok_or_else(Fault::null_reference)
}

fn given(value: &Value) -> Result<&Certificate, Fault> {
    get(required(value, "certificate")?)
}

fn name(value: String) -> Value {
    Value::object(Text { ty: TypeId::X500DistinguishedName, value, friendly: String::new() })
}

fn oid(value: String) -> Value {
    let friendly = match value.as_str() {
        "1.2.840.113549.1.1.1" => "RSA",
        "1.2.840.113549.1.1.5" => "sha1RSA",
        "1.2.840.113549.1.1.11" => "sha256RSA",
        "1.2.840.113549.1.1.12" => "sha384RSA",
        "1.2.840.113549.1.1.13" => "sha512RSA",
        "1.2.840.10045.2.1" => "ECC",
        "1.2.840.10045.4.3.2" => "sha256ECDSA",
        "1.2.840.10045.4.3.3" => "sha384ECDSA",
        _ => "",
    };
    Value::object(Text { ty: TypeId::Oid, friendly: friendly.to_owned(), value })
}

fn local(date: DateTime) -> Value {
    date.with_kind(DateTimeKind::Local).into()
}

fn hex(data: &[u8]) -> Value {
    base64::dashed_hex(data).replace('-', "").into()
}

fn name_type(value: &Value) -> NameType {
    match int(value) {
        1 => NameType::Email,
        2 => NameType::Upn,
        3 => NameType::Dns,
        4 => NameType::DnsFromAlternative,
        5 => NameType::Url,
        _ => NameType::Simple,
    }
}

/// Whether the certificate is valid now and its chain leads to a root that the host trusts.
fn verify(run: &mut Run<'_>, value: &Value, check_revocation: bool) -> Result<Value, Fault> {
    let certificate = given(value)?;
    let in_time = certificate.is_valid_at(utc_now(run));
    Ok((in_time && run.host.verify_certificate(certificate.raw(), check_revocation)).into())
}

/// Adds the members of certificates.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::X509Certificate)
        .def("string Subject", |_, a| Ok(get(&a[0])?.subject().into()))
        .def("string Issuer", |_, a| Ok(get(&a[0])?.issuer().into()))
        .def("string GetSerialNumberString()", |_, a| Ok(get(&a[0])?.serial_number().into()))
        .def("byte[] GetSerialNumber()", |_, a| Ok(bytes(get(&a[0])?.serial_number_bytes())))
        .def("byte[] GetCertHash()", |_, a| Ok(bytes(get(&a[0])?.hash(HashAlgorithm::Sha1))))
        .def("byte[] GetCertHash(HashAlgorithmName hashAlgorithm)", |_, a| {
            Ok(bytes(get(&a[0])?.hash(hash::named(&a[1])?)))
        })
        .def("string GetCertHashString()", |_, a| Ok(hex(&get(&a[0])?.hash(HashAlgorithm::Sha1))))
        .def("string GetCertHashString(HashAlgorithmName hashAlgorithm)", |_, a| {
            Ok(hex(&get(&a[0])?.hash(hash::named(&a[1])?)))
        })
        .def("byte[] GetRawCertData()", |_, a| Ok(bytes(get(&a[0])?.raw().to_vec())))
        .def("string GetRawCertDataString()", |_, a| Ok(hex(get(&a[0])?.raw())))
        .def("byte[] GetPublicKey()", |_, a| Ok(bytes(get(&a[0])?.public_key_bits())))
        .def("string GetPublicKeyString()", |_, a| Ok(hex(&get(&a[0])?.public_key_bits())))
        .def("string GetKeyAlgorithm()", |_, a| Ok(get(&a[0])?.key_algorithm().into()))
        .def("string GetEffectiveDateString()", |_, a| Ok(get(&a[0])?.not_before().format("", LOCAL)?.into()))
        .def("string GetExpirationDateString()", |_, a| Ok(get(&a[0])?.not_after().format("", LOCAL)?.into()))
        .def("string GetFormat()", |_, _| Ok("X509".into()))
        .def("byte[] Export(X509ContentType contentType)", |_, a| match int(&a[1]) {
            1 => Ok(bytes(get(&a[0])?.raw().to_vec())),
            _ => Err(Fault::new(TypeId::CryptographicException, "Invalid content type.")),
        })
        .def("void Dispose()", |_, _| Ok(Value::Null));
    table
        .on(TypeId::X509Certificate2)
        .def("new(byte[] rawData)", |_, a| parse(&to_bytes(&a[0], "rawData")?))
        .def("new(byte[] rawData, string password)", |_, a| parse(&to_bytes(&a[0], "rawData")?))
        .def("string Thumbprint", |_, a| Ok(get(&a[0])?.thumbprint().into()))
        .def("string SerialNumber", |_, a| Ok(get(&a[0])?.serial_number().into()))
        .def("string FriendlyName", |_, _| Ok("".into()))
        .def("bool HasPrivateKey", |_, _| Ok(false.into()))
        .def("int Version", |_, a| Ok(Value::Int(get(&a[0])?.version())))
        .def("byte[] RawData", |_, a| Ok(bytes(get(&a[0])?.raw().to_vec())))
        .def("DateTime NotBefore", |_, a| Ok(local(get(&a[0])?.not_before())))
        .def("DateTime NotAfter", |_, a| Ok(local(get(&a[0])?.not_after())))
        .def("X500DistinguishedName SubjectName", |_, a| Ok(name(get(&a[0])?.subject())))
        .def("X500DistinguishedName IssuerName", |_, a| Ok(name(get(&a[0])?.issuer())))
        .def("Oid SignatureAlgorithm", |_, a| Ok(oid(get(&a[0])?.signature_algorithm())))
        .def("PublicKey PublicKey", |_, a| Ok(Value::object(KeyObject(get(&a[0])?.clone()))))
        .def("string GetNameInfo(X509NameType nameType, bool forIssuer)", |_, a| {
            Ok(get(&a[0])?.name_info(name_type(&a[1]), boolean(&a[2])).into())
        })
        .def("bool Verify()", |run, a| verify(run, &a[0], true));
    table
        .on(TypeId::ContextExtensions)
        .def("static bool VerifyNoRevocation(this X509Certificate2 certificate)", |run, a| verify(run, &a[0], false));
    parts(table);
}

fn parts(table: &mut Table) {
    fn text(value: &Value) -> Result<&Text, Fault> {
        value.downcast::<Text>().ok_or_else(Fault::null_reference)
    }
    table.on(TypeId::X500DistinguishedName).def("string Name", |_, a| Ok(text(&a[0])?.value.as_str().into()));
    table
        .on(TypeId::Oid)
        .def("new(string oid)", |_, a| Ok(oid(a[0].as_text().map(|oid| oid.text().into_owned()).unwrap_or_default())))
        .def("string Value", |_, a| Ok(text(&a[0])?.value.as_str().into()))
        .def("string FriendlyName", |_, a| {
            let friendly = text(&a[0])?.friendly.as_str();
            Ok(if friendly.is_empty() { Value::Null } else { friendly.into() })
        });
    table
        .on(TypeId::RsaCertificateExtensions)
        .def("static RSA GetRSAPublicKey(this X509Certificate2 certificate)", |_, a| {
            Ok(given(&a[0])?.rsa_public_key().map_or(Value::Null, |key| rsa::object(Some(key))))
        })
        .def("static RSA GetRSAPrivateKey(this X509Certificate2 certificate)", |_, a| {
            given(&a[0])?;
            Ok(Value::Null)
        });
    table
        .on(TypeId::PublicKey)
        .def("Oid Oid", |_, a| {
            let Some(key) = a[0].downcast::<KeyObject>() else { return Err(Fault::null_reference()) };
            Ok(oid(key.0.key_algorithm()))
        })
        .def("RSA GetRSAPublicKey()", |_, a| {
            let key = a[0].downcast::<KeyObject>().and_then(|key| key.0.rsa_public_key());
            Ok(key.map_or(Value::Null, |key| rsa::object(Some(key))))
        });
}
