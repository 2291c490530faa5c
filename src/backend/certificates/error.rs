//! Why a client certificate cannot be used.

/// Why a client certificate cannot be used. No part holds a key or a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// There is no certificate in the data.
    #[error("there is no certificate in it")]
    NoCertificate,
    /// There is no private key in the data.
    #[error("there is no private key in it")]
    NoKey,
    /// The private key is encrypted, in PEM.
    #[error("its private key is encrypted: expected PEM with a plain key, or PFX with a password")]
    EncryptedKey,
    /// No certificate in the data has the public key of a private key in it.
    #[error("its private key belongs to none of its certificates")]
    KeyMismatch,
    /// The crypto provider refuses the key.
    #[error("its private key cannot be used: {0}")]
    Key(String),
    /// The text is not PEM.
    #[error("it is not valid PEM: {0}")]
    Pem(String),
    /// The text is not base64.
    #[error("it is neither PEM nor base64")]
    Base64,
    /// The data are not PFX.
    #[error("it is not a PFX file that can be read: {0}")]
    Pfx(String),
    /// The password is wrong.
    #[error("the password of the PFX file is wrong")]
    Password,
    /// PFX was given to a build without the feature `certificates`.
    #[error("it is a PFX file: the feature `certificates` is needed to read it")]
    FeatureOff,
    /// The entity refers to a Key Vault, and the certificate was not given.
    #[error(
        "its data are not here: give it to the transport with `certificate`, as from a Key Vault with `ClientCertificate::fetch`"
    )]
    NotHere,
    /// A certificate that is to be trusted cannot end a chain.
    #[error("it cannot be trusted: {0}")]
    Authority(String),
    /// The provider of secrets failed.
    #[error("{0}")]
    Secret(String),
    /// No crypto provider is installed in the process or compiled in.
    #[error("there is no crypto provider: enable the feature `aws-lc-rs` or `ring`, or install one in the process")]
    NoCryptoProvider,
    /// No certificate has this id or thumbprint.
    #[error("client certificate `{0}` is not defined")]
    Unknown(String),
    /// The certificate is defined and cannot be used.
    #[error("client certificate `{id}`: {source}")]
    Unusable {
        /// The id of the entity.
        id: String,
        /// Why.
        source: Box<CertificateError>,
    },
}
