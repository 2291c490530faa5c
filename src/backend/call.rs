//! A call under way.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use http::Response;

use super::attempt::Attempt;
use super::client::ClientFuture;
use super::error::Error;
use super::single::Single;
use crate::Body;

/// The response of a call, to come. Made by [`Backends::call`](super::Backends::call).
#[must_use = "futures do nothing unless polled"]
pub struct CallFuture {
    state: State,
    single: Option<Arc<Single>>,
    attempt: Option<Box<Attempt>>,
}

type Boxed = Pin<Box<dyn Future<Output = Result<Response<Body>, Error>> + Send>>;

enum State {
    Failed(Option<Error>),
    Direct(ClientFuture),
    Redirecting(Boxed),
    /// Attempts inside learn by the flag that the time is over.
    Managed(Boxed, Arc<AtomicBool>),
}

impl CallFuture {
    pub(super) fn failed(error: Error) -> Self {
        Self { state: State::Failed(Some(error)), single: None, attempt: None }
    }

    pub(super) fn direct(response: ClientFuture, single: Option<Arc<Single>>) -> Self {
        Self { state: State::Direct(response), single, attempt: None }
    }

    pub(super) fn redirecting(
        response: impl Future<Output = Result<Response<Body>, Error>> + Send + 'static,
        single: Option<Arc<Single>>,
    ) -> Self {
        Self { state: State::Redirecting(Box::pin(response)), single, attempt: None }
    }

    pub(super) fn managed(
        expired: Arc<AtomicBool>,
        response: impl Future<Output = Result<Response<Body>, Error>> + Send + 'static,
    ) -> Self {
        Self { state: State::Managed(Box::pin(response), expired), single: None, attempt: None }
    }

    /// The same call, which tells `attempt` how it ends.
    pub(super) fn guarded(self, attempt: Attempt) -> Self {
        Self { attempt: Some(Box::new(attempt)), ..self }
    }

    /// Gives the call up because its time is over, which circuit breakers take for a `Timeout`. Dropping it says
    /// nothing about the backend.
    pub fn timed_out(&mut self) {
        if let State::Managed(_, expired) = &self.state {
            expired.store(true, Ordering::Relaxed);
        }
        self.state = State::Failed(None);
        if let Some(attempt) = self.attempt.take() {
            attempt.timed_out();
        }
    }
}

impl Future for CallFuture {
    type Output = Result<Response<Body>, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = match &mut self.state {
            State::Direct(response) => Pin::new(response).poll(cx),
            State::Redirecting(response) | State::Managed(response, _) => response.as_mut().poll(cx),
            // A future that is polled again after it has failed stays silent.
            State::Failed(error) => error.take().map_or(Poll::Pending, |error| Poll::Ready(Err(error))),
        };
        let mut polled = polled.map_err(|error| match &self.single {
            Some(single) => error.of(Arc::clone(&single.id)),
            None => error,
        });
        if let Poll::Ready(outcome) = &mut polled
            && let Some(attempt) = self.attempt.take()
        {
            match outcome {
                Ok(response) => attempt.answered(response),
                Err(error) => attempt.failed(error),
            }
        }
        polled
    }
}

impl fmt::Debug for CallFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallFuture").field("backend", &self.single.as_ref().map(|s| &s.id)).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_future_of_a_call_is_small() {
        assert!(size_of::<CallFuture>() <= 64, "{}", size_of::<CallFuture>());
    }
}
