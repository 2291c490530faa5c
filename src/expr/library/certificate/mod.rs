//! `X509Certificate` and `X509Certificate2`: the object, and how one is made.

mod extension;
mod member;
mod public_key;
mod text;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::args::required;
use super::array::to_bytes;
use crate::expr::code::Run;
use crate::expr::dotnet::certificate::{Certificate, pfx};
use crate::expr::dotnet::crypto::{HashAlgorithm, RsaKey};
use crate::expr::fault::Fault;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Str, Value};

/// An `X509Certificate` or `X509Certificate2`.
struct CertificateObject {
    ty: TypeId,
    state: Mutex<State>,
}

/// What a certificate object holds; nothing once it was reset.
#[derive(Clone, Default)]
struct State {
    certificate: Option<Arc<Certificate>>,
    /// PKCS#8.
    private_key: Option<Arc<[u8]>>,
    friendly_name: String,
    archived: bool,
}

impl Object for CertificateObject {
    fn ty(&self) -> Ty {
        Ty::Named(self.ty)
    }

    fn to_text(&self, run: &mut Run<'_>) -> Result<Option<Str>, Fault> {
        let state = self.lock().clone();
        match (&state.certificate, self.ty) {
            (Some(certificate), TypeId::X509Certificate2) => Ok(Some(text::brief(run, certificate)?.into())),
            _ => Ok(None),
        }
    }

    fn equals(&self, other: &Value) -> Option<bool> {
        let Some(other) = other.downcast::<Self>() else { return Some(false) };
        let mine = self.lock().certificate.clone();
        let its = other.lock().certificate.clone();
        Some(mine == its)
    }

    fn hash_code(&self) -> Option<i32> {
        let hash = self.lock().certificate.as_ref().map(|certificate| certificate.hash(HashAlgorithm::Sha1));
        Some(hash.unwrap_or_default().iter().take(4).fold(0, |code, byte| code << 8 | i32::from(*byte)))
    }
}

impl CertificateObject {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Steps that opening a PFX counts: deriving its keys takes thousands of hashes.
const PFX_STEPS: usize = 100_000;

/// Reads DER, PEM or PFX.
fn read(run: &mut Run<'_>, data: &[u8], password: &str) -> Result<State, Fault> {
    if pfx::is_pfx(data) {
        run.steps(PFX_STEPS)?;
        let opened = pfx::read(data, password)?;
        return Ok(State {
            certificate: Some(Arc::new(opened.certificate)),
            private_key: opened.private_key.map(Into::into),
            friendly_name: opened.friendly_name,
            archived: false,
        });
    }
    Ok(State { certificate: Some(Arc::new(Certificate::parse(data)?)), ..State::default() })
}

fn object(ty: TypeId, state: State) -> Value {
    Value::object(CertificateObject { ty, state: Mutex::new(state) })
}

/// An `X509Certificate2` from DER, PEM or PFX.
pub(crate) fn parse(run: &mut Run<'_>, data: &[u8], password: &str) -> Result<Value, Fault> {
    Ok(object(TypeId::X509Certificate2, read(run, data, password)?))
}

/// The state of a certificate; null throws.
fn state(value: &Value) -> Result<MutexGuard<'_, State>, Fault> {
    Ok(value.downcast::<CertificateObject>().ok_or_else(Fault::null_reference)?.lock())
}

/// The certificate; a null or empty one throws.
fn get(value: &Value) -> Result<Arc<Certificate>, Fault> {
    state(value)?.certificate.clone().ok_or_else(|| crypto("m_safeCertContext is an invalid handle."))
}

/// The certificate that is the first argument of an extension method.
fn given(value: &Value) -> Result<Arc<Certificate>, Fault> {
    get(required(value, "certificate")?)
}

fn private_key(value: &Value) -> Result<Option<RsaKey>, Fault> {
    get(value)?;
    let key = state(value)?.private_key.clone();
    Ok(key.and_then(|der| RsaKey::from_der(&der).ok()))
}

fn crypto(message: &str) -> Fault {
    Fault::new(TypeId::CryptographicException, message)
}

fn no_file() -> Fault {
    crypto("The system cannot find the file specified.")
}

fn constructors(table: &mut Table) {
    for (id, copy) in [
        (TypeId::X509Certificate, "new(X509Certificate cert)"),
        (TypeId::X509Certificate2, "new(X509Certificate certificate)"),
    ] {
        macro_rules! of_id {
            ($make:expr) => {
                match id {
                    TypeId::X509Certificate => |run, a| $make(TypeId::X509Certificate, run, a),
                    _ => |run, a| $make(TypeId::X509Certificate2, run, a),
                }
            };
        }
        table
            .on(id)
            .def("new()", of_id!(empty))
            .def("new(byte[] rawData)", of_id!(from_bytes))
            .def("new(byte[] rawData, string password)", of_id!(from_bytes))
            .def("new(byte[] rawData, string password, X509KeyStorageFlags keyStorageFlags)", of_id!(from_bytes))
            .def("new(string fileName)", |_, _| Err(no_file()))
            .def("new(string fileName, string password)", |_, _| Err(no_file()))
            .def("new(string fileName, string password, X509KeyStorageFlags keyStorageFlags)", |_, _| Err(no_file()))
            .def(copy, of_id!(copied));
    }
}

fn empty(ty: TypeId, _: &mut Run<'_>, _: &mut [Value]) -> Result<Value, Fault> {
    Ok(object(ty, State::default()))
}

fn from_bytes(ty: TypeId, run: &mut Run<'_>, args: &mut [Value]) -> Result<Value, Fault> {
    Ok(object(ty, read_arguments(run, args)?))
}

/// Reads the bytes and the password that are the first two arguments.
fn read_arguments(run: &mut Run<'_>, args: &[Value]) -> Result<State, Fault> {
    let data = to_bytes(&args[0], "rawData")?;
    if data.is_empty() {
        return Err(Fault::argument("Array may not be empty or null. (Parameter 'rawData')"));
    }
    let password = args.get(1).and_then(Value::as_text).map(|text| text.text().into_owned());
    read(run, &data, password.as_deref().unwrap_or_default())
}

fn copied(ty: TypeId, _: &mut Run<'_>, args: &mut [Value]) -> Result<Value, Fault> {
    let copy = state(required(&args[0], "cert")?)?.clone();
    Ok(object(ty, copy))
}

/// Adds the members of certificates.
pub(super) fn register(table: &mut Table) {
    constructors(table);
    member::register(table);
    public_key::register(table);
    extension::register(table);
}
