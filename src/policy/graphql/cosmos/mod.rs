//! Reads `cosmosdb-data-source`, and asks Azure Cosmos DB for a field.

mod action;
mod key;
mod query;
mod words;
mod write;

use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};
use tokio::time::timeout;

use super::super::compile::Compiler;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::own_request::{acquire, unavailable};
use super::super::setting::Setting;
use super::super::statements::cosmosdb_data_source::{
    CONNECTION, CONNECTION_STRING, CONTAINER, DATABASE, DELETE, QUERY, READ, WRITE,
};
use super::connection::{Connection, ConnectionText};
use super::data_source::child;
use super::resolver::Unresolved;
use crate::cosmos::{
    ConnectionString, CosmosAccount, CosmosAnswer, CosmosCredential, CosmosError, CosmosExecutor, CosmosRequest,
};
use crate::xml::Element;
use action::Action;

/// How long it may take.
const LIMIT: Duration = Duration::from_secs(60);

/// `cosmosdb-data-source` without what becomes of the answer.
pub(in crate::policy::graphql) struct CosmosSource {
    connection: Connection<ConnectionString>,
    database: Setting<String>,
    container: Setting<String>,
    action: Action,
}

impl ConnectionText for ConnectionString {
    fn read(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(|error| error.to_string())
    }

    fn lacks(&self) -> Option<&'static str> {
        let message = "the connection string of Cosmos DB has no `AccountKey`: expected one, or `use-managed-identity`";
        self.key.is_none().then_some(message)
    }
}

impl CosmosSource {
    /// Reads the document.
    pub(in crate::policy::graphql) fn compile(compiler: &mut Compiler<'_>, root: &Element) -> Option<Self> {
        let connection = child(compiler, root, &CONNECTION);
        let requests = [&QUERY, &READ, &DELETE, &WRITE].map(|known| child(compiler, root, known));
        if connection.is_none() {
            compiler.error(root.span.start, "`cosmosdb-data-source` needs a `connection-info`".to_owned());
        }
        let [query, read, delete, write] = requests;
        let action = match requests.iter().flatten().count() {
            1 => Action::compile(compiler, query, read, delete, write),
            n => {
                let what = if n == 0 { "needs one" } else { "may have one" };
                let message = format!(
                    "`cosmosdb-data-source` {what} of `query-request`, `read-request`, `delete-request` and `write-request`"
                );
                compiler.error(root.span.start, message);
                None
            }
        };
        let connection = connection?;
        let needed = |compiler: &mut Compiler<'_>, known| {
            let found = child(compiler, connection, known);
            if found.is_none() {
                compiler.error(connection.span.start, format!("`connection-info` needs a `{}`", known.element));
            }
            found
        };
        let string = needed(compiler, &CONNECTION_STRING);
        let [database, container] = [&DATABASE, &CONTAINER].map(|known| {
            let element = needed(compiler, known)?;
            compiler.text(element, true, "a name")
        });
        let connection = string.and_then(|string| Connection::compile(compiler, string));
        Some(Self { connection: connection?, database: database?, container: container?, action: action? })
    }

    /// The value of the field, as JSON.
    pub(in crate::policy::graphql) async fn ask(&self, exchange: &mut Exchange) -> Result<Bytes, Unresolved> {
        let executor = executor(exchange)?;
        let operation = self.action.work_out(exchange)?;
        let account = self.connection.told(exchange)?;
        let wanted = match self.connection.uses_identity(exchange)? {
            true => Some(self.connection.token(exchange, &account.resource())?),
            false => None,
        };
        let tokens = exchange.settings.tokens.clone();
        let (database, container) = (self.database.get(exchange)?, self.container.get(exchange)?.into_owned());
        let (database, byte_limit) = (database.into_owned(), exchange.settings.body_limit);
        let call = async {
            let credential = match wanted {
                None => account.key.clone().map(CosmosCredential::Key).ok_or_else(|| {
                    let message =
                        "The connection string of Cosmos DB has no AccountKey, and no managed identity is used.";
                    Failure::internal("CosmosDbRequestInvalid", message)
                })?,
                Some(wanted) => {
                    let token = acquire(tokens.as_ref(), &wanted).await?.unwrap_or_default();
                    CosmosCredential::Token(token.into())
                }
            };
            let account = CosmosAccount { endpoint: account.endpoint, credential };
            let request = CosmosRequest { account, database, container, operation, byte_limit };
            executor.execute(request).await.map_err(Unresolved::from)
        };
        let late = |_| Failure::internal("Timeout", "Request to the backend service timed out");
        let answer = timeout(LIMIT, call).await.map_err(late)??;
        Ok(self.value(answer))
    }

    fn value(&self, answer: CosmosAnswer) -> Bytes {
        match answer {
            CosmosAnswer::Items { items, continuation } if self.action.is_paged() => {
                let mut page = BytesMut::from(&b"{\"items\":"[..]);
                page.put(items);
                page.put(&b",\"continuationToken\":"[..]);
                // INVARIANT: a text can be written as JSON.
                page.put(&*serde_json::to_vec(&continuation).unwrap_or_default());
                page.put_u8(b'}');
                page.freeze()
            }
            CosmosAnswer::Items { items, .. } => items,
            CosmosAnswer::Item(item) => item,
            CosmosAnswer::Nothing => Bytes::from_static(b"null"),
        }
    }
}

impl From<CosmosError> for Unresolved {
    fn from(error: CosmosError) -> Self {
        match error.status().and_then(|status| http::StatusCode::from_u16(status).ok()) {
            Some(status) => Self::Refused(status, error.to_string()),
            None => Self::Failed(unavailable(error.to_string())),
        }
    }
}

/// What asks: the host's, or the one of this build.
fn executor(exchange: &Exchange) -> Result<Arc<dyn CosmosExecutor>, Box<Failure>> {
    if let Some(executor) = &exchange.settings.cosmos {
        return Ok(Arc::clone(executor));
    }
    #[cfg(feature = "cosmos")]
    if let Some(outbound) = exchange.outbound.clone() {
        return Ok(Arc::new(crate::cosmos::RestClient::new(outbound, exchange.settings.clock.clone())));
    }
    let message = "Nothing asks Cosmos DB here: the engine's settings have neither an executor nor an outbound.";
    Err(Failure::internal("CosmosDbNotConfigured", message))
}
