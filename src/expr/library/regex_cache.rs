//! Patterns that were compiled before, shared by all expressions of a library.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::expr::dotnet::exception::Exception;
use crate::expr::dotnet::regex::{Options, Regex};

/// Patterns kept; when there are more, all are dropped.
const CAPACITY: usize = 512;

type Patterns = HashMap<Box<str>, Vec<(Options, Arc<Regex>)>>;

/// Compiled patterns by their text and options.
#[derive(Clone, Debug, Default)]
pub(crate) struct RegexCache(Arc<Mutex<Patterns>>);

impl RegexCache {
    /// A pattern that was compiled before.
    pub(crate) fn known(&self, pattern: &str, options: Options) -> Option<Arc<Regex>> {
        let patterns = self.lock();
        let same = patterns.get(pattern)?;
        same.iter().find(|(known, _)| *known == options).map(|(_, regex)| Arc::clone(regex))
    }

    /// The compiled pattern. It is compiled outside the lock, so that a big one holds nobody up.
    pub(crate) fn get(&self, pattern: &str, options: Options) -> Result<Arc<Regex>, Exception> {
        if let Some(regex) = self.known(pattern, options) {
            return Ok(regex);
        }
        let regex = Arc::new(Regex::new(pattern, options)?);
        let mut patterns = self.lock();
        if patterns.len() >= CAPACITY {
            patterns.clear();
        }
        patterns.entry(pattern.into()).or_default().push((options, Arc::clone(&regex)));
        Ok(regex)
    }

    fn lock(&self) -> MutexGuard<'_, Patterns> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compiles_a_pattern_once() {
        let cache = RegexCache::default();
        let first = cache.get("a", Options(0)).expect("a pattern");
        assert!(Arc::ptr_eq(&first, &cache.get("a", Options(0)).expect("a pattern")));
        assert!(!Arc::ptr_eq(&first, &cache.get("a", Options(1)).expect("a pattern")));
        assert!(cache.get("(", Options(0)).is_err());
        for index in 0..CAPACITY + 1 {
            cache.get(&index.to_string(), Options(0)).expect("a pattern");
        }
        assert!(cache.0.lock().expect("a lock").len() <= CAPACITY);
    }
}
