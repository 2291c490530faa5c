//! Tells the store what opened here, and opens here what it tells.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::{sleep, timeout};
use tower::BoxError;

use super::Opening;
use crate::backend::resilience::Resilience;

/// The pause after a store that failed.
const REST: Duration = Duration::from_secs(1);

impl Resilience {
    /// Tells the others which circuits opened here, at once, and opens here what opened elsewhere, for ever.
    ///
    /// A host that [shares](Self::share) breakers runs this in a task of its own; nothing is told or heard without it. While
    /// the store fails each instance goes on by itself, and the store is asked again every second. `tracing` events with the
    /// target `gatewright::breaker`: a `warn` when it fails, an `info` when it answers again.
    ///
    /// ```
    /// # async fn watch(resilience: gatewright::backend::Resilience) {
    /// // A clone: the gateway has the other one.
    /// tokio::spawn(async move { resilience.watch_breakers().await });
    /// # }
    /// ```
    pub async fn watch_breakers(&self) {
        let Some(sharing) = &self.sharing else { return std::future::pending().await };
        loop {
            let outcome = self.exchange_breakers().await;
            let was_failing = sharing.is_failing.swap(outcome.is_err(), Ordering::Relaxed);
            match outcome {
                Err(error) if !was_failing => {
                    tracing::warn!(target: "gatewright::breaker", %error, "breakers are not shared");
                }
                Ok(()) if was_failing => tracing::info!(target: "gatewright::breaker", "breakers are shared again"),
                _ => {}
            }
            if sharing.is_failing.load(Ordering::Relaxed) {
                sleep(REST).await;
            } else {
                // Until something opens here, or it is time to ask what did elsewhere.
                let _ = timeout(sharing.interval, sharing.wake.notified()).await;
            }
        }
    }

    /// One round of [`watch_breakers`](Self::watch_breakers): for a host that decides itself when to ask.
    ///
    /// # Errors
    ///
    /// As the store says; what was to be told is told in the next round.
    pub async fn exchange_breakers(&self) -> Result<(), BoxError> {
        let Some(sharing) = &self.sharing else { return Ok(()) };
        let mut told = sharing.told.lock().await;
        let ours = sharing.to_tell(self.clock.instant());
        let answer = sharing.store.exchange(&ours, told.0).await?;
        sharing.is_told(&ours);
        let now = self.clock.instant();
        if let Some(open) = answer {
            let until = |opening: Opening| Some((now.checked_add(opening.remaining)?, opening));
            let openings: Vec<_> =
                open.openings.into_iter().filter_map(until).map(|(until, opening)| (opening, until)).collect();
            sharing.compare(&told.1, &openings, now);
            *told = (open.version, openings);
        }
        told.1.retain(|(_, until)| *until > now);
        if told.1.is_empty() {
            return Ok(());
        }
        // Each time, for an entity that has come since.
        for protection in self.protections() {
            let (Some(circuit), Some(breaker)) = (&protection.shared, &protection.breaker) else { continue };
            let open = told.1.iter().find(|(opening, _)| *opening.circuit == *circuit.name);
            if let Some((opening, until)) = open.filter(|(opening, _)| circuit.hears(opening.id)) {
                breaker.open_elsewhere(&opening.rule, *until - now);
            }
        }
        Ok(())
    }
}
