//! `PublicKey`: the key of a certificate with its algorithm.

use super::get;
use crate::expr::dotnet::crypto::RsaKey;
use crate::expr::fault::Fault;
use crate::expr::library::oid::{self, Encoded, encoded};
use crate::expr::library::rsa;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Value};

/// A `PublicKey`.
struct PublicKey {
    algorithm: String,
    parameters: Vec<u8>,
    value: Vec<u8>,
}

impl Object for PublicKey {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::PublicKey)
    }
}

fn this(value: &Value) -> Result<&PublicKey, Fault> {
    value.downcast::<PublicKey>().ok_or_else(Fault::null_reference)
}

fn rsa_key(key: &PublicKey) -> Option<RsaKey> {
    if key.algorithm != "1.2.840.113549.1.1.1" {
        return None;
    }
    RsaKey::from_der(&key.value).ok()
}

fn asn(oid: &str, data: &[u8]) -> Value {
    let (oid, data) = (oid.to_owned(), data.to_vec());
    Value::object(Encoded { ty: TypeId::AsnEncodedData, oid, critical: false, data })
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table.on(TypeId::X509Certificate2).def("PublicKey PublicKey", |_, a| {
        let certificate = get(&a[0])?;
        Ok(Value::object(PublicKey {
            algorithm: certificate.key_algorithm(),
            parameters: certificate.key_algorithm_parameters(),
            value: certificate.public_key_bits(),
        }))
    });
    table
        .on(TypeId::PublicKey)
        .def("new(Oid oid, AsnEncodedData parameters, AsnEncodedData keyValue)", |_, a| {
            Ok(Value::object(PublicKey {
                algorithm: oid::number(&a[0]).unwrap_or_default(),
                parameters: encoded(&a[1])?.data.clone(),
                value: encoded(&a[2])?.data.clone(),
            }))
        })
        .def("Oid Oid", |_, a| Ok(oid::of(&this(&a[0])?.algorithm)))
        .def("AsnEncodedData EncodedKeyValue", |_, a| {
            let key = this(&a[0])?;
            Ok(asn(&key.algorithm, &key.value))
        })
        .def("AsnEncodedData EncodedParameters", |_, a| {
            let key = this(&a[0])?;
            Ok(asn(&key.algorithm, &key.parameters))
        })
        .def("AsymmetricAlgorithm Key", |_, a| match rsa_key(this(&a[0])?) {
            Some(key) => Ok(rsa::object(key)),
            None => Err(Fault::not_supported("The certificate key algorithm is not supported.")),
        })
        .def("RSA GetRSAPublicKey()", |_, a| Ok(rsa_key(this(&a[0])?).map_or(Value::Null, rsa::object)));
}
