//! Changes the configuration of a gateway while it serves, over the REST contract of Azure API Management.
//!
//! [`Management`] answers what Microsoft's SDKs, CLIs and Terraform send to `Microsoft.ApiManagement` (2024-05-01): a change
//! is applied to a copy of the configuration, compiled by the gateway, and served from the next request on; or it is
//! refused, with the place of every problem, and nothing changes.
//!
//! What is answered where is in `docs/management.md`.

mod answer;
mod authorize;
mod backend_state;
mod change;
mod error;
mod exports;
mod filter;
mod folder;
mod kind;
mod kinds;
mod links;
mod page;
mod path;
mod policy_text;
mod polling;
mod query;
mod references;
mod rename;
mod resource;
mod rotate;
mod service;

pub use authorize::{Authorize, BearerToken, Refusal};
pub use folder::{Folder, FolderError};
pub use service::{Management, ManagementFuture};
