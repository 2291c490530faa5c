//! Openings of circuits in this process.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use tokio::time::Instant;
use tower::BoxError;

use super::{BreakerStore, OpenCircuits, Opening};
use crate::clock::Clock;

/// What the gateways of one process tell each other. A clone is the same.
///
/// ```
/// use gatewright::backend::{MemoryBreakers, Resilience};
///
/// let store = MemoryBreakers::new();
/// let [east, west] = [store.clone(), store].map(|store| Resilience::new().share(store));
/// # let _ = (east, west);
/// ```
#[derive(Clone, Debug, Default)]
pub struct MemoryBreakers {
    clock: Clock,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Debug, Default)]
struct Kept {
    version: u64,
    /// By circuit: the opening, its rule, and until when.
    open: HashMap<String, (u64, String, Instant)>,
}

impl MemoryBreakers {
    /// Nothing is open, as far as is known.
    pub fn new() -> Self {
        Self::default()
    }

    /// The time by which openings are forgotten; that of the system by default.
    #[must_use]
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }
}

#[async_trait]
impl BreakerStore for MemoryBreakers {
    async fn exchange(&self, ours: &[Opening], seen: u64) -> Result<Option<OpenCircuits>, BoxError> {
        let now = self.clock.instant();
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.open.retain(|_, (.., until)| *until > now);
        for Opening { circuit, id, rule, remaining } in ours {
            let Some(until) = now.checked_add(*remaining).filter(|until| *until > now) else { continue };
            if kept.open.get(circuit).is_none_or(|(.., known)| until > *known) {
                kept.open.insert(circuit.clone(), (*id, rule.clone(), until));
                kept.version = *id;
            }
        }
        if kept.open.is_empty() {
            kept.version = 0;
        }
        let openings = kept.open.iter().map(|(circuit, (id, rule, until))| Opening {
            circuit: circuit.clone(),
            id: *id,
            rule: rule.clone(),
            remaining: *until - now,
        });
        Ok((kept.version != seen).then(|| OpenCircuits { version: kept.version, openings: openings.collect() }))
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    fn opening(circuit: &str, id: u64, seconds: u64) -> Opening {
        let (circuit, rule) = (circuit.to_owned(), "r".to_owned());
        Opening { circuit, id, rule, remaining: Duration::from_secs(seconds) }
    }

    #[tokio::test]
    async fn the_longest_opening_of_a_circuit_is_kept_for_as_long_as_it_lasts() {
        let clock = Clock::manual(SystemTime::UNIX_EPOCH);
        let store = MemoryBreakers::new().clock(clock.clone());
        let ask = async |ours: &[Opening], seen| {
            let told = store.exchange(ours, seen).await.unwrap();
            told.map(|mut told| {
                told.openings.sort_by_key(|opening| opening.id);
                (told.version, told.openings)
            })
        };
        assert_eq!(ask(&[], 0).await, None);
        assert_eq!(ask(&[opening("a", 1, 10)], 0).await, Some((1, vec![opening("a", 1, 10)])));
        assert_eq!(ask(&[opening("a", 2, 5), opening("b", 3, 0)], 1).await, None, "shorter, and over");
        clock.advance(Duration::from_secs(4));
        let both = vec![opening("a", 1, 6), opening("b", 4, 7)];
        assert_eq!(ask(&[opening("b", 4, 7)], 1).await, Some((4, both.clone())));
        assert_eq!(ask(&[], 1).await, Some((4, both)), "whoever comes later");
        assert_eq!(ask(&[], 4).await, None);
        clock.advance(Duration::from_secs(6));
        assert_eq!(ask(&[], 0).await, Some((4, vec![opening("b", 4, 1)])));
        clock.advance(Duration::from_secs(1));
        assert_eq!(ask(&[], 4).await, Some((0, vec![])));
        assert_eq!(ask(&[], 0).await, None);
    }
}
