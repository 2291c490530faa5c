//! What a gateway is made with.

use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;

use super::super::own_calls::OwnCalls;
use super::super::own_names::OwnNames;
use super::super::problem::{ConfigurationError, Problem};
use super::super::snapshot::{Abilities, Snapshot, Surroundings};
use super::{Gateway, Shared};
use crate::backend::{Resilience, Transport};
use crate::clock::Clock;
use crate::expr::Library;
use crate::load;
use crate::model::Store;
use crate::outbound::Outbound;
#[cfg(feature = "testing")]
use crate::policy::CustomPolicies;
use crate::policy::{CustomPolicy, Dialect, EngineSettings, RequestTracing, Strictness};

/// Makes a [`Gateway`].
#[derive(Debug, Default)]
#[must_use]
pub struct GatewayBuilder {
    settings: EngineSettings,
    transport: Option<Transport>,
    resilience: Option<Resilience>,
    own_calls: OwnCallSettings,
    dialect: Dialect,
}

impl GatewayBuilder {
    /// What backends are reached over; by default a [`Transport`] with default settings.
    pub fn transport(mut self, transport: Transport) -> Self {
        self.transport = Some(transport);
        self
    }

    /// The state of circuit breakers, which outlives a configuration, and how backends are guarded beyond what entities
    /// say; by default one with the gateway's clock and no options.
    pub fn resilience(mut self, resilience: Resilience) -> Self {
        self.resilience = Some(resilience);
        self
    }

    /// Clock, limits and sinks.
    pub fn settings(mut self, settings: EngineSettings) -> Self {
        self.settings = settings;
        self
    }

    /// Adds a name under which the gateway is reached: `host` on the default ports, or `host:port`.
    ///
    /// Requests that policies and backends send to one of its own names are served in process, as are those to `localhost`
    /// or a loopback address whose `Host` is one of its names. The names in the store are always known, and so is
    /// `{service}.azure-api.net`.
    pub fn host_name(mut self, name: impl Into<String>) -> Self {
        self.own_calls.names.push(name.into());
        self
    }

    /// Whether calls of the gateway to itself are served in process; true by default. Otherwise they go over the network
    /// as all others do.
    pub fn own_calls_in_process(mut self, served: bool) -> Self {
        self.own_calls.is_on = served;
        self
    }

    /// How many calls of the gateway to itself may follow each other in process, 5 by default; the next one is answered
    /// with 508.
    pub fn most_own_calls(mut self, most: usize) -> Self {
        self.own_calls.most = most;
        self
    }

    /// Adds a policy of one's own, for the documents of all configurations; it takes the place of any other one with
    /// the same element.
    pub fn policy(mut self, policy: impl CustomPolicy) -> Self {
        self.dialect.custom.add(policy);
        self
    }

    /// The types and members that expressions may use; by default those that API Management allows.
    pub fn library(mut self, library: Library) -> Self {
        self.dialect.library = library;
        self
    }

    /// How much documents may differ from what API Management declares; not at all by default.
    pub fn strictness(mut self, strictness: Strictness) -> Self {
        self.dialect.strictness = strictness;
        self
    }

    /// How long a policy document may be, in bytes; 256 KiB by default.
    pub fn document_limit(mut self, bytes: usize) -> Self {
        self.dialect.document_limit = Some(bytes);
        self
    }

    /// How long a policy fragment may be, in bytes; 32 KiB by default.
    pub fn fragment_limit(mut self, bytes: usize) -> Self {
        self.dialect.fragment_limit = Some(bytes);
        self
    }

    /// Counts and caches in Redis, which other gateways share: for limits and quotas, and as the external cache.
    #[cfg(feature = "redis")]
    pub fn redis(mut self, stores: &crate::state::RedisStores) -> Self {
        self.settings.counters = stores.counters();
        self.settings.external_cache = Some(stores.cache());
        self
    }

    /// What asks Azure Cosmos DB for `cosmosdb-data-source`; by default the client that a build with the feature `cosmos` has.
    #[cfg(feature = "graphql")]
    pub fn cosmos(mut self, executor: Arc<dyn crate::cosmos::CosmosExecutor>) -> Self {
        self.settings.cosmos = Some(executor);
        self
    }

    /// What asks SQL Servers for `sql-data-source`; by default, in a build with the feature `sql`, one over the transport.
    #[cfg(feature = "graphql")]
    pub fn sql(mut self, executor: Arc<dyn crate::sql::SqlExecutor>) -> Self {
        self.settings.sql = Some(executor);
        self
    }

    /// What sends the requests that policies make on their own; by default the backends of the configuration do, over the
    /// transport. Calls of the gateway to itself are served in process all the same.
    pub fn outbound(mut self, outbound: Arc<dyn Outbound>) -> Self {
        self.settings.outbound = Some(outbound);
        self
    }

    #[cfg(feature = "testing")]
    pub(crate) fn policies(mut self, policies: CustomPolicies) -> Self {
        self.dialect.custom = policies;
        self
    }

    /// Which requests are traced, and where their traces go; none by default.
    pub fn request_tracing(mut self, tracing: RequestTracing) -> Self {
        self.settings.request_tracing = Some(tracing);
        self
    }

    /// The time that expressions and policies see.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.settings.clock = clock;
        self
    }

    /// The gateway, which serves the configuration in `store`.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError`] with everything that is wrong.
    pub fn build(mut self, store: &Store) -> Result<Gateway, ConfigurationError> {
        let transport = match self.transport {
            Some(transport) => transport,
            None => Transport::builder().build().map_err(|error| {
                let message = error.to_string();
                ConfigurationError(vec![Problem::Entity { entity: "transport".to_owned(), message }])
            })?,
        };
        let resilience = self.resilience.unwrap_or_else(|| Resilience::new().clock(self.settings.clock.clone()));
        if self.settings.tokens.is_none() {
            self.settings.tokens = transport.tokens().cloned();
        }
        #[cfg(feature = "sql")]
        if self.settings.sql.is_none() {
            self.settings.sql = Some(Arc::new(crate::sql::TdsClient::new(transport.clone())));
        }
        let settings = Arc::new(self.settings);
        let surroundings = Surroundings {
            transport: &transport,
            resilience: &resilience,
            dialect: &self.dialect,
            abilities: Abilities::of(&settings),
        };
        let snapshot = ArcSwap::from_pointee(self.own_calls.snapshot(store, &settings, surroundings)?);
        let (own_calls, dialect) = (self.own_calls, self.dialect);
        let shared = Arc::new(Shared { snapshot, settings, transport, resilience, own_calls, dialect });
        Ok(Gateway { shared, client: None })
    }

    /// The gateway, which serves the configuration in an ARM template or a folder. It reads files, so it blocks.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError`] with everything that is wrong with the files, or else with the entities in them.
    pub fn load(self, path: impl AsRef<Path>) -> Result<Gateway, ConfigurationError> {
        self.build(&load::path(path)?.store)
    }
}

/// What a builder says about calls of the gateway to itself.
#[derive(Clone, Debug)]
pub(super) struct OwnCallSettings {
    is_on: bool,
    names: Vec<String>,
    most: usize,
}

impl Default for OwnCallSettings {
    fn default() -> Self {
        Self { is_on: true, names: Vec::new(), most: 5 }
    }
}

impl OwnCallSettings {
    pub(super) fn snapshot(
        &self,
        store: &Store,
        settings: &Arc<EngineSettings>,
        surroundings: Surroundings<'_>,
    ) -> Result<Snapshot, ConfigurationError> {
        let mut snapshot = Snapshot::within(store, surroundings)?;
        let service = store.name.as_ref().map(|name| format!("{name}.azure-api.net"));
        let names = self.names.iter().chain(&store.host_names).chain(&service).map(String::as_str);
        let names = OwnNames::new(names.filter(|_| self.is_on));
        snapshot.own = (!names.is_empty()).then(|| OwnCalls { names, most: self.most, settings: Arc::clone(settings) });
        Ok(snapshot)
    }
}
