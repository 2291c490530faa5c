//! Resolves the addresses of services of clusters again, when it is time.

use std::sync::Arc;
use std::time::Duration;

use super::jobs::Jobs;
use super::set::Backends;

/// The longest pause: an address may come into use at any time.
const IDLE: Duration = Duration::from_secs(1);

impl Backends {
    /// Resolves the addresses of Service Fabric services again that are in use, each when it is due, for ever.
    ///
    /// A host that sets [`refresh_addresses`](super::BackendOptions::refresh_addresses) runs this in a task of its own; nothing
    /// is resolved beforehand without it. Requests go on with the addresses that are known. Dropping the future gives the
    /// questions under way up.
    ///
    /// ```
    /// # async fn watch(backends: std::sync::Arc<gatewright::backend::Backends>) {
    /// tokio::spawn(async move { backends.watch_addresses().await });
    /// # }
    /// ```
    pub async fn watch_addresses(&self) {
        let mut jobs = Jobs::default();
        loop {
            let pause = self.begin_refreshes(&mut jobs);
            jobs.go_on(pause).await;
        }
    }

    /// Resolves all addresses again that are due, waits for all of them, and gives the time until the next one may be: for a
    /// host that decides itself when to ask.
    pub async fn refresh_addresses(&self) -> Duration {
        let mut jobs = Jobs::default();
        loop {
            let pause = self.begin_refreshes(&mut jobs);
            if jobs.is_empty() {
                return pause;
            }
            jobs.go_on(Duration::MAX).await;
        }
    }

    /// Begins to resolve what is due, and gives the time until something else may be.
    pub(crate) fn begin_refreshes(&self, jobs: &mut Jobs) -> Duration {
        let now = self.clock().instant();
        let mut pause = IDLE;
        for fabric in self.clusters() {
            let (due, next) = fabric.due(now);
            pause =
                next.into_iter().map(|next| next.saturating_duration_since(now)).chain([pause]).min().unwrap_or(IDLE);
            for address in due {
                jobs.push(Arc::clone(&fabric).refresh(address));
            }
        }
        pause
    }
}
