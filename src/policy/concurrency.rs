//! How many requests are inside `limit-concurrency`, by key.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The slots that requests hold. A clone shares them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Concurrency(Arc<Mutex<HashMap<Arc<str>, u32>>>);

/// A slot, given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Slot {
    of: Concurrency,
    key: Arc<str>,
}

impl Concurrency {
    /// A slot of `key`, unless `max` or more are taken.
    pub(crate) fn acquire(&self, key: &str, max: u32) -> Option<Slot> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = taken.get_key_value(key).map_or_else(|| key.into(), |(key, _)| key.clone());
        let count = taken.get(&key).copied().unwrap_or(0);
        if count >= max {
            return None;
        }
        taken.insert(key.clone(), count + 1);
        Some(Slot { of: self.clone(), key })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.of.0.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.get_mut(&self.key) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                taken.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_belong_to_the_key_and_come_back() {
        let slots = Concurrency::default();
        let first = slots.acquire("a", 1);
        assert!(first.is_some() && slots.acquire("a", 1).is_none() && slots.acquire("b", 1).is_some());
        let second = slots.acquire("a", 2);
        drop(first);
        assert!(second.is_some() && slots.acquire("a", 1).is_none());
        drop(second);
        assert!(slots.acquire("a", 1).is_some() && slots.0.lock().unwrap().is_empty());
    }
}
