//! A cache in Redis: each entry is a string that expires.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use redis::{Cmd, Value};

use super::link::{Failure, Link};
use super::{entry, names};
use crate::state::{Answer, CacheEntry, CacheKey, CacheStore, StoreError};

/// A cache in Redis.
pub(super) struct RedisCache {
    link: Link,
    prefix: Arc<str>,
}

/// What is kept for longer is kept for so long.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

impl RedisCache {
    pub(super) fn new(link: Link, prefix: Arc<str>) -> Self {
        Self { link, prefix }
    }

    fn ask<T: Send + 'static>(
        &self,
        name: String,
        command: Cmd,
        read: impl FnOnce(Value) -> Result<T, StoreError> + Send + 'static,
    ) -> Answer<T> {
        let link = self.link.clone();
        Answer::Later(Box::pin(async move {
            match link.call(&name, &command).await {
                Ok(value) => read(value),
                Err(Failure::Other(error)) => Err(error),
                Err(Failure::NoScript) => Err(garbage()),
            }
        }))
    }
}

fn garbage() -> StoreError {
    StoreError::new("the server answers something else than was asked")
}

impl CacheStore for RedisCache {
    fn get(&self, key: &CacheKey, _: SystemTime) -> Answer<Option<CacheEntry>> {
        let name = names::entry(&self.prefix, key);
        let mut command = redis::cmd("GET");
        command.arg(&name);
        self.ask(name, command, |value| match value {
            Value::Nil => Ok(None),
            Value::BulkString(bytes) => {
                let entry = entry::read(bytes.into());
                if entry.is_none() {
                    tracing::debug!(target: "gatewright::state", "an entry of the cache is none of ours");
                }
                Ok(entry)
            }
            _ => Err(garbage()),
        })
    }

    fn put(&self, key: CacheKey, entry: CacheEntry, lifetime: Duration, _: SystemTime) -> Answer<()> {
        if lifetime.is_zero() {
            return self.remove(&key);
        }
        let name = names::entry(&self.prefix, &key);
        let milliseconds = u64::try_from(lifetime.min(LONGEST).as_millis()).unwrap_or(u64::MAX).max(1);
        let mut command = redis::cmd("SET");
        command.arg(&name).arg(entry::write(&entry)).arg("PX").arg(milliseconds);
        self.ask(name, command, |value| if matches!(value, Value::Okay) { Ok(()) } else { Err(garbage()) })
    }

    fn remove(&self, key: &CacheKey) -> Answer<()> {
        let name = names::entry(&self.prefix, key);
        let mut command = redis::cmd("DEL");
        command.arg(&name);
        self.ask(name, command, |value| if matches!(value, Value::Int(_)) { Ok(()) } else { Err(garbage()) })
    }
}

impl fmt::Debug for RedisCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisCache").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}
