//! Circuit breakers: when a backend is left alone for a while.

mod circuit;
mod event;
mod layer;
mod options;
mod outcome;
mod rule;
mod shared;
mod snapshot;
mod window;

pub use event::{BreakerEvent, BreakerObserver, TracingObserver, Transition};
pub use layer::{CircuitBreakerFuture, CircuitBreakerLayer, CircuitBreakerLayerBuilder, CircuitBreakerService};
pub(super) use layer::{Guard as BreakerGuard, is_of_backend};
pub use options::BreakerOptions;
pub use outcome::FailureReason;
pub(super) use outcome::Outcome;
pub(crate) use outcome::retry_after;
pub(super) use rule::failure_status;
pub(super) use shared::{Breaker, Permit, Refusal};
pub use snapshot::{BreakerSnapshot, CircuitState};
