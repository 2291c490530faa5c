//! Counters in Redis: a script decides, in one round trip.

use std::fmt::{self, Write as _};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime};

use redis::Cmd;
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
    keys: Vec<String>,
    /// What is asked, and the time when it is not the server's.
    verb: String,
    limits: Vec<Packed>,
}

/// A limit as the script unpacks it: its kind, and five numbers.
type Packed = [u8; 41];

impl RedisCounters {
    pub(super) fn new(link: Link, prefix: Arc<str>, server_time: bool) -> Self {
        Self { link, prefix, server_time }
    }

    fn question(&self, verb: &'static str, limits: &[Limit<'_>], now: SystemTime) -> Question {
        Question {
            keys: limits.iter().map(|limit| names::counter(&self.prefix, &limit.key, limit.window)).collect(),
            verb: if self.server_time {
                verb.to_owned()
            } else {
                format!("{verb}{}", milliseconds(now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()))
            },
            limits: limits.iter().map(|limit| packed(limit, now)).collect(),
        }
    }

    fn ask(&self, verb: &'static str, limits: &[Limit<'_>], now: SystemTime) -> Answer<Decision> {
        let (question, link) = (self.question(verb, limits, now), self.link.clone());
        Answer::Later(Box::pin(async move { question.ask(&link).await }))
    }
}

fn packed(limit: &Limit<'_>, now: SystemTime) -> Packed {
    let (most, need) = answer::countable(limit);
    let period = |period| milliseconds(period).max(1) as f64;
    let (kind, period, left) = match limit.window {
        Window::Sliding(window) => (b's', period(window), 0.0),
        Window::TokenBucket(window) => (b'b', period(window), 0.0),
        Window::Fixed { end, .. } => {
            (b'f', 0.0, end.map_or(-1.0, |end| period(end.duration_since(now).unwrap_or_default())))
        }
    };
    let mut packed = [kind; 41];
    let numbers = [most as f64, need as f64, limit.cost as f64, period, left];
    for (place, number) in packed[1..].chunks_exact_mut(8).zip(numbers) {
        place.copy_from_slice(&number.to_le_bytes());
    }
    packed
}

impl Question {
    async fn ask(self, link: &Link) -> Result<Decision, StoreError> {
        let Some(key) = self.keys.first() else { return Ok(Decision::allowed(std::iter::empty())) };
        let answer = match link.call(key, &self.command("EVALSHA", &DIGEST)).await {
            // The server was restarted, or is another one: it keeps the script from now on.
            Err(Failure::NoScript) => link.call(key, &self.command("EVAL", SCRIPT)).await,
            answer => answer,
        };
        match answer {
            Ok(answer) => answer::decision(&answer, self.limits.len()),
            Err(Failure::NoScript) => Err(StoreError::new("the server does not keep scripts")),
            Err(Failure::Other(error)) => Err(error),
        }
    }

    fn command(&self, name: &str, script: &str) -> Cmd {
        let mut command = redis::cmd(name);
        command.arg(script).arg(self.keys.len());
        for key in &self.keys {
            command.arg(key);
        }
        command.arg(&self.verb);
        for limit in &self.limits {
            command.arg(&limit[..]);
        }
        command
    }
}

impl CounterStore for RedisCounters {
    fn take(&self, limits: &[Limit<'_>], now: SystemTime) -> Answer<Decision> {
        self.ask("t", limits, now)
    }

    fn add(&self, limits: &[Limit<'_>], now: SystemTime) -> Answer<Decision> {
        self.ask("a", limits, now)
    }
}

impl fmt::Debug for RedisCounters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisCounters").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
