//! Remembers that a request's body broke off, where the HTTP library does not say so.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::Body;
use crate::body::BoxError;

/// Whether a watched body broke off.
#[derive(Debug)]
pub(super) struct Watch(Arc<AtomicBool>);

impl Watch {
    /// Watches a body that is still to come; one in memory cannot break off.
    pub(super) fn over(body: &mut Body) -> Option<Self> {
        if body.is_end_stream() || body.as_bytes().is_some() {
            return None;
        }
        let broken = Arc::new(AtomicBool::new(false));
        *body = Body::new(Watched { body: std::mem::take(body), broken: Arc::clone(&broken) });
        Some(Self(broken))
    }

    pub(super) fn is_broken(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

struct Watched {
    body: Body,
    broken: Arc<AtomicBool>,
}

impl HttpBody for Watched {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let polled = Pin::new(&mut self.body).poll_frame(cx);
        if let Poll::Ready(Some(Err(_))) = polled {
            self.broken.store(true, Ordering::Relaxed);
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
