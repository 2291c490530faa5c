//! The test kit: a policy document, a request, what the backend answers, and what must come of it. No network.
//!
//! ```
//! use gatewright::testing::{Answer, PolicyTest};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let outcome = PolicyTest::new(r#"<policies>
//!     <inbound><set-header name="X-Region"><value>{{region}}</value></set-header></inbound>
//!     <backend><forward-request /></backend>
//!     <outbound><set-status code="202" reason="Taken" /></outbound>
//! </policies>"#)
//!     .named_value("region", "west")
//!     .request("POST", "/orders")
//!     .backend(Answer::new(200).body("done"))
//!     .run()
//!     .await;
//!
//! outcome.assert_status(202).assert_body("done");
//! outcome.sent(0).assert_method("POST").assert_header("X-Region", "west");
//! # }
//! ```
//!
//! The same can be said in files, see [`run_cases`]. `docs/testing-policies.md` is the guide.

mod answer;
mod backend;
mod begin;
mod call;
mod case;
mod content;
mod context;
mod outcome;
mod recorder;
mod test;

pub use answer::Answer;
pub use begin::SetupError;
pub use call::Call;
pub use case::{Case, run_cases};
pub use outcome::Outcome;
pub use recorder::{Metric, Trace};
pub use test::PolicyTest;
