//! Entities as ARM JSON writes them.
//!
//! One type serves JSON (`serde`) and Rust: constructors take what is required, builder methods are named after the
//! setting. Reading forgives what real templates contain: numbers and booleans as strings, enum words in any case, null
//! for absent, members that are not known (kept in `extra`). Writing is exact. Entities have no behaviour.

mod api;
mod backend;
mod cache;
mod certificate;
mod circuit_breaker;
mod collection;
mod credentials;
mod diagnostic;
mod extra;
mod gateway;
mod iso8601;
mod json;
mod logger;
mod named_value;
mod open_enum;
mod operation;
mod policy;
mod pool;
mod product;
mod release;
mod resolver;
mod resource;
mod resource_id;
mod schema;
mod sensitive;
mod service_fabric;
mod store;
mod subscription;
mod tag;
mod tls;
mod tolerant;
mod user;
mod version_set;
mod workspace;

pub use api::{Api, ApiKind, ApiProtocol, AuthenticationSettings, SubscriptionKeyParameterNames, WsdlSelector};
pub use backend::{Backend, BackendKind, BackendProperties, BackendUrlError, Protocol};
pub use cache::Cache;
pub use certificate::{Certificate, CertificateAuthority};
pub use circuit_breaker::{CircuitBreaker, CircuitBreakerRule, FailureCondition, FailureResponse, StatusCodeRange};
pub use collection::{Collection, Iter};
pub use credentials::{Authorization, Credentials, ManagedIdentity};
pub use diagnostic::{
    BodyDiagnostic, CorrelationProtocol, Diagnostic, MessageDiagnostic, PipelineDiagnostic, Sampling, Verbosity,
};
pub use extra::Extra;
pub use gateway::{Gateway, GatewayLocation};
#[cfg(feature = "management")]
pub(crate) use iso8601::parse as parse_duration;
pub use json::Json;
pub use logger::{Logger, LoggerKind};
pub use named_value::{KeyVault, KeyVaultStatus, NamedValue};
pub use operation::{Operation, OperationRequest, OperationResponse, Parameter, Representation};
pub use policy::{Origin, Policy, PolicyFormat, PolicyFragment};
pub use pool::{CarbonEmission, Pool, PoolMember, SessionAffinity, SessionId, SessionIdSource};
pub use product::{Product, ProductApiLink, ProductState};
pub use release::Release;
pub use resolver::Resolver;
pub use resource::Resource;
pub use resource_id::{ResourceId, ResourceIdError};
pub use schema::{ApiSchema, Schema, SchemaKind};
pub use sensitive::Sensitive;
pub use service_fabric::ServiceFabricCluster;
pub use store::{
    ApiEntry, Entities, GatewayEntry, GroupEntry, OperationEntry, ProductEntry, ResolverEntry, Store, TagLinks,
    Workspace,
};
pub use subscription::{Subscription, SubscriptionState};
pub use tag::Tag;
pub use tls::{Proxy, Tls, X509Name};
pub use user::{Group, User, UserIdentity};
pub use version_set::{ApiVersionSet, VersioningScheme};
pub use workspace::WorkspaceProperties;
