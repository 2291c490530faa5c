//! Futures that go on together while somebody waits for them.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

/// What one task does at the same time, until it drops it.
#[derive(Default)]
pub(crate) struct Jobs(Vec<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl Jobs {
    /// Begins another one.
    pub(super) fn push(&mut self, job: impl Future<Output = ()> + Send + 'static) {
        self.0.push(Box::pin(job));
    }

    /// Whether all have ended.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Goes on until one has ended or this time is over.
    pub(crate) async fn go_on(&mut self, pause: Duration) {
        let mut pause = pin!(tokio::time::sleep(pause));
        poll_fn(|cx| {
            let before = self.0.len();
            self.0.retain_mut(|job| job.as_mut().poll(cx).is_pending());
            if self.0.len() < before { Poll::Ready(()) } else { pause.as_mut().poll(cx) }
        })
        .await;
    }
}
