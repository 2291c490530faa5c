//! Certificates with their private keys in PFX (PKCS #12).

use p12_keystore::{KeyStore, KeyStoreEntry, Pkcs12Archive, PrivateKey, PrivateKeyChain};

use super::Certificate;
use crate::expr::dotnet::exception::{Exception, Result};

/// What a PFX holds.
pub struct Opened {
    /// The certificate that the key belongs to, or the first.
    pub certificate: Certificate,
    /// PKCS#8.
    pub private_key: Option<Vec<u8>>,
    /// The name that the certificate or the key carries.
    pub friendly_name: String,
}

/// Whether the bytes look like a PFX: a sequence that starts with its version, 3.
pub fn is_pfx(data: &[u8]) -> bool {
    let content = match data {
        [0x30, first, rest @ ..] if *first <= 0x80 => rest,
        [0x30, first, rest @ ..] => rest.get(usize::from(first & 0x7F)..).unwrap_or_default(),
        _ => return false,
    };
    content.starts_with(&[2, 1, 3])
}

/// Opens a PFX.
pub fn read(data: &[u8], password: &str) -> Result<Opened> {
    let wrong = |_| Exception::cryptographic("The specified network password is not correct.");
    let archive = Pkcs12Archive::from_pkcs12(data, password).map_err(wrong)?;
    let key = archive.keys.first();
    let id = key.and_then(|key| key.local_key_id.as_ref().map(|id| id.as_ref().to_vec()));
    let of_key = archive.certs.iter().find(|bag| id.is_some() && bag.local_key_id == id);
    let bag = of_key
        .or_else(|| archive.certs.first())
        .ok_or_else(|| Exception::cryptographic("Cannot find the requested object."))?;
    let name = bag.friendly_name.as_ref().or_else(|| key.and_then(|key| key.friendly_name.as_ref()));
    Ok(Opened {
        certificate: Certificate::parse(bag.cert.as_der())?,
        private_key: key.map(|key| key.key.as_der().to_vec()),
        friendly_name: name.cloned().unwrap_or_default(),
    })
}

/// Makes a PFX of a certificate and its key.
pub fn write(certificate: &Certificate, private_key: Option<&[u8]>, password: &str) -> Result<Vec<u8>> {
    let bad = |_| Exception::cryptographic("The certificate cannot be exported.");
    let certificate = p12_keystore::Certificate::from_der(certificate.raw()).map_err(bad)?;
    let entry = match private_key {
        Some(key) => {
            let key = PrivateKey::from_der(key).map_err(bad)?;
            KeyStoreEntry::PrivateKeyChain(PrivateKeyChain::new([1_u8].as_slice(), key, [certificate]))
        }
        None => KeyStoreEntry::Certificate(certificate),
    };
    let mut store = KeyStore::new();
    store.add_entry("1", entry);
    store.writer(password).encryption_iterations(2_000).mac_iterations(2_000).write().map_err(bad)
}
