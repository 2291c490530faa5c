//! Client certificates: what the gateway shows to backends that ask who it is.

mod error;
mod pem;
#[cfg(feature = "certificates")]
mod pfx;
mod resolver;
mod table;

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Weak};
use std::time::SystemTime;

use arc_swap::ArcSwap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use zeroize::Zeroizing;

pub use error::CertificateError;
pub(super) use resolver::Resolver;
pub(super) use table::Certificates;

use super::tls::{self, Facts, Thumbprint};
use crate::model;
use crate::secret::SecretProvider;

/// A client certificate with its key, which can be replaced while it is in use.
///
/// A clone is the same certificate: [`replace`](Self::replace) changes it for all. Connections that are open go on with
/// what they were opened with; new ones show the new certificate. Nothing of the key prints.
///
/// ```no_run
/// use gatewright::backend::{ClientCertificate, Transport};
///
/// let certificate = ClientCertificate::from_pem(std::fs::read("client.pem")?)?;
/// let transport = Transport::builder().certificate("orders-client", certificate.clone()).build()?;
/// // Later, when the file has changed:
/// certificate.replace(&ClientCertificate::from_pem(std::fs::read("client.pem")?)?);
/// # let _ = transport;
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct ClientCertificate(Arc<ArcSwap<Identity>>);

/// A certificate that others may have dropped.
pub(super) struct WeakCertificate(Weak<ArcSwap<Identity>>);

impl WeakCertificate {
    pub(super) fn upgrade(&self) -> Option<ClientCertificate> {
        self.0.upgrade().map(ClientCertificate)
    }
}

/// What a certificate is at one moment.
struct Identity {
    key: Arc<CertifiedKey>,
    /// The issuer of each certificate in the chain, as it is encoded.
    issuers: Vec<Vec<u8>>,
    thumbprint: Thumbprint,
    subject: String,
    expires: SystemTime,
}

impl ClientCertificate {
    /// Reads PEM text: the certificate, the certificates of its issuers, and its private key (PKCS #8, PKCS #1 or SEC 1,
    /// not encrypted), in any order.
    ///
    /// # Errors
    ///
    /// [`CertificateError`] when a part is missing or malformed, or the key belongs to no certificate.
    pub fn from_pem(pem: impl AsRef<[u8]>) -> Result<Self, CertificateError> {
        Self::parse(Source::Pem(pem.as_ref()), &*provider()?)
    }

    /// Reads a PFX (PKCS #12) file, encrypted by AES or by the older RC2 and 3DES; the password may be empty.
    ///
    /// It takes up to some tenths of a second, as such files are made to do.
    ///
    /// # Errors
    ///
    /// [`CertificateError`] when the password is wrong, a part is missing or malformed, or the key belongs to no certificate.
    #[cfg(feature = "certificates")]
    pub fn from_pfx(pfx: impl AsRef<[u8]>, password: &str) -> Result<Self, CertificateError> {
        Self::parse(Source::Pfx(pfx.as_ref(), password), &*provider()?)
    }

    /// Reads an entity: PFX in base64 with its password, or PEM.
    ///
    /// # Errors
    ///
    /// [`CertificateError`] as for [`from_pem`](Self::from_pem), when the entity has no data (it refers to a Key Vault),
    /// and for PFX without the feature `certificates`.
    pub fn from_entity(entity: &model::Certificate) -> Result<Self, CertificateError> {
        Self::of_entity(entity, &*provider()?)
    }

    /// Fetches a certificate by the id of a secret, which holds PFX in base64 without password, or PEM: the two forms in
    /// which a Key Vault gives certificates.
    ///
    /// # Errors
    ///
    /// [`CertificateError`] when the provider fails, or the secret is not a certificate.
    pub async fn fetch(secrets: &dyn SecretProvider, id: &str) -> Result<Self, CertificateError> {
        let found = secrets.get(id).await.map_err(|error| CertificateError::Secret(error.to_string()))?;
        Self::of_text(found.secret.expose(), "", &*provider()?)
    }

    /// Fetches it again, and shows what was found from now on.
    ///
    /// # Errors
    ///
    /// As [`fetch`](Self::fetch); the present certificate then stays.
    pub async fn refresh(&self, secrets: &dyn SecretProvider, id: &str) -> Result<(), CertificateError> {
        self.replace(&Self::fetch(secrets, id).await?);
        Ok(())
    }

    /// Shows what `other` is now, from the next connection on.
    pub fn replace(&self, other: &Self) {
        self.0.store(other.0.load_full());
    }

    /// SHA-1 of the certificate, in upper-case hex.
    pub fn thumbprint(&self) -> String {
        self.0.load().thumbprint.to_string()
    }

    /// The subject, such as `CN=orders-client`.
    pub fn subject(&self) -> String {
        self.0.load().subject.clone()
    }

    /// The end of its validity.
    pub fn expires(&self) -> SystemTime {
        self.0.load().expires
    }

    pub(super) fn downgrade(&self) -> WeakCertificate {
        WeakCertificate(Arc::downgrade(&self.0))
    }

    fn now(&self) -> Arc<Identity> {
        self.0.load_full()
    }

    fn has_thumbprint(&self, thumbprint: &Thumbprint) -> bool {
        self.0.load().key.cert.first().is_some_and(|leaf| thumbprint.matches(leaf))
    }

    pub(super) fn of_entity(entity: &model::Certificate, provider: &CryptoProvider) -> Result<Self, CertificateError> {
        let data = entity.data.as_ref().ok_or(CertificateError::NotHere)?;
        Self::of_text(data.expose(), entity.password.as_ref().map_or("", |text| text.expose()), provider)
    }

    fn of_text(text: &str, password: &str, provider: &CryptoProvider) -> Result<Self, CertificateError> {
        if text.contains("-----BEGIN ") {
            return Self::parse(Source::Pem(text.as_bytes()), provider);
        }
        Self::parse(Source::Pfx(&unpacked(text)?, password), provider)
    }

    fn parse(source: Source<'_>, provider: &CryptoProvider) -> Result<Self, CertificateError> {
        Ok(Self(Arc::new(ArcSwap::from_pointee(source.read()?.pair(provider)?))))
    }
}

/// Two are equal when they are the same, now and after each replacement.
impl PartialEq for ClientCertificate {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for ClientCertificate {}

impl Hash for ClientCertificate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate")
            .field("subject", &self.subject())
            .field("thumbprint", &self.thumbprint())
            .finish_non_exhaustive()
    }
}

enum Source<'a> {
    Pem(&'a [u8]),
    #[cfg_attr(not(feature = "certificates"), expect(dead_code, reason = "read with the feature only"))]
    Pfx(&'a [u8], &'a str),
}

impl Source<'_> {
    fn read(self) -> Result<Parts, CertificateError> {
        match self {
            Source::Pem(pem) => pem::read(pem),
            #[cfg(feature = "certificates")]
            Source::Pfx(pfx, password) => pfx::read(pfx, password),
            #[cfg(not(feature = "certificates"))]
            Source::Pfx(..) => Err(CertificateError::FeatureOff),
        }
    }
}

/// The certificates of an entry of the service: PEM, or DER or PFX in base64. Keys are left alone.
pub(super) fn authorities(
    authority: &model::CertificateAuthority,
) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let text = authority.data.expose();
    let certificates = if text.contains("-----BEGIN ") {
        pem::read(text.as_bytes())?.certificates
    } else {
        let data = unpacked(text)?;
        let password = authority.password.as_ref().map_or("", |password| password.expose());
        match Facts::of(&data) {
            Some(_) => vec![data.to_vec().into()],
            None => Source::Pfx(&data, password).read()?.certificates,
        }
    };
    tls::check_authorities(&certificates).map_err(CertificateError::Authority)?;
    Ok(certificates)
}

fn unpacked(text: &str) -> Result<Zeroizing<Vec<u8>>, CertificateError> {
    let packed: Zeroizing<String> = Zeroizing::new(text.split_ascii_whitespace().collect());
    STANDARD.decode(packed.as_bytes()).map(Zeroizing::new).map_err(|_| CertificateError::Base64)
}

/// What a file holds, before it is known which certificate the key belongs to.
struct Parts {
    keys: Vec<PrivateKeyDer<'static>>,
    certificates: Vec<CertificateDer<'static>>,
}

impl Parts {
    /// The first key that belongs to a certificate, with that certificate and its issuers.
    fn pair(self, provider: &CryptoProvider) -> Result<Identity, CertificateError> {
        if self.certificates.is_empty() {
            return Err(CertificateError::NoCertificate);
        }
        if self.keys.is_empty() {
            return Err(CertificateError::NoKey);
        }
        for key in self.keys {
            let key = provider.key_provider.load_private_key(key);
            let key = key.map_err(|error| CertificateError::Key(error.to_string()))?;
            // A provider that does not tell the public key is taken at its word.
            let public = key.public_key();
            let belongs = |leaf: &CertificateDer<'static>| {
                Facts::of(leaf).is_some_and(|facts| public.as_deref().is_none_or(|public| *facts.public_key == *public))
            };
            let Some(leaf) = self.certificates.iter().find(|leaf| belongs(leaf)) else { continue };
            return Identity::new(chain(leaf, &self.certificates), key);
        }
        Err(CertificateError::KeyMismatch)
    }
}

impl Identity {
    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: Arc<dyn rustls::sign::SigningKey>,
    ) -> Result<Self, CertificateError> {
        let facts: Option<Vec<_>> = chain.iter().map(|der| Facts::of(der)).collect();
        let facts = facts.unwrap_or_default();
        let (Some(leaf), Some(own)) = (chain.first(), facts.first()) else {
            return Err(CertificateError::NoCertificate);
        };
        Ok(Self {
            thumbprint: Thumbprint::of(leaf),
            subject: own.subject_text.clone(),
            expires: own.not_after,
            issuers: facts.iter().map(|facts| facts.issuer.clone()).collect(),
            key: Arc::new(CertifiedKey::new(chain, key)),
        })
    }
}

/// A certificate and its issuers among `all`, without a root, which the other side has.
fn chain(leaf: &CertificateDer<'static>, all: &[CertificateDer<'static>]) -> Vec<CertificateDer<'static>> {
    let mut chain = vec![leaf.clone()];
    let mut last = Facts::of(leaf);
    while let Some(facts) = last.filter(|facts| facts.issuer != facts.subject) {
        let issuer = all.iter().filter(|der| !chain.contains(der)).find_map(|der| {
            let found = Facts::of(der).filter(|found| found.subject == facts.issuer)?;
            Some((der.clone(), found))
        });
        let Some((der, found)) = issuer.filter(|(_, found)| found.issuer != found.subject) else { break };
        chain.push(der);
        last = Some(found);
    }
    chain
}

fn provider() -> Result<Arc<CryptoProvider>, CertificateError> {
    tls::default_provider().ok_or(CertificateError::NoCryptoProvider)
}
