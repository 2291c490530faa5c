//! The trait that limits and quotas count with, and what it is asked.

use std::fmt;
use std::pin::Pin;
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
type Later<T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send>>;

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
    pub fn allowed(remaining: impl Iterator<Item = u64> + Clone) -> Self {
        let least = remaining.clone().min().unwrap_or(u64::MAX);
        let is_one = remaining.clone().nth(1).is_none();
        Self::Allowed { remaining: least, each: if is_one { Vec::new() } else { remaining.collect() } }
    }

    /// What is left of the limit at that place in the question.
    pub fn remaining(&self, limit: usize) -> u64 {
        match self {
            Self::Allowed { remaining, each } => each.get(limit).copied().unwrap_or(*remaining),
            Self::Exceeded { .. } => 0,
        }
    }
}

/// Why a store could not answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(Box<str>);

impl StoreError {
    /// An error with a text for operators.
    pub fn new(message: impl Into<Box<str>>) -> Self {
        Self(message.into())
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
    /// How much must be left for the request to pass; 0 passes as long as the limit is not overdrawn.
    pub need: u64,
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
        /// What is left of each limit, by its place in the question; empty when there was only one.
        each: Vec<u64>,
    },
    /// A limit is exceeded; nothing was counted.
    Exceeded {
        /// The first that is, by its place in the question.
        limit: usize,
        /// After which time all limits would be kept; none when they never are.
        wait: Option<Duration>,
    },
}
