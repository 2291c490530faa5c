//! What one attempt owes when it is over: its outcome to the breaker, its place to the next, its cookie to the caller.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::body_idle;
use super::breaker::{Breaker, FailureReason, Outcome, Permit, retry_after};
use super::error::{Error, Side};
use super::limit::Place;
use super::pool::Choice;
use super::protection::Protection;
use super::upgrade::Lasting;
use crate::Body;
use crate::body::BoxError;

/// One attempt under way. Dropping it says that nobody waited for its end.
#[derive(Default)]
pub(super) struct Attempt {
    permit: Option<(Arc<Breaker>, Permit)>,
    choice: Option<Choice>,
    place: Option<Place>,
    /// How long the body of the response may be silent.
    body_idle: Option<Duration>,
    /// Whether the time is up for whoever waits, when the attempt cannot be told itself.
    expired: Option<Arc<AtomicBool>>,
}

impl Attempt {
    /// An attempt at what is protected in this way, without its breaker and its places yet.
    pub(super) fn under(protection: Option<&Arc<Protection>>) -> Self {
        let mut attempt = Self::default();
        attempt.body_idle = protection.and_then(|protection| protection.body_idle_timeout);
        attempt
    }

    /// Whether nothing has to be done when it is over.
    pub(super) fn is_free(&self) -> bool {
        let Self { permit, choice, place, body_idle, expired } = self;
        permit.is_none() && choice.is_none() && place.is_none() && body_idle.is_none() && expired.is_none()
    }

    /// An attempt that a breaker let pass.
    pub(super) fn permitted(mut self, breaker: &Arc<Breaker>, permit: Permit) -> Self {
        self.permit = Some((Arc::clone(breaker), permit));
        self
    }

    /// An attempt at the member that a pool chose.
    pub(super) fn chosen(mut self, choice: Choice) -> Self {
        self.choice = Some(choice);
        self
    }

    /// The request is about to be sent, with this body.
    pub(super) fn sends(&mut self, body: &mut Body) {
        if let Some(choice) = &mut self.choice {
            choice.sends(body);
        }
    }

    /// An attempt that has a place until the response is over.
    pub(super) fn placed(mut self, place: Option<Place>) -> Self {
        self.place = place;
        self
    }

    /// An attempt whose time may run out while it is inside another future.
    pub(super) fn expires(mut self, expired: &Arc<AtomicBool>) -> Self {
        self.expired = Some(Arc::clone(expired));
        self
    }

    /// There is a response.
    pub(super) fn answered(mut self, response: &mut Response<Body>) {
        let status = response.status().as_u16();
        if let Some((breaker, permit)) = self.permit.take() {
            let asked = || retry_after(response.headers(), || breaker.clock().wall());
            let asked = if breaker.minds_retry_after() { asked() } else { None };
            breaker.record(permit, Outcome::Status(status, asked));
        }
        if let Some(limit) = self.body_idle {
            body_idle::limit(response, limit);
        }
        let Some(mut choice) = self.choice.take() else {
            return hold(response, None, self.place.take());
        };
        choice.answered(response);
        let stay = choice.counts_bodies().then_some(choice);
        hold(response, stay, self.place.take());
    }

    /// There is no response.
    pub(super) fn failed(mut self, error: &Error) {
        let reason = match error.side() {
            // Nothing was sent.
            Side::Gateway => return,
            Side::Client => FailureReason::ClientConnectionFailure,
            Side::Backend if error.reason() == FailureReason::Timeout.as_str() => FailureReason::Timeout,
            Side::Backend => FailureReason::BackendConnectionFailure,
        };
        self.end(reason);
    }

    /// Whoever waited for the response headers waits no longer.
    pub(super) fn timed_out(mut self) {
        self.end(FailureReason::Timeout);
    }

    fn end(&mut self, reason: FailureReason) {
        if let Some((breaker, permit)) = self.permit.take() {
            breaker.record(permit, Outcome::Failure(reason));
        }
        if let Some(choice) = &mut self.choice
            && reason != FailureReason::ClientConnectionFailure
        {
            choice.failed();
        }
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if self.expired.as_ref().is_some_and(|expired| expired.load(Ordering::Relaxed)) {
            self.end(FailureReason::Timeout);
        }
        if let Some((breaker, permit)) = self.permit.take() {
            breaker.release(permit);
        }
    }
}

/// Keeps what belongs to a request until the body of its response has ended, or the connection that it opened.
fn hold(response: &mut Response<Body>, choice: Option<Choice>, place: Option<Place>) {
    if choice.is_none() && place.is_none() {
        return;
    }
    if let Some(lasting) = response.extensions_mut().remove::<Lasting>() {
        lasting.keep((choice, place));
    } else if !response.body().is_end_stream() {
        let body = std::mem::take(response.body_mut());
        *response.body_mut() = Body::new(Held { body, kept: Some((choice, place)) });
    }
}

struct Held {
    body: Body,
    kept: Option<(Option<Choice>, Option<Place>)>,
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if matches!(polled, Poll::Ready(None | Some(Err(_)))) {
            self.kept = None;
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
