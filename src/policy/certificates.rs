//! Certificates of the configuration that documents name, read when the documents are compiled.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::compile::Compiler;
use super::facts::CertificateFacts;
use crate::expr::dotnet::certificate::{Certificate, pfx};
use crate::expr::dotnet::crypto::RsaKey;

/// A certificate, with its key when there is one.
pub(crate) struct Opened {
    pub(crate) certificate: Certificate,
    /// RSA only, PKCS #8.
    pub(crate) private_key: Option<Zeroizing<Vec<u8>>>,
}

/// The certificate that an attribute names; what is wrong with it is reported.
pub(crate) fn named(compiler: &mut Compiler<'_>, at: usize, id: &str) -> Option<Opened> {
    let known = compiler.environment.certificates.get(&id.to_ascii_lowercase());
    match known.map(|known| known.as_ref().map_err(String::clone).and_then(open)) {
        Some(Ok(opened)) => Some(opened),
        Some(Err(problem)) => {
            compiler.error(at, format!("certificate `{id}` cannot be used: {problem}"));
            None
        }
        None if compiler.environment.takes_as_given() => {
            compiler.note(at, format!("certificate `{id}` is taken as given"));
            None
        }
        None => {
            compiler.error(at, format!("certificate `{id}` is not defined"));
            None
        }
    }
}

/// Reads PEM, or DER or PFX in base64.
fn open(facts: &CertificateFacts) -> Result<Opened, String> {
    let text = facts.data.expose();
    if text.trim_start().starts_with("-----") {
        let certificate =
            Certificate::parse(text.as_bytes()).map_err(|_| "it is not a certificate in PEM".to_owned())?;
        return Ok(Opened { certificate, private_key: private_key(text) });
    }
    let compact: Zeroizing<String> = Zeroizing::new(text.split_ascii_whitespace().collect());
    let bytes = STANDARD.decode(&*compact).map_err(|_| "it is neither PEM nor base64".to_owned())?;
    let bytes = Zeroizing::new(bytes);
    if !pfx::is_pfx(&bytes) {
        let certificate = Certificate::parse(&bytes).map_err(|_| "it is not a certificate".to_owned())?;
        return Ok(Opened { certificate, private_key: None });
    }
    let password = facts.password.as_ref().map_or("", |password| password.expose());
    let opened = pfx::read(&bytes, password).map_err(|_| "its PFX does not open: is the password right?".to_owned())?;
    let private_key =
        opened.private_key.and_then(|der| RsaKey::from_der(&der).ok()?.to_pkcs8().ok().map(Zeroizing::new));
    Ok(Opened { certificate: opened.certificate, private_key })
}

/// The private key that stands beside a certificate in PEM.
fn private_key(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let at = ["-----BEGIN PRIVATE KEY-----", "-----BEGIN RSA PRIVATE KEY-----"]
        .into_iter()
        .find_map(|mark| text.find(mark))?;
    RsaKey::from_pem(text.get(at..)?).ok()?.to_pkcs8().ok().map(Zeroizing::new)
}
