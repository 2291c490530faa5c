//! The trait that caches by likeness are: what is near enough to a vector.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::cache::CachedResponse;
use super::counters::Answer;

/// Keeps responses under vectors, and finds the one whose vector is nearest.
///
/// Implement it over an index that instances share; [`MemoryVectors`](super::MemoryVectors) keeps them in the process. An
/// error is never the caller's: a request goes on as if nothing were kept.
pub trait VectorCache: fmt::Debug + Send + Sync + 'static {
    /// The nearest response of the partition that is not over, when its distance is at most `within`.
    ///
    /// The distance is 1 less the cosine of the angle between both vectors: 0 for the same direction, 1 for vectors that
    /// have nothing in common.
    fn nearest(
        &self,
        partition: &VectorPartition,
        vector: &[f32],
        within: f32,
        now: SystemTime,
    ) -> Answer<Option<NearResponse>>;

    /// Keeps a response for `lifetime`. A store may keep it for less, or not at all.
    fn put(
        &self,
        partition: VectorPartition,
        vector: Vec<f32>,
        response: Arc<CachedResponse>,
        lifetime: Duration,
        now: SystemTime,
    ) -> Answer<()>;
}

const _: Option<&dyn VectorCache> = None;

/// What only vectors of are compared with each other: the same service, API, operation, model, and whatever else a document
/// varies by. A digest.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VectorPartition(Arc<str>);

impl VectorPartition {
    /// The partition with that digest.
    pub fn new(digest: impl Into<Arc<str>>) -> Self {
        Self(digest.into())
    }

    /// The digest.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A response that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct NearResponse {
    /// The response.
    pub response: Arc<CachedResponse>,
    /// How far its vector is from the one that was asked for.
    pub distance: f32,
}
