//! Policy documents, compiled to pipelines and run over exchanges.
//!
//! A [`Document`] is the XML text of one scope, compiled against an [`Environment`]. The documents of a request's scopes
//! are linked into a [`Pipeline`]: a flat program for each of the four sections. [`PolicyLayer`] runs a pipeline around
//! any service; the gateway runs one for each operation.
//!
//! ```
//! use gatewright::policy::{Document, Environment, PolicyLayer, Scope};
//! use gatewright::Body;
//! use http::{Request, Response};
//! use tower::{Layer, ServiceExt, service_fn};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let text = r#"<policies>
//!     <inbound><set-header name="X-Caller"><value>@("agent " + context.Request.Method)</value></set-header></inbound>
//!     <backend><forward-request /></backend>
//! </policies>"#;
//! let document = Document::compile("echo.xml", text, Scope::Global, &Environment::new())?;
//! let echo = service_fn(|request: Request<Body>| async move {
//!     let caller = request.headers()["x-caller"].clone();
//!     Ok::<_, std::convert::Infallible>(Response::builder().header("x-seen", caller).body(Body::empty()).unwrap())
//! });
//! let service = PolicyLayer::new([document]).layer(echo);
//! let response = service.oneshot(Request::new(Body::empty())).await?;
//! assert_eq!(response.headers()["x-seen"], "agent GET");
//! # Ok(())
//! # }
//! ```

mod bodies;
mod buffered;
mod caching;
mod certificates;
mod compile;
mod concurrency;
mod content_safety;
mod context;
mod custom;
mod dapr;
mod deliveries;
mod diagnostic;
mod dimensions;
mod distinguished_name;
mod document;
mod environment;
mod error;
mod event_hub;
mod exchange;
mod fabric;
mod facts;
mod frames;
mod gather;
#[cfg(feature = "graphql")]
mod graphql;
mod header_name;
mod layer;
mod limits;
mod link;
mod lint;
#[cfg(feature = "liquid")]
mod liquid;
mod list;
mod llm;
mod markup;
mod media;
mod messages;
mod odata;
mod outgoing;
mod own_request;
mod packed;
mod peek;
mod pipeline;
#[cfg(feature = "testing")]
mod probe;
mod query;
mod redaction;
mod revocation;
mod run;
mod setting;
mod settings;
mod spec;
mod statements;
mod status;
mod tokens;
mod traced_body;
// Only a gateway begins traces.
#[cfg_attr(not(feature = "client"), allow(dead_code))]
mod tracer;
#[cfg_attr(not(feature = "client"), allow(dead_code))]
mod tracing;
mod unanswered;
mod validation;
mod variables;
mod waited_forward;

pub use self::tracing::{DebugAccess, DebugAuthorizer, DebugTokens, RequestTracing};
#[cfg(all(feature = "client", feature = "testing"))]
pub(crate) use custom::CustomPolicies;
pub use custom::{CustomCall, CustomElement, CustomError, CustomFlow, CustomPolicy, CustomStatement, CustomWork};
pub use deliveries::Deliveries;
pub use diagnostic::{CompileError, Diagnostic, Severity};
pub use document::Document;
#[cfg(feature = "client")]
pub(crate) use environment::Dialect;
pub use environment::{CertificateProblem, Environment, References, Strictness};
pub use error::{Failure, PolicyError};
pub use event_hub::{EventHub, EventHubError};
pub use exchange::Exchange;
pub use facts::{
    ApiFacts, BackendDirectory, BackendFacts, CertificateFacts, DeploymentFacts, Facts, OperationFacts, ProductFacts,
    RepresentationFacts, ResponseFacts, SubscriptionFacts, UserFacts,
};
#[cfg(feature = "graphql")]
pub(crate) use graphql::{GraphqlApi, ResolverProblem, ResolverSource};
pub use layer::{Policy, PolicyLayer};
pub use link::link;
pub use lint::lint;
pub use list::specs;
pub use llm::{CharacterCounter, TokenCounter};
pub use odata::ODataMetadata;
pub use pipeline::Pipeline;
pub use revocation::RevocationChecker;
pub use run::{Forward, Run};
pub use settings::EngineSettings;
pub use spec::{Attribute, Child, Content, Scope, Scopes, Section, Sections, Spec};
#[cfg(feature = "client")]
pub(crate) use statements::cors::{Outcome, Preflight, answer as answer_preflight};
#[cfg(feature = "libxml")]
pub use statements::xsl_transform::XslWorkers;
pub use validation::{BodyContract, OperationContract, ParameterContract, ResponseContract, SchemaContract};
