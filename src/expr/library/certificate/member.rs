//! The members of certificates.

use super::{CertificateObject, State, crypto, get, given, no_file, object, private_key, read_arguments, state, text};
use crate::expr::code::Run;
use crate::expr::dotnet::certificate::{Certificate, NameType, pfx};
use crate::expr::dotnet::crypto::HashAlgorithm;
use crate::expr::dotnet::{DateTime, DateTimeKind, base64};
use crate::expr::fault::Fault;
use crate::expr::library::args::{boolean, int};
use crate::expr::library::array::{bytes, to_bytes};
use crate::expr::library::date_time::{LOCAL, utc_now};
use crate::expr::library::{hash_name, oid, rsa};
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Value};

/// `X500DistinguishedName`.
struct Name(String);

impl Object for Name {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::X500DistinguishedName)
    }
}

/// `IntPtr`, which stands for nothing here but itself.
struct Handle;

impl Object for Handle {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::IntPtr)
    }
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

fn export(run: &mut Run<'_>, args: &mut [Value]) -> Result<Value, Fault> {
    let certificate = get(&args[0])?;
    match int(&args[1]) {
        1 => Ok(bytes(certificate.raw().to_vec())),
        3 => {
            run.steps(super::PFX_STEPS)?;
            let key = state(&args[0])?.private_key.clone();
            let password = args.get(2).and_then(Value::as_text).map(|text| text.text().into_owned());
            Ok(bytes(pfx::write(&certificate, key.as_deref(), &password.unwrap_or_default())?))
        }
        _ => Err(crypto("Invalid content type.")),
    }
}

fn import(run: &mut Run<'_>, args: &mut [Value]) -> Result<Value, Fault> {
    let new = read_arguments(run, &args[1..])?;
    *state(&args[0])? = new;
    Ok(Value::Null)
}

fn verbose(run: &mut Run<'_>, args: &[Value]) -> Result<Value, Fault> {
    let certificate = state(&args[0])?.certificate.clone();
    let is_second = args[0].downcast::<CertificateObject>().is_some_and(|object| object.ty == TypeId::X509Certificate2);
    match certificate {
        Some(certificate) if boolean(&args[1]) && is_second => Ok(text::full(run, &certificate)?.into()),
        Some(certificate) if boolean(&args[1]) => Ok(text::brief(run, &certificate)?.into()),
        _ => Ok(Value::Str(run.text_of(&args[0])?)),
    }
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::X509Certificate)
        .def("string Subject", |_, a| Ok(get(&a[0])?.subject().into()))
        .def("string Issuer", |_, a| Ok(get(&a[0])?.issuer().into()))
        .def("IntPtr Handle", |_, _| Ok(Value::object(Handle)))
        .def("bool Equals(X509Certificate other)", |_, a| Ok(a[0].equals(&a[1]).into()))
        .def("string GetName()", |_, a| Ok(get(&a[0])?.subject_in_order().into()))
        .def("string GetIssuerName()", |_, a| Ok(get(&a[0])?.issuer_in_order().into()))
        .def("string GetSerialNumberString()", |_, a| Ok(get(&a[0])?.serial_number().into()))
        .def("byte[] GetSerialNumber()", |_, a| Ok(bytes(get(&a[0])?.serial_number_bytes())))
        .def("byte[] GetCertHash()", |_, a| Ok(bytes(get(&a[0])?.hash(HashAlgorithm::Sha1))))
        .def("byte[] GetCertHash(HashAlgorithmName hashAlgorithm)", |_, a| {
            Ok(bytes(get(&a[0])?.hash(hash_name::named(&a[1])?)))
        })
        .def("string GetCertHashString()", |_, a| Ok(hex(&get(&a[0])?.hash(HashAlgorithm::Sha1))))
        .def("string GetCertHashString(HashAlgorithmName hashAlgorithm)", |_, a| {
            Ok(hex(&get(&a[0])?.hash(hash_name::named(&a[1])?)))
        })
        .def("byte[] GetRawCertData()", |_, a| Ok(bytes(get(&a[0])?.raw().to_vec())))
        .def("string GetRawCertDataString()", |_, a| Ok(hex(get(&a[0])?.raw())))
        .def("byte[] GetPublicKey()", |_, a| Ok(bytes(get(&a[0])?.public_key_bits())))
        .def("string GetPublicKeyString()", |_, a| Ok(hex(&get(&a[0])?.public_key_bits())))
        .def("string GetKeyAlgorithm()", |_, a| Ok(get(&a[0])?.key_algorithm().into()))
        .def("byte[] GetKeyAlgorithmParameters()", |_, a| Ok(bytes(get(&a[0])?.key_algorithm_parameters())))
        .def("string GetKeyAlgorithmParametersString()", |_, a| Ok(hex(&get(&a[0])?.key_algorithm_parameters())))
        .def("string GetEffectiveDateString()", |_, a| Ok(get(&a[0])?.not_before().format("", LOCAL)?.into()))
        .def("string GetExpirationDateString()", |_, a| Ok(get(&a[0])?.not_after().format("", LOCAL)?.into()))
        .def("string GetFormat()", |_, _| Ok("X509".into()))
        .def("byte[] Export(X509ContentType contentType)", export)
        .def("byte[] Export(X509ContentType contentType, string password)", export)
        .def("void Import(byte[] rawData)", import)
        .def("void Import(byte[] rawData, string password, X509KeyStorageFlags keyStorageFlags)", import)
        .def("void Import(string fileName)", |_, _| Err(no_file()))
        .def(
            "void Import(string fileName, string password, X509KeyStorageFlags keyStorageFlags)",
            |_, _| Err(no_file()),
        )
        .def("static X509Certificate CreateFromCertFile(string filename)", |_, _| Err(no_file()))
        .def("static X509Certificate CreateFromSignedFile(string filename)", |_, _| Err(no_file()))
        .def("void Reset()", |_, a| {
            *state(&a[0])? = State::default();
            Ok(Value::Null)
        })
        .def("string ToString(bool fVerbose)", |run, a| verbose(run, a))
        .def("void Dispose()", |_, _| Ok(Value::Null));
    second(table);
    table
        .on(TypeId::ContextExtensions)
        .def("static bool VerifyNoRevocation(this X509Certificate2 certificate)", |run, a| verify(run, &a[0], false));
    table
        .on(TypeId::X500DistinguishedName)
        .def("string Name", |_, a| Ok(a[0].downcast::<Name>().ok_or_else(Fault::null_reference)?.0.as_str().into()));
}

fn second(table: &mut Table) {
    table
        .on(TypeId::X509Certificate2)
        .def("string Thumbprint", |_, a| Ok(get(&a[0])?.thumbprint().into()))
        .def("string SerialNumber", |_, a| Ok(get(&a[0])?.serial_number().into()))
        .def_set(
            "string FriendlyName",
            |_, a| {
                get(&a[0])?;
                Ok(state(&a[0])?.friendly_name.as_str().into())
            },
            |_, a| {
                get(&a[0])?;
                state(&a[0])?.friendly_name = a[1].as_text().map(|text| text.text().into_owned()).unwrap_or_default();
                Ok(Value::Null)
            },
        )
        .def_set(
            "bool Archived",
            |_, a| {
                get(&a[0])?;
                Ok(state(&a[0])?.archived.into())
            },
            |_, a| {
                get(&a[0])?;
                state(&a[0])?.archived = boolean(&a[1]);
                Ok(Value::Null)
            },
        )
        .def("bool HasPrivateKey", |_, a| {
            get(&a[0])?;
            Ok(state(&a[0])?.private_key.is_some().into())
        })
        .def_set(
            "AsymmetricAlgorithm PrivateKey",
            |_, a| Ok(private_key(&a[0])?.map_or(Value::Null, rsa::object)),
            |run, a| {
                let key = if a[1].is_null() { None } else { Some(rsa::key(run, &a[1])?.to_pkcs8()?.into()) };
                get(&a[0])?;
                state(&a[0])?.private_key = key;
                Ok(Value::Null)
            },
        )
        .def("int Version", |_, a| Ok(Value::Int(get(&a[0])?.version())))
        .def("byte[] RawData", |_, a| Ok(bytes(get(&a[0])?.raw().to_vec())))
        .def("DateTime NotBefore", |_, a| Ok(local(get(&a[0])?.not_before())))
        .def("DateTime NotAfter", |_, a| Ok(local(get(&a[0])?.not_after())))
        .def("X500DistinguishedName SubjectName", |_, a| Ok(Value::object(Name(get(&a[0])?.subject()))))
        .def("X500DistinguishedName IssuerName", |_, a| Ok(Value::object(Name(get(&a[0])?.issuer()))))
        .def("Oid SignatureAlgorithm", |_, a| Ok(oid::of(&get(&a[0])?.signature_algorithm())))
        .def("string GetNameInfo(X509NameType nameType, bool forIssuer)", |_, a| {
            Ok(get(&a[0])?.name_info(name_type(&a[1]), boolean(&a[2])).into())
        })
        .def("bool Verify()", |run, a| verify(run, &a[0], true))
        .def("static X509ContentType GetCertContentType(byte[] rawData)", |_, a| {
            let data = to_bytes(&a[0], "rawData")?;
            let number = if pfx::is_pfx(&data) {
                3
            } else {
                Certificate::parse(&data)?;
                1
            };
            Ok(Value::enumeration(TypeId::X509ContentType, number))
        })
        .def("static X509ContentType GetCertContentType(string fileName)", |_, _| Err(no_file()));
    table
        .on(TypeId::RsaCertificateExtensions)
        .def("static RSA GetRSAPublicKey(this X509Certificate2 certificate)", |_, a| {
            Ok(given(&a[0])?.rsa_public_key().map_or(Value::Null, rsa::object))
        })
        .def("static RSA GetRSAPrivateKey(this X509Certificate2 certificate)", |_, a| {
            given(&a[0])?;
            Ok(private_key(&a[0])?.map_or(Value::Null, rsa::object))
        })
        .def(
            "static X509Certificate2 CopyWithPrivateKey(this X509Certificate2 certificate, RSA privateKey)",
            copy_with,
        );
}

fn copy_with(run: &mut Run<'_>, args: &mut [Value]) -> Result<Value, Fault> {
    let certificate = given(&args[0])?;
    if args[1].is_null() {
        return Err(Fault::argument_null("privateKey"));
    }
    if state(&args[0])?.private_key.is_some() {
        return Err(Fault::invalid_operation("The certificate already has an associated private key."));
    }
    let key = rsa::key(run, &args[1])?;
    let public = certificate.rsa_public_key();
    if public.is_none_or(|public| public.parameters(false).ok() != key.parameters(false).ok()) {
        return Err(Fault::argument(
            "The provided key does not match the public key for this certificate. (Parameter 'privateKey')",
        ));
    }
    let private_key = Some(key.to_pkcs8()?.into());
    Ok(object(TypeId::X509Certificate2, State { certificate: Some(certificate), private_key, ..State::default() }))
}
