//! TDS, the protocol of SQL Server, over connections that are ours: TLS, the pool, bounds.

mod client;
mod handshake;
mod json;
mod parameters;
mod pool;
mod prelogin;
mod socket;
mod wire;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use sha2::{Digest, Sha256};
use tokio::time::timeout;

use super::{SqlCredential, SqlError, SqlExecutor, SqlRequest, SqlRows, SqlServer};
use crate::backend::Transport;
use crate::forward::CertificateName;
use pool::Pool;

/// How many databases, or logins of them, connections are kept for.
const MOST_POOLS: usize = 64;

/// Asks SQL Servers over the network.
pub(crate) struct TdsClient {
    transport: Transport,
    pools: Mutex<HashMap<Key, Arc<Pool>>>,
}

/// What connections are shared by.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    server: SqlServer,
    /// A hash of who asks, and of what is shown.
    identity: [u8; 32],
}

impl TdsClient {
    pub(crate) fn new(transport: Transport) -> Self {
        Self { transport, pools: Mutex::default() }
    }

    fn pool(&self, request: &SqlRequest) -> Arc<Pool> {
        let key = Key { server: request.server.clone(), identity: identity(request) };
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if !pools.contains_key(&key) {
            // Tokens change: nobody comes back to the connections of an old one.
            let is_full = pools.len() >= MOST_POOLS;
            pools.retain(|_, pool| Arc::strong_count(pool) > 1 || !is_full && pool.is_fresh());
        }
        Arc::clone(pools.entry(key).or_default())
    }
}

#[async_trait]
impl SqlExecutor for TdsClient {
    async fn execute(&self, request: SqlRequest) -> Result<SqlRows, SqlError> {
        let pool = self.pool(&request);
        let late = |what: &str| SqlError::new(format!("SQL Server `{}`: {what}", request.server.host));
        let connecting = async {
            let slot = pool.slot().await?;
            let connection = match pool.idle() {
                Some(connection) => connection,
                None => client::connect(&self.transport, &request).await?,
            };
            Ok::<_, SqlError>((slot, connection))
        };
        let (_slot, mut connection) =
            timeout(request.server.connect_timeout, connecting).await.map_err(|_| late("no connection in time"))??;
        // One that is left in the middle of an answer is not used again: it is dropped here.
        let rows = timeout(request.server.command_timeout, client::run(&mut connection, &request)).await;
        let rows = rows.map_err(|_| late("no answer in time"))??;
        pool.keep(connection);
        Ok(rows)
    }
}

impl fmt::Debug for TdsClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TdsClient").finish_non_exhaustive()
    }
}

fn identity(request: &SqlRequest) -> [u8; 32] {
    let mut hash = Sha256::new();
    match &request.credential {
        SqlCredential::Login { user, password } => {
            hash.update(Sha256::digest(user));
            hash.update(Sha256::digest(password.expose()));
        }
        SqlCredential::Token(token) => hash.update(Sha256::digest(token.expose())),
    }
    match &request.certificate {
        None => {}
        Some(CertificateName::Id(id)) => hash.update(format!("id {id}")),
        Some(CertificateName::Thumbprint(thumbprint)) => hash.update(format!("thumbprint {thumbprint}")),
        Some(CertificateName::Data(data)) => hash.update(Sha256::digest(data.file())),
    }
    hash.finalize().into()
}
