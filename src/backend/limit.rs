//! How many requests a backend has at a time, and how many wait: an option beyond Azure, off by default.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The places of one entity.
#[derive(Debug)]
pub(super) struct Limit {
    places: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    queue: usize,
}

/// A place that one request has until its response is over.
pub(super) type Place = OwnedSemaphorePermit;

/// Nobody else may wait.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

impl Limit {
    pub(super) fn new(requests: usize, queue: usize) -> Self {
        let places = requests.clamp(1, Semaphore::MAX_PERMITS);
        Self { places: Arc::new(Semaphore::new(places)), waiting: Arc::default(), queue }
    }

    /// A place, when one is free.
    pub(super) fn enter_at_once(&self) -> Option<Place> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    /// A place, at once or when one is free. Dropping the future leaves the queue.
    pub(super) async fn enter(&self) -> Result<Place, Full> {
        if let Some(place) = self.enter_at_once() {
            return Ok(place);
        }
        let place = Waiting::new(&self.waiting, self.queue)?;
        let entered = Arc::clone(&self.places).acquire_owned().await;
        drop(place);
        entered.map_err(|_| Full)
    }
}

/// A place in the queue.
struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    fn new(waiting: &Arc<AtomicUsize>, most: usize) -> Result<Self, Full> {
        let joined = Self(Arc::clone(waiting));
        if waiting.fetch_add(1, Ordering::Relaxed) < most { Ok(joined) } else { Err(Full) }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {

    use std::pin::Pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn two_run_and_one_waits() {
        let limit = Limit::new(2, 1);
        let [mut a, mut b, mut c, mut d] = [0; 4].map(|_| Box::pin(limit.enter()));
        let (first, second) = (poll_once(a.as_mut()), poll_once(b.as_mut()));
        assert!(first.is_ready() && second.is_ready());
        assert!(poll_once(c.as_mut()).is_pending());
        assert!(matches!(poll_once(d.as_mut()), Poll::Ready(Err(Full))));
        drop(first);
        let third = poll_once(c.as_mut());
        assert!(third.is_ready(), "whoever waited has the place");
        let mut e = Box::pin(limit.enter());
        assert!(poll_once(e.as_mut()).is_pending());
        drop((second, third, e));
        assert!(poll_once(Box::pin(limit.enter()).as_mut()).is_ready(), "nobody is left in the queue");
    }
}
