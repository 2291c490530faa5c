//! One server: its connection, which is made when it is needed and made anew when it is lost.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redis::aio::MultiplexedConnection;
use tokio::sync::watch;

use super::connection::Target;
use crate::state::StoreError;

/// One server.
pub(super) struct Node {
    target: Arc<Target>,
    pub(super) server: (String, u16),
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Tells one connection from the next.
    number: u64,
    connection: Connection,
}

#[derive(Default)]
enum Connection {
    #[default]
    None,
    Coming(watch::Receiver<Option<Result<MultiplexedConnection, StoreError>>>),
    Here(MultiplexedConnection),
}

/// A connection, and its number for [`Node::lost`].
pub(super) type Numbered = (u64, MultiplexedConnection);

impl Node {
    pub(super) fn new(target: Arc<Target>, server: (String, u16)) -> Arc<Self> {
        Arc::new(Self { target, server, state: Mutex::default() })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection; waits for it when there is none yet.
    ///
    /// Cancel safe: it is made all the same, for the next one who asks.
    pub(super) async fn connection(self: &Arc<Self>) -> Result<Numbered, StoreError> {
        let (number, mut coming) = {
            let mut state = self.state();
            match &state.connection {
                Connection::Here(connection) => return Ok((state.number, connection.clone())),
                Connection::Coming(coming) => (state.number, coming.clone()),
                Connection::None => {
                    state.number += 1;
                    let (sender, coming) = watch::channel(None);
                    state.connection = Connection::Coming(coming.clone());
                    let (node, number) = (self.clone(), state.number);
                    tokio::spawn(async move {
                        let connected = node.target.connect(&node.server).await;
                        node.arrived(number, connected.as_ref().ok());
                        let _ = sender.send(Some(connected));
                    });
                    (number, coming)
                }
            }
        };
        let gone = || StoreError::new("the connection was given up");
        let connected = coming.wait_for(Option::is_some).await.map_err(|_| gone())?.clone();
        Ok((number, connected.unwrap_or_else(|| Err(gone()))?))
    }

    fn arrived(&self, number: u64, connection: Option<&MultiplexedConnection>) {
        let mut state = self.state();
        if state.number == number {
            state.connection = connection.map_or(Connection::None, |it| Connection::Here(it.clone()));
        }
    }

    /// Gives a connection up that does not work; the next one who asks gets another.
    pub(super) fn lost(&self, number: u64) {
        let mut state = self.state();
        if state.number == number {
            state.connection = Connection::None;
        }
    }
}
