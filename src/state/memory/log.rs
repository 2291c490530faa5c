//! The counts of a sliding window: exact while there are few, in sixtieths of the window when there are many.

use std::collections::VecDeque;

/// Counts with their times, in milliseconds, oldest first.
#[derive(Debug)]
pub(super) enum Log {
    One(Count),
    /// In a box: most counters are `One`, and many of them are to be small.
    Many(Box<Many>),
}

#[derive(Debug)]
pub(super) struct Many {
    counts: VecDeque<Count>,
    /// Of all amounts; it wraps around as they are added and taken away again.
    sum: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) at: u64,
    pub(super) amount: i64,
}

/// So many counts are kept one by one.
const EXACT: usize = 60;
/// At so many they are put together, those of one sixtieth of the window each.
const FULL: usize = 128;

impl Log {
    pub(super) fn new(at: u64, amount: i64) -> Self {
        Self::One(Count { at, amount })
    }

    fn counts(&self) -> impl Iterator<Item = Count> + '_ {
        let (one, many) = match self {
            Self::One(count) => (Some(*count), None),
            Self::Many(many) => (None, Some(many.counts.iter().copied())),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }

    /// Adds a count and forgets those that are `keep` old.
    pub(super) fn add(&mut self, now: u64, amount: i64, keep: u64) {
        let new = Count { at: now, amount };
        let counts = match self {
            Self::One(only) if only.at.saturating_add(keep) <= now => return *self = Self::One(new),
            Self::One(only) if only.at == now => {
                only.amount = only.amount.saturating_add(amount);
                return;
            }
            Self::One(only) => {
                let sum = only.amount.wrapping_add(amount);
                *self = Self::Many(Box::new(Many { counts: VecDeque::from([*only, new]), sum }));
                return;
            }
            Self::Many(many) => many,
        };
        let Many { counts, sum } = &mut **counts;
        while let Some(old) = counts.front().filter(|count| count.at.saturating_add(keep) <= now) {
            *sum = sum.wrapping_sub(old.amount);
            counts.pop_front();
        }
        *sum = sum.wrapping_add(amount);
        let grain = if counts.len() < EXACT { 1 } else { (keep / 60).max(1) };
        match counts.back_mut() {
            Some(last) if last.at / grain == now / grain => {
                *last = Count { at: now, amount: last.amount.saturating_add(amount) };
            }
            _ => counts.push_back(new),
        }
        if counts.len() >= FULL {
            compact(counts, (keep / 60).max(1));
        }
        if counts.capacity() > 4 * counts.len().max(8) {
            counts.shrink_to(2 * counts.len());
        }
    }

    /// What was counted in the last `period`.
    pub(super) fn used(&self, now: u64, period: u64) -> i64 {
        let is_over = |count: &Count| count.at.saturating_add(period) <= now;
        match self {
            Self::One(count) => {
                if is_over(count) {
                    0
                } else {
                    count.amount
                }
            }
            // Mostly none is over: those that are too old for every period are gone.
            Self::Many(many) => {
                let over = many.counts.iter().take_while(|count| is_over(count));
                over.fold(many.sum, |used, count| used.wrapping_sub(count.amount))
            }
        }
    }

    /// In how many milliseconds at most `most` will be counted in a `period`.
    pub(super) fn wait(&self, now: u64, period: u64, most: i64) -> Option<u64> {
        let mut used = self.used(now, period);
        if used <= most {
            return Some(0);
        }
        for count in self.counts().filter(|count| count.at.saturating_add(period) > now) {
            used = used.saturating_sub(count.amount);
            if used <= most {
                return Some(count.at.saturating_add(period) - now);
            }
        }
        None
    }

    /// When the last count was made.
    pub(super) fn last(&self) -> u64 {
        match self {
            Self::One(count) => count.at,
            Self::Many(many) => many.counts.back().map_or(0, |count| count.at),
        }
    }

    /// Moves all counts back in time: the clock went back.
    pub(super) fn shift(&mut self, by: u64) {
        match self {
            Self::One(count) => count.at = count.at.saturating_sub(by),
            Self::Many(_) if by == 0 => {}
            Self::Many(many) => many.counts.iter_mut().for_each(|count| count.at = count.at.saturating_sub(by)),
        }
    }
}

/// Puts the counts of one grain together, at the time of the latest: never forgotten too early.
fn compact(counts: &mut VecDeque<Count>, grain: u64) {
    let mut kept: VecDeque<Count> = VecDeque::with_capacity(FULL);
    for count in counts.drain(..) {
        match kept.back_mut() {
            Some(last) if last.at / grain == count.at / grain => {
                *last = Count { at: count.at, amount: last.amount.saturating_add(count.amount) };
            }
            _ => kept.push_back(count),
        }
    }
    *counts = kept;
}
