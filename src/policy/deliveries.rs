//! Requests that nobody waits for: as many as may be under way, counted, and waited for at the end.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tokio::runtime::Handle;
use tokio::sync::Notify;

use super::error::Failure;
use super::redaction::Redaction;

/// The requests of `send-one-way-request` and `log-to-eventhub`, which go on while their request is answered. A clone
/// shares them.
///
/// A host keeps a clone, and waits for [`drained`](Self::drained) before it ends:
///
/// ```
/// use gatewright::policy::{Deliveries, EngineSettings};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let mut settings = EngineSettings::default();
/// settings.deliveries = Deliveries::new(1_000);
/// let deliveries = settings.deliveries.clone();
/// // ... serve with `settings`, then stop:
/// deliveries.drained().await;
/// # }
/// ```
#[derive(Clone)]
pub struct Deliveries(Arc<Shared>);

struct Shared {
    most: usize,
    in_flight: AtomicUsize,
    sent: AtomicU64,
    failed: AtomicU64,
    dropped: AtomicU64,
    idle: Notify,
}

impl Default for Deliveries {
    /// At most 10,000 at a time.
    fn default() -> Self {
        Self::new(10_000)
    }
}

impl Deliveries {
    /// At most `most` at a time; what comes when there are so many is dropped.
    pub fn new(most: usize) -> Self {
        Self(Arc::new(Shared {
            most,
            in_flight: AtomicUsize::new(0),
            sent: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            idle: Notify::new(),
        }))
    }

    /// How many are under way.
    pub fn in_flight(&self) -> usize {
        self.0.in_flight.load(Ordering::Acquire)
    }

    /// How many have been answered, with whatever status.
    pub fn sent(&self) -> u64 {
        self.0.sent.load(Ordering::Relaxed)
    }

    /// How many have failed.
    pub fn failed(&self) -> u64 {
        self.0.failed.load(Ordering::Relaxed)
    }

    /// How many were not sent, because too many were under way.
    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }

    /// Waits until none is under way. Each one ends with its time limit at the latest.
    pub async fn drained(&self) {
        loop {
            let mut idle = std::pin::pin!(self.0.idle.notified());
            idle.as_mut().enable();
            if self.in_flight() == 0 {
                return;
            }
            idle.await;
        }
    }

    /// Lets `work` go on by itself, or drops it when too many are under way; what is logged of its failure is redacted.
    pub(crate) fn spawn(
        &self,
        policy: &'static str,
        redaction: Redaction,
        work: impl Future<Output = Result<(), Box<Failure>>> + Send + 'static,
    ) {
        let Some(place) = self.place(policy) else { return };
        let Ok(runtime) = Handle::try_current() else {
            self.0.failed.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(target: "gatewright::policy", policy, "not sent: there is no runtime to send it on");
            return;
        };
        runtime.spawn(async move {
            match work.await {
                Ok(()) => place.0.0.sent.fetch_add(1, Ordering::Relaxed),
                Err(failure) => {
                    let failure = failure.redacted(&redaction);
                    let (reason, message) = (&*failure.reason, &*failure.message);
                    tracing::warn!(target: "gatewright::policy", policy, reason, "not delivered: {message}");
                    place.0.0.failed.fetch_add(1, Ordering::Relaxed)
                }
            }
        });
    }

    /// Lets what a caller who has gone leaves behind go on by itself, or drops it when too many are under way.
    #[cfg(feature = "client")]
    pub(crate) fn finish<T>(&self, work: impl Future<Output = T> + Send + 'static) {
        if let (Some(place), Ok(runtime)) = (self.place("on-error"), Handle::try_current()) {
            runtime.spawn(async move {
                work.await;
                drop(place);
            });
        }
    }

    fn place(&self, policy: &'static str) -> Option<Place> {
        let most = self.0.most;
        let taken = self.0.in_flight.fetch_update(Ordering::AcqRel, Ordering::Acquire, |n| (n < most).then_some(n + 1));
        if taken.is_err() {
            self.0.dropped.fetch_add(1, Ordering::Relaxed);
            tracing::warn!(target: "gatewright::policy", policy, most, "dropped: too many requests are under way");
            return None;
        }
        Some(Place(self.clone()))
    }
}

/// Gives its place back when it is dropped.
struct Place(Deliveries);

impl Drop for Place {
    fn drop(&mut self) {
        if self.0.0.in_flight.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.0.idle.notify_waiters();
        }
    }
}

impl fmt::Debug for Deliveries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deliveries")
            .field("in_flight", &self.in_flight())
            .field("sent", &self.sent())
            .field("failed", &self.failed())
            .field("dropped", &self.dropped())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn the_newest_is_dropped_when_all_places_are_taken() {
        let deliveries = Deliveries::new(2);
        let (go, gone) = oneshot::channel::<()>();
        deliveries.spawn("test", Redaction::default(), async move {
            let _ = gone.await;
            Ok(())
        });
        deliveries.spawn("test", Redaction::default(), async { Err(Failure::internal("Timeout", "late")) });
        deliveries.spawn("test", Redaction::default(), async { Ok(()) });
        assert_eq!((deliveries.in_flight(), deliveries.dropped()), (2, 1));
        let waiting = tokio::spawn({
            let deliveries = deliveries.clone();
            async move { deliveries.drained().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        go.send(()).unwrap();
        waiting.await.unwrap();
        assert_eq!((deliveries.sent(), deliveries.failed(), deliveries.in_flight()), (1, 1, 0));
    }

    #[test]
    fn without_a_runtime_nothing_is_sent() {
        let deliveries = Deliveries::default();
        deliveries.spawn("test", Redaction::default(), async { Ok(()) });
        assert_eq!((deliveries.failed(), deliveries.in_flight()), (1, 0));
    }
}
