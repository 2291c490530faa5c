//! Hash algorithms: `SHA256` and its kin, and their keyed forms.

use std::sync::{Mutex, PoisonError};

use crate::expr::code::Run;
use crate::expr::dotnet::crypto::HashAlgorithm;
use crate::expr::fault::Fault;
use crate::expr::library::args::{boolean, int, string};
use crate::expr::library::array::{Array, bytes, to_bytes};
use crate::expr::library::convert::cut;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Value};

/// A `HashAlgorithm`; with a key it is an `HMAC`.
struct Hasher {
    ty: TypeId,
    algorithm: HashAlgorithm,
    key: Option<Mutex<Vec<u8>>>,
    /// What `TransformBlock` has taken so far.
    taken: Mutex<Vec<u8>>,
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
    Value::object(Hasher { ty, algorithm, key: key.map(Mutex::new), taken: Mutex::default(), last: Mutex::default() })
}

fn get(value: &Value) -> Result<&Hasher, Fault> {
    value.downcast::<Hasher>().ok_or_else(Fault::null_reference)
}

fn hash(run: &mut Run<'_>, a: &[Value], data: &[u8]) -> Result<Value, Fault> {
    run.steps(data.len() / 64)?;
    Ok(bytes(get(&a[0])?.compute(data)))
}

fn taken(value: &Value) -> Result<std::sync::MutexGuard<'_, Vec<u8>>, Fault> {
    Ok(get(value)?.taken.lock().unwrap_or_else(PoisonError::into_inner))
}

/// `TransformBlock`: takes a part of the input, which is copied to the output where there is one.
fn transform_block(run: &mut Run<'_>, a: &mut [Value]) -> Result<Value, Fault> {
    let data = to_bytes(&a[1], "inputBuffer")?;
    let part = cut(&data, &a[2], &a[3])?;
    run.charge(part.len())?;
    taken(&a[0])?.extend_from_slice(part);
    if let Some(output) = a[4].downcast::<Array>() {
        let start = usize::try_from(int(&a[5])).unwrap_or(usize::MAX);
        for (index, byte) in part.iter().enumerate() {
            output.set(start.saturating_add(index), Value::Byte(*byte));
        }
    }
    Ok(Value::Int(part.len() as i32))
}

/// `TransformFinalBlock`: the last part; `Hash` is that of all parts.
fn transform_final_block(run: &mut Run<'_>, a: &mut [Value]) -> Result<Value, Fault> {
    let data = to_bytes(&a[1], "inputBuffer")?;
    let part = cut(&data, &a[2], &a[3])?;
    let mut all = std::mem::take(&mut *taken(&a[0])?);
    all.extend_from_slice(part);
    hash(run, a, &all)?;
    Ok(bytes(part.to_vec()))
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
            .def(concat!("static ", $name, " Create(string hashName)"), |_, a| {
                let algorithm = HashAlgorithm::by_name(&string(&a[0], "hashName")?.text());
                Ok(match algorithm {
                    Some(HashAlgorithm::$algorithm) => object(TypeId::$id, HashAlgorithm::$algorithm, None),
                    _ => Value::Null,
                })
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
            .def("new()", |run, _| Ok(keyed(run, HashAlgorithm::$algorithm)))
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
        .def(
            "int TransformBlock(byte[] inputBuffer, int inputOffset, int inputCount, byte[] outputBuffer, int outputOffset)",
            transform_block,
        )
        .def("byte[] TransformFinalBlock(byte[] inputBuffer, int inputOffset, int inputCount)", transform_final_block)
        .def("void Clear()", |_, _| Ok(Value::Null))
        .def("void Initialize()", |_, a| {
            taken(&a[0])?.clear();
            Ok(Value::Null)
        })
        .def("static HashAlgorithm Create()", |_, _| Ok(object(TypeId::Sha1, HashAlgorithm::Sha1, None)))
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
    table
        .on(TypeId::KeyedHashAlgorithm)
        .def("static KeyedHashAlgorithm Create()", |run, _| Ok(keyed(run, HashAlgorithm::Sha1)))
        .def("static KeyedHashAlgorithm Create(string algName)", |run, a| create_keyed(run, &a[0], "algName"));
    table
        .on(TypeId::Hmac)
        .def_set(
            "string HashName",
            |_, a| Ok(get(&a[0])?.algorithm.name().into()),
            |_, _| Err(Fault::not_supported("The hash of an HMAC cannot be changed.")),
        )
        .def("static HMAC Create()", |run, _| Ok(keyed(run, HashAlgorithm::Sha1)))
        .def("static HMAC Create(string algorithmName)", |run, a| create_keyed(run, &a[0], "algorithmName"));
    table.on(TypeId::HmacSha1).def("new(byte[] key, bool useManagedSha1)", |_, a| {
        Ok(object(TypeId::HmacSha1, HashAlgorithm::Sha1, Some(to_bytes(&a[0], "key")?)))
    });
    for id in [TypeId::HmacSha384, TypeId::HmacSha512] {
        table.on(id).def_set(
            "bool ProduceLegacyHmacValues",
            |_, _| Ok(false.into()),
            |_, a| match boolean(&a[1]) {
                true => Err(Fault::not_supported("Legacy HMAC values are not supported.")),
                false => Ok(Value::Null),
            },
        );
    }
    keyed! { table:
        HmacMd5 Md5;
        HmacSha1 Sha1;
        HmacSha256 Sha256;
        HmacSha384 Sha384;
        HmacSha512 Sha512;
    }
}

/// A keyed algorithm with a random key.
fn keyed(run: &mut Run<'_>, algorithm: HashAlgorithm) -> Value {
    let key = random_key(run, algorithm);
    object(keyed_type(algorithm), algorithm, Some(key))
}

fn create_keyed(run: &mut Run<'_>, name: &Value, parameter: &str) -> Result<Value, Fault> {
    let name = string(name, parameter)?.text().to_ascii_uppercase();
    let short = name.strip_prefix("SYSTEM.SECURITY.CRYPTOGRAPHY.").unwrap_or(&name);
    Ok(match short {
        "HMAC" | "KEYEDHASHALGORITHM" => keyed(run, HashAlgorithm::Sha1),
        other => match other.strip_prefix("HMAC").and_then(HashAlgorithm::by_name) {
            Some(algorithm) => keyed(run, algorithm),
            None => Value::Null,
        },
    })
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
