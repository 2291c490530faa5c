//! The members of `context` that a host is asked for.

/// A message of the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Message {
    /// `context.Request`.
    Request,
    /// `context.Response`.
    Response,
}

/// A URL of `context`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Url {
    /// `context.Request.Url`: as policies have rewritten it.
    Current,
    /// `context.Request.OriginalUrl`: as the caller sent it.
    Original,
    /// `context.Api.ServiceUrl`.
    Service,
}

/// A member of `context` that can be null as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Part {
    /// `context.Api`.
    Api,
    /// `context.Backend`.
    Backend,
    /// `context.GraphQL`.
    GraphQL,
    /// `context.LastError`.
    LastError,
    /// `context.Operation`.
    Operation,
    /// `context.Product`.
    Product,
    /// `context.Request.Body`.
    RequestBody,
    /// `context.Response`.
    Response,
    /// `context.Response.Body`.
    ResponseBody,
    /// `context.Subscription`.
    Subscription,
    /// `context.User`.
    User,
    /// `context.Workspace`.
    Workspace,
    /// `context.Request.PrivateEndpointConnection`.
    PrivateEndpointConnection,
    /// `context.Request.Foundry`.
    Foundry,
}

/// A member of `context` whose value is text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Text {
    RequestMethod,
    RequestIpAddress,
    ResponseStatusReason,
    UrlScheme(Url),
    UrlHost(Url),
    /// Starts with `/`, not decoded.
    UrlPath(Url),
    /// Empty, or starts with `?`; the members of `Query` are read from it.
    UrlQueryString(Url),
    ApiId,
    ApiName,
    /// The API's URL suffix, without a leading slash.
    ApiPath,
    ApiRevision,
    ApiVersion,
    ApiSubscriptionKeyHeader,
    ApiSubscriptionKeyQuery,
    BackendId,
    BackendAzureRegion,
    /// `Single` or `Pool`.
    BackendType,
    DeploymentGatewayId,
    DeploymentGatewayInstanceId,
    DeploymentRegion,
    DeploymentServiceId,
    DeploymentServiceName,
    LastErrorSource,
    LastErrorReason,
    LastErrorMessage,
    LastErrorScope,
    LastErrorSection,
    LastErrorPath,
    LastErrorPolicyId,
    OperationId,
    OperationName,
    OperationMethod,
    OperationUrlTemplate,
    ProductId,
    ProductName,
    /// `Published` or `NotPublished`.
    ProductState,
    SubscriptionId,
    SubscriptionName,
    /// The key that the caller used.
    SubscriptionKey,
    SubscriptionPrimaryKey,
    SubscriptionSecondaryKey,
    UserId,
    UserEmail,
    UserFirstName,
    UserLastName,
    UserNote,
    WorkspaceId,
    WorkspaceName,
    PrivateEndpointName,
    PrivateEndpointGroupId,
    PrivateEndpointMemberName,
    FoundryDeployment,
    /// The name of a constant of `CarbonIntensityCategory`, such as `High`; none is `NotAvailable`.
    DeploymentCarbonIntensity,
}

/// A member of `context` that is true or false.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Flag {
    Tracing,
    ApiIsCurrentRevision,
    ProductApprovalRequired,
    ProductSubscriptionRequired,
    /// Whether the gateway is a managed one; true unless the host says otherwise.
    GatewayIsManaged,
}

/// A member of `context` that is a whole number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Number {
    ResponseStatusCode,
    UrlPort(Url),
    /// None is null.
    ProductSubscriptionsLimit,
    LastErrorHttpErrorCode,
}

/// A member of `context` that is a point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Time {
    /// When the request was received.
    Timestamp,
    SubscriptionCreatedDate,
    /// None is null.
    SubscriptionStartDate,
    /// None is null.
    SubscriptionEndDate,
    UserRegistrationDate,
}

/// A member of `context` that is a short list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum List {
    /// `context.Api.Protocols`: the texts are in [`Item::id`].
    ApiProtocols,
    /// `context.Product.Groups`.
    ProductGroups,
    /// `context.Product.Apis`.
    ProductApis,
    /// `context.User.Groups`.
    UserGroups,
    /// `context.User.Identities`: the provider is in [`Item::name`].
    UserIdentities,
}

/// One item of a [`List`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// `Id`.
    pub id: String,
    /// `Name`, or the provider of an identity.
    pub name: String,
    /// What only an API has.
    pub api: Option<ApiItem>,
}

/// What an API of `context.Product.Apis` has besides its id and name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiItem {
    /// `Path`: the URL suffix, without a leading slash.
    pub path: String,
    /// `Protocols`, such as `https`.
    pub protocols: Vec<String>,
    /// `ServiceUrl`; none is null.
    pub service_url: Option<String>,
    /// `SubscriptionKeyParameterNames.Header`.
    pub subscription_key_header: String,
    /// `SubscriptionKeyParameterNames.Query`.
    pub subscription_key_query: String,
}
