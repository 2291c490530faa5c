//! A compiled expression.

use std::fmt;
use std::sync::Arc;

use super::bind::{self, Bound};
use super::budget::Budget;
use super::code::{self, Program};
use super::diagnostic::CompileErrors;
use super::fault::EvalError;
use super::host::Host;
use super::library::Library;
use super::syntax::{self, Span};
use super::value::Value;

/// A policy expression, compiled; cheap to clone, shared between threads.
#[derive(Clone)]
pub struct Expression(Arc<Inner>);

struct Inner {
    source: Box<str>,
    program: Program,
    static_type: StaticType,
    constant: Option<Value>,
    needs: Needs,
}

/// What an expression reads of the exchange, known when it is compiled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Needs {
    /// It reads the body of the request.
    pub request_body: bool,
    /// It reads the body of the response.
    pub response_body: bool,
    /// Each read of the request's body keeps it for those who come later.
    pub preserves_request_body: bool,
    /// Each read of the response's body keeps it for those who come later.
    pub preserves_response_body: bool,
    /// It reads `context.Request.Certificate`.
    pub request_certificate: bool,
    /// It reads a member of the request other than its body, certificate and matched parameters.
    pub request: bool,
    /// It reads `context.Request.MatchedParameters`.
    pub matched_parameters: bool,
    /// It reads `context.Timestamp` or `context.Elapsed`.
    pub timestamp: bool,
    /// It reads `context.Variables`.
    pub variables: bool,
}

/// The compile-time type of an expression; displays as C# writes it, such as `int?`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaticType(pub(crate) String);

impl fmt::Display for StaticType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Expression {
    /// Compiles `@( expression )` or `@{ statements }`.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the source, each with its place.
    pub fn compile(source: &str, library: &Library) -> Result<Self, CompileErrors> {
        let plain = syntax::unescaped(source);
        let tree = syntax::parse(&plain).map_err(CompileErrors::new)?;
        let bound: Bound = bind::bind(&tree, library).map_err(CompileErrors::new)?;
        let static_type = StaticType(bound.static_type());
        let constant = bound.constant().cloned();
        let needs = bound.needs.clone();
        let program = code::emit(bound, library, Span::whole(&plain));
        Ok(Self(Arc::new(Inner { source: source.into(), program, static_type, constant, needs })))
    }

    /// Evaluates against the members of `context` that `host` answers.
    ///
    /// # Errors
    ///
    /// The exception that left the expression, or the limit of `budget` that it passed.
    pub fn eval(&self, host: &mut dyn Host, budget: &Budget) -> Result<Value, EvalError> {
        self.0.program.run(host, budget)
    }

    /// What it was compiled from.
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// The compile-time type: of the expression, or `object` for a block.
    pub fn static_type(&self) -> &StaticType {
        &self.0.static_type
    }

    /// The value, when it does not depend on anything.
    pub fn constant(&self) -> Option<&Value> {
        self.0.constant.as_ref()
    }

    /// What it reads of the exchange.
    pub fn needs(&self) -> &Needs {
        &self.0.needs
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Expression").field("static_type", &self.0.static_type).finish_non_exhaustive()
    }
}
