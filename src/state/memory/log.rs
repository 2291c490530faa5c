//! The counts of a sliding window: exact while there are few, in sixtieths of the window when there are many.

use std::collections::VecDeque;

/// Counts with their times, in milliseconds, oldest first, and for how long they are kept.
#[derive(Debug)]
pub(super) enum Log {
    /// As most are: in place, so that a counter is small and found in one look at memory. Times are those after `base`.
    Few {
        base: u64,
        keep: u32,
        length: u8,
        counts: [Small; FEW],
    },
    Many(Box<Many>),
}

/// A count of [`Log::Few`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Small {
    after: u32,
    amount: i32,
}

#[derive(Debug)]
pub(super) struct Many {
    /// All but the last one.
    closed: VecDeque<Count>,
    last: Count,
    /// When the oldest was made: until it is over, the others need not be looked at.
    first: u64,
    /// Of all amounts.
    sum: i64,
    keep: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Count {
    at: u64,
    amount: i64,
}

/// So many counts are in place.
const FEW: usize = 4;
/// So many are kept one by one.
const EXACT: usize = 60;
/// At so many they are put together, those of one sixtieth of the window each.
const FULL: usize = 128;
/// An amount is no larger than this, so that no sum of them overflows.
const MOST: i64 = 1 << 52;

impl Log {
    pub(super) fn new(now: u64, keep: u64) -> Self {
        match u32::try_from(keep) {
            Ok(keep) => Self::Few { base: now, keep, length: 0, counts: [Small::default(); FEW] },
            Err(_) => {
                let last = Count { at: now, amount: 0 };
                Self::Many(Box::new(Many { closed: VecDeque::new(), last, first: now, sum: 0, keep }))
            }
        }
    }

    /// Keeps counts for `period` at least; when the clock went back, they go back with it.
    pub(super) fn prepare(&mut self, now: u64, period: u64) {
        let ahead = self.last().saturating_sub(now);
        if period > self.keep() {
            match (&mut *self, u32::try_from(period)) {
                (Self::Few { keep, .. }, Ok(period)) => *keep = period,
                (Self::Few { .. }, Err(_)) => *self = Self::Many(Box::new(Many { keep: period, ..self.to_many() })),
                (Self::Many(many), _) => many.keep = period,
            }
        }
        match self {
            _ if ahead == 0 => {}
            Self::Few { base, .. } => *base = base.saturating_sub(ahead),
            Self::Many(many) => many.shift(ahead),
        }
    }

    /// Adds a count and forgets those that are too old.
    pub(super) fn add(&mut self, now: u64, amount: i64) {
        let amount = amount.clamp(-MOST, MOST);
        match self {
            Self::Few { .. } => {
                if self.add_to_few(now, amount).is_none() {
                    let mut many = Box::new(self.to_many());
                    many.add(now, amount);
                    *self = Self::Many(many);
                }
            }
            Self::Many(many) => {
                if many.last.at.saturating_add(many.keep) <= now {
                    *self = Self::new(now, many.keep);
                    return self.add(now, amount);
                }
                many.add(now, amount);
            }
        }
    }

    /// None when the count has no place there.
    fn add_to_few(&mut self, now: u64, amount: i64) -> Option<()> {
        let Self::Few { base, keep, length, counts } = self else { return None };
        let is_over = |count: &&Small| base.saturating_add(u64::from(count.after) + u64::from(*keep)) <= now;
        let over = counts.iter().take(usize::from(*length)).take_while(is_over).count();
        counts.rotate_left(over);
        *length -= over as u8;
        if *length == 0 {
            *base = now;
        }
        let new = Small { after: u32::try_from(now.saturating_sub(*base)).ok()?, amount: i32::try_from(amount).ok()? };
        let last = usize::from(*length).checked_sub(1).and_then(|at| counts.get_mut(at));
        if let Some(last) = last.filter(|last| last.after == new.after) {
            last.amount = last.amount.checked_add(new.amount)?;
            return Some(());
        }
        *counts.get_mut(usize::from(*length))? = new;
        *length += 1;
        Some(())
    }

    /// With room for many counts.
    fn to_many(&self) -> Many {
        let mut closed: VecDeque<_> = self.counts().collect();
        let sum = closed.iter().map(|count| count.amount).sum();
        let last = closed.pop_back().unwrap_or(Count { at: self.last(), amount: 0 });
        let first = closed.front().map_or(last.at, |first| first.at);
        Many { closed, last, first, sum, keep: self.keep() }
    }

    fn counts(&self) -> impl Iterator<Item = Count> + '_ {
        let (few, many) = match self {
            Self::Few { base, length, counts, .. } => {
                let count =
                    |count: &Small| Count { at: base.saturating_add(count.after.into()), amount: count.amount.into() };
                (Some(counts.iter().take(usize::from(*length)).map(count)), None)
            }
            Self::Many(many) => (None, Some(many.closed.iter().copied().chain([many.last]))),
        };
        few.into_iter().flatten().chain(many.into_iter().flatten())
    }

    /// What was counted in the last `period`.
    pub(super) fn used(&self, now: u64, period: u64) -> i64 {
        let counts = |at: u64| at.saturating_add(period) > now;
        match self {
            Self::Many(many) if counts(many.first) => many.sum,
            _ => self.counts().filter(|count| counts(count.at)).map(|count| count.amount).sum(),
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

    /// From when on it says nothing any more.
    pub(super) fn expires(&self) -> u64 {
        self.last().saturating_add(self.keep())
    }

    fn keep(&self) -> u64 {
        match self {
            Self::Few { keep, .. } => (*keep).into(),
            Self::Many(many) => many.keep,
        }
    }

    /// When the last count was made.
    fn last(&self) -> u64 {
        match self {
            Self::Few { base, length, counts, .. } => {
                let last = usize::from(*length).checked_sub(1).and_then(|at| counts.get(at));
                base.saturating_add(last.map_or(0, |last| last.after.into()))
            }
            Self::Many(many) => many.last.at,
        }
    }
}

impl Many {
    /// Adds a count to others, of which the last is not over.
    fn add(&mut self, now: u64, amount: i64) {
        if self.first.saturating_add(self.keep) <= now {
            while let Some(old) = self.closed.front().filter(|count| count.at.saturating_add(self.keep) <= now) {
                self.sum -= old.amount;
                self.closed.pop_front();
            }
        }
        let grain = if self.closed.len() + 1 < EXACT { 1 } else { self.grain() };
        if self.last.at / grain == now / grain {
            let merged = self.last.amount.saturating_add(amount).clamp(-MOST, MOST);
            self.sum += merged - self.last.amount;
            self.last = Count { at: now, amount: merged };
        } else {
            self.closed.push_back(self.last);
            self.last = Count { at: now, amount };
            self.sum += amount;
        }
        if self.closed.len() + 1 >= FULL {
            self.compact();
        }
        if self.closed.capacity() > 4 * self.closed.len().max(8) {
            self.closed.shrink_to(2 * self.closed.len());
        }
        self.first = self.closed.front().map_or(self.last.at, |first| first.at);
    }

    fn grain(&self) -> u64 {
        (self.keep / 60).max(1)
    }

    /// Puts the counts of one grain together, at the time of the latest: never forgotten too early.
    fn compact(&mut self) {
        let grain = self.grain();
        let mut kept: VecDeque<Count> = VecDeque::with_capacity(FULL);
        self.sum = self.last.amount;
        for count in self.closed.drain(..) {
            match kept.back_mut() {
                Some(last) if last.at / grain == count.at / grain => {
                    let amount = last.amount.saturating_add(count.amount).clamp(-MOST, MOST);
                    *last = Count { at: count.at, amount };
                }
                _ => kept.push_back(count),
            }
        }
        self.sum += kept.iter().map(|count| count.amount).sum::<i64>();
        self.closed = kept;
    }

    /// Moves all counts back in time.
    fn shift(&mut self, by: u64) {
        for count in self.closed.iter_mut().chain([&mut self.last]) {
            count.at = count.at.saturating_sub(by);
        }
        self.first = self.first.saturating_sub(by);
    }
}
