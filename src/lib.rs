#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![deny(missing_docs)]

#[cfg(feature = "azure")]
pub mod azure;
#[cfg(feature = "client")]
pub mod backend;
pub mod body;
pub mod clock;
#[cfg(feature = "graphql")]
pub mod cosmos;
#[cfg(feature = "policy")]
pub mod expr;
pub mod forward;
#[cfg(all(feature = "client", feature = "policy"))]
pub mod gateway;
#[cfg(feature = "graphql")]
mod graphql;
pub mod identity;
#[cfg(feature = "import")]
pub mod import;
#[cfg(feature = "policy")]
pub mod jwt;
pub mod load;
#[cfg(feature = "management")]
pub mod management;
pub mod model;
pub mod outbound;
#[cfg(feature = "policy")]
pub mod policy;
pub mod random;
pub mod secret;
#[cfg(feature = "policy")]
pub mod sink;
#[cfg(feature = "graphql")]
pub mod sql;
#[cfg(feature = "policy")]
pub mod state;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "vault")]
pub mod vault;
#[cfg(feature = "policy")]
pub mod xml;

pub use body::Body;
pub use model::{
    Api, ApiVersionSet, Authorization, Backend, Certificate, CircuitBreaker, Credentials, Logger, NamedValue,
    Operation, Policy, PolicyFragment, Pool, Product, Proxy, Schema, Store, Subscription, Tls,
};
