//! The gateway: APIs, operations and subscriptions in front of the policy pipeline.

mod access;
mod assemble;
mod contract;
mod documents;
mod graphql;
mod key_vault;
mod naming;
mod odata;
mod operations;
mod own_calls;
mod own_names;
mod pattern;
mod preflight;
mod problem;
mod query;
mod realm;
#[cfg(feature = "redis")]
mod redis_breakers;
mod router;
mod samples;
mod segment;
mod serve;
mod service;
mod snapshot;
mod soap;
mod subscriptions;
mod template;
mod tree;
mod version;
mod watch;

#[cfg(test)]
mod tests;

pub use access::{
    AccessTable, ApiAccess, Denial, Grant, KEY_HEADER, KEY_QUERY, KeyConflict, ProductAccess, SubscriptionAccess,
    SubscriptionScope,
};
pub use key_vault::KeyVaultSecrets;
#[cfg(feature = "management")]
pub(crate) use key_vault::Wanted;
pub use problem::{ConfigurationError, Problem};
pub use realm::environment;
pub use router::{ApiMatch, ApiRoute, ApiVersion, OperationRoute, Route, RouteConflict, Router, VersionScheme};
#[cfg(feature = "testing")]
pub(crate) use serve::ToBackends;
pub use service::{Gateway, GatewayBuilder, GatewayFuture, GatewayLayer, GatewayService, GatewayServiceFuture};
pub use snapshot::Snapshot;
pub use template::{TemplateError, UrlTemplate};
pub use watch::ConfigurationWatch;
