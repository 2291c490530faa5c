//! Signs in to a server, and runs statements there.

use std::io;
use std::sync::{Arc, PoisonError};

use futures_util::TryStreamExt;
use rustls::pki_types::ServerName;
use tiberius::error::Error;
use tiberius::{AuthMethod, Client, Command, CommandItem, Config, EncryptionLevel};
use tokio_rustls::TlsConnector;

use super::super::{Encryption, SqlCredential, SqlError, SqlRequest, SqlRows};
use super::handshake::Wrapped;
use super::parameters::{Bound, bound};
use super::prelogin::{self, Wish};
use super::socket::Socket;
use super::wire::{Gate, SharedGate, Stream, Wire};
use super::{json, parameters};
use crate::backend::Transport;

/// How often a server may send us elsewhere.
const MOST_ROUTES: usize = 2;
/// What may come while both sides sign in, in bytes.
const LOGIN_LIMIT: usize = 1 << 20;
/// What TDS 8 is called where protocols are agreed on.
const STRICT: &[u8] = b"tds/8.0";

/// A connection that has signed in.
pub(super) struct Connection {
    client: Client<Wire>,
    socket: Socket,
    gate: SharedGate,
}

impl Connection {
    /// Makes the next statement begin with a session as new; false when the server has ended the connection.
    pub(super) fn renew(&mut self) -> bool {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner).resets = true;
        self.socket.is_quiet()
    }
}

/// Signs in.
pub(super) async fn connect(transport: &Transport, request: &SqlRequest) -> Result<Connection, SqlError> {
    let (mut host, mut port) = (request.server.host.clone(), request.server.port);
    for _ in 0..=MOST_ROUTES {
        match sign_in(transport, request, &host, port).await {
            Err(Error::Routing { host: next, port: at }) => (host, port) = (next, at),
            signed_in => return signed_in.map_err(|error| of_client(&host, &error)),
        }
    }
    Err(SqlError::new(format!("SQL Server `{}`: it sends us from one server to the next", request.server.host)))
}

async fn sign_in(transport: &Transport, request: &SqlRequest, host: &str, port: u16) -> Result<Connection, Error> {
    let gate: SharedGate = Arc::new(Gate { resets: false, left: LOGIN_LIMIT }.into());
    let (stream, answer, socket) = agree(transport, request, host, port).await?;
    let mut config = Config::new();
    config.host(host);
    config.port(port);
    // It is encrypted already, or not to be.
    config.encryption(EncryptionLevel::NotSupported);
    config.handshake_timeout(None);
    config.command_timeout(None);
    config.lossy_utf16_decoding(true);
    config.readonly(request.server.read_only);
    config.application_name(request.server.application.as_deref().unwrap_or("gatewright"));
    if let Some(database) = &request.server.database {
        config.database(database);
    }
    config.authentication(match &request.credential {
        SqlCredential::Login { user, password } => AuthMethod::sql_server(user, password.expose()),
        SqlCredential::Token(token) => AuthMethod::aad_token(token.expose()),
    });
    let client = Client::connect(config, Wire::new(stream, answer, Arc::clone(&gate))).await?;
    Ok(Connection { client, socket, gate })
}

/// Agrees on encryption with a server; gives what it answered, too.
async fn agree(
    transport: &Transport,
    request: &SqlRequest,
    host: &str,
    port: u16,
) -> io::Result<(Stream, Vec<u8>, Socket)> {
    let server = &request.server;
    let with_token = matches!(request.credential, SqlCredential::Token(_));
    let mut socket = Socket::connect(host, port).await?;
    let is_checked = !server.trusts_any_certificate && server.encryption != Encryption::Optional;
    let name = || {
        let name = server.certificate_host.as_deref().unwrap_or(host).to_owned();
        ServerName::try_from(name).map_err(|_| prelogin::invalid("its name is none that a certificate can have"))
    };
    let tls = |protocol: Option<&[u8]>| {
        let config = transport.tls_for(is_checked, request.certificate.as_ref(), protocol);
        config.map(TlsConnector::from).map_err(io::Error::other)
    };
    if server.encryption == Encryption::Strict {
        let mut stream = tls(Some(STRICT))?.connect(name()?, socket.clone()).await?;
        let answer = prelogin::exchange(&mut stream, Wish::Required, with_token).await?;
        return Ok((Stream::Strict(Box::new(stream)), answer, socket));
    }
    let answer = prelogin::exchange(&mut socket, Wish::On, with_token).await?;
    if prelogin::encrypts(&answer)? {
        let mut stream = tls(None)?.connect(name()?, Wrapped::new(socket.clone())).await?;
        stream.get_mut().0.shaken();
        return Ok((Stream::Wrapped(Box::new(stream)), answer, socket));
    }
    if server.encryption == Encryption::Mandatory {
        return Err(prelogin::invalid("it does not encrypt: expected `Encrypt=False`, or a server that does"));
    }
    // A server that was asked to encrypt, and cannot, expects us to leave.
    let mut socket = Socket::connect(host, port).await?;
    let answer = prelogin::exchange(&mut socket, Wish::NotSupported, with_token).await?;
    Ok((Stream::Plain(socket.clone()), answer, socket))
}

/// Runs a statement, and reads its answer to the end.
pub(super) async fn run(connection: &mut Connection, request: &SqlRequest) -> Result<SqlRows, SqlError> {
    let failed = |error: Error| of_client(&request.server.host, &error);
    // Texts take two bytes a letter there, and types a few.
    let left = request.byte_limit.saturating_mul(2).saturating_add(LOGIN_LIMIT);
    connection.gate.lock().unwrap_or_else(PoisonError::into_inner).left = left;
    let mut command = Command::new("sp_executesql");
    command.bind_param("@stmt", &*request.statement);
    let all = request.parameters.iter().map(bound).collect::<Result<Vec<_>, _>>()?;
    if !all.is_empty() {
        command.bind_param("@params", std::borrow::Cow::from(parameters::declarations(&all)));
    }
    for Bound { name, data, .. } in all {
        command.bind_param(name, data);
    }
    let mut stream = command.exec(&mut connection.client).await.map_err(failed)?;
    let (mut rows, mut length) = (Vec::new(), 0_usize);
    while let Some(item) = stream.try_next().await.map_err(failed)? {
        match item {
            // The last result counts.
            CommandItem::Metadata(_) => {
                rows.clear();
                length = 0;
            }
            CommandItem::Row(row) => {
                if rows.len() >= request.row_limit {
                    let most = request.row_limit;
                    return Err(SqlError::new(format!("the statement gives more than {most} rows: expected fewer")));
                }
                let row = json::row(&row)?;
                length = length.saturating_add(row.len() + 1);
                if length > request.byte_limit {
                    return Err(SqlError::new("the answer is longer than the largest body allowed"));
                }
                rows.push(row);
            }
            _ => {}
        }
    }
    Ok(SqlRows { rows })
}

/// What went wrong, in one line.
fn of_client(host: &str, error: &Error) -> SqlError {
    let text = match error {
        Error::Server(error) => format!("it answered with error {}: {}", error.code(), error.message()),
        Error::Io { message, .. } => message.clone(),
        other => other.to_string(),
    };
    let line: String = text.lines().next().unwrap_or_default().chars().take(300).collect();
    SqlError::new(format!("SQL Server `{host}`: {line}"))
}
