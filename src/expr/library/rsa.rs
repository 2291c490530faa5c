//! `System.Security.Cryptography.RSA` and its paddings.

use std::sync::{Mutex, PoisonError};

use crate::expr::code::Run;
use crate::expr::dotnet::crypto::{EncryptionPadding, HashAlgorithm, RsaKey, SignaturePadding};
use crate::expr::dotnet::exception::Exception;
use crate::expr::fault::Fault;
use crate::expr::library::args::{boolean, string};
use crate::expr::library::array::{bytes, to_bytes};
use crate::expr::library::convert::cut;
use crate::expr::library::hash::named;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Str, Value};

/// An `RSA` object; without a key until one is imported.
struct RsaObject(Mutex<Option<RsaKey>>);

impl Object for RsaObject {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::Rsa)
    }
}

/// An `RSA` object with a key.
pub(super) fn object(key: Option<RsaKey>) -> Value {
    Value::object(RsaObject(Mutex::new(key)))
}

fn key(value: &Value) -> Result<RsaKey, Fault> {
    let Some(rsa) = value.downcast::<RsaObject>() else { return Err(Fault::null_reference()) };
    let key = rsa.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
    key.ok_or_else(|| Fault::new(TypeId::CryptographicException, "No key has been imported into the RSA object."))
}

fn import(value: &Value, new: Result<RsaKey, Exception>) -> Result<Value, Fault> {
    let new = new?;
    if let Some(rsa) = value.downcast::<RsaObject>() {
        *rsa.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(new);
    }
    Ok(Value::Null)
}

struct SignaturePaddingObject(SignaturePadding);

impl Object for SignaturePaddingObject {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::RsaSignaturePadding)
    }

    fn to_text(&self, _: &mut Run<'_>) -> Result<Option<Str>, Fault> {
        Ok(Some(format!("{:?}", self.0).into()))
    }

    fn equals(&self, other: &Value) -> Option<bool> {
        Some(other.downcast::<Self>().is_some_and(|padding| padding.0 == self.0))
    }
}

struct EncryptionPaddingObject(EncryptionPadding);

impl Object for EncryptionPaddingObject {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::RsaEncryptionPadding)
    }

    fn to_text(&self, _: &mut Run<'_>) -> Result<Option<Str>, Fault> {
        Ok(Some(match self.0 {
            EncryptionPadding::Pkcs1 => "Pkcs1".into(),
            EncryptionPadding::Oaep(algorithm) => format!("Oaep{}", algorithm.name()).into(),
        }))
    }

    fn equals(&self, other: &Value) -> Option<bool> {
        Some(other.downcast::<Self>().is_some_and(|padding| padding.0 == self.0))
    }
}

fn signature_padding(value: &Value) -> Result<SignaturePadding, Fault> {
    let padding = value.downcast::<SignaturePaddingObject>().map(|padding| padding.0);
    padding.ok_or_else(|| Fault::argument_null("padding"))
}

/// Steps that an operation with a private or a public key counts.
const PRIVATE_STEPS: usize = 100_000;
const PUBLIC_STEPS: usize = 5_000;

fn sign(
    run: &mut Run<'_>,
    a: &[Value],
    hash: &[u8],
    algorithm: HashAlgorithm,
    padding: &Value,
) -> Result<Value, Fault> {
    run.steps(PRIVATE_STEPS)?;
    let (key, padding) = (key(&a[0])?, signature_padding(padding)?);
    let mut fill = |bytes: &mut [u8]| run.host.random_bytes(bytes);
    Ok(bytes(key.sign_hash(hash, algorithm, padding, &mut fill)?))
}

fn verify(run: &mut Run<'_>, a: &[Value], hash: &[u8]) -> Result<Value, Fault> {
    run.steps(PUBLIC_STEPS)?;
    let signature = to_bytes(&a[2], "signature")?;
    Ok(key(&a[0])?.verify_hash(hash, &signature, named(&a[3])?, signature_padding(&a[4])?)?.into())
}

/// Adds the members of `RSA`.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::Rsa)
        .def("static RSA Create()", |_, _| Ok(object(None)))
        .def("void FromXmlString(string xmlString)", |_, a| {
            import(&a[0], RsaKey::from_xml(&string(&a[1], "xmlString")?.text()))
        })
        .def("string ToXmlString(bool includePrivateParameters)", |_, a| {
            if boolean(&a[1]) {
                return Err(Fault::not_supported("A private key cannot be exported."));
            }
            Ok(key(&a[0])?.to_public_xml().into())
        })
        .def("void ImportFromPem(string input)", |_, a| {
            import(&a[0], RsaKey::from_pem(&string(&a[1], "input")?.text()))
        })
        .def("byte[] ExportSubjectPublicKeyInfo()", |_, a| Ok(bytes(key(&a[0])?.to_subject_public_key_info()?)))
        .def("int KeySize", |_, a| Ok(Value::Int(key(&a[0])?.size() as i32)))
        .def("void Clear()", |_, _| Ok(Value::Null))
        .def("void Dispose()", |_, _| Ok(Value::Null))
        .def("byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding)", |run, a| {
            let (data, algorithm) = (to_bytes(&a[1], "data")?, named(&a[2])?);
            sign(run, a, &algorithm.hash(&data), algorithm, &a[3])
        })
        .def(
            "byte[] SignData(byte[] data, int offset, int count, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding)",
            |run, a| {
                let (data, algorithm) = (to_bytes(&a[1], "data")?, named(&a[4])?);
                sign(run, a, &algorithm.hash(cut(&data, &a[2], &a[3])?), algorithm, &a[5])
            },
        )
        .def("byte[] SignHash(byte[] hash, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding)", |run, a| {
            sign(run, a, &to_bytes(&a[1], "hash")?, named(&a[2])?, &a[3])
        })
        .def(
            "bool VerifyData(byte[] data, byte[] signature, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding)",
            |run, a| {
                let hash = named(&a[3])?.hash(&to_bytes(&a[1], "data")?);
                verify(run, a, &hash)
            },
        )
        .def(
            "bool VerifyHash(byte[] hash, byte[] signature, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding)",
            |run, a| verify(run, a, &to_bytes(&a[1], "hash")?),
        )
        .def("byte[] Encrypt(byte[] data, RSAEncryptionPadding padding)", |run, a| {
            run.steps(PUBLIC_STEPS)?;
            let data = to_bytes(&a[1], "data")?;
            let padding = a[2].downcast::<EncryptionPaddingObject>().map(|padding| padding.0);
            let padding = padding.ok_or_else(|| Fault::argument_null("padding"))?;
            let key = key(&a[0])?;
            let mut fill = |bytes: &mut [u8]| run.host.random_bytes(bytes);
            Ok(bytes(key.encrypt(&data, padding, &mut fill)?))
        });
    imports(table);
    paddings(table);
}

fn imports(table: &mut Table) {
    macro_rules! from_der {
        ($($name:literal)*) => {
            table.on(TypeId::Rsa)
            $(.def(concat!("void ", $name, "(byte[] source, out int bytesRead)"), |_, a| {
                let der = to_bytes(&a[1], "source")?;
                a[2] = Value::Int(der.len() as i32);
                import(&a[0], RsaKey::from_der(&der))
            }))*
        };
    }
    from_der!("ImportPkcs8PrivateKey" "ImportRSAPrivateKey" "ImportRSAPublicKey" "ImportSubjectPublicKeyInfo");
}

fn paddings(table: &mut Table) {
    table
        .on(TypeId::RsaSignaturePadding)
        .def("static RSASignaturePadding Pkcs1", |_, _| {
            Ok(Value::object(SignaturePaddingObject(SignaturePadding::Pkcs1)))
        })
        .def("static RSASignaturePadding Pss", |_, _| Ok(Value::object(SignaturePaddingObject(SignaturePadding::Pss))));
    macro_rules! encryption {
        ($($name:literal $padding:expr),*) => {
            table.on(TypeId::RsaEncryptionPadding)
            $(.def(concat!("static RSAEncryptionPadding ", $name), |_, _| {
                Ok(Value::object(EncryptionPaddingObject($padding)))
            }))*
        };
    }
    encryption!(
        "Pkcs1" EncryptionPadding::Pkcs1,
        "OaepSHA1" EncryptionPadding::Oaep(HashAlgorithm::Sha1),
        "OaepSHA256" EncryptionPadding::Oaep(HashAlgorithm::Sha256),
        "OaepSHA384" EncryptionPadding::Oaep(HashAlgorithm::Sha384),
        "OaepSHA512" EncryptionPadding::Oaep(HashAlgorithm::Sha512)
    );
}
