//! An API: operations under one path.

use serde::{Deserialize, Serialize};

use super::ApiVersionSet;
use super::extra::Extra;
use super::open_enum::open_enum;
use super::tolerant;

/// An API, or one revision of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Api {
    /// Path prefix on the gateway, without slashes at the ends; may be empty.
    #[serde(deserialize_with = "tolerant::text")]
    pub path: String,
    /// Name for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Base URL of the backend; absent when a policy sets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_url: Option<String>,
    /// Schemes that clients may use; empty means `https`.
    #[serde(default, skip_serializing_if = "Vec::is_empty", deserialize_with = "tolerant::list")]
    pub protocols: Vec<ApiProtocol>,
    /// Kind of API; absent means `http`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<ApiKind>,
    /// Kind of API as templates for import write it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_type: Option<ApiKind>,
    /// Revision, such as `1`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_revision: Option<String>,
    /// Description of the revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_revision_description: Option<String>,
    /// Whether this revision answers without `;rev=`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "tolerant::boolean")]
    pub is_current: Option<bool>,
    /// Whether the revision can be reached.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "tolerant::boolean")]
    pub is_online: Option<bool>,
    /// Version inside the version set; absent or empty means the original, unversioned API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// Description of the version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_version_description: Option<String>,
    /// Resource id of the version set.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_version_set_id: Option<String>,
    /// Version set written inside the API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_version_set: Option<ApiVersionSet>,
    /// Resource id of the API that this one was made from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_api_id: Option<String>,
    /// Whether a subscription key is required; absent means true.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "tolerant::boolean")]
    pub subscription_required: Option<bool>,
    /// Where the subscription key is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription_key_parameter_names: Option<SubscriptionKeyParameterNames>,
    /// How clients authenticate; informational.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authentication_settings: Option<AuthenticationSettings>,
    /// Format of `value` for an import, such as `openapi+json`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Specification, or a link to it, for an import.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Which service and endpoint of a WSDL document are imported.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wsdl_selector: Option<WsdlSelector>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Api {
    /// Makes an API under a path prefix (`orders`, without slashes at the ends).
    pub fn new(path: impl Into<String>) -> Self {
        Self { path: path.into(), ..Self::default() }
    }

    /// The kind of API, from `type` or `apiType`.
    pub fn effective_kind(&self) -> ApiKind {
        self.kind.clone().or_else(|| self.api_type.clone()).unwrap_or(ApiKind::Http)
    }

    /// Sets: name for people.
    #[must_use]
    pub fn display_name(mut self, display_name: impl Into<String>) -> Self {
        self.display_name = Some(display_name.into());
        self
    }

    /// Sets: description.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sets: base URL of the backend; absent when a policy sets it.
    #[must_use]
    pub fn service_url(mut self, service_url: impl Into<String>) -> Self {
        self.service_url = Some(service_url.into());
        self
    }

    /// Adds a scheme that clients may use.
    #[must_use]
    pub fn protocol(mut self, protocol: ApiProtocol) -> Self {
        self.protocols.push(protocol);
        self
    }

    /// Sets: kind of API; absent means `http`.
    #[must_use]
    pub fn kind(mut self, kind: ApiKind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Sets: kind of API as templates for import write it.
    #[must_use]
    pub fn api_type(mut self, api_type: ApiKind) -> Self {
        self.api_type = Some(api_type);
        self
    }

    /// Sets: revision, such as `1`.
    #[must_use]
    pub fn api_revision(mut self, api_revision: impl Into<String>) -> Self {
        self.api_revision = Some(api_revision.into());
        self
    }

    /// Sets: description of the revision.
    #[must_use]
    pub fn api_revision_description(mut self, api_revision_description: impl Into<String>) -> Self {
        self.api_revision_description = Some(api_revision_description.into());
        self
    }

    /// Sets: whether this revision answers without `;rev=`.
    #[must_use]
    pub fn is_current(mut self, is_current: bool) -> Self {
        self.is_current = Some(is_current);
        self
    }

    /// Sets: whether the revision can be reached.
    #[must_use]
    pub fn is_online(mut self, is_online: bool) -> Self {
        self.is_online = Some(is_online);
        self
    }

    /// Sets: version inside the version set; absent or empty means the original, unversioned API.
    #[must_use]
    pub fn api_version(mut self, api_version: impl Into<String>) -> Self {
        self.api_version = Some(api_version.into());
        self
    }

    /// Sets: description of the version.
    #[must_use]
    pub fn api_version_description(mut self, api_version_description: impl Into<String>) -> Self {
        self.api_version_description = Some(api_version_description.into());
        self
    }

    /// Sets: resource id of the version set.
    #[must_use]
    pub fn api_version_set_id(mut self, api_version_set_id: impl Into<String>) -> Self {
        self.api_version_set_id = Some(api_version_set_id.into());
        self
    }

    /// Sets: version set written inside the API.
    #[must_use]
    pub fn api_version_set(mut self, api_version_set: ApiVersionSet) -> Self {
        self.api_version_set = Some(api_version_set);
        self
    }

    /// Sets: resource id of the API that this one was made from.
    #[must_use]
    pub fn source_api_id(mut self, source_api_id: impl Into<String>) -> Self {
        self.source_api_id = Some(source_api_id.into());
        self
    }

    /// Sets: whether a subscription key is required; absent means true.
    #[must_use]
    pub fn subscription_required(mut self, subscription_required: bool) -> Self {
        self.subscription_required = Some(subscription_required);
        self
    }

    /// Sets: where the subscription key is.
    #[must_use]
    pub fn subscription_key_parameter_names(
        mut self,
        subscription_key_parameter_names: SubscriptionKeyParameterNames,
    ) -> Self {
        self.subscription_key_parameter_names = Some(subscription_key_parameter_names);
        self
    }

    /// Sets: how clients authenticate; informational.
    #[must_use]
    pub fn authentication_settings(mut self, authentication_settings: AuthenticationSettings) -> Self {
        self.authentication_settings = Some(authentication_settings);
        self
    }

    /// Sets: format of `value` for an import, such as `openapi+json`.
    #[must_use]
    pub fn format(mut self, format: impl Into<String>) -> Self {
        self.format = Some(format.into());
        self
    }

    /// Sets: specification, or a link to it, for an import.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = Some(value.into());
        self
    }

    /// Sets: which service and endpoint of a WSDL document are imported.
    #[must_use]
    pub fn wsdl_selector(mut self, wsdl_selector: WsdlSelector) -> Self {
        self.wsdl_selector = Some(wsdl_selector);
        self
    }
}

/// Where the subscription key of an API is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SubscriptionKeyParameterNames {
    /// Header; absent means `Ocp-Apim-Subscription-Key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// Query parameter; absent means `subscription-key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl SubscriptionKeyParameterNames {
    /// Makes one in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets: header; absent means `Ocp-Apim-Subscription-Key`.
    #[must_use]
    pub fn header(mut self, header: impl Into<String>) -> Self {
        self.header = Some(header.into());
        self
    }

    /// Sets: query parameter; absent means `subscription-key`.
    #[must_use]
    pub fn query(mut self, query: impl Into<String>) -> Self {
        self.query = Some(query.into());
        self
    }
}

/// How clients authenticate; shown to people, not enforced.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct AuthenticationSettings {
    /// Whether a subscription key is required, in old contracts.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "tolerant::boolean")]
    pub subscription_key_required: Option<bool>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl AuthenticationSettings {
    /// Makes one in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets: whether a subscription key is required, in old contracts.
    #[must_use]
    pub fn subscription_key_required(mut self, subscription_key_required: bool) -> Self {
        self.subscription_key_required = Some(subscription_key_required);
        self
    }
}

/// Which service and endpoint of a WSDL document are imported.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct WsdlSelector {
    /// Name of the service.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wsdl_service_name: Option<String>,
    /// Name of the endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wsdl_endpoint_name: Option<String>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl WsdlSelector {
    /// Makes one in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets: name of the service.
    #[must_use]
    pub fn wsdl_service_name(mut self, wsdl_service_name: impl Into<String>) -> Self {
        self.wsdl_service_name = Some(wsdl_service_name.into());
        self
    }

    /// Sets: name of the endpoint.
    #[must_use]
    pub fn wsdl_endpoint_name(mut self, wsdl_endpoint_name: impl Into<String>) -> Self {
        self.wsdl_endpoint_name = Some(wsdl_endpoint_name.into());
        self
    }
}

open_enum! {
    /// Scheme that clients use.
    pub enum ApiProtocol {
        /// HTTP.
        Http = "http",
        /// HTTP over TLS.
        Https = "https",
        /// WebSocket.
        Ws = "ws",
        /// WebSocket over TLS.
        Wss = "wss",
    }
}

open_enum! {
    /// Kind of an API.
    pub enum ApiKind {
        /// HTTP.
        Http = "http",
        /// SOAP pass-through.
        Soap = "soap",
        /// WebSocket.
        Websocket = "websocket",
        /// GraphQL.
        Graphql = "graphql",
        /// OData.
        Odata = "odata",
        /// gRPC.
        Grpc = "grpc",
        /// Model Context Protocol.
        Mcp = "mcp",
        /// Agent to agent.
        A2a = "a2a",
    }
}
