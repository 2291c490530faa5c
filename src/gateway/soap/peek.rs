//! Looks into the beginning of a streaming body and puts it back.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::envelope::{self, Found};
use crate::body::{Body, BoxError};

/// How much of a body is looked at, in bytes.
const MOST: usize = 64 * 1024;

/// The first element in the body of an envelope, and the body as it was.
pub(super) async fn root_element(mut body: Body) -> (Option<String>, Body) {
    if let Some(bytes) = body.as_bytes() {
        let found = envelope::root_element(bytes.get(..MOST).unwrap_or(bytes));
        return (element(found), body);
    }
    let (mut first, mut seen) = (VecDeque::new(), Vec::new());
    let found = loop {
        let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await else { break None };
        let data = frame.as_ref().ok().and_then(Frame::data_ref);
        let is_data = data.is_some();
        seen.extend_from_slice(data.map(Bytes::as_ref).unwrap_or_default());
        first.push_back(frame);
        match envelope::root_element(&seen) {
            Found::More if is_data && seen.len() < MOST => {}
            found => break element(found),
        }
    };
    (found, Body::new(Again { first, rest: body }))
}

fn element(found: Found) -> Option<String> {
    match found {
        Found::Element(name) => Some(name),
        Found::More | Found::Nothing => None,
    }
}

/// A body whose first frames were read already.
struct Again {
    first: VecDeque<Result<Frame<Bytes>, BoxError>>,
    rest: Body,
}

impl HttpBody for Again {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match self.first.pop_front() {
            Some(frame) => Poll::Ready(Some(frame)),
            None => Pin::new(&mut self.rest).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_empty() && self.rest.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let read: u64 = self.first.iter().flatten().filter_map(Frame::data_ref).map(|data| data.len() as u64).sum();
        let (mut size, rest) = (SizeHint::new(), self.rest.size_hint());
        size.set_lower(read.saturating_add(rest.lower()));
        if let Some(upper) = rest.upper() {
            size.set_upper(read.saturating_add(upper));
        }
        size
    }
}
