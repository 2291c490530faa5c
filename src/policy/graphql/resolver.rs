//! The document of a resolver, compiled and run for one field.

use std::sync::Arc;

use bytes::Bytes;
use http::response::Parts;
use http::{HeaderValue, StatusCode, header};

use super::super::compile::{self, Compiler};
use super::super::diagnostic::{CompileError, Diagnostic, Severity};
use super::super::environment::Environment;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement as _, Step};
use super::super::messages::{MessageBody, ResponseState};
use super::super::spec::{Scope, Section};
use super::cosmos::CosmosSource;
use super::data_source;
use super::http_source::HttpSource;
use super::sql::SqlSource;
use crate::body::Body;

/// A resolver, compiled.
pub(crate) struct Resolver {
    /// What runs before the request is made: `get-authorization-context`.
    pub(super) before: Vec<Arc<Step>>,
    pub(super) source: Source,
    /// What makes the field's value of the response.
    pub(super) after: Vec<Arc<Step>>,
    /// The subscriptions that the value is published to.
    pub(super) events: Vec<String>,
}

/// Where values come from.
pub(super) enum Source {
    /// An HTTP service, one of GraphQL among them.
    Http(Box<HttpSource>),
    /// Azure Cosmos DB.
    Cosmos(Box<CosmosSource>),
    /// Azure SQL, or a SQL Server.
    Sql(Box<SqlSource>),
}

/// Why a field has no value.
pub(super) enum Unresolved {
    /// The service answered with an error.
    Status(StatusCode),
    /// The service answered with an error of this status, and said why.
    Refused(StatusCode, String),
    /// The GraphQL service answered with errors.
    Errors,
    Failed(Box<Failure>),
}

impl From<Box<Failure>> for Unresolved {
    fn from(failure: Box<Failure>) -> Self {
        Self::Failed(failure)
    }
}

impl Resolver {
    /// Compiles a document; also gives its warnings.
    pub(super) fn compile(
        file: &str,
        text: &str,
        environment: &Environment,
    ) -> Result<(Self, Vec<Diagnostic>), CompileError> {
        let (resolver, diagnostics) = Self::read(file, text, environment);
        let has_errors = diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
        match resolver {
            Some(resolver) if !has_errors => Ok((resolver, diagnostics)),
            _ => Err(CompileError(diagnostics)),
        }
    }

    /// Reads a document, and says everything that is wrong with it.
    pub(super) fn read(file: &str, text: &str, environment: &Environment) -> (Option<Self>, Vec<Diagnostic>) {
        let file = Arc::<str>::from(file);
        let document = match compile::read(&file, text, environment.longest_document()) {
            Ok(document) => document,
            Err(diagnostics) => return (None, diagnostics),
        };
        let mut compiler = Compiler::new(environment, &document, file, Scope::Api, Section::Inbound);
        compiler.is_resolver = true;
        let resolver = data_source::compile(&mut compiler, &document.root);
        compiler.diagnostics.sort_by_key(|found| (found.line, found.column));
        (resolver, compiler.diagnostics)
    }

    /// The subscriptions that it publishes to.
    pub(super) fn events(&self) -> &[String] {
        &self.events
    }

    /// Works out the value of a field; the exchange is one of its own.
    pub(super) async fn run(&self, exchange: &mut Exchange) -> Result<Bytes, Unresolved> {
        run_all(&self.before, exchange).await?;
        let (head, bytes) = match &self.source {
            Source::Http(source) => source.ask(exchange).await?,
            Source::Cosmos(source) => (json_head(), source.ask(exchange).await?),
            Source::Sql(source) => (json_head(), source.ask(exchange).await?),
        };
        if self.after.is_empty() {
            return Ok(bytes);
        }
        exchange.respond(ResponseState::from_response(http::Response::from_parts(head, Body::from(bytes))));
        run_all(&self.after, exchange).await?;
        Ok(match exchange.response.as_ref().map(|response| &response.body) {
            Some(MessageBody::Bytes(bytes)) => (**bytes).clone(),
            _ => Bytes::new(),
        })
    }
}

/// What `context.Response` is of an answer that came by no HTTP.
fn json_head() -> Parts {
    let mut response = http::Response::new(());
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.into_parts().0
}

/// Runs statements one after the other.
async fn run_all(steps: &[Arc<Step>], exchange: &mut Exchange) -> Result<(), Box<Failure>> {
    for step in steps {
        let mut flow = step.run(exchange)?;
        while let Flow::Wait(work) = flow {
            flow = (work.await)(exchange)?;
        }
    }
    Ok(())
}
