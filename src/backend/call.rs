//! A call under way.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Response;

use super::client::ClientFuture;
use super::error::Error;
use super::single::Single;
use crate::Body;

/// The response of a call, to come. Made by [`Backends::call`](super::Backends::call).
#[must_use = "futures do nothing unless polled"]
pub struct CallFuture {
    state: State,
    single: Option<Arc<Single>>,
}

type Boxed = Pin<Box<dyn Future<Output = Result<Response<Body>, Error>> + Send>>;

enum State {
    Failed(Option<Error>),
    Direct(ClientFuture),
    Redirecting(Boxed),
}

impl CallFuture {
    pub(super) fn failed(error: Error) -> Self {
        Self { state: State::Failed(Some(error)), single: None }
    }

    pub(super) fn direct(response: ClientFuture, single: Option<Arc<Single>>) -> Self {
        Self { state: State::Direct(response), single }
    }

    pub(super) fn redirecting(
        response: impl Future<Output = Result<Response<Body>, Error>> + Send + 'static,
        single: Option<Arc<Single>>,
    ) -> Self {
        Self { state: State::Redirecting(Box::pin(response)), single }
    }
}

impl Future for CallFuture {
    type Output = Result<Response<Body>, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = match &mut self.state {
            State::Direct(response) => Pin::new(response).poll(cx),
            State::Redirecting(response) => response.as_mut().poll(cx),
            // A future that is polled again after it has failed stays silent.
            State::Failed(error) => error.take().map_or(Poll::Pending, |error| Poll::Ready(Err(error))),
        };
        polled.map_err(|error| match &self.single {
            Some(single) => error.of(Arc::clone(&single.id)),
            None => error,
        })
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
        assert!(size_of::<CallFuture>() <= 48, "{}", size_of::<CallFuture>());
    }
}
