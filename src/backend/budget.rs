//! How many more requests than calls backends get: an option beyond Azure.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What one further request costs.
const REQUEST: u64 = 100;

/// Limits the requests that are sent besides the first one of each call: those to other members of a pool, and hedges.
///
/// When everything fails, trying again doubles the load; a budget keeps that small. Each call saves a share of a request,
/// each further request takes a whole one, and without savings nothing is tried again. There is no time in it. A clone
/// shares the savings, so that pools and backends that are given clones share the budget, and it outlives a configuration.
/// Attempts of `retry` in a policy are calls of their own.
///
/// ```
/// use gatewright::backend::RetryBudget;
///
/// // 20 further requests for 100 calls, and at most 10 in a row.
/// let budget = RetryBudget::new(20, 10);
/// assert_eq!(budget.saved(), 10);
/// ```
#[derive(Clone)]
pub struct RetryBudget(Arc<Shared>);

struct Shared {
    percent: u64,
    most: u64,
    /// In hundredths of a request.
    saved: AtomicU64,
}

impl RetryBudget {
    /// `percent` further requests for a hundred calls, at most 100. `reserve` is how many are saved at first, and at most;
    /// at least 1.
    pub fn new(percent: u32, reserve: u32) -> Self {
        let most = u64::from(reserve.max(1)) * REQUEST;
        Self(Arc::new(Shared { percent: u64::from(percent.min(100)), most, saved: AtomicU64::new(most) }))
    }

    /// How many further requests may be sent now.
    pub fn saved(&self) -> u64 {
        self.0.saved.load(Ordering::Relaxed) / REQUEST
    }

    /// A call begins.
    pub(super) fn earn(&self) {
        let Shared { percent, most, saved } = &*self.0;
        // Most of the time everything is saved, and nothing is written.
        let _ = saved.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| {
            (now < *most).then(|| now.saturating_add(*percent).min(*most))
        });
    }

    /// Whether a further request may be sent, which is taken then.
    pub(super) fn spend(&self) -> bool {
        let spent = self.0.saved.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| now.checked_sub(REQUEST));
        spent.is_ok()
    }
}

/// The same budget, not one that is alike.
impl PartialEq for RetryBudget {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for RetryBudget {}

impl fmt::Debug for RetryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryBudget").field("percent", &self.0.percent).field("saved", &self.saved()).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_share_of_the_calls_is_saved_up_to_the_reserve() {
        let budget = RetryBudget::new(20, 2);
        assert_eq!([budget.spend(), budget.spend(), budget.spend()], [true, true, false]);
        let mut further = 0;
        for _ in 0..100 {
            budget.earn();
            further += u32::from(budget.spend());
        }
        assert_eq!(further, 20);
        for _ in 0..100 {
            budget.earn();
        }
        assert_eq!(budget.saved(), 2, "no more than the reserve");
        assert!(budget == budget.clone() && budget != RetryBudget::new(20, 2));
    }

    proptest! {
        #[test]
        fn never_more_than_reserve_and_share(percent in 0_u32..200, reserve in 0_u32..20, steps in prop::collection::vec(any::<bool>(), 0..300)) {
            let budget = RetryBudget::new(percent, reserve);
            let (mut calls, mut further) = (0, 0);
            for is_call in steps {
                if is_call {
                    budget.earn();
                    calls += 1;
                } else {
                    further += u64::from(budget.spend());
                }
            }
            prop_assert!(further * 100 <= calls * u64::from(percent.min(100)) + u64::from(reserve.max(1)) * 100);
        }
    }
}
