//! Connections that are used again, a few for each database and login.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::super::SqlError;
use super::client::Connection;

/// How many statements run at the same time; others wait.
const MOST: usize = 32;
/// How many connections are kept that nobody uses, and for how long.
const MOST_IDLE: usize = 8;
const LONGEST_IDLE: Duration = Duration::from_secs(60);

/// Connections to one database.
pub(super) struct Pool {
    slots: Semaphore,
    idle: Mutex<Vec<(Connection, Instant)>>,
}

impl Default for Pool {
    fn default() -> Self {
        Self { slots: Semaphore::new(MOST), idle: Mutex::default() }
    }
}

impl Pool {
    /// Waits for its turn.
    pub(super) async fn slot(&self) -> Result<SemaphorePermit<'_>, SqlError> {
        self.slots.acquire().await.map_err(|_| SqlError::new("the pool of connections is closed"))
    }

    /// A connection that can be used again.
    pub(super) fn idle(&self) -> Option<Connection> {
        let mut idle = self.lock();
        idle.retain(|(_, since)| since.elapsed() < LONGEST_IDLE);
        while let Some((mut connection, _)) = idle.pop() {
            if connection.renew() {
                return Some(connection);
            }
        }
        None
    }

    /// Keeps a connection whose last answer was read to its end.
    pub(super) fn keep(&self, connection: Connection) {
        let mut idle = self.lock();
        idle.retain(|(_, since)| since.elapsed() < LONGEST_IDLE);
        if idle.len() < MOST_IDLE {
            idle.push((connection, Instant::now()));
        }
    }

    /// Whether somebody may come back to its connections.
    pub(super) fn is_fresh(&self) -> bool {
        self.lock().iter().any(|(_, since)| since.elapsed() < LONGEST_IDLE)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<(Connection, Instant)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
