//! One counter: what it holds, whether a limit is exceeded, when it may be forgotten.

use std::time::{Duration, SystemTime};

use super::super::counters::{Limit, Window};
use super::log::Log;

#[derive(Debug)]
pub(super) enum Counter {
    /// Counts of a sliding window, kept for the longest window that was asked for.
    Sliding(Log),
    /// What is taken out of a bucket at a time, and when the bucket will be full again.
    Bucket { taken: f64, at: u64, full_at: u64 },
    /// What was counted in the window that starts then.
    Fixed { used: i64, start: u64, end: u64 },
}

/// What a counter says of a limit.
#[derive(Debug)]
pub(super) enum Check {
    /// It is kept.
    Kept,
    /// It is exceeded, for so many milliseconds; none for ever.
    Exceeded(Option<u64>),
}

/// Milliseconds since 1970; earlier times, such as the year 1, count as before 1970.
pub(super) fn milliseconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

fn period(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).max(1)
}

impl Counter {
    /// A counter in which nothing is counted yet, for the window of a limit.
    pub(super) fn new(limit: &Limit<'_>, now: u64) -> Self {
        match limit.window {
            Window::Sliding(window) => Self::Sliding(Log::new(now, period(window))),
            Window::TokenBucket(_) => Self::Bucket { taken: 0.0, at: now, full_at: now },
            Window::Fixed { start, end } => {
                Self::Fixed { used: 0, start: milliseconds(start), end: end.map_or(u64::MAX, milliseconds) }
            }
        }
    }

    /// Makes the counter one of the limit's window, as it stands `now`.
    fn at<'a>(&'a mut self, limit: &Limit<'_>, now: u64) -> &'a mut Self {
        let fits = match (&mut *self, limit.window) {
            (Self::Sliding(log), Window::Sliding(window)) => {
                log.prepare(now, period(window));
                true
            }
            (Self::Bucket { taken, at, .. }, Window::TokenBucket(window)) => {
                let back = limit.limit as f64 * now.saturating_sub(*at) as f64 / period(window) as f64;
                *taken = (*taken - back).max(0.0);
                *at = now;
                true
            }
            (Self::Fixed { start, .. }, Window::Fixed { start: asked, .. }) => *start == milliseconds(asked),
            _ => false,
        };
        if !fits {
            *self = Self::new(limit, now);
        }
        self
    }

    /// Whether `limit` is kept.
    pub(super) fn check(&mut self, limit: &Limit<'_>, now: u64) -> Check {
        let most = i64::try_from(limit.limit).unwrap_or(i64::MAX).saturating_sub(limit.need);
        match (self.at(limit, now), limit.window) {
            (Self::Sliding(log), Window::Sliding(window)) => {
                let window = period(window);
                match log.wait(now, window, most) {
                    Some(0) => Check::Kept,
                    Some(wait) => Check::Exceeded(Some(wait)),
                    // More than the limit is asked for at once; nothing says when to come back but the window.
                    None => Check::Exceeded(Some(window)),
                }
            }
            (Self::Bucket { taken, .. }, Window::TokenBucket(window)) => {
                let over = *taken - most as f64;
                if over <= 1e-9 {
                    return Check::Kept;
                }
                let rate = limit.limit as f64 / period(window) as f64;
                Check::Exceeded(if rate > 0.0 { Some((over / rate).ceil() as u64) } else { Some(period(window)) })
            }
            (Self::Fixed { used, end, .. }, _) if *used > most => {
                Check::Exceeded((*end != u64::MAX).then(|| end.saturating_sub(now)))
            }
            _ => Check::Kept,
        }
    }

    /// Counts the cost of `limit`, and gives what is left of it.
    pub(super) fn count(&mut self, limit: &Limit<'_>, now: u64) -> u64 {
        let used = match (self.at(limit, now), limit.window) {
            (Self::Sliding(log), Window::Sliding(window)) => {
                if limit.cost != 0 {
                    log.add(now, limit.cost);
                }
                log.used(now, period(window))
            }
            (Self::Bucket { taken, full_at, .. }, Window::TokenBucket(window)) => {
                if limit.cost != 0 {
                    *taken = (*taken + limit.cost as f64).max(0.0);
                    let full = *taken * period(window) as f64 / (limit.limit as f64).max(1.0);
                    *full_at = now.saturating_add(full.ceil() as u64);
                }
                (*taken - 1e-9).ceil() as i64
            }
            (Self::Fixed { used, .. }, _) => {
                *used = used.saturating_add(limit.cost);
                *used
            }
            _ => 0,
        };
        i128::from(limit.limit).saturating_sub(used.into()).try_into().unwrap_or(0)
    }

    /// From when on the counter says nothing any more.
    pub(super) fn expires(&self) -> u64 {
        match self {
            Self::Sliding(log) => log.expires(),
            Self::Bucket { full_at, .. } => *full_at,
            Self::Fixed { end, .. } => *end,
        }
    }
}
