//! A connection to one server: TCP, TLS when it is asked for, and who we are.

use std::net::IpAddr;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, ProtocolVersion, RedisConnectionInfo};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::connection_string::Address;
use super::tls::Tls;
use crate::secret::Secret;
use crate::state::StoreError;

/// How servers are reached; a cluster has more of them than are named.
pub(super) struct Target {
    pub(super) servers: Vec<(String, u16)>,
    user: Option<String>,
    password: Option<Secret>,
    database: i64,
    tls: Option<Tls>,
    /// The name in all certificates, when the connection string says so.
    tls_host: Option<String>,
}

/// How long a server may take to take us; whoever waits for it has a time limit of its own.
const PATIENCE: Duration = Duration::from_secs(5);

impl Target {
    pub(super) fn new(address: &Address, tls: Option<Tls>) -> Self {
        let Address { servers, user, password, database, tls_host, .. } = address.clone();
        Self { servers, user, password, database, tls, tls_host }
    }

    /// Connects to a server.
    pub(super) async fn connect(&self, (host, port): &(String, u16)) -> Result<MultiplexedConnection, StoreError> {
        let failed = |error: &dyn std::fmt::Display| StoreError::new(format!("`{host}:{port}`: {error}"));
        let connected = timeout(PATIENCE, self.try_connect(host, *port)).await;
        connected.map_err(|_| failed(&"no connection in time"))?.map_err(|error| failed(&error))
    }

    /// The name in the certificate of a server. One that a cluster names by its address has that of the first server.
    fn name_of<'a>(&'a self, host: &'a str) -> &'a str {
        let is_named = self.servers.iter().any(|(known, _)| known == host);
        let first = self.servers.first().filter(|_| !is_named && host.parse::<IpAddr>().is_ok());
        self.tls_host.as_deref().or(first.map(|(first, _)| &**first)).unwrap_or(host)
    }

    async fn try_connect(&self, host: &str, port: u16) -> Result<MultiplexedConnection, redis::RedisError> {
        let stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        let mut info = RedisConnectionInfo::default().set_protocol(ProtocolVersion::RESP2).set_db(self.database);
        info = info.set_skip_set_lib_name();
        if let Some(user) = &self.user {
            info = info.set_username(user);
        }
        if let Some(password) = &self.password {
            info = info.set_password(password.expose());
        }
        // Whoever waits for an answer has a time limit.
        let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        match &self.tls {
            None => {
                let (connection, driver) = MultiplexedConnection::new_with_config(&info, stream, config).await?;
                tokio::spawn(driver);
                Ok(connection)
            }
            Some(tls) => {
                let stream = tls.connect(self.name_of(host), stream).await?;
                let (connection, driver) = MultiplexedConnection::new_with_config(&info, stream, config).await?;
                tokio::spawn(driver);
                Ok(connection)
            }
        }
    }
}
