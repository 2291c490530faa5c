//! What a caller may ask of an import.

use super::json::DEEPEST;
use super::syntax::Limits;

/// Settings of an import; the default is what the service does with a document that was sent to it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Options {
    /// Name of the API resource; otherwise made from the title.
    pub name: Option<String>,
    /// URL suffix of the API; otherwise its name.
    pub path: Option<String>,
    /// Where the document came from: relative servers are resolved against it.
    pub document_url: Option<String>,
    /// What is forgiven.
    pub strictness: Strictness,
    /// Where required query parameters go.
    pub query_parameters: QueryParameters,
    /// Whether the first `http` server is used when none is `https`; otherwise the API has no service URL.
    pub allow_http_server: bool,
    /// Whether security schemes set the names of the subscription key and the authentication settings.
    pub map_security: bool,
    /// Whether a Backend with the API's name and service URL is made.
    pub make_backend: bool,
    /// Id of the schema resource; otherwise made from the document's bytes.
    pub schema_id: Option<String>,
    /// The largest document taken, in bytes: 64 MiB. The service takes 4 MiB in a request.
    pub max_bytes: usize,
    /// The most operations taken: 100 000.
    pub max_operations: usize,
    /// The most parameters of one operation: 1 000.
    pub max_parameters: usize,
    /// How the document is written; otherwise its first character tells.
    pub format: Option<OpenApiFormat>,
    /// How deep values may nest: 127, which is the most for JSON; YAML may nest 64 deep at most.
    pub max_depth: usize,
    /// The most values of a document, names of members among them and aliases followed: 8 000 000.
    pub max_values: usize,
    /// How many times larger its aliases may make a YAML document: 4.
    pub max_alias_growth: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            name: None,
            path: None,
            document_url: None,
            strictness: Strictness::default(),
            query_parameters: QueryParameters::default(),
            allow_http_server: false,
            map_security: false,
            make_backend: false,
            schema_id: None,
            max_bytes: 64 * 1024 * 1024,
            max_operations: 100_000,
            max_parameters: 1_000,
            format: None,
            max_depth: DEEPEST,
            max_values: 8_000_000,
            max_alias_growth: 4,
        }
    }
}

impl Options {
    pub(super) fn limits(&self) -> Limits {
        Limits { depth: self.max_depth, values: self.max_values, alias_growth: self.max_alias_growth }
    }
}

/// The format that a document is said to have (`format` of an import request); another one is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OpenApiFormat {
    /// `openapi`: OpenAPI 3 as YAML, or as JSON, which is YAML.
    OpenApi,
    /// `openapi+json`: OpenAPI 3 as JSON.
    OpenApiJson,
    /// `swagger-json`: OpenAPI 2.0 as JSON.
    SwaggerJson,
}

/// What is forgiven.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Strictness {
    /// Also 2.0 as YAML, and path parameters that are not declared (they become strings).
    Lenient,
    /// Parts that break the specification's schema are reported.
    #[default]
    Standard,
    /// Parts that break the specification's schema refuse the document.
    Strict,
}

/// Where required query parameters go (`translateRequiredQueryParameters`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QueryParameters {
    /// Into the URL template: a call without them does not match the operation.
    #[default]
    Template,
    /// Into the list of query parameters, marked as required.
    Query,
}
