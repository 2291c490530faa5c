//! Azure SQL and SQL Server: the seam to whatever asks them, and a client of their protocol, TDS (feature `sql`).

mod connection_string;
mod error;
mod request;
#[cfg(feature = "sql")]
mod tds;

use async_trait::async_trait;

pub(crate) use connection_string::ConnectionString;
pub use connection_string::{Encryption, SqlServer};
pub use error::SqlError;
pub use request::{SqlCredential, SqlParameter, SqlRequest, SqlRows};
#[cfg(feature = "sql")]
pub(crate) use tds::TdsClient;

/// Does what `sql-data-source` describes.
///
/// A gateway of a build with the feature `sql` has one over its transport; a host that gives its own to
/// [`EngineSettings::sql`](crate::policy::EngineSettings::sql) has that one asked instead. In a test it is a few lines:
///
/// ```
/// use gatewright::sql::{SqlError, SqlExecutor, SqlRequest, SqlRows};
///
/// struct OneRow;
///
/// #[async_trait::async_trait]
/// impl SqlExecutor for OneRow {
///     async fn execute(&self, request: SqlRequest) -> Result<SqlRows, SqlError> {
///         let id = request.parameters.first().map_or(&serde_json::Value::Null, |parameter| &parameter.value);
///         Ok(SqlRows { rows: vec![format!(r#"{{"id":{id}}}"#).into()] })
///     }
/// }
/// ```
#[async_trait]
pub trait SqlExecutor: Send + Sync + 'static {
    /// Runs a statement; gives the rows of its last result.
    ///
    /// The caller keeps the time: it drops the future when the time is over, and the connection must not be used again then.
    ///
    /// # Errors
    ///
    /// [`SqlError`] when there are no rows to be had. It must not hold secrets.
    async fn execute(&self, request: SqlRequest) -> Result<SqlRows, SqlError>;
}

const _: Option<&dyn SqlExecutor> = None;
