//! The body of a traced response: the trace ends when it does.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::tracer::Tracer;
use crate::body::{Body, BoxError};

/// A body that tells a trace how its transfer went.
pub(crate) struct TracedBody {
    body: Body,
    tracer: Option<Box<Tracer>>,
}

impl TracedBody {
    pub(crate) fn new(body: Body, tracer: Box<Tracer>) -> Self {
        Self { body, tracer: Some(tracer) }
    }

    fn end(&mut self, outcome: &str) {
        if let Some(tracer) = self.tracer.take() {
            tracer.sent(outcome);
        }
    }
}

impl HttpBody for TracedBody {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        match &frame {
            None => self.end("Response has been sent to the caller in full"),
            Some(Ok(_)) => {}
            Some(Err(error)) => self.end(&format!("The response broke off: {error}")),
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for TracedBody {
    fn drop(&mut self) {
        // A server does not poll a body that says it is at its end.
        let is_whole = self.body.is_end_stream();
        self.end(if is_whole {
            "Response has been sent to the caller in full"
        } else {
            "The caller went away before the response was sent in full"
        });
    }
}
