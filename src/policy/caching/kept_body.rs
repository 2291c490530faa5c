//! Keeps a response whose body is on its way: the body is copied as it passes, and kept when it was complete.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, StatusCode, header};
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::super::messages::ResponseState;
use super::{Lead, in_background};
use crate::body::{Body, BoxError};
use crate::clock::Clock;
use crate::state::{CacheEntry, CacheKey, CacheStore, CachedResponse, VectorCache, VectorPartition};

/// Where a response is kept.
pub(crate) enum Place {
    /// Under a key.
    Key(Arc<dyn CacheStore>, CacheKey),
    /// Under a vector, among those of its partition.
    Vector(Arc<dyn VectorCache>, VectorPartition, Vec<f32>),
}

/// A response that is to be kept.
pub(crate) struct Keeping {
    place: Place,
    lead: Option<Lead>,
    clock: Clock,
    expires: SystemTime,
    limit: usize,
    status: StatusCode,
    reason: Option<Box<str>>,
    headers: HeaderMap,
}

/// Headers that are not kept: those of one connection, of one caller, and the age that another cache measured.
const LEFT_OUT: [HeaderName; 10] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
    header::PROXY_AUTHENTICATE,
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    header::SET_COOKIE,
    header::AGE,
];

impl Keeping {
    /// Keeps `response` as it is now, but for its body, until `expires`; entries have `limit` bytes at most.
    pub(crate) fn new(
        place: Place,
        lead: Option<Lead>,
        response: &ResponseState,
        clock: Clock,
        expires: SystemTime,
        limit: usize,
    ) -> Self {
        let mut headers = response.headers.clone();
        let named = response.headers.get_all(header::CONNECTION).into_iter().filter_map(|value| value.to_str().ok());
        for name in named.flat_map(|names| names.split(',')) {
            headers.remove(name.trim());
        }
        LEFT_OUT.iter().for_each(|name| while headers.remove(name).is_some() {});
        let (status, reason) = (response.status, response.reason.clone());
        Self { place, lead, clock, expires, limit, status, reason, headers }
    }

    /// Keeps the response with these bytes.
    pub(crate) fn keep(self, body: Bytes) {
        let now = self.clock.wall();
        let lifetime = self.expires.duration_since(now).unwrap_or(Duration::ZERO);
        let (status, reason, headers, expires) = (self.status, self.reason, self.headers, self.expires);
        let response = Arc::new(CachedResponse { status, reason, headers, body, expires });
        let entry = CacheEntry::Response(response.clone());
        if entry.size() > self.limit || lifetime.is_zero() {
            return;
        }
        let answer = match self.place {
            Place::Key(store, key) => store.put(key, entry, lifetime, now),
            Place::Vector(store, partition, vector) => store.put(partition, vector, response, lifetime, now),
        };
        in_background(answer, self.lead);
    }

    /// Copies `body` as it passes, and keeps the response when it was complete.
    pub(crate) fn follow(self, body: Body) -> Body {
        let size = body.size_hint();
        if size.lower() > self.limit as u64 {
            return body;
        }
        let copy = Copy { keeping: self, chunks: Vec::new(), length: 0, expected: size.exact() };
        Body::new(Followed { body, copy: Some(Box::new(copy)) })
    }
}

struct Copy {
    keeping: Keeping,
    chunks: Vec<Bytes>,
    length: usize,
    expected: Option<u64>,
}

impl Copy {
    /// Keeps a response of a body that is complete; one piece of memory, no larger than the body.
    fn keep(self) {
        let mut body = BytesMut::with_capacity(self.length);
        self.chunks.iter().for_each(|chunk| body.extend_from_slice(chunk));
        self.keeping.keep(body.freeze());
    }
}

/// A body that is copied.
struct Followed {
    body: Body,
    /// None when it is kept already, or is not to be kept after all.
    copy: Option<Box<Copy>>,
}

impl HttpBody for Followed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        let is_over = self.body.is_end_stream();
        let Some(mut copy) = self.copy.take() else { return Poll::Ready(frame) };
        match &frame {
            Some(Ok(data)) => {
                if let Some(data) = data.data_ref() {
                    copy.length += data.len();
                    copy.chunks.push(data.clone());
                }
                // Who knows the length may never ask for the end.
                if is_over || copy.expected == Some(copy.length as u64) {
                    copy.keep();
                } else if copy.length <= copy.keeping.limit {
                    self.copy = Some(copy);
                }
            }
            None => copy.keep(),
            // A body that breaks off is not kept.
            Some(Err(_)) => {}
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
