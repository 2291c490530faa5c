//! Reads `sql-data-source`, and asks a SQL Server for a field.

mod connection;
mod request;

use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use tokio::time::timeout;

use super::super::compile::Compiler;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::Step;
use super::super::own_request::{acquire, unavailable};
use super::super::statements::include_fragment;
use super::super::statements::sql_data_source::{CONNECTION, REQUEST, RESPONSE, SPEC};
use super::data_source::response;
use super::resolver::Unresolved;
use crate::sql::{SqlError, SqlExecutor, SqlRequest, SqlRows};
use crate::xml::Element;
use connection::Connection;
use request::Request;

/// The most rows of an answer.
const MOST_ROWS: usize = 50_000;
/// What a server may take longer than its own limits say, all of them together.
const GRACE: Duration = Duration::from_secs(5);

/// `sql-data-source` without what becomes of the answer.
pub(in crate::policy::graphql) struct SqlSource {
    connection: Connection,
    request: Request,
}

/// What the document says, that of fragments in it too.
#[derive(Default)]
pub(in crate::policy::graphql) struct SqlDocument {
    connection: Option<Connection>,
    request: Option<Request>,
    pub(in crate::policy::graphql) before: Vec<Arc<Step>>,
    pub(in crate::policy::graphql) after: Vec<Arc<Step>>,
    pub(in crate::policy::graphql) events: Vec<String>,
    has_connection: bool,
    has_request: bool,
}

impl SqlDocument {
    /// Reads the document; says what is missing.
    pub(in crate::policy::graphql) fn compile(compiler: &mut Compiler<'_>, root: &Element) -> Self {
        let mut document = Self::default();
        document.read(compiler, root);
        for (is_there, name) in [(document.has_connection, CONNECTION.element), (document.has_request, REQUEST.element)]
        {
            if !is_there {
                compiler.error(root.span.start, format!("`sql-data-source` needs a `{name}`"));
            }
        }
        document
    }

    fn read(&mut self, compiler: &mut Compiler<'_>, parent: &Element) {
        for child in parent.elements() {
            match &*child.name {
                "connection-info" if !std::mem::replace(&mut self.has_connection, true) => {
                    compiler.check_child(&CONNECTION, child);
                    self.connection = Connection::compile(compiler, child, &mut self.before);
                }
                "request" if !std::mem::replace(&mut self.has_request, true) => {
                    compiler.check_child(&REQUEST, child);
                    self.request = Request::compile(compiler, child);
                }
                "response" if self.after.is_empty() && self.events.is_empty() => {
                    compiler.check_child(&RESPONSE, child);
                    (self.after, self.events) = response(compiler, Some(child), &RESPONSE);
                }
                "include-fragment" => within(compiler, child, |inner, root| self.read(inner, root)),
                name if compiler.is_fragment => {
                    let message = format!("`{name}` cannot stand in `{}`, or not twice", SPEC.element);
                    compiler.error(child.span.start, message);
                }
                // The specification has said so.
                _ => {}
            }
        }
    }

    /// What asks.
    pub(in crate::policy::graphql) fn source(self) -> Option<SqlSource> {
        Some(SqlSource { connection: self.connection?, request: self.request? })
    }
}

/// Reads what is in a fragment as if it stood in its place.
fn within(compiler: &mut Compiler<'_>, include: &Element, mut read: impl FnMut(&mut Compiler<'_>, &Element)) {
    include_fragment::inside(compiler, include, |inner| {
        inner.is_fragment = true;
        let document = inner.document;
        read(inner, &document.root);
    });
}

impl SqlSource {
    /// The value of the field, as JSON.
    pub(in crate::policy::graphql) async fn ask(&self, exchange: &mut Exchange) -> Result<Bytes, Unresolved> {
        let executor = executor(exchange)?;
        let asked = self.request.work_out(exchange)?;
        let who = self.connection.work_out(exchange)?;
        let (tokens, byte_limit) = (exchange.settings.tokens.clone(), exchange.settings.body_limit);
        let limit = who.server.connect_timeout + who.server.command_timeout + GRACE;
        let call = async {
            let credential = match who.credential {
                Ok(credential) => credential,
                Err(wanted) => {
                    let token = acquire(tokens.as_ref(), &wanted).await?.unwrap_or_default();
                    crate::sql::SqlCredential::Token(token.into())
                }
            };
            let request = SqlRequest {
                server: who.server,
                credential,
                certificate: who.certificate,
                statement: asked.statement,
                parameters: asked.parameters,
                byte_limit,
                row_limit: MOST_ROWS,
            };
            executor.execute(request).await.map_err(Unresolved::from)
        };
        let late = |_| Failure::internal("Timeout", "Request to the backend service timed out");
        let SqlRows { rows } = timeout(limit, call).await.map_err(late)??;
        if asked.is_single {
            return Ok(rows.into_iter().next().unwrap_or_else(|| Bytes::from_static(b"null")));
        }
        let mut all = BytesMut::from(&b"["[..]);
        for (i, row) in rows.iter().enumerate() {
            if i > 0 {
                all.put_u8(b',');
            }
            all.put(&**row);
        }
        all.put_u8(b']');
        Ok(all.freeze())
    }
}

impl From<SqlError> for Unresolved {
    fn from(error: SqlError) -> Self {
        Self::Failed(unavailable(error.to_string()))
    }
}

fn executor(exchange: &Exchange) -> Result<Arc<dyn SqlExecutor>, Box<Failure>> {
    exchange.settings.sql.clone().ok_or_else(|| {
        let message = "Nothing asks SQL Servers here: the engine's settings have no executor.";
        Failure::internal("SqlNotConfigured", message)
    })
}
