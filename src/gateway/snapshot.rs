//! All of a configuration at one moment, compiled.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::access::AccessTable;
use super::assemble;
use super::own_calls::OwnCalls;
use super::problem::{ConfigurationError, Problem};
use super::router::Router;
use super::soap::SoapOperations;
use crate::backend::{Backends, Resilience, Transport};
use crate::forward::Target;
use crate::model::Store;
use crate::policy::{
    ApiFacts, BackendDirectory, DeploymentFacts, Dialect, EngineSettings, OperationFacts, Pipeline, ProductFacts,
    SubscriptionFacts, UserFacts,
};
use crate::secret::{NamedValue, NamedValues, Redactor};

/// A configuration, compiled: a request is served by one snapshot from start to end.
///
/// Everything is decided when it is made: URL templates, subscription keys, policy documents of all scopes, pipelines,
/// backends. Pipelines are shared by all operations with the same documents.
pub struct Snapshot {
    pub(super) router: Router,
    pub(super) access: AccessTable,
    /// By the index of the API in the router.
    pub(super) apis: Vec<ApiState>,
    pub(super) products: Vec<Arc<ProductFacts>>,
    pub(super) subscriptions: Vec<SubscriptionState>,
    /// What runs when a request finds no API.
    pub(super) global: Arc<Pipeline>,
    pub(super) backends: Arc<Backends>,
    /// Those of the service, then of each workspace, by its name.
    pub(super) all_backends: Vec<(Option<Arc<str>>, Arc<Backends>)>,
    pub(super) deployment: Arc<DeploymentFacts>,
    pub(super) warnings: Vec<Problem>,
    /// The named values of the service and of each workspace.
    pub(super) values: Vec<Arc<NamedValues>>,
    /// Keeps their secrets out of traces; made for the first request that is traced.
    pub(super) redactor: OnceLock<Arc<Redactor>>,
    /// None when the gateway does not serve its own calls in process.
    pub(super) own: Option<OwnCalls>,
}

/// One API as requests use it.
pub(super) struct ApiState {
    pub facts: Arc<ApiFacts>,
    /// The index in the access table, which revisions share.
    pub access: usize,
    pub workspace: Option<Arc<(Arc<str>, Arc<str>)>>,
    /// The service URL.
    pub target: Option<Target>,
    pub backends: Arc<Backends>,
    pub protocol: Protocol,
    pub directory: Arc<dyn BackendDirectory>,
    /// What runs when the API has no such operation.
    pub pipeline: Arc<Pipeline>,
    pub operations: Vec<OperationState>,
    /// None when it is no SOAP API.
    pub soap: Option<Box<SoapOperations>>,
}

/// What an API speaks, as far as it changes how requests are forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    Http,
    /// Connections may be upgraded.
    WebSocket,
    /// HTTP/2 in any case.
    Grpc,
    /// One endpoint; connections may be upgraded for subscriptions.
    Graphql,
}

/// One operation as requests use it.
pub(super) struct OperationState {
    pub facts: Arc<OperationFacts>,
    pub pipelines: Arc<Pipelines>,
}

/// The pipelines of an operation, with and without a product.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Pipelines<P = Arc<Pipeline>> {
    pub plain: P,
    /// By the index of the product.
    pub products: Vec<(usize, P)>,
}

/// One subscription as requests use it.
pub(super) struct SubscriptionState {
    pub facts: Arc<SubscriptionFacts>,
    pub user: Option<Arc<UserFacts>>,
}

/// What configurations share that follow each other in one gateway.
#[derive(Clone, Copy)]
pub(super) struct Surroundings<'a> {
    pub transport: &'a Transport,
    pub resilience: &'a Resilience,
    pub dialect: &'a Dialect,
    pub abilities: Abilities,
}

/// What a host's settings can do that documents may ask for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Abilities {
    /// Whether something knows which certificates of callers are revoked.
    pub checks_revocation: bool,
    /// Whether something of the host's asks Azure Cosmos DB.
    #[cfg(feature = "graphql")]
    pub asks_cosmos: bool,
    /// Whether something of the host's asks SQL Servers.
    #[cfg(feature = "graphql")]
    pub asks_sql: bool,
}

impl Abilities {
    pub(super) fn of(settings: &EngineSettings) -> Self {
        Self {
            checks_revocation: settings.revocation.is_some(),
            #[cfg(feature = "graphql")]
            asks_cosmos: settings.cosmos.is_some(),
            #[cfg(feature = "graphql")]
            asks_sql: settings.sql.is_some(),
        }
    }
}

impl Snapshot {
    /// Compiles a configuration; `transport` is what its backends are reached over.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError`] with everything that is wrong, not only the first thing.
    pub fn new(store: &Store, transport: &Transport) -> Result<Self, ConfigurationError> {
        Self::with(store, transport, &Resilience::new())
    }

    /// As [`Snapshot::new`], with the state of circuit breakers that outlives configurations.
    ///
    /// # Errors
    ///
    /// As [`Snapshot::new`].
    pub fn with(store: &Store, transport: &Transport, resilience: &Resilience) -> Result<Self, ConfigurationError> {
        let dialect = &Dialect::default();
        Self::within(store, Surroundings { transport, resilience, dialect, abilities: Abilities::default() })
    }

    pub(super) fn within(store: &Store, surroundings: Surroundings<'_>) -> Result<Self, ConfigurationError> {
        assemble::assemble(store, surroundings)
    }

    /// The backends of the service, then those of each workspace with entities: for their breakers and pools.
    pub fn backends(&self) -> impl Iterator<Item = &Arc<Backends>> {
        self.all_backends.iter().map(|(_, backends)| backends)
    }

    /// The backends of the service, or of a workspace, whatever the case of its letters.
    pub fn backends_of(&self, workspace: Option<&str>) -> Option<&Arc<Backends>> {
        let is_it = |name: &Option<Arc<str>>| match (name.as_deref(), workspace) {
            (Some(name), Some(wanted)) => name.eq_ignore_ascii_case(wanted),
            (name, wanted) => name == wanted,
        };
        self.all_backends.iter().find(|(name, _)| is_it(name)).map(|(_, backends)| backends)
    }

    /// Masks the secrets of the configuration.
    pub(super) fn redactor(&self) -> Arc<Redactor> {
        let secrets = || {
            let values = self.values.iter().flat_map(|values| values.iter());
            Redactor::new(values.filter_map(|(_, value)| match value {
                NamedValue::Secret(secret) => Some(secret),
                NamedValue::Plain(_) => None,
            }))
        };
        Arc::clone(self.redactor.get_or_init(|| Arc::new(secrets())))
    }

    /// What works, but perhaps not as its author thinks.
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }
}

impl Pipelines {
    pub fn all(&self) -> impl Iterator<Item = &Arc<Pipeline>> {
        std::iter::once(&self.plain).chain(self.products.iter().map(|(_, pipeline)| pipeline))
    }

    pub fn of(&self, product: Option<usize>) -> &Arc<Pipeline> {
        let found = product.and_then(|product| self.products.iter().find(|(index, _)| *index == product));
        found.map_or(&self.plain, |(_, pipeline)| pipeline)
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("apis", &self.apis.len())
            .field("products", &self.products.len())
            .field("subscriptions", &self.subscriptions.len())
            .finish_non_exhaustive()
    }
}
