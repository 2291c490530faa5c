//! Secrets of a Key Vault, kept fresh.

use std::sync::Arc;
use std::time::Duration;

use super::service::{Management, Shared};
use crate::gateway::ConfigurationError;

/// How long secrets are left alone when none is to be asked for again.
const LOOK: Duration = Duration::from_secs(60);

impl Management {
    /// Keeps the secrets of named values and certificates fresh, for ever: a host runs this in a task of its own.
    ///
    /// A secret that has changed is served from the next request on. When it cannot be had, or the configuration cannot be
    /// served with it, the last good one stays, and `lastStatus` says why.
    pub async fn rotate(&self) {
        loop {
            let due = self.0.secrets.as_ref().and_then(|secrets| secrets.next_due());
            // What is new is fetched when it is written, so nothing is missed meanwhile.
            tokio::time::sleep(due.unwrap_or(LOOK).clamp(Duration::from_secs(1), LOOK)).await;
            self.refresh_due().await;
        }
    }

    /// Fetches the secrets that are to be asked for again by now: one step of [`rotate`](Self::rotate).
    pub async fn refresh_due(&self) {
        let Shared { secrets: Some(secrets), state, gateway, .. } = &*self.0 else { return };
        if !secrets.fetch_due(&state.store.load_full()).await.has_asked {
            return;
        }
        let turn = Arc::clone(&state.turn).lock_owned().await;
        let (state, gateway, secrets) = (Arc::clone(state), gateway.clone(), Arc::clone(secrets));
        let work = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let mut report = |problem: &ConfigurationError| {
                tracing::warn!(target: "gatewright::management", %problem, "a new secret cannot be served");
            };
            if let Some(after) = secrets.serve(&gateway, &state.store.load(), &mut report) {
                state.store.store(Arc::new(after));
            }
        });
        // It fails when the runtime ends.
        let _ = work.await;
    }
}
