//! What a policy document is compiled against: named values, fragments, known backends, strictness.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::custom::{CustomPolicies, CustomPolicy};
use super::event_hub::EventHub;
use super::facts::CertificateFacts;
use crate::expr::Library;
use crate::forward::CertificateName;
use crate::jwt::Signatures;
use crate::secret::{NamedValues, Redactor};

/// What a policy document is compiled against.
///
/// ```
/// use gatewright::policy::{Document, Environment, Scope};
/// use gatewright::secret::NamedValues;
///
/// let environment = Environment::new()
///     .named_values(NamedValues::new().plain("region", "west"))
///     .fragment("common", "common.xml", r#"<fragment><set-header name="X-R"><value>{{region}}</value></set-header></fragment>"#);
/// let text = r#"<policies><inbound><include-fragment fragment-id="common" /></inbound><backend><base /></backend></policies>"#;
/// assert!(Document::compile("api.xml", text, Scope::Api, &environment).is_ok());
/// ```
#[derive(Clone, Default)]
pub struct Environment {
    pub(crate) named_values: Arc<NamedValues>,
    /// Knows the secrets among the named values.
    pub(crate) redactor: Arc<Redactor>,
    pub(crate) fragments: BTreeMap<String, Fragment>,
    pub(crate) backends: Option<BTreeSet<String>>,
    pub(crate) library: Library,
    pub(crate) strictness: Strictness,
    pub(crate) references: References,
    pub(crate) custom: CustomPolicies,
    /// By id in lower case; the error says why one cannot be used.
    pub(crate) loggers: BTreeMap<String, Result<EventHub, String>>,
    /// By id in lower case; the error says why one cannot be used.
    pub(crate) certificates: BTreeMap<String, Result<CertificateFacts, String>>,
    client_certificates: Option<ClientCertificates>,
    /// By id in lower case.
    pub(crate) schemas: BTreeMap<String, Arc<serde_json::Value>>,
    pub(crate) xml_schemas: BTreeMap<String, Arc<str>>,
    signatures: Option<Signatures>,
    is_revocation_checked: bool,
    #[cfg(feature = "graphql")]
    asks_cosmos: bool,
    #[cfg(feature = "graphql")]
    asks_sql: bool,
    pub(crate) most_dimensions: Option<usize>,
    document_limit: Option<usize>,
    fragment_limit: Option<usize>,
}

/// The text of a policy fragment, with the name of its file.
#[derive(Clone)]
pub(crate) struct Fragment {
    pub(crate) file: Arc<str>,
    pub(crate) text: Arc<str>,
}

/// What a host says for the documents of all configurations.
#[cfg(feature = "client")]
#[derive(Clone, Debug, Default)]
pub(crate) struct Dialect {
    pub(crate) custom: CustomPolicies,
    pub(crate) library: Library,
    pub(crate) strictness: Strictness,
    pub(crate) document_limit: Option<usize>,
    pub(crate) fragment_limit: Option<usize>,
}

/// Says what is wrong with a client certificate that a document names.
type ClientCertificates = Arc<dyn Fn(&CertificateName) -> Option<CertificateProblem> + Send + Sync>;

/// What is wrong with a client certificate that a document names.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateProblem {
    /// There is none: an error.
    Unknown,
    /// It cannot be used now, or it cannot be told whether there is one: a warning, with this text.
    Doubtful(String),
}

/// How much a document may differ from what API Management declares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strictness {
    /// Unknown attributes, wrong sections and wrong scopes are errors.
    #[default]
    Strict,
    /// They are warnings. Unknown policies are errors still.
    Lenient,
}

/// What a reference to something that is not known means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum References {
    /// An error: the document would fail.
    #[default]
    MustExist,
    /// A note: what is referred to is taken as given, for looking at a document by itself.
    TakenAsGiven,
}

impl Environment {
    /// Knows no named values, no fragments and no backends; every reference must exist, except those to backends.
    pub fn new() -> Self {
        Self::default()
    }

    /// The named values that `{{name}}` stands for.
    #[must_use]
    pub fn named_values(mut self, values: impl Into<Arc<NamedValues>>) -> Self {
        self.named_values = values.into();
        self.redactor = Arc::new(Redactor::from(&*self.named_values));
        self
    }

    /// Adds a policy fragment: its id, the name of its file for messages, and its text.
    #[must_use]
    pub fn fragment(mut self, id: &str, file: &str, text: &str) -> Self {
        self.fragments.insert(id.to_ascii_lowercase(), Fragment { file: file.into(), text: text.into() });
        self
    }

    /// Adds a policy of one's own; it takes the place of any other one with the same element.
    #[must_use]
    pub fn policy(mut self, policy: impl CustomPolicy) -> Self {
        self.custom.add(policy);
        self
    }

    /// The ids of the Backend entities that a literal `backend-id` may name. Without it any id is accepted.
    #[must_use]
    pub fn backends<'a>(mut self, ids: impl IntoIterator<Item = &'a str>) -> Self {
        self.backends = Some(ids.into_iter().map(str::to_ascii_lowercase).collect());
        self
    }

    /// Adds a logger that `log-to-eventhub` may name.
    #[must_use]
    pub fn logger(mut self, id: &str, event_hub: EventHub) -> Self {
        self.loggers.insert(id.to_ascii_lowercase(), Ok(event_hub));
        self
    }

    /// Adds a logger that no policy can use; the problem is told where one names it.
    #[cfg(feature = "client")]
    pub(crate) fn unusable_logger(mut self, id: &str, problem: String) -> Self {
        self.loggers.insert(id.to_ascii_lowercase(), Err(problem));
        self
    }

    /// Adds a certificate that policies may name, such as `validate-jwt` and `validate-client-certificate`.
    #[must_use]
    pub fn certificate(mut self, certificate: CertificateFacts) -> Self {
        self.certificates.insert(certificate.id.to_ascii_lowercase(), Ok(certificate));
        self
    }

    /// Adds a certificate that no policy can use; the problem is told where one names it.
    #[cfg(feature = "client")]
    pub(crate) fn unusable_certificate(mut self, id: &str, problem: String) -> Self {
        self.certificates.insert(id.to_ascii_lowercase(), Err(problem));
        self
    }

    /// What knows the client certificates that `authentication-certificate` may name by a literal; without it any is
    /// accepted. A gateway knows those of its configuration and its transport.
    #[must_use]
    pub fn client_certificates(
        mut self,
        check: impl Fn(&CertificateName) -> Option<CertificateProblem> + Send + Sync + 'static,
    ) -> Self {
        self.client_certificates = Some(Arc::new(check));
        self
    }

    /// Adds a schema of JSON that `schema-id` of `validate-content` may name.
    #[must_use]
    pub fn json_schema(mut self, id: &str, schema: serde_json::Value) -> Self {
        self.schemas.insert(id.to_ascii_lowercase(), Arc::new(schema));
        self
    }

    /// Adds a schema of XML (XSD) that `schema-id` of `validate-content` may name.
    #[must_use]
    pub fn xml_schema(mut self, id: &str, schema: &str) -> Self {
        self.xml_schemas.insert(id.to_ascii_lowercase(), schema.into());
        self
    }

    /// What checks the signatures of tokens; without it, what [`Signatures::of_process`] gives.
    #[must_use]
    pub fn signatures(mut self, signatures: Signatures) -> Self {
        self.signatures = Some(signatures);
        self
    }

    /// Whether the engine's settings have a [`RevocationChecker`](super::RevocationChecker); without it, documents that
    /// ask whether certificates are revoked are warned of.
    #[must_use]
    pub fn revocation_checked(mut self, is_checked: bool) -> Self {
        self.is_revocation_checked = is_checked;
        self
    }

    /// Whether the engine's settings have a [`CosmosExecutor`](crate::cosmos::CosmosExecutor); without it,
    /// `cosmosdb-data-source` needs a build with the feature `cosmos`.
    #[cfg(feature = "graphql")]
    #[must_use]
    pub fn cosmos_asked(mut self, is_asked: bool) -> Self {
        self.asks_cosmos = is_asked;
        self
    }

    /// Whether the engine's settings have a [`SqlExecutor`](crate::sql::SqlExecutor); without it, `sql-data-source` needs a
    /// build with the feature `sql`.
    #[cfg(feature = "graphql")]
    #[must_use]
    pub fn sql_asked(mut self, is_asked: bool) -> Self {
        self.asks_sql = is_asked;
        self
    }

    /// How many dimensions an `emit-metric` may have; 10 without it.
    #[must_use]
    pub fn most_dimensions(mut self, most: usize) -> Self {
        self.most_dimensions = Some(most);
        self
    }

    /// How long a policy document may be, in bytes; 256 KiB without it.
    #[must_use]
    pub fn document_limit(mut self, bytes: usize) -> Self {
        self.document_limit = Some(bytes);
        self
    }

    /// How long a policy fragment may be, in bytes; 32 KiB without it.
    #[must_use]
    pub fn fragment_limit(mut self, bytes: usize) -> Self {
        self.fragment_limit = Some(bytes);
        self
    }

    /// The types and members that expressions may use.
    #[must_use]
    pub fn library(mut self, library: Library) -> Self {
        self.library = library;
        self
    }

    /// How much documents may differ from what is declared.
    #[must_use]
    pub fn strictness(mut self, strictness: Strictness) -> Self {
        self.strictness = strictness;
        self
    }

    /// What a reference to something unknown means.
    #[must_use]
    pub fn references(mut self, references: References) -> Self {
        self.references = references;
        self
    }

    /// Takes over what the host said for all documents.
    #[cfg(feature = "client")]
    pub(crate) fn dialect(self, dialect: &Dialect) -> Self {
        let Dialect { custom, library, strictness, document_limit, fragment_limit } = dialect.clone();
        Self { custom, library, strictness, document_limit, fragment_limit, ..self }
    }

    pub(crate) fn client_certificate_problem(&self, name: &CertificateName) -> Option<CertificateProblem> {
        self.client_certificates.as_ref().and_then(|check| check(name))
    }

    pub(crate) fn checks_revocation(&self) -> bool {
        self.is_revocation_checked
    }

    #[cfg(feature = "graphql")]
    pub(crate) fn asks_cosmos(&self) -> bool {
        self.asks_cosmos
    }

    #[cfg(feature = "graphql")]
    pub(crate) fn asks_sql(&self) -> bool {
        self.asks_sql
    }

    pub(crate) fn checks_signatures(&self) -> Signatures {
        self.signatures.unwrap_or_default()
    }

    pub(crate) fn longest_document(&self) -> usize {
        self.document_limit.unwrap_or(256 << 10)
    }

    pub(crate) fn longest_fragment(&self) -> usize {
        self.fragment_limit.unwrap_or(32 << 10)
    }

    pub(crate) fn takes_as_given(&self) -> bool {
        self.references == References::TakenAsGiven
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment")
            .field("fragments", &self.fragments.keys())
            .field("backends", &self.backends)
            .field("custom", &self.custom)
            .field("strictness", &self.strictness)
            .field("references", &self.references)
            .finish_non_exhaustive()
    }
}
