//! `RSASignaturePadding` and `RSAEncryptionPadding`.

use super::hash_name::{self, named};
use crate::expr::code::Run;
use crate::expr::dotnet::crypto::{EncryptionPadding, HashAlgorithm, SignaturePadding};
use crate::expr::fault::Fault;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Str, Value};

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

    fn hash_code(&self) -> Option<i32> {
        Some(Value::str(format!("{:?}", self.0)).hash_code())
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

    fn hash_code(&self) -> Option<i32> {
        Some(Value::str(format!("{:?}", self.0)).hash_code())
    }
}

/// The padding of an argument.
pub(super) fn signature_padding(value: &Value) -> Result<SignaturePadding, Fault> {
    let padding = value.downcast::<SignaturePaddingObject>().map(|padding| padding.0);
    padding.ok_or_else(|| Fault::argument_null("padding"))
}

/// The padding of an argument.
pub(super) fn encryption_padding(value: &Value) -> Result<EncryptionPadding, Fault> {
    let padding = value.downcast::<EncryptionPaddingObject>().map(|padding| padding.0);
    padding.ok_or_else(|| Fault::argument_null("padding"))
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
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
    table
        .on(TypeId::RsaSignaturePadding)
        .def("RSASignaturePaddingMode Mode", |_, a| {
            let is_pss = signature_padding(&a[0])? == SignaturePadding::Pss;
            Ok(Value::enumeration(TypeId::RsaSignaturePaddingMode, i64::from(is_pss)))
        })
        .def("bool Equals(RSASignaturePadding other)", |_, a| Ok(a[0].equals(&a[1]).into()))
        .def("static bool operator ==(RSASignaturePadding left, RSASignaturePadding right)", |_, a| {
            Ok(a[0].equals(&a[1]).into())
        })
        .def("static bool operator !=(RSASignaturePadding left, RSASignaturePadding right)", |_, a| {
            Ok((!a[0].equals(&a[1])).into())
        });
    table
        .on(TypeId::RsaEncryptionPadding)
        .def("RSAEncryptionPaddingMode Mode", |_, a| {
            let is_oaep = encryption_padding(&a[0])? != EncryptionPadding::Pkcs1;
            Ok(Value::enumeration(TypeId::RsaEncryptionPaddingMode, i64::from(is_oaep)))
        })
        .def("HashAlgorithmName OaepHashAlgorithm", |_, a| {
            Ok(match encryption_padding(&a[0])? {
                EncryptionPadding::Oaep(algorithm) => hash_name::value(algorithm),
                EncryptionPadding::Pkcs1 => hash_name::none(),
            })
        })
        .def("static RSAEncryptionPadding CreateOaep(HashAlgorithmName hashAlgorithm)", |_, a| {
            Ok(Value::object(EncryptionPaddingObject(EncryptionPadding::Oaep(named(&a[0])?))))
        })
        .def("bool Equals(RSAEncryptionPadding other)", |_, a| Ok(a[0].equals(&a[1]).into()))
        .def("static bool operator ==(RSAEncryptionPadding left, RSAEncryptionPadding right)", |_, a| {
            Ok(a[0].equals(&a[1]).into())
        })
        .def("static bool operator !=(RSAEncryptionPadding left, RSAEncryptionPadding right)", |_, a| {
            Ok((!a[0].equals(&a[1])).into())
        });
}
