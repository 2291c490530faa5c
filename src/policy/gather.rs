//! A body whose small chunks are put together: `buffer-response="true"`.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::body::{Body, BoxError};

/// Chunks are passed on once there are so many bytes.
const ENOUGH: usize = 8 << 10;

/// Holds chunks back until there are 8 KB or the body ends. Larger ones pass as they are.
pub(super) struct Gather {
    body: Body,
    held: BytesMut,
    /// What comes after the bytes that are held.
    last: Option<Result<Frame<Bytes>, BoxError>>,
    is_over: bool,
}

impl Gather {
    pub(super) fn new(body: Body) -> Self {
        Self { body, held: BytesMut::new(), last: None, is_over: false }
    }
}

impl HttpBody for Gather {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        while !this.is_over && this.last.is_none() && this.held.len() < ENOUGH {
            match Pin::new(&mut this.body).poll_frame(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => this.is_over = true,
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) if this.held.is_empty() && data.len() >= ENOUGH => {
                        return Poll::Ready(Some(Ok(Frame::data(data))));
                    }
                    Ok(data) => this.held.extend_from_slice(&data),
                    Err(frame) => this.last = Some(Ok(frame)),
                },
                Poll::Ready(Some(Err(error))) => this.last = Some(Err(error)),
            }
        }
        if !this.held.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(this.held.split().freeze()))));
        }
        Poll::Ready(this.last.take())
    }

    fn is_end_stream(&self) -> bool {
        self.held.is_empty() && self.last.is_none() && (self.is_over || self.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        let held = self.held.len() as u64;
        let rest = self.body.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(held));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(held));
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use http::{HeaderMap, HeaderValue};

    use super::*;

    struct Chunks(VecDeque<Result<Frame<Bytes>, BoxError>>);

    impl HttpBody for Chunks {
        type Data = Bytes;
        type Error = BoxError;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
            Poll::Ready(self.0.pop_front())
        }
    }

    /// The lengths of the chunks that come out; -1 are trailers, -2 is an error.
    fn lengths(sizes: &[i64]) -> Vec<i64> {
        let frame = |size: &i64| match size {
            -1 => Ok(Frame::trailers(HeaderMap::from_iter([(
                http::HeaderName::from_static("x-sum"),
                HeaderValue::from_static("1"),
            )]))),
            -2 => Err("broken".into()),
            size => Ok(Frame::data(Bytes::from(vec![b'a'; usize::try_from(*size).unwrap()]))),
        };
        let mut body = Gather::new(Body::new(Chunks(sizes.iter().map(frame).collect())));
        let mut cx = Context::from_waker(std::task::Waker::noop());
        let mut found = Vec::new();
        while let Poll::Ready(Some(frame)) = Pin::new(&mut body).poll_frame(&mut cx) {
            found.push(match frame {
                Err(_) => -2,
                Ok(frame) => frame.data_ref().map_or(-1, |data| i64::try_from(data.len()).unwrap()),
            });
        }
        assert!(body.is_end_stream());
        found
    }

    #[test]
    fn chunks_come_together_and_nothing_is_lost() {
        let cases: [(&[i64], &[i64]); 7] = [
            (&[], &[]),
            (&[1, 2, 3], &[6]),
            (&[8000, 1000, 5], &[9000, 5]),
            (&[10_000, 1], &[10_000, 1]),
            (&[1, 10_000], &[10_001]),
            (&[5, -1], &[5, -1]),
            (&[5, -2], &[5, -2]),
        ];
        for (given, expected) in cases {
            assert_eq!(lengths(given), expected, "{given:?}");
        }
    }
}
