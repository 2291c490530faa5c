//! The document of a resolver, compiled and run for one field.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use tokio::time::timeout;

use super::super::compile::{self, Compiler};
use super::super::diagnostic::{CompileError, Diagnostic, Severity};
use super::super::environment::Environment;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Statement as _, Step};
use super::super::messages::{MessageBody, ResponseState};
use super::super::own_request::OwnRequest;
use super::super::spec::{Scope, Section};
use super::super::statements::forward_request::ForwardRequest;
use super::super::statements::send_request::read;
use super::data_source;
use super::remote_query::{self, RemoteQuery};
use crate::body::Body;

/// A resolver, compiled.
pub(crate) struct Resolver {
    /// What runs before the request is made: `get-authorization-context`.
    pub(super) before: Vec<Arc<Step>>,
    pub(super) request: OwnRequest,
    /// The query, when the service is one of GraphQL.
    pub(super) query: Option<RemoteQuery>,
    pub(super) forward: Arc<ForwardRequest>,
    /// What makes the field's value of the response.
    pub(super) after: Vec<Arc<Step>>,
    /// The subscriptions that the value is published to.
    pub(super) events: Vec<String>,
}

/// Why a field has no value.
pub(super) enum Unresolved {
    /// The service answered with an error.
    Status(StatusCode),
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
        let (options, limit) = self.forward.options(exchange)?;
        let mut prepared = self.request.prepare(exchange)?.forwarded(&options);
        if let Some(query) = &self.query {
            prepared = prepared.posting(query.body(exchange)?);
        }
        let body_limit = exchange.settings.body_limit;
        let call = async {
            let response = prepared.send().await?.response;
            let status = response.status();
            if status.is_client_error() || status.is_server_error() {
                return Err(Unresolved::Status(status));
            }
            let (head, body) = response.into_parts();
            let bytes = read(body, body_limit).await?;
            Ok((head, Bytes::from(bytes)))
        };
        let late = |_| Failure::internal("Timeout", "Request to the backend service timed out");
        let (head, mut bytes) = timeout(limit, call).await.map_err(late)??;
        if self.query.is_some() {
            bytes = remote_query::data(&bytes).ok_or(Unresolved::Errors)?;
        }
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
