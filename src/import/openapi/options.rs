//! What a caller may ask of an import.

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
        }
    }
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
