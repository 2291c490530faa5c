//! Backends: what a request is sent to, and how.
//!
//! [`Backends`] holds all Backend entities of a configuration and sends requests to them, or to plain URLs.
//! [`BackendService`] is one entity as a `tower` service; [`BackendLayer`] puts one around a client of your own, and
//! [`CredentialsLayer`] adds only what the backend asks a caller to show. [`Transport`] is the network below.
//!
//! ```
//! use gatewright::backend::{Backends, Transport};
//! use gatewright::model::{Backend, Credentials};
//! use gatewright::secret::NamedValues;
//!
//! let values = NamedValues::new().secret("orders-key", "s3cr3t");
//! let orders = Backend::new("https://orders.internal/api")?
//!     .credentials(Credentials::new().header("x-functions-key", "{{orders-key}}"));
//!
//! let transport = Transport::builder().native_roots(false).build()?;
//! let backends = Backends::builder(&transport, &values).backend("orders", &orders).build()?;
//! assert!(backends.contains("Orders"));
//! # Ok::<_, Box<dyn std::error::Error>>(())
//! ```

/// The code in the pages compiles.
#[cfg(doctest)]
#[doc = include_str!("../../docs/pools.md")]
mod pages {}

mod address_rounds;
mod attempt;
mod body_idle;
mod breaker;
mod budget;
mod build_error;
mod builder;
mod call;
mod certificates;
mod client;
mod connect;
mod connections;
mod credentials;
mod discovery;
mod error;
mod expectation;
mod fabric;
mod forwarded;
mod goal;
mod health;
mod health_rounds;
mod in_process;
#[cfg(test)]
mod interleave;
mod jobs;
mod layer;
mod limit;
mod link;
mod openings;
mod outbound;
mod outgoing;
mod pool;
mod pool_maker;
mod protection;
mod redirect;
mod resilience;
mod sender;
mod service;
mod set;
mod single;
mod stream;
pub mod tls;
mod transport;
mod tries;
mod tunnel;
mod upgrade;
mod url_match;
mod variants;
mod watched_body;

#[cfg(any(feature = "azure", feature = "vault"))]
pub(crate) use breaker::retry_after;
pub use breaker::{
    BreakerEvent, BreakerObserver, BreakerOptions, BreakerSnapshot, CircuitBreakerFuture, CircuitBreakerLayer,
    CircuitBreakerLayerBuilder, CircuitBreakerService, CircuitState, FailureReason, TracingObserver, Transition,
};
pub use budget::RetryBudget;
pub use build_error::{BuildError, BuildErrors};
pub use builder::BackendsBuilder;
pub use call::CallFuture;
pub use certificates::{CertificateError, ClientCertificate};
pub use client::{Client, ClientFuture};
pub use credentials::{CredentialsError, CredentialsLayer, CredentialsService};
pub use discovery::{NameResolver, SystemResolver};
pub use error::{Error, Side};
pub use health::HealthCheck;
#[cfg(feature = "policy")]
pub(crate) use in_process::{InProcess, Serve, Served};
#[cfg(feature = "policy")]
pub(crate) use jobs::Jobs;
pub use layer::BackendLayer;
pub use openings::{BreakerStore, MemoryBreakers, OpenCircuits, Opening};
pub use pool::{
    AffinityCookie, AffinityFailure, Balance, HashKey, MemberSnapshot, OutlierEjection, PoolFuture, PoolOptions,
    PoolService, PoolServiceBuilder, PoolSnapshot, SameSite, UrlMember,
};
pub use protection::BackendOptions;
pub use resilience::Resilience;
pub use service::{BackendFuture, BackendService};
pub use set::Backends;
pub use transport::{Transport, TransportBuilder, TransportError};
