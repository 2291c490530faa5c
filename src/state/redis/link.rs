//! The way to one server or a cluster: which server is asked, redirects, and connections that are lost.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::{Cmd, ErrorKind, RedisError, ServerErrorKind, Value};
use tokio::time::{Instant, timeout};

use super::connection::Target;
use super::node::Node;
use super::slots::{self, Range};
use crate::state::StoreError;

/// The way to the servers. A clone is the same.
#[derive(Clone)]
pub(super) struct Link(Arc<Inner>);

struct Inner {
    target: Arc<Target>,
    /// How long a connection may leave somebody without an answer.
    patience: Duration,
    cluster: Mutex<Cluster>,
    is_learning: AtomicBool,
}

/// What is known of the servers.
#[derive(Default)]
struct Cluster {
    nodes: HashMap<(String, u16), Arc<Node>>,
    /// Empty for a server that is no cluster's, as far as is known.
    ranges: Vec<Range>,
    /// Which of the named servers is asked when nothing is known.
    turn: usize,
    /// That server, until it fails.
    only: Option<Arc<Node>>,
}

/// Why a server gave no answer.
pub(super) enum Failure {
    /// It does not know the script.
    NoScript,
    Other(StoreError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Other(error)
    }
}

/// How often a server may send us to another one.
const REDIRECTS: u32 = 4;
/// How long a server may take to tell of its cluster.
const LESSON: Duration = Duration::from_secs(2);

impl Link {
    pub(super) fn new(target: Arc<Target>, patience: Duration) -> Self {
        let (cluster, is_learning) = (Mutex::default(), AtomicBool::new(false));
        Self(Arc::new(Inner { target, patience, cluster, is_learning }))
    }

    /// Sends a command that is about `key`, and waits for the answer.
    pub(super) async fn call(&self, key: &str, command: &Cmd) -> Result<Value, Failure> {
        let (mut node, mut asks) = (self.node_of(key), false);
        for _ in 0..REDIRECTS {
            let error = match self.ask(&node, command, asks).await? {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            let kind = error.kind();
            let to = error.redirect_node().and_then(|(to, _)| slots::redirected(to, &node.server.0));
            match (kind, to) {
                (ErrorKind::Server(ServerErrorKind::NoScript), _) => return Err(Failure::NoScript),
                (ErrorKind::Server(ServerErrorKind::Moved), Some(to)) => {
                    self.learn(Some(node));
                    (node, asks) = (self.cluster().node(&self.0.target, to), false);
                }
                (ErrorKind::Server(ServerErrorKind::Ask), Some(to)) => {
                    (node, asks) = (self.cluster().node(&self.0.target, to), true);
                }
                _ if is_of_key(&error) => return Err(StoreError::of_key(format!("{}: {error}", shown(&node))).into()),
                _ => return Err(StoreError::new(format!("{}: {error}", shown(&node))).into()),
            }
        }
        Err(StoreError::new(format!("{}: servers send each other the question", shown(&node))).into())
    }

    /// Asks one server. An error of the connection, or of a server that takes no writes, costs the connection.
    async fn ask(&self, node: &Arc<Node>, command: &Cmd, asks: bool) -> Result<Result<Value, RedisError>, StoreError> {
        let connected = node.connection().await;
        let (number, mut connection) = connected.inspect_err(|_| self.failed())?;
        let mut waiting = Waiting { link: self, node, number, since: Instant::now(), is_over: false };
        let answer = if asks {
            let mut pipeline = redis::pipe();
            pipeline.cmd("ASKING").ignore().add_command(command.clone());
            let answers = connection.send_packed_commands(&pipeline, 1, 1).await;
            answers.map(|mut answers| answers.pop().unwrap_or_default())
        } else {
            connection.send_packed_command(command).await
        };
        waiting.is_over = true;
        drop(waiting);
        // Errors inside of an answer are errors too.
        let answer = answer.and_then(Value::extract_error);
        if let Err(error) = &answer
            && is_lost(error)
        {
            node.lost(number);
            self.failed();
        }
        Ok(answer)
    }

    fn cluster(&self) -> MutexGuard<'_, Cluster> {
        self.0.cluster.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn node_of(&self, key: &str) -> Arc<Node> {
        let cluster = &mut *self.cluster();
        if let Some(node) = &cluster.only {
            return node.clone();
        }
        let slot = if cluster.ranges.is_empty() { None } else { Some(slots::slot_of(key)) };
        let has = |range: &&Range| slot.is_some_and(|slot| (range.first..=range.last).contains(&slot));
        if let Some(range) = cluster.ranges.iter().find(has) {
            let server = range.server.clone();
            return cluster.node(&self.0.target, server);
        }
        let servers = &self.0.target.servers;
        let named = servers.get(cluster.turn % servers.len().max(1)).cloned().unwrap_or_default();
        let node = cluster.node(&self.0.target, named);
        cluster.only = cluster.ranges.is_empty().then(|| node.clone());
        node
    }

    /// A server failed: the cluster may have changed, or another of the named servers may do.
    fn failed(&self) {
        let is_cluster = {
            let mut cluster = self.cluster();
            cluster.turn = cluster.turn.wrapping_add(1);
            cluster.only = None;
            !cluster.ranges.is_empty()
        };
        if is_cluster {
            self.learn(None);
        }
    }

    /// Asks the servers, one after the other, which of them has what; beside whoever asks for a key.
    fn learn(&self, first: Option<Arc<Node>>) {
        if self.0.is_learning.swap(true, Ordering::AcqRel) {
            return;
        }
        let link = self.clone();
        tokio::spawn(async move {
            let named = link.0.target.servers.clone();
            let mut candidates: Vec<_> = first.into_iter().collect();
            {
                let mut cluster = link.cluster();
                candidates.extend(cluster.nodes.values().cloned());
                candidates.extend(named.into_iter().map(|server| cluster.node(&link.0.target, server)));
            }
            for node in candidates {
                if let Ok(Some(ranges)) = timeout(LESSON, link.lesson(&node)).await {
                    link.cluster().learnt(ranges);
                    break;
                }
            }
            link.0.is_learning.store(false, Ordering::Release);
        });
    }

    async fn lesson(&self, node: &Arc<Node>) -> Option<Vec<Range>> {
        let (number, mut connection) = node.connection().await.ok()?;
        let answer = connection.send_packed_command(redis::cmd("CLUSTER").arg("SLOTS")).await;
        if answer.as_ref().is_err_and(is_lost) {
            node.lost(number);
        }
        slots::ranges(&answer.ok()?, &node.server.0).filter(|ranges| !ranges.is_empty())
    }
}

impl Cluster {
    fn node(&mut self, target: &Arc<Target>, server: (String, u16)) -> Arc<Node> {
        let node = self.nodes.entry(server).or_insert_with_key(|server| Node::new(target.clone(), server.clone()));
        node.clone()
    }

    fn learnt(&mut self, ranges: Vec<Range>) {
        self.nodes.retain(|server, _| ranges.iter().any(|range| range.server == *server));
        self.ranges = ranges;
        self.only = None;
    }
}

fn shown(node: &Node) -> String {
    format!("`{}:{}`", node.server.0, node.server.1)
}

/// Whether another connection may do better: the server is gone, talks garbage, or has become a replica.
fn is_lost(error: &RedisError) -> bool {
    error.is_io_error()
        || error.is_connection_dropped()
        || error.is_unrecoverable_error()
        || matches!(
            error.kind(),
            ErrorKind::Parse
                | ErrorKind::Io
                | ErrorKind::Server(ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown)
        )
}

/// Whether an error is about the key alone: what is kept there is nothing of ours, or a number that is too large.
fn is_of_key(error: &RedisError) -> bool {
    let text = error.detail().unwrap_or_default();
    // Scripts stop with an error of the command that failed; what a server cannot do at all has a code or word of its own.
    let is_of_server = ["OOM", "READONLY", "MISCONF", "NOREPLICAS", "LOADING", "BUSY"];
    match error.code() {
        Some("WRONGTYPE") => true,
        Some("ERR") => text.contains("user_script") && !is_of_server.iter().any(|word| text.contains(word)),
        _ => false,
    }
}

/// Somebody waits for an answer. A connection that gave none in time is given up: it may never give any.
struct Waiting<'a> {
    link: &'a Link,
    node: &'a Arc<Node>,
    number: u64,
    since: Instant,
    is_over: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if !self.is_over && self.since.elapsed() * 2 >= self.link.0.patience {
            self.node.lost(self.number);
            self.link.failed();
        }
    }
}
