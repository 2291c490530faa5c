//! The token of a managed identity, which a service waits for before it is ready.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use http::HeaderValue;

use super::super::error::{Error, Kind};
use super::Identity;

/// The token for the next request of one service; a clone waits for its own.
pub(in crate::backend) struct AwaitedToken {
    identity: Arc<Identity>,
    /// Never locked by two: it lets the service be shared between threads.
    state: Mutex<State>,
}

#[derive(Default)]
enum State {
    #[default]
    None,
    Coming(Pin<Box<dyn Future<Output = Result<HeaderValue, Error>> + Send>>),
    /// A failure is that of the next request; the one after it may have a token.
    Here(Result<HeaderValue, Error>),
}

impl AwaitedToken {
    pub(in crate::backend) fn new(identity: Arc<Identity>) -> Self {
        Self { identity, state: Mutex::default() }
    }

    /// Ready when the next request has a token, or will fail for want of one.
    pub(in crate::backend) fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(header) = self.identity.at_once() {
            *state = State::Here(Ok(header));
        }
        if matches!(state, State::None) {
            let identity = Arc::clone(&self.identity);
            *state = State::Coming(Box::pin(async move { identity.header().await }));
        }
        if let State::Coming(coming) = state {
            *state = State::Here(ready!(coming.as_mut().poll(cx)));
        }
        Poll::Ready(())
    }

    /// The header of the request that is sent now.
    pub(in crate::backend) fn take(&mut self) -> Result<HeaderValue, Error> {
        match std::mem::take(self.state.get_mut().unwrap_or_else(PoisonError::into_inner)) {
            State::Here(header) => header,
            State::None | State::Coming(_) => {
                let why = "the service was called before it was ready";
                self.identity.at_once().ok_or_else(|| Error::caused_by(Kind::NoToken, why))
            }
        }
    }
}

impl Clone for AwaitedToken {
    fn clone(&self) -> Self {
        Self::new(Arc::clone(&self.identity))
    }
}
