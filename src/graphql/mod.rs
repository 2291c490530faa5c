//! GraphQL: schemas, requests, what is wrong with them, and their execution over resolvers; knows no policy.

mod arguments;
mod check;
mod complete;
mod error;
mod execute;
mod hidden;
mod inclusion;
mod introspection;
mod measure;
mod plan;
mod prune;
mod request;
mod rules;
mod schema;
mod slots;
pub(crate) mod transport;

pub(crate) use apollo_compiler::response::{JsonMap, JsonValue};
pub(crate) use check::{Checked, Limits, check};
pub(crate) use error::{GraphError, answer_of};
pub(crate) use execute::{Call, Execution, Resolve, Resolving};
pub(crate) use hidden::Hidden;
pub(crate) use prune::{Pruned, prune};
pub(crate) use request::{GraphRequest, Written, is_in_url};
pub(crate) use rules::{RulePath, Rules, Verdict};
pub(crate) use schema::GraphSchema;
