//! Client certificates in PFX (PKCS #12).

use p12_keystore::Pkcs12Archive;
use p12_keystore::error::Error;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::{CertificateError, Parts};

pub(super) fn read(pfx: &[u8], password: &str) -> Result<Parts, CertificateError> {
    let archive = Pkcs12Archive::from_pkcs12(pfx, password).map_err(|error| match error {
        Error::MacError(_) => CertificateError::Password,
        other => CertificateError::Pfx(other.to_string()),
    })?;
    let keys = archive.keys.iter().map(|bag| PrivatePkcs8KeyDer::from(bag.key.as_der().to_vec()));
    let certificates = archive.certs.iter().map(|bag| bag.cert.as_der().to_vec().into());
    Ok(Parts { keys: keys.map(PrivateKeyDer::Pkcs8).collect(), certificates: certificates.collect() })
}
