//! Client certificates in PEM.

use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::{PemObject, SectionKind};

use super::{CertificateError, Parts};

pub(super) fn read(pem: &[u8]) -> Result<Parts, CertificateError> {
    let mut parts = Parts { keys: Vec::new(), certificates: Vec::new() };
    for section in <(SectionKind, Vec<u8>)>::pem_slice_iter(pem) {
        let (kind, der) = section.map_err(|error| CertificateError::Pem(error.to_string()))?;
        match kind {
            SectionKind::Certificate => parts.certificates.push(der.into()),
            SectionKind::PrivateKey => parts.keys.push(PrivateKeyDer::Pkcs8(der.into())),
            SectionKind::RsaPrivateKey => parts.keys.push(PrivateKeyDer::Pkcs1(der.into())),
            SectionKind::EcPrivateKey => parts.keys.push(PrivateKeyDer::Sec1(der.into())),
            _ => {}
        }
    }
    let is_encrypted = |marker: &[u8]| pem.windows(marker.len()).any(|part| part == marker);
    if is_encrypted(b"ENCRYPTED PRIVATE KEY") || is_encrypted(b"Proc-Type: 4,ENCRYPTED") {
        return Err(CertificateError::EncryptedKey);
    }
    Ok(parts)
}
