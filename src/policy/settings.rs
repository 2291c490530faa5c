//! What a host decides of the engine: clock, limits, sinks.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::caching::Flights;
use super::concurrency::Concurrency;
use super::dapr;
use super::deliveries::Deliveries;
use super::llm::{CharacterCounter, TokenCounter};
use super::revocation::RevocationChecker;
use super::tracing::RequestTracing;
use crate::clock::Clock;
use crate::expr::Budget;
use crate::forward::BaseUrl;
use crate::identity::{CredentialManager, TokenCache};
use crate::jwt::MetadataCache;
use crate::outbound::Outbound;
use crate::random::Random;
use crate::sink::{MetricSink, TraceSink, default_metric_sink, default_sink};
use crate::state::{CacheStore, CounterStore, MemoryCache, MemoryCounters, MemoryVectors, VectorCache, Window};

/// Settings of the engine that hold for every request.
#[derive(Clone)]
#[non_exhaustive]
pub struct EngineSettings {
    /// The time that expressions and policies see.
    pub clock: Clock,
    /// Where `context.RequestId`, random values in expressions and the spread of `retry` come from.
    pub random: Random,
    /// What one expression may use.
    pub budget: Budget,
    /// The largest body, in bytes, that is read into memory for a policy. Default 64 MiB.
    pub body_limit: usize,
    /// Where the messages of the `trace` policy go.
    pub trace_sink: Arc<dyn TraceSink>,
    /// Where the values of the `emit-metric` policy go.
    pub metric_sink: Arc<dyn MetricSink>,
    /// Which requests are traced, and where to. None by default.
    pub request_tracing: Option<RequestTracing>,
    /// Whether a `base-url` of a narrower document overrides the `backend-id` of a broader one. API Management does
    /// not do so, and this is off by default.
    pub base_url_overrides_inherited_backend_id: bool,
    /// Whether a path may have segments `..`, escaped or not, that stay below the path of its API. A backend that resolves
    /// them serves another operation than the one whose policies ran, so that such a request is answered with 404, and
    /// `rewrite-uri` fails that makes such a path. Default false.
    pub dot_segments_inside: bool,
    /// Whether a backend that cannot be reached is answered for with 502, and one that does not answer in time with 504. API
    /// Management says 500 to both. Default false.
    pub gateway_statuses: bool,
    /// Whether a gateway takes the subscription key out of the request, header and query parameter, before any policy runs.
    /// API Management leaves it to the backend. Default false.
    pub removes_subscription_key: bool,
    /// Whether backends are told the caller's `Host` and scheme, as `X-Forwarded-Host` and `X-Forwarded-Proto`. Default false.
    pub forwards_host_and_scheme: bool,
    /// What `terminate-unmatched-request` of `cors` is when a document does not say it. Default true.
    pub cors_terminates_unmatched_requests: bool,
    /// Whether a preflight request, which cannot name a version in a header or query, is answered by the first version
    /// of its API whose `cors` allows it. API Management answers 404. Default true.
    pub preflight_looks_through_versions: bool,
    /// Whether `jsonp` puts `/**/` in front, which defends old browsers. API Management does not. Default false.
    pub jsonp_starts_with_comment: bool,
    /// Whether Liquid templates see a body whose `Content-Type` is neither JSON nor XML, told by its first character.
    /// In API Management they see none. Default false.
    pub liquid_reads_bodies_of_unknown_type: bool,
    /// What sends the requests that policies make on their own: `send-request` and its kin. Without one those policies
    /// fail; a gateway has one over its transport, which this takes the place of.
    pub outbound: Option<Arc<dyn Outbound>>,
    /// Where tokens of managed identities come from. Without one, policies that need a token fail; a gateway has that of
    /// its transport, when there is one.
    pub tokens: Option<TokenCache>,
    /// The requests that go on while their request is answered: `send-one-way-request`, `log-to-eventhub`.
    pub deliveries: Deliveries,
    /// Where the Dapr sidecar is. Default `http://localhost:3500`, or the port in `DAPR_HTTP_PORT`.
    pub dapr: Arc<BaseUrl>,
    /// The Service Bus namespace of `send-service-bus-message` without one, such as `contoso.servicebus.windows.net`.
    pub service_bus_namespace: Option<Arc<str>>,
    /// How long `xsl-transform` may take, waiting for its turn included: 16 run at a time. Default 10 s.
    pub xsl_time_limit: Duration,
    /// Processes that `xsl-transform` runs in, so that the memory of stylesheets is bounded too. Without them it runs in this
    /// one.
    #[cfg(feature = "libxml")]
    pub xsl_workers: Option<super::XslWorkers>,
    /// The turns of `xsl-transform`.
    #[cfg(feature = "libxml")]
    pub(crate) xsl_slots: Arc<tokio::sync::Semaphore>,
    /// What keeps the authorizations of `get-authorization-context`. Without one that policy fails.
    pub credentials: Option<Arc<dyn CredentialManager>>,
    /// What knows which certificates of callers are revoked. Without one, none is taken to be.
    pub revocation: Option<Arc<dyn RevocationChecker>>,
    /// Where OpenID metadata and signing keys are kept.
    pub metadata: MetadataCache,
    /// What limits and quotas count with. Default: the memory of the process, of these settings and their clones.
    pub counters: Arc<dyn CounterStore>,
    /// How rate limits forget calls.
    pub rate_algorithm: RateAlgorithm,
    /// The internal cache of the caching policies. Default: 64 MiB of the memory of the process, of these settings and their
    /// clones.
    pub cache: Arc<dyn CacheStore>,
    /// The external cache of the caching policies, which `caching-type` prefers. Default: none.
    pub external_cache: Option<Arc<dyn CacheStore>>,
    /// Where the semantic cache of language models' answers is. Default: 64 MiB of the memory of the process, of these settings
    /// and their clones.
    pub vector_cache: Arc<dyn VectorCache>,
    /// Further ones, by the `cache-id` that names them; a document that names none of these uses
    /// [`vector_cache`](Self::vector_cache).
    pub named_vector_caches: BTreeMap<String, Arc<dyn VectorCache>>,
    /// The largest response or value, in bytes, that the caching policies keep. Default 2 MiB, as in API Management.
    pub cache_entry_limit: usize,
    /// How long a request that misses a response waits for another one that fetches the same; it goes on by itself after
    /// that, or when the other's is not kept. Default: none waits, as in API Management.
    pub cache_single_flight: Option<Duration>,
    /// What estimates the tokens of prompts and streamed answers, for `llm-token-limit`. Default: four characters a token.
    pub token_counter: Arc<dyn TokenCounter>,
    /// Whether `llm-token-limit` believes what a streamed answer says of its tokens, when it does; API Management estimates
    /// them. Default false.
    pub prefer_reported_stream_usage: bool,
    /// What asks Azure Cosmos DB for `cosmosdb-data-source`. Default: none, which leaves it to the client that a build with the
    /// feature `cosmos` has.
    #[cfg(feature = "graphql")]
    pub cosmos: Option<Arc<dyn crate::cosmos::CosmosExecutor>>,
    /// What asks SQL Servers for `sql-data-source`. Default: none; a gateway of a build with the feature `sql` has one over its
    /// transport.
    #[cfg(feature = "graphql")]
    pub sql: Option<Arc<dyn crate::sql::SqlExecutor>>,
    /// Who has subscribed to fields of GraphQL APIs.
    #[cfg(feature = "graphql")]
    pub(crate) events: super::graphql::Events,
    /// The entries that requests are making.
    pub(crate) flights: Flights,
    /// The slots of `limit-concurrency`, shared by all pipelines with these settings and their clones.
    pub(crate) concurrency: Concurrency,
}

impl Default for EngineSettings {
    fn default() -> Self {
        Self {
            clock: Clock::system(),
            random: Random::system(),
            budget: Budget::default(),
            body_limit: 64 << 20,
            trace_sink: default_sink(),
            metric_sink: default_metric_sink(),
            request_tracing: None,
            base_url_overrides_inherited_backend_id: false,
            dot_segments_inside: false,
            gateway_statuses: false,
            removes_subscription_key: false,
            forwards_host_and_scheme: false,
            cors_terminates_unmatched_requests: true,
            preflight_looks_through_versions: true,
            jsonp_starts_with_comment: false,
            liquid_reads_bodies_of_unknown_type: false,
            outbound: None,
            tokens: None,
            service_bus_namespace: None,
            deliveries: Deliveries::default(),
            dapr: dapr::sidecar(),
            xsl_time_limit: Duration::from_secs(10),
            #[cfg(feature = "libxml")]
            xsl_workers: None,
            #[cfg(feature = "libxml")]
            xsl_slots: Arc::new(tokio::sync::Semaphore::new(16)),
            credentials: None,
            revocation: None,
            metadata: MetadataCache::new(),
            counters: Arc::new(MemoryCounters::new()),
            rate_algorithm: RateAlgorithm::default(),
            cache: Arc::new(MemoryCache::new()),
            external_cache: None,
            vector_cache: Arc::new(MemoryVectors::new()),
            named_vector_caches: BTreeMap::new(),
            cache_entry_limit: 2 << 20,
            cache_single_flight: None,
            token_counter: Arc::new(CharacterCounter),
            prefer_reported_stream_usage: false,
            #[cfg(feature = "graphql")]
            cosmos: None,
            #[cfg(feature = "graphql")]
            sql: None,
            #[cfg(feature = "graphql")]
            events: super::graphql::Events::default(),
            flights: Flights::default(),
            concurrency: Concurrency::default(),
        }
    }
}

/// How rate limits forget calls. In API Management the tiers differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RateAlgorithm {
    /// Each call when it is as old as `renewal-period`, as in the classic tiers.
    #[default]
    SlidingWindow,
    /// Steadily, `calls` in `renewal-period`, as in the v2 tiers.
    TokenBucket,
}

impl RateAlgorithm {
    pub(crate) fn window(self, period: Duration) -> Window {
        match self {
            Self::SlidingWindow => Window::Sliding(period),
            Self::TokenBucket => Window::TokenBucket(period),
        }
    }
}

impl EngineSettings {
    /// How many nodes an XML body may have: they take more memory than their text.
    pub(crate) fn node_limit(&self) -> usize {
        self.body_limit / 32
    }
}

impl fmt::Debug for EngineSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineSettings")
            .field("clock", &self.clock)
            .field("body_limit", &self.body_limit)
            .finish_non_exhaustive()
    }
}
