//! What instances tell each other of circuits that open: an option beyond Azure, off by default.

mod memory;
mod rounds;
mod sharing;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use tower::BoxError;

pub use memory::MemoryBreakers;
pub(super) use sharing::{SharedCircuit, Sharing};

/// Where instances tell each other which circuits are open; for [`Resilience::share`](super::Resilience::share).
///
/// Nobody waits for it on the way of a request. [`MemoryBreakers`] is one for the gateways of a process,
/// `RedisStores::breakers` (feature `redis`) one for those of several.
#[async_trait]
pub trait BreakerStore: fmt::Debug + Send + Sync + 'static {
    /// Keeps the openings in `ours`, each for as long as it lasts, and tells which circuits are open; none when nothing was
    /// kept or forgotten since the version `seen`, which is 0 at first.
    ///
    /// Of the openings of one circuit it keeps the one that lasts longest.
    ///
    /// # Errors
    ///
    /// Why it could not; it is asked again after a while.
    async fn exchange(&self, ours: &[Opening], seen: u64) -> Result<Option<OpenCircuits>, BoxError>;
}

const _: Option<&dyn BreakerStore> = None;

/// A circuit that opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Which circuit: 32 hexadecimal digits, the same for instances that have the same rules for the entity.
    pub circuit: String,
    /// Tells this opening from all others; not zero.
    pub id: u64,
    /// The name of the rule that opened it.
    pub rule: String,
    /// How long it stays open: no time of day, since clocks of instances may differ.
    pub remaining: Duration,
}

/// The circuits that are open, as a [`BreakerStore`] knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenCircuits {
    /// Which state of the store it is: the id of the opening that was kept last, or 0 when it keeps none.
    pub version: u64,
    /// One opening of each.
    pub openings: Vec<Opening>,
}
