//! A body in memory: its bytes, and the trailers that came behind them.

use std::ops::Deref;

use bytes::Bytes;
use http::HeaderMap;

use crate::body::Body;

/// The bytes of a body with the trailers that it came with.
#[derive(Clone, Debug)]
pub(crate) struct Buffered {
    bytes: Bytes,
    trailers: Option<Box<HeaderMap>>,
}

impl Buffered {
    /// What a body has in memory; none when it streams.
    pub(crate) fn of(body: &Body) -> Option<Self> {
        let trailers = body.trailers().map(|trailers| Box::new(trailers.clone()));
        Some(Self { bytes: body.as_bytes()?.clone(), trailers })
    }

    /// A body to send; this one stays.
    pub(crate) fn to_body(&self) -> Body {
        match &self.trailers {
            None => Body::from(self.bytes.clone()),
            Some(trailers) => Body::buffered(self.bytes.clone(), HeaderMap::clone(trailers)),
        }
    }
}

impl Deref for Buffered {
    type Target = Bytes;

    fn deref(&self) -> &Bytes {
        &self.bytes
    }
}

impl From<Bytes> for Buffered {
    fn from(bytes: Bytes) -> Self {
        Self { bytes, trailers: None }
    }
}

impl From<Vec<u8>> for Buffered {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<String> for Buffered {
    fn from(text: String) -> Self {
        Bytes::from(text).into()
    }
}
