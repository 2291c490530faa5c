//! How long a caller takes to send the body of a request: no time of the member that it is for.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Instant;

use crate::Body;
use crate::body::BoxError;
use crate::clock::Clock;

/// A body that is sent as it comes: one more than the nanoseconds that it took, or 0 while it has not come to its end.
#[derive(Debug, Default)]
pub(super) struct Upload(AtomicU64);

impl Upload {
    /// Watches a body that is still to come; one in memory is there at once.
    pub(super) fn of(body: &mut Body, clock: &Clock) -> Option<Arc<Self>> {
        if body.is_end_stream() || body.as_bytes().is_some() {
            return None;
        }
        let upload = Arc::new(Self::default());
        let (watched, clock) = (std::mem::take(body), clock.clone());
        *body = Body::new(Timed { body: watched, clock, began: None, upload: Arc::clone(&upload) });
        Some(upload)
    }

    /// The nanoseconds from when the member was there to take it until it had come to its end; none before that.
    pub(super) fn took(&self) -> Option<u64> {
        self.0.load(Ordering::Relaxed).checked_sub(1)
    }
}

struct Timed {
    body: Body,
    clock: Clock,
    /// When it was first asked for.
    began: Option<Instant>,
    upload: Arc<Upload>,
}

impl HttpBody for Timed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        let began = *this.began.get_or_insert_with(|| this.clock.instant());
        let polled = Pin::new(&mut this.body).poll_frame(cx);
        let is_over = match &polled {
            Poll::Ready(None) => true,
            // Who knows its length asks for no more.
            Poll::Ready(Some(Ok(_))) => this.body.is_end_stream() || this.body.size_hint().upper() == Some(0),
            Poll::Ready(Some(Err(_))) | Poll::Pending => false,
        };
        if is_over && this.upload.took().is_none() {
            let took = this.clock.instant().saturating_duration_since(began).as_nanos();
            this.upload.0.store(u64::try_from(took).unwrap_or(u64::MAX - 1).saturating_add(1), Ordering::Relaxed);
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

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use http_body_util::BodyExt as _;
    use tokio::sync::mpsc;

    use super::*;

    /// Pieces as they are sent, with or without a length.
    struct Pieces(mpsc::Receiver<&'static str>, Option<u64>);

    impl HttpBody for Pieces {
        type Data = Bytes;
        type Error = BoxError;

        fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
            let polled = self.0.poll_recv(cx);
            if let (Poll::Ready(Some(piece)), Some(left)) = (&polled, &mut self.1) {
                *left -= piece.len() as u64;
            }
            polled.map(|sent| sent.map(|piece| Ok(Frame::data(Bytes::from_static(piece.as_bytes())))))
        }

        fn size_hint(&self) -> SizeHint {
            self.1.map_or_else(SizeHint::new, SizeHint::with_exact)
        }
    }

    #[tokio::test]
    async fn it_lasts_from_the_first_question_to_the_last_piece() {
        let second = Duration::from_secs(1);
        for length in [None, Some(2)] {
            let clock = Clock::manual(SystemTime::UNIX_EPOCH);
            let (sender, receiver) = mpsc::channel(4);
            let mut body = Body::new(Pieces(receiver, length));
            let upload = Upload::of(&mut body, &clock).unwrap();
            clock.advance(second);
            for _ in 0..2 {
                sender.send("x").await.unwrap();
                assert_eq!(upload.took(), None);
                body.frame().await.unwrap().unwrap();
                clock.advance(second);
            }
            assert_eq!(upload.took(), length.map(|_| 1_000_000_000), "it may have more");
            drop(sender);
            assert!(body.frame().await.is_none());
            assert_eq!(upload.took(), Some(length.map_or(2_000_000_000, |_| 1_000_000_000)));
        }
    }

    #[test]
    fn what_is_in_memory_is_left_alone() {
        let clock = Clock::system();
        assert!(Upload::of(&mut Body::empty(), &clock).is_none() && Upload::of(&mut Body::from("x"), &clock).is_none());
    }
}
