//! Certificates made on the spot.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};
use sha1::{Digest, Sha1};

/// The crypto provider that is compiled in.
pub fn crypto_provider() -> CryptoProvider {
    #[cfg(feature = "aws-lc-rs")]
    return rustls::crypto::aws_lc_rs::default_provider();
    #[cfg(not(feature = "aws-lc-rs"))]
    return rustls::crypto::ring::default_provider();
}

/// A certificate authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, format!("authority {}", thumbprint(key.public_key_raw())));
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// The authority's own certificate.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// The DER of the authority's own certificate.
    pub fn der(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(self.pem.as_bytes()).unwrap()
    }

    /// A server's side of TLS, with a certificate for `names`, offering `protocols`.
    pub fn server(&self, names: &[&str], protocols: &[&str]) -> Arc<ServerConfig> {
        self.server_and_leaf(names, protocols).0
    }

    /// As [`Authority::server`], with the server's certificate.
    pub fn server_and_leaf(&self, names: &[&str], protocols: &[&str]) -> (Arc<ServerConfig>, CertificateDer<'static>) {
        let key = KeyPair::generate().unwrap();
        let certificate = params(names).signed_by(&key, &self.issuer).unwrap();
        let chain = vec![certificate.der().clone(), self.der()];
        (server_of(WebPkiClientVerifier::no_client_auth(), chain, &key, protocols), certificate.der().clone())
    }

    /// A server that wants a client certificate of `clients`.
    pub fn mutual(&self, clients: &Authority) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let certificate = params(&["localhost"]).signed_by(&key, &self.issuer).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(clients.der()).unwrap();
        let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), Arc::new(crypto_provider()));
        server_of(verifier.build().unwrap(), vec![certificate.der().clone()], &key, &[])
    }

    /// A client certificate with its key, as PEM, and its SHA-1 thumbprint.
    pub fn client(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem() + &key.serialize_pem(), thumbprint(certificate.der()))
    }
}

/// A server with a certificate that it signed itself, and that certificate.
pub fn self_signed(names: &[&str]) -> (Arc<ServerConfig>, CertificateDer<'static>) {
    let key = KeyPair::generate().unwrap();
    let certificate = params(names).self_signed(&key).unwrap();
    let chain = vec![certificate.der().clone()];
    (server_of(WebPkiClientVerifier::no_client_auth(), chain, &key, &[]), certificate.der().clone())
}

/// A server whose certificate ended in 1999.
pub fn expired(names: &[&str]) -> (Arc<ServerConfig>, CertificateDer<'static>) {
    let key = KeyPair::generate().unwrap();
    let mut params = params(names);
    params.not_before = rcgen::date_time_ymd(1998, 1, 1);
    params.not_after = rcgen::date_time_ymd(1999, 1, 1);
    let certificate = params.self_signed(&key).unwrap();
    let chain = vec![certificate.der().clone()];
    (server_of(WebPkiClientVerifier::no_client_auth(), chain, &key, &[]), certificate.der().clone())
}

/// SHA-1 in upper-case hex.
pub fn thumbprint(der: &[u8]) -> String {
    Sha1::digest(der).iter().map(|byte| format!("{byte:02X}")).collect()
}

fn params(names: &[&str]) -> CertificateParams {
    let mut params = CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
    params.distinguished_name.push(DnType::CommonName, *names.first().unwrap_or(&"nobody"));
    params
}

fn server_of(
    clients: Arc<dyn ClientCertVerifier>,
    chain: Vec<CertificateDer<'static>>,
    key: &KeyPair,
    protocols: &[&str],
) -> Arc<ServerConfig> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(crypto_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients)
        .with_single_cert(chain, PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.as_bytes().to_vec()).collect();
    Arc::new(config)
}
