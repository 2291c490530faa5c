//! What ends an evaluation: a .NET exception, or a budget that ran out.

use std::fmt;
use std::ops::Range;

use super::syntax::Span;
use super::types::TypeId;
use super::value::Value;

/// An exception that left the expression, or a budget that ran out.
#[derive(Clone)]
pub struct EvalError {
    pub(crate) exception_type: String,
    pub(crate) message: String,
    pub(crate) span: Range<usize>,
    pub(crate) is_budget: bool,
}

impl EvalError {
    /// The full name of the exception's .NET type, such as `System.FormatException`.
    pub fn exception_type(&self) -> &str {
        &self.exception_type
    }

    /// The exception's message, as .NET words it.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The bytes of the source that were running, counted from the `@`.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// The exception's type and message as text, with line, column, the line of `source` and a caret.
    pub fn report(&self, source: &str) -> String {
        struct Shown<'a>(&'a EvalError, &'a str);
        impl fmt::Display for Shown<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let text = format!("{}: {}", self.0.exception_type, self.0.message);
                super::diagnostic::show(f, self.1, &self.0.span, &text)
            }
        }
        Shown(self, source).to_string()
    }

    /// Whether a limit of the [`Budget`](super::Budget) was passed.
    pub fn is_budget(&self) -> bool {
        self.is_budget
    }
}

impl fmt::Debug for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EvalError")
            .field("exception_type", &self.exception_type)
            .field("message", &self.message)
            .field("span", &self.span)
            .field("is_budget", &self.is_budget)
            .finish()
    }
}

impl fmt::Display for EvalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for EvalError {}

/// A failure on its way through the evaluator. One pointer wide, so that results stay small.
pub(crate) struct Fault(Box<FaultKind>);

struct FaultKind {
    cause: Cause,
    span: Option<Span>,
}

pub(crate) enum Cause {
    /// A .NET exception that no `Exception` object has been made for yet.
    Exception { ty: TypeId, message: String },
    /// An exception object that the expression threw.
    Thrown(Value),
    /// A limit of the budget.
    Budget(&'static str),
}

impl Fault {
    pub(crate) fn new(ty: TypeId, message: impl Into<String>) -> Self {
        Self(Box::new(FaultKind { cause: Cause::Exception { ty, message: message.into() }, span: None }))
    }

    pub(crate) fn thrown(value: Value) -> Self {
        Self(Box::new(FaultKind { cause: Cause::Thrown(value), span: None }))
    }

    pub(crate) fn budget(what: &'static str) -> Self {
        Self(Box::new(FaultKind { cause: Cause::Budget(what), span: None }))
    }

    /// Notes where it happened; the innermost place wins.
    #[cold]
    pub(crate) fn at(mut self, span: Span) -> Self {
        self.0.span.get_or_insert(span);
        self
    }

    pub(crate) fn span(&self) -> Option<Span> {
        self.0.span
    }

    pub(crate) fn cause(&self) -> &Cause {
        &self.0.cause
    }

    pub(crate) fn into_cause(self) -> Cause {
        self.0.cause
    }
}

impl From<super::dotnet::Exception> for Fault {
    fn from(exception: super::dotnet::Exception) -> Self {
        Self::new(TypeId::named(exception.class).unwrap_or(TypeId::Exception), exception.message)
    }
}

/// The exceptions that the engine itself throws.
impl Fault {
    pub(crate) fn null_reference() -> Self {
        Self::new(TypeId::NullReferenceException, "Object reference not set to an instance of an object.")
    }

    pub(crate) fn argument_null(parameter: &str) -> Self {
        Self::new(TypeId::ArgumentNullException, format!("Value cannot be null. (Parameter '{parameter}')"))
    }

    pub(crate) fn argument(message: impl Into<String>) -> Self {
        Self::new(TypeId::ArgumentException, message)
    }

    pub(crate) fn out_of_range(message: impl Into<String>) -> Self {
        Self::new(TypeId::ArgumentOutOfRangeException, message)
    }

    pub(crate) fn index_out_of_range() -> Self {
        Self::new(TypeId::IndexOutOfRangeException, "Index was outside the bounds of the array.")
    }

    pub(crate) fn list_index() -> Self {
        Self::out_of_range(
            "Index was out of range. Must be non-negative and less than the size of the collection. (Parameter 'index')",
        )
    }

    pub(crate) fn overflow() -> Self {
        Self::new(TypeId::OverflowException, "Arithmetic operation resulted in an overflow.")
    }

    pub(crate) fn divide_by_zero() -> Self {
        Self::new(TypeId::DivideByZeroException, "Attempted to divide by zero.")
    }

    pub(crate) fn invalid_operation(message: impl Into<String>) -> Self {
        Self::new(TypeId::InvalidOperationException, message)
    }

    pub(crate) fn format(message: impl Into<String>) -> Self {
        Self::new(TypeId::FormatException, message)
    }

    pub(crate) fn not_supported(message: impl Into<String>) -> Self {
        Self::new(TypeId::NotSupportedException, message)
    }

    pub(crate) fn invalid_cast(from: &super::types::Ty, to: &super::types::Ty) -> Self {
        let message =
            format!("Unable to cast object of type '{}' to type '{}'.", from.reflection_name(), to.reflection_name());
        Self::new(TypeId::InvalidCastException, message)
    }
}
