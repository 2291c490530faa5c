//! `Expect: 100-continue`: holds the body of a request back until the backend asks for it.

use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;

use bytes::Bytes;
use http::header::EXPECT;
use http::{Request, StatusCode};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Sleep, sleep};

use crate::Body;
use crate::body::BoxError;

/// How long the body is held back when no `continue-timeout` says so; then it is sent unasked (RFC 9110, 10.1.1).
const PATIENCE: Duration = Duration::from_secs(1);

const HELD: u8 = 0;
const WANTED: u8 = 1;
const TIMED_OUT: u8 = 2;
const UNWANTED: u8 = 3;

/// In the extensions of a request: how long an interim response may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct ContinueTimeout(pub(super) Duration);

/// A body that is held back.
#[derive(Clone, Debug)]
pub(super) struct Expectation(Arc<State>);

#[derive(Debug, Default)]
struct State {
    now: AtomicU8,
    waker: Mutex<Option<Waker>>,
}

impl Expectation {
    /// Holds the body of a request back that says `Expect: 100-continue`. One in memory is sent at once.
    pub(super) fn of(request: &mut Request<Body>) -> Option<Self> {
        let is_expected = request.headers().get(EXPECT)?.as_bytes().eq_ignore_ascii_case(b"100-continue");
        let limit = request.extensions_mut().remove::<ContinueTimeout>();
        let body = request.body();
        if !is_expected || body.is_end_stream() || (limit.is_none() && body.as_bytes().is_some()) {
            return None;
        }
        let state = Arc::new(State::default());
        let held = Held {
            body: std::mem::take(request.body_mut()),
            state: Arc::clone(&state),
            timer: None,
            limit: limit.map(|limit| limit.0),
        };
        *request.body_mut() = Body::new(held);
        let told = Arc::clone(&state);
        hyper::ext::on_informational(request, move |interim| {
            if interim.status() == StatusCode::CONTINUE {
                told.becomes(WANTED);
            }
        });
        Some(Self(state))
    }

    /// Whether no interim response came in time.
    pub(super) fn is_timed_out(&self) -> bool {
        self.0.now.load(Ordering::Acquire) == TIMED_OUT
    }

    /// The response's body, which gives the held body up at its end: the backend did not want it.
    pub(super) fn until_end_of(self, body: Body) -> Body {
        Body::new(Answer { body, _unwanted: Unwanted(self.0) })
    }
}

impl State {
    /// Leaves the state of being held.
    fn becomes(&self, next: u8) {
        if self.now.compare_exchange(HELD, next, Ordering::AcqRel, Ordering::Acquire).is_ok()
            && let Some(waker) = self.waker.lock().unwrap_or_else(PoisonError::into_inner).take()
        {
            waker.wake();
        }
    }
}

struct Held {
    body: Body,
    state: Arc<State>,
    timer: Option<Pin<Box<Sleep>>>,
    limit: Option<Duration>,
}

impl Held {
    fn poll_wanted(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        if self.state.now.load(Ordering::Acquire) == HELD {
            *self.state.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
            let limit = self.limit;
            let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(limit.unwrap_or(PATIENCE))));
            if timer.as_mut().poll(cx).is_ready() {
                self.state.becomes(if limit.is_some() { TIMED_OUT } else { WANTED });
            }
        }
        // Looked at once more: it may have changed before the waker was there.
        match self.state.now.load(Ordering::Acquire) {
            HELD => Poll::Pending,
            WANTED => Poll::Ready(Ok(())),
            TIMED_OUT => Poll::Ready(Err("no interim response within the time limit".into())),
            _ => Poll::Ready(Err("the backend answered without asking for the body".into())),
        }
    }
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match ready!(self.poll_wanted(cx)) {
            Ok(()) => Pin::new(&mut self.body).poll_frame(cx),
            Err(error) => Poll::Ready(Some(Err(error))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

struct Answer {
    body: Body,
    _unwanted: Unwanted,
}

struct Unwanted(Arc<State>);

impl Drop for Unwanted {
    fn drop(&mut self) {
        self.0.becomes(UNWANTED);
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
