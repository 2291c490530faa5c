//! Counters in Redis: a script decides, in one round trip.

use std::fmt::{self, Write as _};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use redis::{Arg, Cmd};
use sha1::{Digest as _, Sha1};

use super::link::{Failure, Link};
use super::{answer, names};
use crate::state::{Answer, CounterStore, Decision, Limit, StoreError, Window};

const SCRIPT: &str = include_str!("counters.lua");

/// By what name servers know the script.
static DIGEST: LazyLock<String> = LazyLock::new(|| {
    Sha1::digest(SCRIPT).iter().fold(String::new(), |mut text, byte| {
        // INVARIANT: writing to a String does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
});

/// Counters in Redis.
pub(super) struct RedisCounters {
    link: Link,
    prefix: Arc<str>,
    server_time: bool,
}

/// What the script is told.
struct Question {
    /// The first key, which says where all of them are.
    key: String,
    command: Cmd,
    limits: usize,
}

/// A limit as the script unpacks it when it is not quick: the verb, its kind, and six numbers.
type Packed = [u8; 50];

impl RedisCounters {
    pub(super) fn new(link: Link, prefix: Arc<str>, server_time: bool) -> Self {
        Self { link, prefix, server_time }
    }

    fn question(&self, verb: u8, limits: &[Limit<'_>], now: SystemTime) -> Option<Question> {
        let name = |limit: &Limit<'_>| names::counter(&self.prefix, &limit.key, limit.window);
        let key = name(limits.first()?);
        let mut command = Cmd::with_capacity(8 + 2 * limits.len(), 128 + 160 * limits.len());
        command.arg("EVALSHA").arg(&*DIGEST).arg(limits.len()).arg(&key);
        match limits {
            [limit] if self.is_quick(limit) => quick(&mut command, verb, limit, now),
            _ => {
                for limit in limits.iter().skip(1) {
                    command.arg(name(limit));
                }
                for limit in limits {
                    command.arg(&packed(verb, limit, now, self.server_time)[..]);
                }
            }
        }
        Some(Question { key, command, limits: limits.len() })
    }

    /// Whether the script has a quick decision about a limit.
    fn is_quick(&self, limit: &Limit<'_>) -> bool {
        let knows_the_time = self.server_time || matches!(limit.window, Window::Fixed { .. });
        knows_the_time && limit.cost > 0 && limit.limit > 0
    }

    fn ask(&self, verb: u8, limits: &[Limit<'_>], now: SystemTime) -> Answer<Decision> {
        let Some(question) = self.question(verb, limits, now) else {
            return Answer::Ready(Ok(Decision::allowed(std::iter::empty())));
        };
        let link = self.link.clone();
        Answer::Later(Box::pin(async move { question.ask(&link).await }))
    }
}

/// What a quick decision needs.
fn quick(command: &mut Cmd, verb: u8, limit: &Limit<'_>, now: SystemTime) {
    /// More than any sum: nothing is refused.
    const ANY: i64 = 1 << 54;
    let [most, need, cost] = answer::countable(limit);
    let is_plain = verb == b't' && need == cost;
    let before = if verb == b't' { most - need } else { ANY };
    match limit.window {
        Window::Sliding(window) => {
            command.arg("s").arg(period(window)).arg(cost).arg(before + cost);
        }
        Window::TokenBucket(window) => {
            command.arg("b").arg(cost).arg(most).arg(period(window));
        }
        Window::Fixed { end, .. } => {
            command.arg("f").arg(cost).arg(left(end, now)).arg(before + cost);
        }
    }
    match limit.window {
        _ if is_plain => {}
        Window::TokenBucket(_) => drop(command.arg(before)),
        Window::Sliding(_) | Window::Fixed { .. } => drop(command.arg(most)),
    }
}

fn packed(verb: u8, limit: &Limit<'_>, now: SystemTime, server_time: bool) -> Packed {
    let [most, need, cost] = answer::countable(limit).map(|number| number as f64);
    let (kind, period, left) = match limit.window {
        Window::Sliding(window) => (b's', period(window) as f64, 0.0),
        Window::TokenBucket(window) => (b'b', period(window) as f64, 0.0),
        Window::Fixed { end, .. } => (b'f', 0.0, left(end, now) as f64),
    };
    let since = || milliseconds(now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()) as f64;
    let mut packed = [verb; 50];
    packed[1] = kind;
    let numbers = [if server_time { -1.0 } else { since() }, most, need, cost, period, left];
    for (place, number) in packed[2..].chunks_exact_mut(8).zip(numbers) {
        place.copy_from_slice(&number.to_le_bytes());
    }
    packed
}

fn period(window: Duration) -> u64 {
    milliseconds(window).max(1)
}

/// How long a fixed window goes on; -1 for ever.
fn left(end: Option<SystemTime>, now: SystemTime) -> i64 {
    let left = |end: SystemTime| i64::try_from(period(end.duration_since(now).unwrap_or_default())).unwrap_or(i64::MAX);
    end.map_or(-1, left)
}

impl Question {
    async fn ask(self, link: &Link) -> Result<Decision, StoreError> {
        let answer = match link.call(&self.key, &self.command).await {
            // The server was restarted, or is another one: it keeps the script from now on.
            Err(Failure::NoScript) => link.call(&self.key, &self.with_script()).await,
            answer => answer,
        };
        match answer {
            Ok(answer) => answer::decision(&answer, self.limits),
            Err(Failure::NoScript) => Err(StoreError::new("the server does not keep scripts")),
            Err(Failure::Other(error)) => Err(error),
        }
    }

    /// The same command with the whole script.
    fn with_script(&self) -> Cmd {
        let mut command = redis::cmd("EVAL");
        command.arg(SCRIPT);
        for argument in self.command.args_iter().skip(2) {
            if let Arg::Simple(bytes) = argument {
                command.arg(bytes);
            }
        }
        command
    }
}

impl CounterStore for RedisCounters {
    fn take(&self, limits: &[Limit<'_>], now: SystemTime) -> Answer<Decision> {
        self.ask(b't', limits, now)
    }

    fn add(&self, limits: &[Limit<'_>], now: SystemTime) -> Answer<Decision> {
        self.ask(b'a', limits, now)
    }
}

impl fmt::Debug for RedisCounters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisCounters").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

/// As exact as the script counts, and so that the sum of two is a time for servers.
fn milliseconds(duration: Duration) -> u64 {
    const MOST: u64 = 1 << 52;
    u64::try_from(duration.as_millis()).map_or(MOST, |time| time.min(MOST))
}
