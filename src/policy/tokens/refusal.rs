//! Why a token is refused, in the words of `context.LastError`.

use std::fmt;

use crate::jwt::Malformed;

/// Why a token is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    NotPresent,
    Malformed(Malformed),
    /// What checks tokens can read it, and expressions cannot.
    NotReadable,
    /// No key opens an encrypted token.
    NotDecrypted,
    Signature,
    KeyNotFound,
    NoExpiration,
    Expired,
    NotYetValid,
    /// A time is not a number.
    NoTime(&'static str),
    Issuer(String),
    Audience(String),
    ClaimsMissing(Vec<String>),
    Claim {
        name: String,
        value: String,
    },
}

impl Refusal {
    /// The code that documents match on.
    pub(crate) fn reason(&self) -> &'static str {
        match self {
            Self::NotPresent => "TokenNotPresent",
            Self::Malformed(_)
            | Self::NotReadable
            | Self::NotDecrypted
            | Self::NoExpiration
            | Self::NotYetValid
            | Self::NoTime(_) => "JwtInvalid",
            Self::Signature => "TokenSignatureInvalid",
            Self::KeyNotFound => "TokenSignatureKeyNotFound",
            Self::Expired => "TokenExpired",
            Self::Issuer(_) => "TokenIssuerNotAllowed",
            Self::Audience(_) => "TokenAudienceNotAllowed",
            Self::ClaimsMissing(_) => "TokenClaimNotFound",
            Self::Claim { .. } => "TokenClaimValueNotAllowed",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPresent => f.write_str("JWT not present."),
            Self::Malformed(malformed) => malformed.fmt(f),
            Self::NotReadable => f.write_str("The token cannot be read."),
            Self::NotDecrypted => f.write_str("Decryption failed."),
            Self::Signature => f.write_str("Signature validation failed. Access denied."),
            Self::KeyNotFound => f.write_str("Signature key was not found. Access denied."),
            Self::NoExpiration => f.write_str("Lifetime validation failed. The token is missing an Expiration Time."),
            Self::Expired => f.write_str("Lifetime validation failed. The token is expired. Access denied."),
            Self::NotYetValid => f.write_str("Lifetime validation failed. The token is not yet valid."),
            Self::NoTime(claim) => write!(f, "Lifetime validation failed. The claim {claim} is not a number."),
            Self::Issuer(issuer) => write!(f, "Issuer validation failed. Issuer: '{issuer}'. Access denied."),
            Self::Audience(audiences) => {
                write!(f, "Audience validation failed. Audiences: '{audiences}'. Access denied.")
            }
            Self::ClaimsMissing(names) => {
                write!(f, "JWT token is missing the following claims: {}. Access denied.", names.join(", "))
            }
            Self::Claim { name, value } => write!(f, "Claim {name} value of {value} is not allowed. Access denied."),
        }
    }
}
