//! The body of a message: empty, in memory, or streaming, with trailers kept.

use std::any::Any;
use std::error::Error as StdError;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Body as HttpBody, Frame, SizeHint};

/// An error of a body, from whatever produced its frames.
pub type BoxError = Box<dyn StdError + Send + Sync>;

/// The body of a request or response on its way through the gateway.
///
/// It implements [`http_body::Body`] and is made from any other body with [`Body::new`]. A body that nobody reads is
/// never held in memory: frames and trailers pass through as they come.
///
/// ```
/// use gatewright::Body;
/// use http_body::Body as _;
///
/// let body = Body::from("hello");
/// assert_eq!(body.size_hint().exact(), Some(5));
/// ```
#[derive(Default)]
pub struct Body(Kind);

#[derive(Default)]
enum Kind {
    #[default]
    Empty,
    Full(Bytes),
    Buffered(Bytes, Option<HeaderMap>),
    #[cfg(feature = "client")]
    Incoming(hyper::body::Incoming),
    Stream(Pin<Box<dyn HttpBody<Data = Bytes, Error = BoxError> + Send>>),
}

impl Body {
    /// A body without any bytes.
    pub fn empty() -> Self {
        Self(Kind::Empty)
    }

    /// Wraps any body. A `hyper` body or another `Body` is taken as it is, without an allocation.
    pub fn new<B>(body: B) -> Self
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let mut body = Some(body);
        let any: &mut dyn Any = &mut body;
        if let Some(same) = any.downcast_mut::<Option<Body>>() {
            return same.take().unwrap_or_default();
        }
        #[cfg(feature = "client")]
        if let Some(incoming) = any.downcast_mut::<Option<hyper::body::Incoming>>() {
            return incoming.take().map_or_else(Self::empty, |b| Self(Kind::Incoming(b)));
        }
        match body {
            Some(body) => Self(Kind::Stream(Box::pin(MapError { body }))),
            None => Self::empty(),
        }
    }

    /// Whether the body is known to have no bytes and no trailers.
    pub fn is_empty(&self) -> bool {
        self.is_end_stream()
    }

    /// The bytes, when they are all in memory already.
    pub fn as_bytes(&self) -> Option<&Bytes> {
        match &self.0 {
            Kind::Full(bytes) | Kind::Buffered(bytes, _) => Some(bytes),
            _ => None,
        }
    }

    /// A body in memory with trailers.
    #[cfg(feature = "policy")]
    pub(crate) fn buffered(bytes: Bytes, trailers: HeaderMap) -> Self {
        Self(Kind::Buffered(bytes, Some(trailers)))
    }

    /// The trailers, when they are in memory already.
    #[cfg(feature = "policy")]
    pub(crate) fn trailers(&self) -> Option<&HeaderMap> {
        match &self.0 {
            Kind::Buffered(_, trailers) => trailers.as_ref(),
            _ => None,
        }
    }

    /// Reads everything into memory; the result holds the same bytes and trailers, and can be read again.
    ///
    /// # Errors
    ///
    /// [`CollectError::TooLarge`] when more than `limit` bytes come, [`CollectError::Read`] when the source fails.
    ///
    /// Not cancel safe: dropping the future loses what was read.
    pub async fn collect(mut self, limit: usize) -> Result<Self, CollectError> {
        if matches!(self.0, Kind::Empty | Kind::Full(_) | Kind::Buffered(..)) {
            return match self.as_bytes() {
                Some(bytes) if bytes.len() > limit => Err(CollectError::TooLarge(limit)),
                _ => Ok(self),
            };
        }
        if self.size_hint().lower() > limit as u64 {
            return Err(CollectError::TooLarge(limit));
        }
        let (mut first, mut rest, mut trailers) = (None::<Bytes>, BytesMut::new(), None);
        let mut length = 0;
        loop {
            let frame = std::future::poll_fn(|cx| Pin::new(&mut self).poll_frame(cx)).await;
            let Some(frame) = frame.transpose().map_err(CollectError::Read)? else { break };
            let data = match frame.into_data() {
                Ok(data) => data,
                Err(frame) => {
                    trailers = frame.into_trailers().ok();
                    continue;
                }
            };
            length += data.len();
            if length > limit {
                return Err(CollectError::TooLarge(limit));
            }
            match first.take() {
                None if rest.is_empty() => first = Some(data),
                None => rest.extend_from_slice(&data),
                Some(head) => {
                    rest.extend_from_slice(&head);
                    rest.extend_from_slice(&data);
                }
            }
        }
        let bytes = first.unwrap_or_else(|| rest.freeze());
        Ok(Self(if bytes.is_empty() && trailers.is_none() { Kind::Empty } else { Kind::Buffered(bytes, trailers) }))
    }

    /// A second body with the same bytes and trailers, when they are in memory.
    pub fn try_clone(&self) -> Option<Self> {
        Some(Self(match &self.0 {
            Kind::Empty => Kind::Empty,
            Kind::Full(bytes) => Kind::Full(bytes.clone()),
            Kind::Buffered(bytes, trailers) => Kind::Buffered(bytes.clone(), trailers.clone()),
            _ => return None,
        }))
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        match &mut self.0 {
            Kind::Empty => Poll::Ready(None),
            Kind::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                self.0 = Kind::Empty;
                Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
            }
            Kind::Buffered(bytes, trailers) => {
                if !bytes.is_empty() {
                    return Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes)))));
                }
                let trailers = trailers.take();
                self.0 = Kind::Empty;
                Poll::Ready(trailers.map(|map| Ok(Frame::trailers(map))))
            }
            #[cfg(feature = "client")]
            Kind::Incoming(body) => Poll::Ready(ready!(Pin::new(body).poll_frame(cx)).map(|f| f.map_err(Into::into))),
            Kind::Stream(body) => body.as_mut().poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Empty => true,
            Kind::Full(bytes) => bytes.is_empty(),
            Kind::Buffered(bytes, trailers) => bytes.is_empty() && trailers.is_none(),
            #[cfg(feature = "client")]
            Kind::Incoming(body) => body.is_end_stream(),
            Kind::Stream(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Empty => SizeHint::with_exact(0),
            Kind::Full(bytes) | Kind::Buffered(bytes, _) => SizeHint::with_exact(bytes.len() as u64),
            #[cfg(feature = "client")]
            Kind::Incoming(body) => body.size_hint(),
            Kind::Stream(body) => body.size_hint(),
        }
    }
}

impl std::fmt::Debug for Body {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match &self.0 {
            Kind::Empty => "empty",
            Kind::Full(_) | Kind::Buffered(..) => "in memory",
            _ => "streaming",
        };
        write!(f, "Body({kind})")
    }
}

macro_rules! from_bytes {
    ($($from:ty),*) => {$(
        impl From<$from> for Body {
            fn from(value: $from) -> Self {
                let bytes = Bytes::from(value);
                Self(if bytes.is_empty() { Kind::Empty } else { Kind::Full(bytes) })
            }
        }
    )*};
}
from_bytes!(Bytes, Vec<u8>, String, &'static str, &'static [u8]);

/// Why a body could not be read into memory.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CollectError {
    /// More bytes came than allowed; the field is the limit.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// Whoever produced the body failed.
    #[error("the body could not be read: {0}")]
    Read(BoxError),
}

pin_project_lite::pin_project! {
    struct MapError<B> {
        #[pin]
        body: B,
    }
}

impl<B> HttpBody for MapError<B>
where
    B: HttpBody<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        Poll::Ready(ready!(self.project().body.poll_frame(cx)).map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
