//! A Backend: a target with URL, credentials, TLS settings and breaker rules.

use serde::{Deserialize, Serialize};

use super::extra::Extra;
use super::open_enum::open_enum;
use super::{CircuitBreaker, Credentials, Pool, Proxy, ServiceFabricCluster, Tls};

/// A Backend: where requests are sent, and how.
///
/// ```
/// use gatewright::model::{Backend, Credentials};
///
/// let orders = Backend::new("https://orders.internal/api")?
///     .credentials(Credentials::new().header("x-functions-key", "{{orders-key}}"));
/// assert!(!orders.is_pool());
/// # Ok::<_, gatewright::model::BackendUrlError>(())
/// ```
///
/// JSON is the `properties` of `Microsoft.ApiManagement/service/backends`:
///
/// ```json
/// { "url": "https://orders.internal/api", "protocol": "http", "credentials": { "header": { "x-key": ["{{orders-key}}"] } } }
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Backend {
    /// Whether this is one target or a pool; absent means one.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<BackendKind>,
    /// Runtime base URL: `https://host/path`, or `fabric:/app/service` for Service Fabric.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// `http` or `soap`; both are forwarded alike.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// Label, up to 300 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Description, up to 2000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Management URI of the resource behind it; informational.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<String>,
    /// The Service Fabric part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub properties: Option<BackendProperties>,
    /// What is added to each request for this backend.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credentials: Option<Credentials>,
    /// Web proxy between the gateway and the backend.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<Proxy>,
    /// How the certificate of the backend is validated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// When the backend is left alone for a while.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub circuit_breaker: Option<CircuitBreaker>,
    /// Members, when this is a pool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool: Option<Pool>,
    /// Azure region of the backend (`westeurope`), needed by carbon-aware balancing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub azure_region: Option<String>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl Backend {
    /// Makes a backend for a base URL, with protocol `http`.
    ///
    /// # Errors
    ///
    /// [`BackendUrlError`] when the text is not an absolute `http`, `https` or `fabric` URL. A text with a named value
    /// (`{{name}}`) is taken as it is.
    pub fn new(url: impl Into<String>) -> Result<Self, BackendUrlError> {
        let url = url.into();
        check_url(&url)?;
        Ok(Self { url: Some(url), protocol: Some(Protocol::Http), ..Self::default() })
    }

    /// Makes a backend of kind `Pool`.
    pub fn of_pool(pool: Pool) -> Self {
        Self { kind: Some(BackendKind::Pool), pool: Some(pool), ..Self::default() }
    }

    /// Whether requests are spread over members. A backend without `type` is a pool when it has members.
    pub fn is_pool(&self) -> bool {
        match &self.kind {
            Some(kind) => *kind == BackendKind::Pool,
            None => self.pool.is_some(),
        }
    }

    /// The fields that are set and have no effect on a backend of its type.
    pub(crate) fn without_effect(&self) -> impl Iterator<Item = &'static str> {
        let is_pool = self.is_pool();
        let fields = [
            ("url", is_pool && self.url.is_some()),
            ("protocol", is_pool && self.protocol.is_some()),
            ("credentials", is_pool && self.credentials.is_some()),
            ("proxy", is_pool && self.proxy.is_some()),
            ("tls", is_pool && self.tls.is_some()),
            ("resourceId", is_pool && self.resource_id.is_some()),
            ("circuitBreaker", is_pool && self.circuit_breaker.is_some()),
            ("properties", is_pool && self.properties.is_some()),
            ("pool", !is_pool && self.pool.is_some()),
        ];
        fields.into_iter().filter(|(_, is_set)| *is_set).map(|(field, _)| field)
    }

    /// The Service Fabric cluster that resolves the address, when there is one.
    pub fn fabric(&self) -> Option<&ServiceFabricCluster> {
        self.properties.as_ref()?.service_fabric_cluster.as_ref()
    }

    /// Sets: the Service Fabric cluster that resolves the address.
    #[must_use]
    pub fn service_fabric_cluster(mut self, cluster: ServiceFabricCluster) -> Self {
        self.properties.get_or_insert_default().service_fabric_cluster = Some(cluster);
        self
    }

    /// Sets: whether this is one target or a pool; absent means one.
    #[must_use]
    pub fn kind(mut self, kind: BackendKind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Sets: runtime base URL: `https://host/path`, or `fabric:/app/service` for Service Fabric.
    #[must_use]
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// Sets: `http` or `soap`; both are forwarded alike.
    #[must_use]
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = Some(protocol);
        self
    }

    /// Sets: label, up to 300 characters.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Sets: description, up to 2000 characters.
    #[must_use]
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = Some(description.into());
        self
    }

    /// Sets: management URI of the resource behind it; informational.
    #[must_use]
    pub fn resource_id(mut self, resource_id: impl Into<String>) -> Self {
        self.resource_id = Some(resource_id.into());
        self
    }

    /// Sets: the Service Fabric part.
    #[must_use]
    pub fn properties(mut self, properties: BackendProperties) -> Self {
        self.properties = Some(properties);
        self
    }

    /// Sets: what is added to each request for this backend.
    #[must_use]
    pub fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Sets: web proxy between the gateway and the backend.
    #[must_use]
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Sets: how the certificate of the backend is validated.
    #[must_use]
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// Sets: when the backend is left alone for a while.
    #[must_use]
    pub fn circuit_breaker(mut self, circuit_breaker: CircuitBreaker) -> Self {
        self.circuit_breaker = Some(circuit_breaker);
        self
    }

    /// Sets: members, when this is a pool.
    #[must_use]
    pub fn pool(mut self, pool: Pool) -> Self {
        self.pool = Some(pool);
        self
    }

    /// Sets: azure region of the backend (`westeurope`), needed by carbon-aware balancing.
    #[must_use]
    pub fn azure_region(mut self, azure_region: impl Into<String>) -> Self {
        self.azure_region = Some(azure_region.into());
        self
    }
}

/// The member of a backend that is itself called `properties`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct BackendProperties {
    /// The Service Fabric cluster that resolves the address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_fabric_cluster: Option<ServiceFabricCluster>,
    /// Members that this crate does not know, kept for writing.
    #[serde(flatten)]
    pub extra: Extra,
}

impl BackendProperties {
    /// Makes one in which nothing is set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets: the Service Fabric cluster that resolves the address.
    #[must_use]
    pub fn service_fabric_cluster(mut self, service_fabric_cluster: ServiceFabricCluster) -> Self {
        self.service_fabric_cluster = Some(service_fabric_cluster);
        self
    }
}

/// Why a text is not the URL of a backend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{url}` is not the URL of a backend: expected `http://host/path`, `https://host/path` or `fabric:/app/service`"
)]
pub struct BackendUrlError {
    url: String,
}

open_enum! {
    /// Kind of a backend.
    pub enum BackendKind {
        /// One target.
        Single = "Single",
        /// Several backends, chosen by priority and weight.
        Pool = "Pool",
    }
}

open_enum! {
    /// Protocol of a backend.
    pub enum Protocol {
        /// REST, or anything over HTTP.
        Http = "http",
        /// A SOAP service.
        Soap = "soap",
    }
}

fn check_url(url: &str) -> Result<(), BackendUrlError> {
    let is_fabric =
        |text: &str| text.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("fabric:/")) && text.len() > 8;
    let is_http = |text: &str| {
        url::Url::parse(text.trim()).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
    };
    if url.contains("{{") || is_fabric(url) || is_http(url) {
        Ok(())
    } else {
        Err(BackendUrlError { url: url.to_owned() })
    }
}
