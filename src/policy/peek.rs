//! The start of a body, read while the body stays whole.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::{Body as HttpBody, Frame, SizeHint};

use crate::body::{Body, BoxError};

/// A body of which the start was read.
pub(crate) enum Peeked {
    /// It is in memory.
    Whole(Body),
    /// It is longer than the limit: the bytes that were read stand before the rest.
    Longer(Body),
}

/// Reads a body up to `limit` bytes and one more.
pub(crate) async fn peek(mut body: Body, limit: usize) -> Result<Peeked, BoxError> {
    let (mut front, mut length, mut trailers) = (VecDeque::new(), 0_usize, None);
    while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        match frame?.into_data() {
            Ok(data) => {
                length = length.saturating_add(data.len());
                front.push_back(data);
                if length > limit {
                    return Ok(Peeked::Longer(Body::new(Joined { front, rest: body })));
                }
            }
            Err(frame) => trailers = frame.into_trailers().ok(),
        }
    }
    let bytes = match front.len() {
        1 => front.pop_front().unwrap_or_default(),
        _ => {
            let mut all = BytesMut::with_capacity(length);
            front.iter().for_each(|chunk| all.extend_from_slice(chunk));
            all.freeze()
        }
    };
    Ok(Peeked::Whole(match trailers {
        Some(trailers) => Body::buffered(bytes, trailers),
        None => Body::from(bytes),
    }))
}

/// Chunks that were read, and the body that they come from.
struct Joined {
    front: VecDeque<Bytes>,
    rest: Body,
}

impl HttpBody for Joined {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.front.pop_front() {
            Some(chunk) => Poll::Ready(Some(Ok(Frame::data(chunk)))),
            None => Pin::new(&mut self.rest).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.front.is_empty() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let front: u64 = self.front.iter().map(|chunk| chunk.len() as u64).sum();
        let rest = self.rest.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(rest.lower().saturating_add(front));
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(front));
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use http_body_util::StreamBody;

    use super::*;

    fn chunks(texts: &[&'static str]) -> Body {
        let frames: Vec<_> =
            texts.iter().map(|text| Ok::<_, Infallible>(Frame::data(Bytes::from_static(text.as_bytes())))).collect();
        Body::new(StreamBody::new(futures_util::stream::iter(frames)))
    }

    #[tokio::test]
    async fn nothing_is_lost() {
        for (limit, is_whole) in [(0, false), (3, false), (5, false), (6, true), (100, true)] {
            let (body, found) = match peek(chunks(&["abc", "de", "", "f"]), limit).await.unwrap() {
                Peeked::Whole(body) => (body, true),
                Peeked::Longer(body) => (body, false),
            };
            assert_eq!(found, is_whole, "{limit}");
            assert_eq!(body.collect(100).await.unwrap().as_bytes().unwrap(), "abcdef");
        }
    }
}
