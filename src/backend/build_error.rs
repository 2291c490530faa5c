//! What is wrong with the configuration of a backend.

use std::fmt;
use std::ops::Deref;

use super::certificates::CertificateError;
use super::credentials::CredentialsError;

/// What is wrong with one Backend entity, found when it is built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("backend `{backend}`: {problem}")]
pub struct BuildError {
    backend: String,
    problem: Problem,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Problem {
    #[error("{0} are not supported yet")]
    Unsupported(&'static str),
    #[error("`type` is `{0}`: expected `Single` or `Pool`")]
    UnknownKind(String),
    #[error("`circuitBreaker`: {0}")]
    CircuitBreaker(String),
    #[error("`pool`: {0}")]
    Pool(String),
    #[error("`{0}` is set, but has no effect on a pool: it belongs to the members")]
    NotOfPools(&'static str),
    #[error("`{0}` is set, but has no effect on a backend whose `type` is `Single`")]
    NotOfSingles(&'static str),
    #[error("`circuitBreaker` is set: put a `CircuitBreakerLayer` around the service, or use `Backends`")]
    BreakerAroundService,
    #[error("`url` is missing")]
    NoUrl,
    #[error("`url`: {0}")]
    Url(String),
    #[error("a trusted certificate could not be read: {0}")]
    Authority(String),
    #[error("`serviceFabricCluster`: {0}")]
    Fabric(String),
    #[error("`url` is `{0}`: `properties.serviceFabricCluster` is missing")]
    NoCluster(String),
    #[error("`tls`: {0}")]
    Tls(String),
    #[error("{0}")]
    Certificate(CertificateError),
    #[error(
        "`credentials.managedIdentity` needs a source of tokens: give one to the transport with `tokens`, or to `BackendLayer::with_tokens`"
    )]
    NoTokens,
    #[error("`credentials.managedIdentity`: {0}")]
    Identity(String),
    #[error("{0}")]
    Proxy(String),
    #[error("`{0}` is set: a layer leaves connections to the service below it, use `BackendService`")]
    AroundService(&'static str),
    #[error("`tls` is set: a layer leaves TLS to the service below it, use `BackendService`")]
    TlsAroundService,
    #[error("another backend has this id")]
    Duplicate,
    #[error("{0}")]
    Credentials(#[from] CredentialsError),
}

impl BuildError {
    pub(super) fn new(backend: &str, problem: impl Into<Problem>) -> Self {
        Self { backend: backend.to_owned(), problem: problem.into() }
    }

    /// The id of the entity.
    pub fn backend(&self) -> &str {
        &self.backend
    }
}

/// Everything that is wrong with a configuration of backends, at least one thing, in the order in which it was found.
///
/// It is a slice of [`BuildError`]; as text, each is a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildErrors(Vec<BuildError>);

impl BuildErrors {
    /// All of them, if there are some.
    pub(super) fn check(errors: Vec<BuildError>) -> Result<(), Self> {
        if errors.is_empty() { Ok(()) } else { Err(Self(errors)) }
    }
}

impl FromIterator<BuildError> for BuildErrors {
    fn from_iter<I: IntoIterator<Item = BuildError>>(errors: I) -> Self {
        Self(errors.into_iter().collect())
    }
}

impl Deref for BuildErrors {
    type Target = [BuildError];

    fn deref(&self) -> &[BuildError] {
        &self.0
    }
}

impl IntoIterator for BuildErrors {
    type Item = BuildError;
    type IntoIter = std::vec::IntoIter<BuildError>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for BuildErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.iter().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for BuildErrors {}
