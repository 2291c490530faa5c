//! A time limit for the questions that a store is asked, and a rest for one that does not answer.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use super::counters::{Answer, StoreError};

/// How a store does. A clone is the same.
///
/// Changes are events of `tracing` with the target `gatewright::state`: a `warn` when the store fails, an `info` when it
/// answers again, and a `debug` for each failure.
#[derive(Clone, Debug)]
pub struct StoreHealth(Arc<State>);

#[derive(Debug)]
struct State {
    name: &'static str,
    timeout: Duration,
    began: Instant,
    failures: AtomicU64,
    left_alone: AtomicU64,
    /// Milliseconds after `began`, plus one; until then the store is left alone. 0: it answers.
    rests_until: AtomicU64,
}

/// How long a store is left alone after a failure; then one question tries it.
const REST: u64 = 1_000;

impl StoreHealth {
    pub(super) fn new(name: &'static str, timeout: Duration) -> Self {
        Self(Arc::new(State {
            name,
            timeout,
            began: Instant::now(),
            failures: AtomicU64::new(0),
            left_alone: AtomicU64::new(0),
            rests_until: AtomicU64::new(0),
        }))
    }

    /// How many questions were not answered, answered with an error, or too late.
    pub fn failures(&self) -> u64 {
        self.0.failures.load(Ordering::Relaxed)
    }

    /// How many questions were not asked, because the store had failed just before.
    pub fn left_alone(&self) -> u64 {
        self.0.left_alone.load(Ordering::Relaxed)
    }

    /// Whether the last question was answered, as far as any was asked.
    pub fn is_up(&self) -> bool {
        self.0.rests_until.load(Ordering::Relaxed) == 0
    }

    /// Whether the store may be asked now. After a rest only the first who asks may.
    pub(super) fn may_ask(&self) -> bool {
        let rests_until = self.0.rests_until.load(Ordering::Relaxed);
        if rests_until == 0 {
            return true;
        }
        let now = self.now();
        // Should the one who asks be given up, the next one asks after another rest.
        let may = now >= rests_until
            && self
                .0
                .rests_until
                .compare_exchange(rests_until, now + REST, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok();
        if !may {
            self.0.left_alone.fetch_add(1, Ordering::Relaxed);
        }
        may
    }

    /// Waits for an answer, not for longer than the time limit.
    pub(super) fn within<T>(&self, answer: Answer<T>) -> Outcome<T, impl Future<Output = Told<T>> + Send + use<T>>
    where
        T: Send + 'static,
    {
        match answer {
            Answer::Ready(answer) => Outcome::Ready(self.heard(answer)),
            Answer::Later(answer) => {
                let health = self.clone();
                Outcome::Later(async move {
                    let limit = health.0.timeout;
                    let late = || StoreError::new(format!("no answer within {limit:?}"));
                    health.heard(timeout(limit, answer).await.unwrap_or_else(|_| Err(late())))
                })
            }
        }
    }

    fn heard<T>(&self, answer: Told<T>) -> Told<T> {
        let store = self.0.name;
        let error = match &answer {
            Ok(_) => {
                self.answers();
                return answer;
            }
            Err(error) => error,
        };
        let failures = self.0.failures.fetch_add(1, Ordering::Relaxed) + 1;
        tracing::debug!(target: "gatewright::state", store, failures, %error, "the store does not answer");
        if error.is_of_key() {
            self.answers();
        } else if self.0.rests_until.swap(self.now() + REST, Ordering::Relaxed) == 0 {
            tracing::warn!(target: "gatewright::state", store, %error, "the store fails");
        }
        answer
    }

    fn answers(&self) {
        let store = self.0.name;
        if self.0.rests_until.load(Ordering::Relaxed) != 0 && self.0.rests_until.swap(0, Ordering::Relaxed) != 0 {
            tracing::info!(target: "gatewright::state", store, "the store answers again");
        }
    }

    fn now(&self) -> u64 {
        u64::try_from(self.0.began.elapsed().as_millis()).unwrap_or(u64::MAX / 2) + 1
    }
}

/// What a store told.
type Told<T> = Result<T, StoreError>;

/// What was heard, or what will be.
pub(super) enum Outcome<T, F> {
    Ready(Told<T>),
    Later(F),
}
