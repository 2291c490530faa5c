//! What `context` knows of the configuration: the API, operation, product, subscription, user and deployment.

use std::sync::Arc;

use bytes::Bytes;

use super::odata::ODataMetadata;
use super::validation::OperationContract;
use crate::forward::BaseUrl;
use crate::secret::Secret;
use crate::sink::TraceSeverity;

/// `context.Api`.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ApiFacts {
    /// The resource name.
    pub id: Arc<str>,
    /// The display name.
    pub name: Arc<str>,
    /// The URL suffix, without a leading slash.
    pub path: Arc<str>,
    /// `http`, `https`, `ws`, `wss`.
    pub protocols: Vec<Arc<str>>,
    /// The service URL.
    pub service_url: Option<Arc<BaseUrl>>,
    /// The revision, such as `1`.
    pub revision: Arc<str>,
    /// The version, empty when the API has none.
    pub version: Arc<str>,
    /// Whether the revision is the current one.
    pub is_current_revision: bool,
    /// The header that carries the subscription key.
    pub subscription_key_header: Arc<str>,
    /// The query parameter that carries the subscription key.
    pub subscription_key_query: Arc<str>,
    /// The least severity of messages of `trace` that go to the sink; without one all go.
    pub trace_verbosity: Option<TraceSeverity>,
    /// What an OData API declares, for `validate-odata-request`.
    pub odata: Option<Arc<ODataMetadata>>,
    /// What makes it a GraphQL API, when it is one.
    #[cfg(feature = "graphql")]
    pub(crate) graphql: Option<Arc<super::graphql::GraphqlApi>>,
}

#[cfg(feature = "graphql")]
impl ApiFacts {
    /// What makes it a GraphQL API.
    pub(crate) fn graphql(&self) -> Option<&Arc<super::graphql::GraphqlApi>> {
        self.graphql.as_ref()
    }
}

/// `context.Operation`.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct OperationFacts {
    /// The resource name.
    pub id: Arc<str>,
    /// The display name.
    pub name: Arc<str>,
    /// The method.
    pub method: Arc<str>,
    /// The URL template, as written.
    pub url_template: Arc<str>,
    /// What its responses look like, for `mock-response`.
    pub responses: Vec<ResponseFacts>,
    /// What it declares, for the policies that validate messages.
    pub contract: Option<Arc<OperationContract>>,
}

/// A response that an operation declares.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ResponseFacts {
    /// The status code.
    pub status: u16,
    /// The body by media type, in the order declared.
    pub representations: Vec<RepresentationFacts>,
}

/// What the body of a response looks like in one media type.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RepresentationFacts {
    /// The media type.
    pub content_type: Arc<str>,
    /// The examples, or else one sample made from the schema.
    pub examples: Vec<Bytes>,
}

impl ResponseFacts {
    /// A response with a status code and its bodies.
    pub fn new(status: u16, representations: Vec<RepresentationFacts>) -> Self {
        Self { status, representations }
    }
}

impl RepresentationFacts {
    /// A body with its examples.
    pub fn new(content_type: impl Into<Arc<str>>, examples: Vec<Bytes>) -> Self {
        Self { content_type: content_type.into(), examples }
    }
}

/// `context.Product`.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ProductFacts {
    /// The resource name.
    pub id: Arc<str>,
    /// The display name.
    pub name: Arc<str>,
    /// Whether a subscription needs approval.
    pub approval_required: bool,
    /// Whether a subscription is needed.
    pub subscription_required: bool,
    /// How many subscriptions a user may have.
    pub subscriptions_limit: Option<i32>,
    /// Whether the product is published.
    pub is_published: bool,
    /// Id and name of each group.
    pub groups: Vec<(Arc<str>, Arc<str>)>,
    /// The APIs of the product, in their current revisions.
    pub apis: Vec<Arc<ApiFacts>>,
}

/// `context.Subscription`.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SubscriptionFacts {
    /// The resource name.
    pub id: Arc<str>,
    /// The display name.
    pub name: Arc<str>,
    /// The first key.
    pub primary_key: Option<Secret>,
    /// The second key.
    pub secondary_key: Option<Secret>,
    /// When it was made, ISO 8601.
    pub created_date: Option<Arc<str>>,
    /// When it starts, ISO 8601.
    pub start_date: Option<Arc<str>>,
    /// When it ends, ISO 8601.
    pub end_date: Option<Arc<str>>,
}

/// `context.User`.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct UserFacts {
    /// The resource name.
    pub id: Arc<str>,
    /// The mail address.
    pub email: Arc<str>,
    /// The first name.
    pub first_name: Arc<str>,
    /// The last name.
    pub last_name: Arc<str>,
    /// The administrator's note.
    pub note: Arc<str>,
    /// When the user registered, ISO 8601.
    pub registration_date: Option<Arc<str>>,
    /// Id and name of each group.
    pub groups: Vec<(Arc<str>, Arc<str>)>,
    /// Id and provider of each identity.
    pub identities: Vec<(Arc<str>, Arc<str>)>,
}

/// `context.Deployment`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DeploymentFacts {
    /// The gateway's id; `managed` for the cloud's own.
    pub gateway_id: Arc<str>,
    /// The id of this instance of the gateway; `managed` for the cloud's own.
    pub instance_id: Arc<str>,
    /// The region, such as `West Europe`.
    pub region: Arc<str>,
    /// The id of the service.
    pub service_id: Arc<str>,
    /// The name of the service.
    pub service_name: Arc<str>,
    /// The certificates of the service.
    pub certificates: Vec<CertificateFacts>,
}

/// A certificate of `context.Deployment.Certificates`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CertificateFacts {
    /// The resource name, the key of the dictionary.
    pub id: Arc<str>,
    /// DER, PEM, or PFX in base64.
    pub data: Secret,
    /// The password of the PFX.
    pub password: Option<Secret>,
}

impl CertificateFacts {
    /// A certificate in DER or PFX, in base64, or in PEM.
    pub fn new(id: impl Into<Arc<str>>, data: Secret, password: Option<Secret>) -> Self {
        Self { id: id.into(), data, password }
    }
}

impl Default for DeploymentFacts {
    fn default() -> Self {
        Self {
            gateway_id: "managed".into(),
            instance_id: "managed".into(),
            region: "local".into(),
            service_id: "gatewright".into(),
            service_name: "gatewright".into(),
            certificates: Vec::new(),
        }
    }
}

/// `context.Backend`, and the base URL that `context.Request.Url` shows for it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BackendFacts {
    /// The resource name.
    pub id: Arc<str>,
    /// Whether it is a pool.
    pub is_pool: bool,
    /// The Azure region, when the entity says one.
    pub azure_region: Option<Arc<str>>,
    /// The base URL of a single backend.
    pub url: Option<Arc<BaseUrl>>,
    /// How often a request to a Service Fabric cluster may be resolved and sent again.
    pub resolution_retries: u32,
}

impl BackendFacts {
    /// Facts of a single backend without a region.
    pub fn new(id: impl Into<Arc<str>>) -> Self {
        Self { id: id.into(), is_pool: false, azure_region: None, url: None, resolution_retries: 0 }
    }
}

/// Answers what Backend entities there are.
pub trait BackendDirectory: Send + Sync + 'static {
    /// The backend with that id, compared without case.
    fn backend(&self, id: &str) -> Option<&BackendFacts>;
}

const _: Option<&dyn BackendDirectory> = None;

/// Everything that one request knows of the configuration.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct Facts {
    /// The API that serves the request.
    pub api: Option<Arc<ApiFacts>>,
    /// The operation.
    pub operation: Option<Arc<OperationFacts>>,
    /// The product, in a product context.
    pub product: Option<Arc<ProductFacts>>,
    /// The subscription of the key.
    pub subscription: Option<Arc<SubscriptionFacts>>,
    /// Whether the caller used the subscription's second key.
    pub used_secondary_key: bool,
    /// The owner of the subscription.
    pub user: Option<Arc<UserFacts>>,
    /// Id and name of the workspace.
    pub workspace: Option<Arc<(Arc<str>, Arc<str>)>>,
    /// The gateway.
    pub deployment: Option<Arc<DeploymentFacts>>,
    /// The Backend entities.
    pub backends: Option<Arc<dyn BackendDirectory>>,
}
