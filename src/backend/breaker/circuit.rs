//! The state machine of a circuit breaker: no clock, no lock, no runtime.

use super::rule::Rule;
use super::window::{Counts, Window};

/// Where a circuit stands. Times are nanoseconds since the breaker was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Requests pass.
    Closed,
    /// Nothing passes until then.
    Open { until: u64, rule: usize },
    /// The time is over, and some requests try the backend.
    HalfOpen { running: u32, succeeded: u32, rule: usize },
}

/// What a step changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    Opened { rule: usize, until: u64 },
    Closed { rule: usize },
}

/// Whether a request may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Pass,
    /// It passes to try the backend.
    Trial,
    /// It may ask again then.
    Refused {
        until: u64,
        rule: usize,
    },
}

/// How a trial ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trial {
    Succeeded,
    /// By these rules, with the time that the backend asks for.
    Failed(u32, Option<u64>),
    /// Nobody waited for its end.
    Abandoned,
}

/// The circuit of one entity.
#[derive(Clone, Debug)]
pub(super) struct Circuit {
    pub(super) state: State,
    windows: Vec<Window>,
}

/// What is not part of a rule of Azure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    /// How many attempts a percentage needs.
    pub(super) minimum_samples: u64,
    /// How many trials must succeed, and may run at once; 0 for none: the circuit closes when the time is over.
    pub(super) trials: u32,
    /// The longest time that `Retry-After` can ask for.
    pub(super) longest_retry_after: u64,
}

impl Circuit {
    pub(super) fn new(rules: &[Rule]) -> Self {
        Self { state: State::Closed, windows: rules.iter().map(|rule| Window::new(rule.interval)).collect() }
    }

    /// A request asks to pass.
    pub(super) fn enter(&mut self, now: u64, limits: Limits) -> (Entry, Option<Change>) {
        if let State::Open { until, rule } = self.state
            && now >= until
        {
            if limits.trials == 0 {
                return (Entry::Pass, Some(self.close(rule)));
            }
            self.state = State::HalfOpen { running: 0, succeeded: 0, rule };
        }
        match &mut self.state {
            State::Closed => (Entry::Pass, None),
            State::Open { until, rule } => (Entry::Refused { until: *until, rule: *rule }, None),
            State::HalfOpen { running, succeeded, .. } if *running + *succeeded < limits.trials => {
                *running += 1;
                (Entry::Trial, None)
            }
            // Until a trial ends, which may be at any time.
            State::HalfOpen { rule, .. } => (Entry::Refused { until: now, rule: *rule }, None),
        }
    }

    /// Counts attempts that no rule takes for failures.
    pub(super) fn succeed(&mut self, at: u64, attempts: u64) {
        for window in &mut self.windows {
            window.add(at, Counts { failures: 0, attempts });
        }
    }

    /// Counts an attempt that the rules in `failed` take for a failure.
    pub(super) fn fail(
        &mut self,
        rules: &[Rule],
        failed: u32,
        now: u64,
        retry_after: Option<u64>,
        limits: Limits,
    ) -> Option<Change> {
        let mut tripped = None;
        for (index, (rule, window)) in rules.iter().zip(&mut self.windows).enumerate() {
            let is_failure = failed & (1 << index) != 0;
            let sum = window.add(now, Counts { failures: is_failure.into(), attempts: 1 });
            if is_failure && trips(rule, sum, limits) {
                let until = now.saturating_add(open_time(rule, retry_after, limits));
                if tripped.is_none_or(|(_, longest)| until > longest) {
                    tripped = Some((index, until));
                }
            }
        }
        tripped.map(|(rule, until)| self.open(rule, until))
    }

    /// A trial ended.
    pub(super) fn trial_ended(&mut self, rules: &[Rule], trial: Trial, now: u64, limits: Limits) -> Option<Change> {
        let State::HalfOpen { running, succeeded, rule } = &mut self.state else { return None };
        *running = running.saturating_sub(1);
        match trial {
            Trial::Abandoned => None,
            Trial::Succeeded => {
                *succeeded += 1;
                let (is_over, rule) = (*succeeded >= limits.trials, *rule);
                is_over.then(|| self.close(rule))
            }
            Trial::Failed(failed, retry_after) => {
                let until = |rule: &Rule| now.saturating_add(open_time(rule, retry_after, limits));
                let by = rules.iter().enumerate().filter(|(index, _)| failed & (1 << index) != 0);
                let longest = by.map(|(index, rule)| (index, until(rule))).max_by_key(|(_, until)| *until);
                longest.map(|(rule, until)| self.open(rule, until))
            }
        }
    }

    /// Another instance opened it until then. One that is open already stays as it is, unless it would be for a good
    /// while longer: instances that trip at the same time do so some moments after each other.
    pub(super) fn open_elsewhere(&mut self, rule: usize, until: u64, now: u64) -> Option<Change> {
        const A_GOOD_WHILE: u64 = 1_000_000_000;
        let is_known = match self.state {
            State::Open { until: known, .. } if known > now => until < known.saturating_add(A_GOOD_WHILE),
            _ => until <= now,
        };
        (!is_known).then(|| self.open(rule, until))
    }

    fn open(&mut self, rule: usize, until: u64) -> Change {
        self.state = State::Open { until, rule };
        self.windows.iter_mut().for_each(Window::clear);
        Change::Opened { rule, until }
    }

    fn close(&mut self, rule: usize) -> Change {
        self.state = State::Closed;
        self.windows.iter_mut().for_each(Window::clear);
        Change::Closed { rule }
    }
}

fn trips(rule: &Rule, sum: Counts, limits: Limits) -> bool {
    let by_count = rule.count.is_some_and(|count| sum.failures >= count);
    let by_share = rule.percentage.is_some_and(|share| {
        sum.attempts >= limits.minimum_samples
            && u128::from(sum.failures) * 100 >= u128::from(sum.attempts) * u128::from(share)
    });
    by_count || by_share
}

fn open_time(rule: &Rule, retry_after: Option<u64>, limits: Limits) -> u64 {
    match retry_after.filter(|_| rule.accept_retry_after) {
        Some(asked) => asked.min(limits.longest_retry_after),
        None => rule.trip,
    }
}
