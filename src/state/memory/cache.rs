//! A cache in memory, bounded in bytes.

use std::fmt;
use std::time::{Duration, SystemTime};

use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::super::cache::{CacheEntry, CacheKey, CacheStore};
use super::super::counters::Answer;

/// A cache in the memory of the process, bounded in bytes; what was not used for longest goes first.
///
/// What it keeps is shared, not copied: a hit of a large response costs no more than one of a small one.
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use gatewright::state::{Answer, CacheEntry, CacheKey, CacheStore, CachedValue, MemoryCache};
///
/// let cache = MemoryCache::of_capacity(1 << 20);
/// let entry = CacheEntry::Value(CachedValue { bytes: "a value".into(), fresh_until: None });
/// let (key, now) = (CacheKey::value("a key"), SystemTime::now());
/// cache.put(key.clone(), entry, Duration::from_secs(60), now);
/// assert!(matches!(cache.get(&key, now + Duration::from_secs(59)), Answer::Ready(Ok(Some(_)))));
/// assert!(matches!(cache.get(&key, now + Duration::from_secs(60)), Answer::Ready(Ok(None))));
/// ```
#[derive(Clone)]
pub struct MemoryCache {
    entries: Cache<CacheKey, Kept>,
}

#[derive(Clone)]
struct Kept {
    entry: CacheEntry,
    expires: SystemTime,
}

/// What an entry takes beside its content.
const OVERHEAD: usize = 160;
const CAPACITY: u64 = 64 << 20;
const YEARS: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

impl MemoryCache {
    /// Nothing yet; at most 64 MiB.
    pub fn new() -> Self {
        Self::of_capacity(CAPACITY)
    }

    /// Nothing yet; at most so many bytes.
    pub fn of_capacity(bytes: u64) -> Self {
        let weigh = |key: &CacheKey, kept: &Kept| {
            u32::try_from(kept.entry.size() + key.as_str().len() + OVERHEAD).unwrap_or(u32::MAX)
        };
        let entries = Cache::builder().max_capacity(bytes).weigher(weigh).eviction_policy(EvictionPolicy::lru());
        Self { entries: entries.build() }
    }

    /// About how many bytes are kept.
    pub fn size(&self) -> u64 {
        self.entries.run_pending_tasks();
        self.entries.weighted_size()
    }
}

impl CacheStore for MemoryCache {
    fn get(&self, key: &CacheKey, now: SystemTime) -> Answer<Option<CacheEntry>> {
        let kept = self.entries.get(key);
        let is_over = kept.as_ref().is_some_and(|kept| kept.expires <= now);
        if is_over {
            self.entries.invalidate(key);
        }
        Answer::Ready(Ok(kept.filter(|_| !is_over).map(|kept| kept.entry)))
    }

    fn put(&self, key: CacheKey, entry: CacheEntry, lifetime: Duration, now: SystemTime) -> Answer<()> {
        if lifetime.is_zero() {
            self.entries.invalidate(&key);
        } else {
            // Longer than time itself is as long as the process lives.
            let expires = now.checked_add(lifetime).or(now.checked_add(YEARS)).unwrap_or(now);
            self.entries.insert(key, Kept { entry, expires });
        }
        Answer::Ready(Ok(()))
    }

    fn remove(&self, key: &CacheKey) -> Answer<()> {
        self.entries.invalidate(key);
        Answer::Ready(Ok(()))
    }
}

impl Default for MemoryCache {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryCache").field("entries", &self.entries.entry_count()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::super::cache::CachedValue;
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn value(bytes: impl Into<Bytes>) -> CacheEntry {
        CacheEntry::Value(CachedValue { bytes: bytes.into(), fresh_until: None })
    }

    fn get(cache: &MemoryCache, key: &CacheKey, now: u64) -> Option<CacheEntry> {
        match cache.get(key, at(now)) {
            Answer::Ready(Ok(found)) => found,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn entries_are_over_when_their_time_is() {
        let (cache, key) = (MemoryCache::new(), CacheKey::value("k"));
        cache.put(key.clone(), value("a"), Duration::from_secs(10), at(100));
        assert_eq!(get(&cache, &key, 109), Some(value("a")));
        assert_eq!(get(&cache, &key, 110), None);
        cache.put(key.clone(), value("b"), Duration::MAX, at(100));
        assert_eq!(get(&cache, &key, 1_000_000_000), Some(value("b")));
        cache.put(key.clone(), value("c"), Duration::ZERO, at(100));
        assert_eq!(get(&cache, &key, 100), None);
    }

    #[test]
    fn values_and_responses_do_not_meet() {
        let cache = MemoryCache::new();
        cache.put(CacheKey::value("k"), value("a"), Duration::from_secs(10), at(0));
        assert_eq!(get(&cache, &CacheKey::response("k"), 0), None);
        cache.remove(&CacheKey::value("k"));
        assert_eq!(get(&cache, &CacheKey::value("k"), 0), None);
    }

    #[test]
    fn memory_is_bounded_and_what_is_used_stays() {
        let (cache, hot) = (MemoryCache::of_capacity(1 << 20), CacheKey::value("hot"));
        cache.put(hot.clone(), value("hot"), Duration::from_secs(1000), at(0));
        for i in 0..1_000 {
            cache.put(CacheKey::value(&i.to_string()), value(vec![0; 10_000]), Duration::from_secs(1000), at(0));
            cache.size();
            assert!(get(&cache, &hot, 1).is_some(), "{i}");
        }
        assert!((900_000..=1 << 20).contains(&cache.size()), "{}", cache.size());
        cache.put(CacheKey::value("large"), value(vec![0; 2 << 20]), Duration::from_secs(1000), at(0));
        assert!(cache.size() <= 1 << 20 && get(&cache, &CacheKey::value("large"), 1).is_none());
    }

    #[test]
    fn a_hit_shares_the_bytes() {
        let (cache, key, bytes) = (MemoryCache::new(), CacheKey::value("k"), Bytes::from(vec![1; 10_000]));
        cache.put(key.clone(), value(bytes.clone()), Duration::from_secs(10), at(0));
        let Some(CacheEntry::Value(found)) = get(&cache, &key, 1) else { panic!("nothing is kept") };
        assert_eq!(found.bytes.as_ptr(), bytes.as_ptr());
    }
}
