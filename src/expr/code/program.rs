//! A compiled expression, ready to run.

use std::sync::Arc;

use super::function::FunctionCode;
use super::run::Run;
use crate::expr::budget::Budget;
use crate::expr::fault::{Cause, EvalError, Fault};
use crate::expr::host::Host;
use crate::expr::library::{Settings, exception};
use crate::expr::syntax::Span;
use crate::expr::value::Value;

/// The functions of an expression; the first is the whole.
pub(crate) struct Program {
    pub(super) functions: Arc<Vec<FunctionCode>>,
    pub(super) settings: Arc<Settings>,
    /// All of the source: where a fault is that names no place of its own.
    pub(super) span: Span,
}

impl Program {
    /// Runs it.
    pub(crate) fn run(&self, host: &mut dyn Host, budget: &Budget) -> Result<Value, EvalError> {
        let mut run = Run::new(host, &self.settings, budget, &self.functions);
        run.whole().map_err(|fault| error_of(fault.at(self.span)))
    }
}

pub(crate) fn error_of(fault: Fault) -> EvalError {
    let span = fault.span().unwrap_or_default().range();
    let (exception_type, message, is_budget) = match fault.into_cause() {
        Cause::Exception { ty, message } => (ty.full_name().to_owned(), message, false),
        Cause::Thrown(value) => {
            let (ty, message) = exception::describe(&value);
            (ty, message, false)
        }
        Cause::Budget(what) => ("System.TimeoutException".to_owned(), what.to_owned(), true),
    };
    EvalError { exception_type, message, span, is_budget }
}
