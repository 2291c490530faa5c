//! Hash algorithms: `SHA256` and its kin, and their keyed forms.

use std::sync::{Mutex, PoisonError};

use crate::expr::code::Run;
use crate::expr::dotnet::crypto::HashAlgorithm;
use crate::expr::fault::Fault;
use crate::expr::library::args::string;
use crate::expr::library::array::{bytes, to_bytes};
use crate::expr::library::convert::cut;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Str, Value};

/// A `HashAlgorithm`; with a key it is an `HMAC`.
struct Hasher {
    ty: TypeId,
    algorithm: HashAlgorithm,
    key: Option<Mutex<Vec<u8>>>,
    last: Mutex<Option<Vec<u8>>>,
}

impl Object for Hasher {
    fn ty(&self) -> Ty {
        Ty::Named(self.ty)
    }
}

impl Hasher {
    fn key(&self) -> Option<Vec<u8>> {
        self.key.as_ref().map(|key| key.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn compute(&self, data: &[u8]) -> Vec<u8> {
        let hash = match self.key() {
            Some(key) => self.algorithm.hmac(&key, data),
            None => self.algorithm.hash(data),
        };
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(hash.clone());
        hash
    }
}

fn object(ty: TypeId, algorithm: HashAlgorithm, key: Option<Vec<u8>>) -> Value {
    Value::object(Hasher { ty, algorithm, key: key.map(Mutex::new), last: Mutex::new(None) })
}

fn get(value: &Value) -> Result<&Hasher, Fault> {
    value.downcast::<Hasher>().ok_or_else(Fault::null_reference)
}

fn hash(run: &mut Run<'_>, a: &[Value], data: &[u8]) -> Result<Value, Fault> {
    run.steps(data.len() / 64)?;
    Ok(bytes(get(&a[0])?.compute(data)))
}

fn random_key(run: &mut Run<'_>, algorithm: HashAlgorithm) -> Vec<u8> {
    let mut key = vec![0; algorithm.block_size()];
    run.host.random_bytes(&mut key);
    key
}

macro_rules! plain {
    ($table:ident: $($id:ident $managed:ident $algorithm:ident $name:literal;)*) => {$(
        $table.on(TypeId::$id)
            .def(concat!("static ", $name, " Create()"), |_, _| {
                Ok(object(TypeId::$id, HashAlgorithm::$algorithm, None))
            })
            .def("static byte[] HashData(byte[] source)", |_, a| {
                Ok(bytes(HashAlgorithm::$algorithm.hash(&to_bytes(&a[0], "source")?)))
            });
        if TypeId::$managed != TypeId::$id {
            $table.on(TypeId::$managed).def("new()", |_, _| {
                Ok(object(TypeId::$managed, HashAlgorithm::$algorithm, None))
            });
        }
    )*};
}

macro_rules! keyed {
    ($table:ident: $($id:ident $algorithm:ident;)*) => {$(
        $table.on(TypeId::$id)
            .def("new()", |run, _| {
                let key = random_key(run, HashAlgorithm::$algorithm);
                Ok(object(TypeId::$id, HashAlgorithm::$algorithm, Some(key)))
            })
            .def("new(byte[] key)", |_, a| {
                let key = to_bytes(&a[0], "key")?;
                Ok(object(TypeId::$id, HashAlgorithm::$algorithm, Some(key)))
            })
            .def("static byte[] HashData(byte[] key, byte[] source)", |_, a| {
                let key = to_bytes(&a[0], "key")?;
                Ok(bytes(HashAlgorithm::$algorithm.hmac(&key, &to_bytes(&a[1], "source")?)))
            });
    )*};
}

/// Adds the members of the hash algorithms.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::HashAlgorithm)
        .def("byte[] ComputeHash(byte[] buffer)", |run, a| {
            let data = to_bytes(&a[1], "buffer")?;
            hash(run, a, &data)
        })
        .def("byte[] ComputeHash(byte[] buffer, int offset, int count)", |run, a| {
            let data = to_bytes(&a[1], "buffer")?;
            hash(run, a, cut(&data, &a[2], &a[3])?)
        })
        .def("byte[] Hash", |_, a| {
            let last = get(&a[0])?.last.lock().unwrap_or_else(PoisonError::into_inner).clone();
            Ok(last.map_or(Value::Null, bytes))
        })
        .def("int HashSize", |_, a| Ok(Value::Int(get(&a[0])?.algorithm.size() as i32 * 8)))
        .def("int InputBlockSize", |_, _| Ok(Value::Int(1)))
        .def("int OutputBlockSize", |_, _| Ok(Value::Int(1)))
        .def("bool CanReuseTransform", |_, _| Ok(true.into()))
        .def("bool CanTransformMultipleBlocks", |_, _| Ok(true.into()))
        .def("void Clear()", |_, _| Ok(Value::Null))
        .def("void Initialize()", |_, _| Ok(Value::Null))
        .def("void Dispose()", |_, _| Ok(Value::Null))
        .def("static HashAlgorithm Create(string hashName)", |_, a| {
            let name = string(&a[0], "hashName")?;
            Ok(HashAlgorithm::by_name(&name.text())
                .map_or(Value::Null, |algorithm| object(plain_type(algorithm), algorithm, None)))
        });
    plain! { table:
        Md5 Md5 Md5 "MD5";
        Sha1 Sha1Managed Sha1 "SHA1";
        Sha256 Sha256Managed Sha256 "SHA256";
        Sha384 Sha384Managed Sha384 "SHA384";
        Sha512 Sha512Managed Sha512 "SHA512";
    }
    table.on(TypeId::KeyedHashAlgorithm).def_set(
        "byte[] Key",
        |_, a| Ok(get(&a[0])?.key().map_or(Value::Null, bytes)),
        |_, a| {
            let new = to_bytes(&a[1], "value")?;
            if let Some(key) = &get(&a[0])?.key {
                *key.lock().unwrap_or_else(PoisonError::into_inner) = new;
            }
            Ok(Value::Null)
        },
    );
    table.on(TypeId::Hmac).def("string HashName", |_, a| Ok(get(&a[0])?.algorithm.name().into())).def(
        "static HMAC Create(string algorithmName)",
        |run, a| {
            let name = string(&a[0], "algorithmName")?.text().to_ascii_uppercase();
            let Some(algorithm) = name.strip_prefix("HMAC").and_then(HashAlgorithm::by_name) else {
                return Ok(Value::Null);
            };
            let key = random_key(run, algorithm);
            Ok(object(keyed_type(algorithm), algorithm, Some(key)))
        },
    );
    keyed! { table:
        HmacMd5 Md5;
        HmacSha1 Sha1;
        HmacSha256 Sha256;
        HmacSha384 Sha384;
        HmacSha512 Sha512;
    }
    names(table);
    generator(table);
}

fn plain_type(algorithm: HashAlgorithm) -> TypeId {
    match algorithm {
        HashAlgorithm::Md5 => TypeId::Md5,
        HashAlgorithm::Sha1 => TypeId::Sha1,
        HashAlgorithm::Sha256 => TypeId::Sha256,
        HashAlgorithm::Sha384 => TypeId::Sha384,
        HashAlgorithm::Sha512 => TypeId::Sha512,
    }
}

fn keyed_type(algorithm: HashAlgorithm) -> TypeId {
    match algorithm {
        HashAlgorithm::Md5 => TypeId::HmacMd5,
        HashAlgorithm::Sha1 => TypeId::HmacSha1,
        HashAlgorithm::Sha256 => TypeId::HmacSha256,
        HashAlgorithm::Sha384 => TypeId::HmacSha384,
        HashAlgorithm::Sha512 => TypeId::HmacSha512,
    }
}

/// A `HashAlgorithmName`.
struct Name(String);

impl Object for Name {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::HashAlgorithmName)
    }

    fn to_text(&self, _: &mut Run<'_>) -> Result<Option<Str>, Fault> {
        Ok(Some(self.0.as_str().into()))
    }

    fn equals(&self, other: &Value) -> Option<bool> {
        Some(other.downcast::<Self>().is_some_and(|name| name.0 == self.0))
    }

    fn hash_code(&self) -> Option<i32> {
        Some(self.0.bytes().fold(0, |hash: i32, byte| hash.wrapping_mul(31).wrapping_add(byte.into())))
    }
}

/// The algorithm that a `HashAlgorithmName` names.
pub(super) fn named(value: &Value) -> Result<HashAlgorithm, Fault> {
    let name = value.downcast::<Name>().map(|name| name.0.as_str()).unwrap_or_default();
    HashAlgorithm::by_name(name).ok_or_else(|| {
        if name.is_empty() {
            return Fault::argument("The hash algorithm name cannot be null or empty. (Parameter 'hashAlgorithm')");
        }
        Fault::new(TypeId::CryptographicException, format!("'{name}' is not a known hash algorithm."))
    })
}

fn names(table: &mut Table) {
    macro_rules! all {
        ($($name:literal)*) => {
            table.on(TypeId::HashAlgorithmName)
            $(.def(concat!("static HashAlgorithmName ", $name), |_, _| Ok(Value::object(Name($name.to_owned())))))*
        };
    }
    all!("MD5" "SHA1" "SHA256" "SHA384" "SHA512")
        .def("new(string name)", |_, a| {
            let name = a[0].as_text().map(|name| name.text().into_owned()).unwrap_or_default();
            Ok(Value::object(Name(name)))
        })
        .def("string Name", |_, a| Ok(a[0].downcast::<Name>().map(|name| name.0.clone()).into()));
}

/// `RNGCryptoServiceProvider`.
struct Generator;

impl Object for Generator {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::RngCryptoServiceProvider)
    }
}

fn fill(run: &mut Run<'_>, a: &[Value], accept: fn(u8) -> bool) -> Result<Value, Fault> {
    let mut data = to_bytes(&a[1], "data")?;
    run.host.random_bytes(&mut data);
    for byte in &mut data {
        while !accept(*byte) {
            run.step()?;
            run.host.random_bytes(std::slice::from_mut(byte));
        }
    }
    if let Some(array) = a[1].downcast::<super::array::Array>() {
        array.replace(data.into_iter().map(Value::Byte).collect());
    }
    Ok(Value::Null)
}

fn generator(table: &mut Table) {
    table
        .on(TypeId::RngCryptoServiceProvider)
        .def("new()", |_, _| Ok(Value::object(Generator)))
        .def("void GetBytes(byte[] data)", |run, a| fill(run, a, |_| true))
        .def("void GetNonZeroBytes(byte[] data)", |run, a| fill(run, a, |byte| byte != 0))
        .def("void Dispose()", |_, _| Ok(Value::Null));
}
