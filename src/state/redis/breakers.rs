//! Which circuits are open, in Redis: a script keeps what one instance tells and answers what others told.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::{Cmd, Value};
use tokio::time::timeout;

use super::link::{Failure, Link};
use crate::state::StoreError;

const SCRIPT: &str = include_str!("breakers.lua");

/// What is open for longer is open for so long.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// What instances tell each other of circuit breakers, in Redis; made by [`RedisStores::breakers`](super::RedisStores::breakers).
#[derive(Clone)]
pub struct RedisBreakers {
    link: Link,
    key: Arc<str>,
    patience: Duration,
}

/// An open circuit: its name, the number of the opening, the rule, and how long it stays open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpenCircuit {
    pub(crate) circuit: String,
    pub(crate) id: u64,
    pub(crate) rule: String,
    pub(crate) remaining: Duration,
}

impl RedisBreakers {
    pub(super) fn new(link: Link, prefix: &str, patience: Duration) -> Self {
        // One key, and so one server of a cluster.
        Self { link, key: format!("{prefix}breakers").into(), patience }
    }

    /// Keeps `ours`, and gives the version of what is kept and all of it; none when it is the version `seen`.
    pub(crate) async fn tell(
        &self,
        ours: impl Iterator<Item = OpenCircuit>,
        seen: u64,
    ) -> Result<Option<(u64, Vec<OpenCircuit>)>, StoreError> {
        let mut command = redis::cmd("EVAL");
        command.arg(SCRIPT).arg(1).arg(&*self.key).arg(seen);
        for OpenCircuit { circuit, id, rule, remaining } in ours {
            command.arg(circuit).arg(id).arg(rule).arg(milliseconds(remaining));
        }
        let answer = timeout(self.patience, self.ask(&command)).await;
        let answer = answer.map_err(|_| StoreError::new(format!("no answer within {:?}", self.patience)))??;
        let (version, open) =
            read(&answer).ok_or_else(|| StoreError::new("the server answers something else than open circuits"))?;
        Ok((version != seen).then_some((version, open)))
    }

    async fn ask(&self, command: &Cmd) -> Result<Value, StoreError> {
        self.link.call(&self.key, command).await.map_err(|failure| match failure {
            Failure::Other(error) => error,
            Failure::NoScript => StoreError::new("the server takes no scripts"),
        })
    }
}

impl fmt::Debug for RedisBreakers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisBreakers").field("key", &self.key).finish_non_exhaustive()
    }
}

fn read(answer: &Value) -> Option<(u64, Vec<OpenCircuit>)> {
    let Value::Array(items) = answer else { return None };
    let text = |value: &Value| match value {
        Value::BulkString(bytes) => String::from_utf8(bytes.clone()).ok(),
        _ => None,
    };
    let number = |value: &Value| text(value)?.parse().ok();
    let (version, rest) = items.split_first()?;
    if rest.len() % 4 != 0 {
        return None;
    }
    let open = rest.chunks_exact(4).map(|item| {
        let [circuit, id, rule, Value::Int(remaining)] = item else { return None };
        let remaining = Duration::from_millis(u64::try_from(*remaining).ok()?);
        Some(OpenCircuit { circuit: text(circuit)?, id: number(id)?, rule: text(rule)?, remaining })
    });
    Some((number(version)?, open.collect::<Option<_>>()?))
}

/// Rounded up: what is open for less than a millisecond is open.
fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.min(LONGEST).as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_open_circuits_are_open_circuits() {
        let text = |text: &str| Value::BulkString(text.into());
        let one = vec![text("7"), text("c"), text("5"), text("r"), Value::Int(1_500)];
        let remaining = Duration::from_millis(1_500);
        let expected = OpenCircuit { circuit: "c".to_owned(), id: 5, rule: "r".to_owned(), remaining };
        assert_eq!(read(&Value::Array(one.clone())), Some((7, vec![expected])));
        assert_eq!(read(&Value::Array(vec![text("0")])), Some((0, vec![])));
        for (at, wrong) in [(0, text("x")), (1, Value::Nil), (2, text("-1")), (3, Value::Int(1)), (4, Value::Int(-1))] {
            let mut garbage = one.clone();
            garbage[at] = wrong;
            assert_eq!(read(&Value::Array(garbage)), None, "{at}");
        }
        assert_eq!(read(&Value::Array(one[..4].to_vec())), None);
        assert_eq!((read(&Value::Array(vec![])), read(&Value::Okay)), (None, None));
        assert_eq!(milliseconds(Duration::from_nanos(1)), 1);
    }
}
