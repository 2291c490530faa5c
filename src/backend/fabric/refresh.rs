//! Addresses that are resolved again before they are old.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Fabric;
use super::cache::Address;

/// So many questions of one entity may be under way.
const MOST_AT_A_TIME: usize = 8;

impl Fabric {
    /// What is to be resolved again now, and when the next may be.
    pub(in crate::backend) fn due(&self, now: Instant) -> (Vec<Address>, Option<Instant>) {
        match self.refresh_after {
            Some(after) => self.cache.due(after.max(Duration::from_millis(1)), now, MOST_AT_A_TIME),
            None => (Vec::new(), None),
        }
    }

    /// Resolves an address again, and keeps what is known when that fails.
    pub(in crate::backend) async fn refresh(self: Arc<Self>, address: Address) {
        let (backend, service) = (&*self.id, format!("fabric:/{}", address.service));
        match self.cache.refresh(&self.resolver, address).await {
            Ok(true) => tracing::info!(target: "gatewright::fabric", backend, service, "addresses changed"),
            Ok(false) => tracing::debug!(target: "gatewright::fabric", backend, service, "addresses are as before"),
            Err(error) => {
                tracing::warn!(target: "gatewright::fabric", backend, service, %error, "addresses were not resolved again");
            }
        }
    }
}
