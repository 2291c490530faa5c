//! The trait that caches are, and what they keep.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::counters::Answer;

/// Keeps values and responses for a time.
///
/// Implement it to keep them elsewhere; [`MemoryCache`](super::MemoryCache) keeps them in the process. An error is never
/// the caller's: a request goes on as if nothing were kept.
pub trait CacheStore: fmt::Debug + Send + Sync + 'static {
    /// What is kept under `key` and is not over.
    ///
    /// A store that forgets by a clock of its own, because instances share it, need not look at `now`.
    fn get(&self, key: &CacheKey, now: SystemTime) -> Answer<Option<CacheEntry>>;

    /// Keeps `entry` for `lifetime`, in place of what was there. A store may keep it for less, or not at all.
    fn put(&self, key: CacheKey, entry: CacheEntry, lifetime: Duration, now: SystemTime) -> Answer<()>;

    /// Forgets what is kept under `key`, if anything.
    fn remove(&self, key: &CacheKey) -> Answer<()>;
}

const _: Option<&dyn CacheStore> = None;

/// The name of an entry. Values and responses have names of their own.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CacheKey(Box<str>);

impl CacheKey {
    /// The key of a value, as documents write it.
    pub fn value(key: &str) -> Self {
        Self(["value:", key].concat().into())
    }

    /// The key of a response: a digest of what it depends on.
    pub fn response(digest: &str) -> Self {
        Self(["response:", digest].concat().into())
    }

    /// The key as text; starts with `value:` or `response:`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What is kept.
#[derive(Clone, Debug, PartialEq)]
pub enum CacheEntry {
    /// A value of a document.
    Value(CachedValue),
    /// A response; many requests answer with the same one.
    Response(Arc<CachedResponse>),
}

/// A value that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CachedValue {
    /// The value, in a form that only policies read.
    pub bytes: Bytes,
    /// Until when it need not be made anew; none: as long as it is kept.
    pub fresh_until: Option<SystemTime>,
}

/// A response that is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct CachedResponse {
    /// The status.
    pub status: StatusCode,
    /// The reason phrase, when it is not the status's own.
    pub reason: Option<Box<str>>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// When the entry is over.
    pub expires: SystemTime,
}

impl CacheEntry {
    /// About how many bytes the entry takes.
    pub fn size(&self) -> usize {
        match self {
            Self::Value(value) => value.bytes.len(),
            Self::Response(response) => {
                let headers = response.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 32);
                response.body.len() + headers.sum::<usize>() + 128
            }
        }
    }
}
