//! Responses under vectors in memory, bounded in bytes, searched one by one.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, SystemTime};

use super::super::cache::{CacheEntry, CachedResponse};
use super::super::counters::Answer;
use super::super::vectors::{NearResponse, VectorCache, VectorPartition};

/// Responses under vectors in the memory of the process, bounded in bytes; what was not found for longest goes first.
///
/// A search looks at each vector of the partition, which is exact, and takes about a microsecond for one of 1,536 numbers.
///
/// ```
/// use std::sync::Arc;
/// use std::time::{Duration, SystemTime};
/// use gatewright::state::{Answer, CachedResponse, MemoryVectors, VectorCache, VectorPartition};
///
/// # fn response(expires: SystemTime) -> CachedResponse {
/// #     CachedResponse { status: http::StatusCode::OK, reason: None, headers: Default::default(), body: Default::default(), expires }
/// # }
/// let (vectors, partition, now) = (MemoryVectors::of_capacity(1 << 20), VectorPartition::new("p"), SystemTime::now());
/// let lifetime = Duration::from_secs(60);
/// vectors.put(partition.clone(), vec![1.0, 0.0], Arc::new(response(now + lifetime)), lifetime, now);
/// assert!(matches!(vectors.nearest(&partition, &[2.0, 0.1], 0.05, now), Answer::Ready(Ok(Some(_)))));
/// assert!(matches!(vectors.nearest(&partition, &[0.0, 1.0], 0.05, now), Answer::Ready(Ok(None))));
/// ```
pub struct MemoryVectors {
    kept: RwLock<Kept>,
    capacity: usize,
    /// Counts searches that found something, and entries: what has the lowest number was not used for longest.
    uses: AtomicU64,
}

#[derive(Default)]
struct Kept {
    partitions: HashMap<VectorPartition, Vec<Entry>>,
    size: usize,
}

struct Entry {
    /// Of length 1.
    vector: Box<[f32]>,
    response: Arc<CachedResponse>,
    expires: SystemTime,
    used: AtomicU64,
    size: usize,
}

/// What an entry takes beside its vector and response.
const OVERHEAD: usize = 256;
const CAPACITY: usize = 64 << 20;
/// Vectors that are as near as this are the same.
const SAME: f32 = 1e-6;

impl MemoryVectors {
    /// Nothing yet; at most 64 MiB.
    pub fn new() -> Self {
        Self::of_capacity(CAPACITY)
    }

    /// Nothing yet; at most so many bytes.
    pub fn of_capacity(bytes: usize) -> Self {
        Self { kept: RwLock::default(), capacity: bytes, uses: AtomicU64::new(0) }
    }

    /// About how many bytes are kept.
    pub fn size(&self) -> usize {
        self.read().size
    }

    fn read(&self) -> RwLockReadGuard<'_, Kept> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Kept> {
        self.kept.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_use(&self) -> u64 {
        self.uses.fetch_add(1, Ordering::Relaxed)
    }
}

impl Kept {
    /// Forgets the entries that `is_wanted` does not want.
    fn retain(&mut self, mut is_wanted: impl FnMut(&Entry) -> bool) {
        let size = &mut self.size;
        self.partitions.retain(|_, entries| {
            entries.retain(|entry| {
                let is_kept = is_wanted(entry);
                *size -= if is_kept { 0 } else { entry.size };
                is_kept
            });
            !entries.is_empty()
        });
    }

    /// Makes room: first what is over, then what was not used for longest.
    fn shrink_to(&mut self, size: usize, now: SystemTime) {
        if self.size <= size {
            return;
        }
        self.retain(|entry| entry.expires > now);
        if self.size <= size {
            return;
        }
        let mut uses: Vec<_> = self.partitions.values().flatten().map(Entry::order).collect();
        uses.sort_unstable();
        // A little more than what is needed, so that not every entry that comes sorts them all.
        let (mut goes, mut last) = (self.size - size + size / 16, 0);
        for (used, entry_size) in uses {
            last = used;
            goes = goes.saturating_sub(entry_size);
            if goes == 0 {
                break;
            }
        }
        self.retain(|entry| entry.order().0 > last);
    }
}

impl Entry {
    fn order(&self) -> (u64, usize) {
        (self.used.load(Ordering::Relaxed), self.size)
    }

    fn distance(&self, unit: &[f32]) -> Option<f32> {
        (self.vector.len() == unit.len()).then(|| (1.0 - dot(&self.vector, unit)).max(0.0))
    }
}

/// The vector in the same direction with the length 1; none when it has no direction.
fn unit(vector: &[f32]) -> Option<Box<[f32]>> {
    let length = vector.iter().map(|n| f64::from(*n) * f64::from(*n)).sum::<f64>().sqrt();
    let is_good = length.is_finite() && length > 0.0;
    is_good.then(|| vector.iter().map(|n| (f64::from(*n) / length) as f32).collect())
}

/// The sum of products, eight at a time.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let ((a, rest_a), (b, rest_b)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0_f32; 8];
    for (a, b) in a.iter().zip(b) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += a * b;
        }
    }
    let rest: f32 = rest_a.iter().zip(rest_b).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

impl VectorCache for MemoryVectors {
    fn nearest(
        &self,
        partition: &VectorPartition,
        vector: &[f32],
        within: f32,
        now: SystemTime,
    ) -> Answer<Option<NearResponse>> {
        let Some(unit) = unit(vector) else { return Answer::Ready(Ok(None)) };
        let kept = self.read();
        let entries = kept.partitions.get(partition).into_iter().flatten().filter(|entry| entry.expires > now);
        let near = entries.filter_map(|entry| Some((entry.distance(&unit)?, entry)));
        let nearest =
            near.min_by(|(a, _), (b, _)| a.total_cmp(b)).filter(|(distance, _)| *distance <= within.max(SAME));
        Answer::Ready(Ok(nearest.map(|(distance, entry)| {
            entry.used.store(self.next_use(), Ordering::Relaxed);
            NearResponse { response: entry.response.clone(), distance }
        })))
    }

    fn put(
        &self,
        partition: VectorPartition,
        vector: Vec<f32>,
        response: Arc<CachedResponse>,
        lifetime: Duration,
        now: SystemTime,
    ) -> Answer<()> {
        let Some(vector) = unit(&vector).filter(|_| !lifetime.is_zero()) else { return Answer::Ready(Ok(())) };
        let expires = now.checked_add(lifetime).unwrap_or(response.expires);
        let size = CacheEntry::Response(response.clone()).size() + vector.len() * size_of::<f32>() + OVERHEAD;
        if size > self.capacity {
            return Answer::Ready(Ok(()));
        }
        let mut kept = self.write();
        kept.shrink_to(self.capacity - size, now);
        let entries = kept.partitions.entry(partition).or_default();
        let same = entries.iter().position(|entry| entry.distance(&vector).is_some_and(|distance| distance <= SAME));
        let before = same.map_or(0, |at| entries.swap_remove(at).size);
        entries.push(Entry { vector, response, expires, used: AtomicU64::new(self.next_use()), size });
        kept.size = kept.size + size - before;
        Answer::Ready(Ok(()))
    }
}

impl Default for MemoryVectors {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryVectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryVectors").field("size", &self.size()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn response(body: &str) -> Arc<CachedResponse> {
        let body = bytes::Bytes::copy_from_slice(body.as_bytes());
        let headers = HeaderMap::new();
        Arc::new(CachedResponse { status: StatusCode::OK, reason: None, headers, body, expires: at(1_000) })
    }

    fn put(vectors: &MemoryVectors, partition: &str, vector: &[f32], body: &str, now: u64) {
        let partition = VectorPartition::new(partition);
        vectors.put(partition, vector.to_vec(), response(body), Duration::from_secs(10), at(now));
    }

    fn find(vectors: &MemoryVectors, partition: &str, vector: &[f32], within: f32, now: u64) -> Option<String> {
        match vectors.nearest(&VectorPartition::new(partition), vector, within, at(now)) {
            Answer::Ready(Ok(found)) => found.map(|near| String::from_utf8_lossy(&near.response.body).into_owned()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_nearest_is_found_when_it_is_near_enough() {
        let vectors = MemoryVectors::new();
        put(&vectors, "p", &[1.0, 0.0], "east", 0);
        put(&vectors, "p", &[1.0, 1.0], "north-east", 0);
        assert_eq!(find(&vectors, "p", &[2.0, 0.1], 0.05, 1).as_deref(), Some("east"));
        assert_eq!(find(&vectors, "p", &[2.0, 1.9], 0.05, 1).as_deref(), Some("north-east"));
        assert_eq!(find(&vectors, "p", &[-1.0, 1.0], 0.05, 1), None);
        assert_eq!(find(&vectors, "p", &[-1.0, 1.0], 1.0, 1).as_deref(), Some("north-east"));
        assert_eq!(find(&vectors, "q", &[1.0, 0.0], 1.0, 1), None);
        assert_eq!(find(&vectors, "p", &[1.0, 0.0, 0.0], 1.0, 1), None);
        // The same direction is found whatever rounding does.
        assert_eq!(find(&vectors, "p", &[0.3, 0.3], 0.0, 1).as_deref(), Some("north-east"));
    }

    #[test]
    fn entries_are_over_when_their_time_is_and_are_replaced() {
        let vectors = MemoryVectors::new();
        put(&vectors, "p", &[1.0, 0.0], "first", 0);
        let size = vectors.size();
        put(&vectors, "p", &[3.0, 0.0], "other", 5);
        assert_eq!((find(&vectors, "p", &[1.0, 0.0], 0.0, 9).as_deref(), vectors.size()), (Some("other"), size));
        assert_eq!(find(&vectors, "p", &[1.0, 0.0], 0.0, 15), None);
    }

    #[test]
    fn vectors_without_a_direction_are_not_kept() {
        let vectors = MemoryVectors::new();
        for vector in [&[][..], &[0.0, 0.0], &[f32::NAN, 1.0], &[f32::INFINITY, 1.0]] {
            put(&vectors, "p", vector, "x", 0);
            assert_eq!(find(&vectors, "p", vector, 1.0, 1), None);
        }
        assert_eq!(vectors.size(), 0);
    }

    #[test]
    fn memory_is_bounded_and_what_is_used_stays() {
        let vectors = MemoryVectors::of_capacity(100_000);
        let hot = [1.0, 0.0, 0.0];
        put(&vectors, "p", &hot, "hot", 0);
        for i in 0..1_000_u16 {
            let angle = f32::from(i) * 0.005;
            put(&vectors, "p", &[0.0, angle.cos(), angle.sin()], &"x".repeat(1_000), 0);
            assert_eq!(find(&vectors, "p", &hot, 0.0, 1).as_deref(), Some("hot"), "{i}");
            assert!(vectors.size() <= 100_000);
        }
        assert!(vectors.size() > 80_000, "{}", vectors.size());
        put(&vectors, "p", &[0.0, 1.0, 0.0], &"x".repeat(200_000), 0);
        assert_eq!(find(&vectors, "p", &hot, 0.0, 1).as_deref(), Some("hot"));
    }

    proptest! {
        #[test]
        fn sums_of_products_are_those_of_one_at_a_time(pairs in prop::collection::vec((-1.0_f32..1.0, -1.0_f32..1.0), 0..40)) {
            let (a, b): (Vec<_>, Vec<_>) = pairs.iter().copied().unzip();
            let plain: f64 = pairs.iter().map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            prop_assert!((f64::from(dot(&a, &b)) - plain).abs() < 1e-4);
        }
    }
}
