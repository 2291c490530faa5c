//! `System.Security.Cryptography.RSA` and `AsymmetricAlgorithm`.

use std::sync::{Mutex, PoisonError};

use crate::expr::code::Run;
use crate::expr::dotnet::crypto::{HashAlgorithm, PrivateParameters, RsaKey, RsaParameters};
use crate::expr::dotnet::exception::Exception;
use crate::expr::fault::Fault;
use crate::expr::library::args::{boolean, int, string};
use crate::expr::library::array::{self, bytes, to_bytes};
use crate::expr::library::convert::cut;
use crate::expr::library::hash_name::named;
use crate::expr::library::rsa_padding::{encryption_padding, signature_padding};
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Value};

/// An `RSA` object; its key is made when it is first needed, unless one is imported.
struct RsaObject(Mutex<State>);

enum State {
    /// The bits of the key to be made.
    Size(usize),
    Key(Box<RsaKey>),
}

impl Object for RsaObject {
    /// What .NET makes on Windows, where the gateway's host runs.
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::RsaCng)
    }
}

/// An `RSA` object with a key.
pub(super) fn object(key: RsaKey) -> Value {
    Value::object(RsaObject(Mutex::new(State::Key(Box::new(key)))))
}

fn of_size(bits: i32) -> Result<Value, Fault> {
    Ok(Value::object(RsaObject(Mutex::new(State::Size(legal_size(bits)?)))))
}

fn legal_size(bits: i32) -> Result<usize, Fault> {
    match usize::try_from(bits) {
        Ok(size) if (512..=16384).contains(&size) && size % 8 == 0 => Ok(size),
        _ => {
            let message = "Specified key is not a valid size for this algorithm.";
            Err(Fault::new(TypeId::CryptographicException, message))
        }
    }
}

fn state(value: &Value) -> Result<std::sync::MutexGuard<'_, State>, Fault> {
    let rsa = value.downcast::<RsaObject>().ok_or_else(Fault::null_reference)?;
    Ok(rsa.0.lock().unwrap_or_else(PoisonError::into_inner))
}

/// The key of an `RSA` object.
pub(super) fn key(run: &mut Run<'_>, value: &Value) -> Result<RsaKey, Fault> {
    let size = match &*state(value)? {
        State::Key(key) => return Ok((**key).clone()),
        State::Size(size) => *size,
    };
    // The work grows with the third power of the size and more.
    run.steps((size / 64).pow(3).saturating_mul(64))?;
    let made = RsaKey::generate(size)?;
    *state(value)? = State::Key(Box::new(made.clone()));
    Ok(made)
}

fn import(value: &Value, new: Result<RsaKey, Exception>) -> Result<Value, Fault> {
    let new = new?;
    *state(value)? = State::Key(Box::new(new));
    Ok(Value::Null)
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
    let (key, padding) = (key(run, &a[0])?, signature_padding(padding)?);
    let mut fill = |bytes: &mut [u8]| run.host.random_bytes(bytes);
    Ok(bytes(key.sign_hash(hash, algorithm, padding, &mut fill)?))
}

/// The arguments behind the data are the signature, the algorithm and the padding.
fn verify(run: &mut Run<'_>, rsa: &Value, hash: &[u8], rest: &[Value]) -> Result<Value, Fault> {
    run.steps(PUBLIC_STEPS)?;
    let signature = to_bytes(&rest[0], "signature")?;
    let (algorithm, padding) = (named(&rest[1])?, signature_padding(&rest[2])?);
    Ok(key(run, rsa)?.verify_hash(hash, &signature, algorithm, padding)?.into())
}

/// `KeySizes`: the least, the greatest, and the step between.
struct Sizes([i32; 3]);

impl Object for Sizes {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::KeySizes)
    }
}

/// An array with one `KeySizes`.
pub(super) fn key_sizes(least: i32, greatest: i32, step: i32) -> Value {
    array::array(Ty::Named(TypeId::KeySizes), vec![Value::object(Sizes([least, greatest, step]))])
}

/// `RSAParameters`.
struct Parameters(RsaParameters);

impl Object for Parameters {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::RsaParameters)
    }
}

fn parameters(value: &Value) -> Result<&RsaParameters, Fault> {
    let parameters = value.downcast::<Parameters>().map(|parameters| &parameters.0);
    parameters.ok_or_else(|| Fault::new(TypeId::CryptographicException, "The specified RSA parameters are not valid."))
}

/// An `RSA` object of an algorithm's name.
fn named_algorithm(name: &Value) -> Result<Value, Fault> {
    let name = string(name, "algName")?.text().to_ascii_uppercase();
    let short = name.strip_prefix("SYSTEM.SECURITY.CRYPTOGRAPHY.").unwrap_or(&name);
    match short {
        "RSA" | "RSACNG" | "RSACRYPTOSERVICEPROVIDER" | "ASYMMETRICALGORITHM" => of_size(DEFAULT_SIZE),
        _ => Ok(Value::Null),
    }
}

/// Bits of a key made by default.
const DEFAULT_SIZE: i32 = 2048;

fn asymmetric_algorithm(table: &mut Table) {
    table
        .on(TypeId::AsymmetricAlgorithm)
        .def("static AsymmetricAlgorithm Create()", |_, _| of_size(DEFAULT_SIZE))
        .def("static AsymmetricAlgorithm Create(string algName)", |_, a| named_algorithm(&a[0]))
        .def("void FromXmlString(string xmlString)", |_, a| {
            import(&a[0], RsaKey::from_xml(&string(&a[1], "xmlString")?.text()))
        })
        .def("string ToXmlString(bool includePrivateParameters)", |run, a| {
            Ok(key(run, &a[0])?.to_xml(boolean(&a[1]))?.into())
        })
        .def_set(
            "int KeySize",
            |_, a| {
                Ok(Value::Int(match &*state(&a[0])? {
                    State::Size(size) => *size as i32,
                    State::Key(key) => key.size() as i32,
                }))
            },
            |_, a| {
                let size = legal_size(int(&a[1]))?;
                *state(&a[0])? = State::Size(size);
                Ok(Value::Null)
            },
        )
        .def("KeySizes[] LegalKeySizes", |_, _| Ok(key_sizes(512, 16384, 8)))
        .def("string KeyExchangeAlgorithm", |_, _| Ok("RSA".into()))
        .def("string SignatureAlgorithm", |_, _| Ok("RSA".into()))
        .def("void Clear()", |_, _| Ok(Value::Null))
        .def("void Dispose()", |_, _| Ok(Value::Null));
    table
        .on(TypeId::KeySizes)
        .def("int MinSize", |_, a| size_of(a, 0))
        .def("int MaxSize", |_, a| size_of(a, 1))
        .def("int SkipSize", |_, a| size_of(a, 2));
}

fn size_of(args: &[Value], index: usize) -> Result<Value, Fault> {
    let sizes = args[0].downcast::<Sizes>().ok_or_else(Fault::null_reference)?;
    Ok(Value::Int(sizes.0.get(index).copied().unwrap_or_default()))
}

/// Adds the members of `RSA`.
pub(super) fn register(table: &mut Table) {
    asymmetric_algorithm(table);
    table
        .on(TypeId::RsaCng)
        .def("new()", |_, _| of_size(DEFAULT_SIZE))
        .def("new(int keySize)", |_, a| of_size(int(&a[0])));
    table
        .on(TypeId::Rsa)
        .def("static RSA Create()", |_, _| of_size(DEFAULT_SIZE))
        .def("static RSA Create(int keySizeInBits)", |_, a| of_size(int(&a[0])))
        .def("static RSA Create(string algName)", |_, a| named_algorithm(&a[0]))
        .def("static RSA Create(RSAParameters parameters)", |_, a| {
            Ok(object(RsaKey::from_parameters(parameters(&a[0])?)?))
        })
        .def("RSAParameters ExportParameters(bool includePrivateParameters)", |run, a| {
            Ok(Value::object(Parameters(key(run, &a[0])?.parameters(boolean(&a[1]))?)))
        })
        .def("void ImportParameters(RSAParameters parameters)", |_, a| {
            import(&a[0], RsaKey::from_parameters(parameters(&a[1])?))
        })
        .def("void ImportFromPem(string input)", |_, a| {
            import(&a[0], RsaKey::from_pem(&string(&a[1], "input")?.text()))
        })
        .def("byte[] ExportSubjectPublicKeyInfo()", |run, a| {
            Ok(bytes(key(run, &a[0])?.to_subject_public_key_info()?))
        })
        .def("byte[] ExportPkcs8PrivateKey()", |run, a| Ok(bytes(key(run, &a[0])?.to_pkcs8()?)))
        .def("byte[] EncryptValue(byte[] rgb)", |_, _| Err(Fault::not_supported("Method is not supported.")))
        .def("byte[] DecryptValue(byte[] rgb)", |_, _| Err(Fault::not_supported("Method is not supported.")))
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
                verify(run, &a[0], &hash, &a[2..])
            },
        )
        .def(
            "bool VerifyData(byte[] data, int offset, int count, byte[] signature, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding)",
            |run, a| {
                let data = to_bytes(&a[1], "data")?;
                let hash = named(&a[5])?.hash(cut(&data, &a[2], &a[3])?);
                verify(run, &a[0], &hash, &a[4..])
            },
        )
        .def(
            "bool VerifyHash(byte[] hash, byte[] signature, HashAlgorithmName hashAlgorithm, RSASignaturePadding padding)",
            |run, a| verify(run, &a[0], &to_bytes(&a[1], "hash")?, &a[2..]),
        )
        .def("byte[] Encrypt(byte[] data, RSAEncryptionPadding padding)", |run, a| {
            run.steps(PUBLIC_STEPS)?;
            let data = to_bytes(&a[1], "data")?;
            let padding = encryption_padding(&a[2])?;
            let key = key(run, &a[0])?;
            let mut fill = |bytes: &mut [u8]| run.host.random_bytes(bytes);
            Ok(bytes(key.encrypt(&data, padding, &mut fill)?))
        })
        .def("byte[] Decrypt(byte[] data, RSAEncryptionPadding padding)", |run, a| {
            run.steps(PRIVATE_STEPS)?;
            let data = to_bytes(&a[1], "data")?;
            let padding = encryption_padding(&a[2])?;
            let key = key(run, &a[0])?;
            let mut fill = |bytes: &mut [u8]| run.host.random_bytes(bytes);
            Ok(bytes(key.decrypt(&data, padding, &mut fill)?))
        });
    parameter_fields(table);
    imports(table);
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

fn parameter_fields(table: &mut Table) {
    type Part = fn(&PrivateParameters) -> &Vec<u8>;
    fn private(args: &[Value], part: Part) -> Result<Value, Fault> {
        Ok(parameters(&args[0])?.private.as_ref().map_or(Value::Null, |private| bytes(part(private).clone())))
    }
    table
        .on(TypeId::RsaParameters)
        .def("byte[] Modulus", |_, a| Ok(bytes(parameters(&a[0])?.modulus.clone())))
        .def("byte[] Exponent", |_, a| Ok(bytes(parameters(&a[0])?.exponent.clone())))
        .def("byte[] P", |_, a| private(a, |private| &private.p))
        .def("byte[] Q", |_, a| private(a, |private| &private.q))
        .def("byte[] DP", |_, a| private(a, |private| &private.dp))
        .def("byte[] DQ", |_, a| private(a, |private| &private.dq))
        .def("byte[] InverseQ", |_, a| private(a, |private| &private.inverse_q))
        .def("byte[] D", |_, a| private(a, |private| &private.d));
}
