//! The trait that limits and quotas count with, and what it is asked.

use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, SystemTime};

/// Counts, for limits and quotas.
///
/// All limits of one question are decided together: either none is exceeded and all are counted, or nothing is. Their
/// keys have the same first part, so that a store may keep them in one place.
pub trait CounterStore: fmt::Debug + Send + Sync + 'static {
    /// Checks `limits` and, when none is exceeded, counts the `cost` of each.
    ///
    /// A store that reads a clock of its own, because instances share it, need not look at `now`.
    fn take(&self, limits: &[Limit<'_>], now: SystemTime) -> Answer<Decision>;

    /// Counts the `cost` of each limit without a check; the decision says how much remains.
    fn add(&self, limits: &[Limit<'_>], now: SystemTime) -> Answer<Decision>;
}

const _: Option<&dyn CounterStore> = None;

/// The answer of a store: at hand, or on its way.
pub enum Answer<T> {
    /// At hand, without a wait and without an allocation.
    Ready(Result<T, StoreError>),
    /// On its way. Dropping the future gives the answer up, not what was asked for.
    Later(Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send>>),
}

impl<T> Answer<T> {
    /// Waits for the answer.
    ///
    /// # Errors
    /// As the store says.
    pub async fn wait(self) -> Result<T, StoreError> {
        match self {
            Self::Ready(answer) => answer,
            Self::Later(answer) => answer.await,
        }
    }
}

impl<T> Answer<T> {
    /// What is to be waited for, when the answer is on its way.
    pub(crate) fn later(self) -> Option<Later<T>> {
        match self {
            Self::Ready(_) => None,
            Self::Later(answer) => Some(answer),
        }
    }
}

/// An answer on its way.
pub(crate) type Later<T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send>>;

/// Waits for all answers at the same time: no longer than the slowest takes.
pub(crate) async fn together<T>(answers: Vec<Later<T>>) -> Vec<Result<T, StoreError>> {
    let mut waiting: Vec<_> = answers.into_iter().map(|answer| (answer, None)).collect();
    poll_fn(|cx| {
        let mut is_pending = false;
        for (answer, heard) in waiting.iter_mut().filter(|(_, heard)| heard.is_none()) {
            match answer.as_mut().poll(cx) {
                Poll::Ready(answer) => *heard = Some(answer),
                Poll::Pending => is_pending = true,
            }
        }
        if is_pending { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    waiting.into_iter().filter_map(|(_, heard)| heard).collect()
}

impl<T: fmt::Debug> fmt::Debug for Answer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ready(answer) => f.debug_tuple("Ready").field(answer).finish(),
            Self::Later(_) => f.write_str("Later(..)"),
        }
    }
}

impl Decision {
    /// No limit is exceeded, and so much is left of each.
    pub fn allowed(remaining: impl Iterator<Item = u64>) -> Self {
        Self::passes(Remaining::of(remaining))
    }

    /// No limit could be looked at, and the request passes; so much is left of each as far as anybody knows.
    pub(crate) fn allowed_without_store(each: Remaining) -> Self {
        Self::WithoutStore(Some(Box::new(Self::passes(each))))
    }

    fn passes(each: Remaining) -> Self {
        Self::Allowed { remaining: each.least().unwrap_or(u64::MAX), each }
    }

    /// What is left of the limit at that place in the question.
    pub fn remaining(&self, limit: usize) -> u64 {
        match self {
            Self::Allowed { remaining, each } => each.get(limit).unwrap_or(*remaining),
            Self::WithoutStore(Some(decision)) => decision.remaining(limit),
            Self::Exceeded { .. } | Self::WithoutStore(None) => 0,
        }
    }
}

/// What is left of each limit of a question, by its place; without an allocation for as many as documents have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remaining(Left);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Left {
    Few(u8, [u64; FEW]),
    Many(Vec<u64>),
}

const FEW: usize = 6;

impl Remaining {
    /// So much of each.
    pub fn of(remaining: impl Iterator<Item = u64>) -> Self {
        let (mut few, mut count, mut rest) = ([0; FEW], 0_u8, remaining);
        while let Some(place) = few.get_mut(usize::from(count)) {
            let Some(left) = rest.next() else { return Self(Left::Few(count, few)) };
            *place = left;
            count += 1;
        }
        match rest.next() {
            None => Self(Left::Few(count, few)),
            Some(next) => Self(Left::Many(few.into_iter().chain([next]).chain(rest).collect())),
        }
    }

    /// What is left of the limit at that place.
    pub fn get(&self, limit: usize) -> Option<u64> {
        self.all().get(limit).copied()
    }

    fn least(&self) -> Option<u64> {
        self.all().iter().copied().min()
    }

    fn all(&self) -> &[u64] {
        match &self.0 {
            Left::Few(count, few) => few.get(..usize::from(*count)).unwrap_or_default(),
            Left::Many(all) => all,
        }
    }
}

/// Why a store could not answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct StoreError {
    message: Box<str>,
    is_of_key: bool,
}

impl StoreError {
    /// An error with a text for operators.
    pub fn new(message: impl Into<Box<str>>) -> Self {
        Self { message: message.into(), is_of_key: false }
    }

    /// An error that is about the key that was asked for: other questions may be answered all the same.
    pub fn of_key(message: impl Into<Box<str>>) -> Self {
        Self { message: message.into(), is_of_key: true }
    }

    /// Whether it is about the key that was asked for, and says nothing of the store.
    pub fn is_of_key(&self) -> bool {
        self.is_of_key
    }
}

/// The name of a counter: its family, such as `rate-limit-by-key`, and parts. The first part says where it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key<'a> {
    /// The policy family that the counter belongs to: no two families share a counter.
    pub family: &'static str,
    /// The parts, any text.
    pub parts: &'a [&'a str],
}

/// One limit that a request must keep.
#[derive(Clone, Copy, Debug)]
pub struct Limit<'a> {
    /// The counter.
    pub key: Key<'a>,
    /// How much is allowed in the window.
    pub limit: u64,
    /// When counts are forgotten.
    pub window: Window,
    /// How much must be left for the request to pass; 0 passes as long as the limit is not overdrawn, less than 0 as long
    /// as it is overdrawn by no more than that.
    pub need: i64,
    /// How much is counted. May be negative, to give back what was reserved.
    pub cost: i64,
}

/// When counts are forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Each when it is as old as that.
    Sliding(Duration),
    /// Steadily, the whole limit in this time.
    TokenBucket(Duration),
    /// All at `end`; never, when there is none. `start` tells one window from the next.
    Fixed {
        /// When the window began.
        start: SystemTime,
        /// When the next one begins.
        end: Option<SystemTime>,
    },
}

/// What a store decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// No limit is exceeded.
    Allowed {
        /// What is left now of the limit that has least left.
        remaining: u64,
        /// What is left of each limit.
        each: Remaining,
    },
    /// A limit is exceeded; nothing was counted.
    Exceeded {
        /// The first that is, by its place in the question.
        limit: usize,
        /// After which time all limits would be kept; none when they never are.
        wait: Option<Duration>,
    },
    /// The store gave no answer, and this holds in its place; with none the request is refused, because nobody knows.
    WithoutStore(Option<Box<Decision>>),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_told_by_its_place_and_few_are_kept_without_an_allocation() {
        for count in [0, 1, 2, FEW, FEW + 1, 40] {
            let left = || (0..count as u64).map(|at| 100 - at);
            let decision = Decision::allowed(left());
            let found: Vec<_> = (0..count).map(|at| decision.remaining(at)).collect();
            assert_eq!(found, left().collect::<Vec<_>>());
            let least = left().min().unwrap_or(u64::MAX);
            assert!(matches!(&decision, Decision::Allowed { remaining, .. } if *remaining == least));
            assert_eq!(decision.remaining(count), least);
            let counted = allocation_counter::measure(|| drop(Decision::allowed(left())));
            assert_eq!(counted.count_total > 0, count > FEW, "{count}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn answers_are_waited_for_at_the_same_time() {
        let began = tokio::time::Instant::now();
        let answers = [30, 10, 20].map(|seconds| -> Later<u64> {
            Box::pin(async move {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                if seconds == 10 { Err(StoreError::new("late")) } else { Ok(seconds) }
            })
        });
        let heard: Vec<_> = together(answers.into()).await.into_iter().map(Result::ok).collect();
        assert_eq!((heard, began.elapsed().as_secs()), (vec![Some(30), None, Some(20)], 30));
    }
}
