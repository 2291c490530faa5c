//! `HashAlgorithmName`.

use crate::expr::code::Run;
use crate::expr::dotnet::crypto::HashAlgorithm;
use crate::expr::fault::Fault;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Str, Value};

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

fn name(value: &Value) -> Option<&str> {
    value.downcast::<Name>().map(|name| name.0.as_str())
}

/// A `HashAlgorithmName` of an algorithm.
pub(super) fn value(algorithm: HashAlgorithm) -> Value {
    Value::object(Name(algorithm.name().to_owned()))
}

/// `default(HashAlgorithmName)`.
pub(super) fn none() -> Value {
    Value::object(Name(String::new()))
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

/// Adds the members.
pub(super) fn register(table: &mut Table) {
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
        .def("static bool operator ==(HashAlgorithmName left, HashAlgorithmName right)", |_, a| {
            Ok((name(&a[0]) == name(&a[1])).into())
        })
        .def("static bool operator !=(HashAlgorithmName left, HashAlgorithmName right)", |_, a| {
            Ok((name(&a[0]) != name(&a[1])).into())
        })
        .def("bool Equals(HashAlgorithmName other)", |_, a| Ok((name(&a[0]) == name(&a[1])).into()))
        .def("string Name", |_, a| Ok(a[0].downcast::<Name>().map(|name| name.0.clone()).into()));
}
