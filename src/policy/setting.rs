//! The value of an attribute: decided at load, or an expression.

use std::borrow::Cow;

use bytes::Bytes;

use super::context::Context;
use super::error::Failure;
use super::exchange::Exchange;
use super::pipeline::Needs;
use crate::expr::{Expression, Value};

/// The value of an attribute or scalar element.
#[derive(Clone, Debug)]
pub(crate) enum Setting<T> {
    /// Decided when the document was compiled.
    Constant(T),
    /// Worked out for each request.
    Expression(Expression),
}

/// A type that attributes can have.
pub(crate) trait Literal: Sized + Clone {
    /// Reads the text of a literal; none when it is not of this type.
    fn literal(text: &str) -> Option<Self>;

    /// Takes the value of an expression; the error is the message of an evaluation failure.
    fn value(value: Value) -> Result<Self, String>;

    /// Whether an expression of that compile-time type can give a value.
    fn accepts(static_type: &str) -> bool {
        let _ = static_type;
        true
    }
}

impl<T: Literal> Setting<T> {
    /// The setting of an expression; a constant one is worked out now.
    pub(crate) fn expression(expression: Expression) -> Result<Self, String> {
        let static_type = expression.static_type().to_string();
        if !T::accepts(&static_type) {
            return Err(format!("the expression has the type `{static_type}`"));
        }
        match expression.constant() {
            Some(value) => T::value(value.clone()).map(Self::Constant),
            None => Ok(Self::Expression(expression)),
        }
    }

    /// The value for this request.
    pub(crate) fn get(&self, exchange: &mut Exchange) -> Result<Cow<'_, T>, Box<Failure>> {
        match self {
            Self::Constant(value) => Ok(Cow::Borrowed(value)),
            Self::Expression(expression) => {
                let budget = exchange.settings.budget.clone();
                let value = expression.eval(&mut Context::new(exchange), &budget);
                let value = value.map_err(|error| {
                    exchange.trace_failed_expression(expression.source(), &error);
                    Failure::expression(error.message())
                })?;
                if exchange.tracer.is_some() {
                    exchange.trace_expression(expression.source(), &value);
                }
                T::value(value).map(Cow::Owned).map_err(Failure::expression)
            }
        }
    }
}

impl<T> Setting<T> {
    /// What must be at hand before [`get`](Self::get).
    pub(crate) fn needs(&self) -> Needs {
        let Self::Expression(expression) = self else { return Needs::NONE };
        let wants = expression.needs();
        let mut needs = Needs::NONE;
        for (wanted, need) in [
            (wants.request_body, Needs::REQUEST_BODY),
            (wants.response_body, Needs::RESPONSE_BODY),
            (wants.request, Needs::REQUEST),
            (wants.timestamp, Needs::TIMESTAMP),
            (wants.matched_parameters, Needs::PARAMETERS),
        ] {
            if wanted {
                needs |= need;
            }
        }
        needs
    }
}

impl Literal for bool {
    fn literal(text: &str) -> Option<Self> {
        match text.trim() {
            "true" | "True" | "1" => Some(true),
            "false" | "False" | "0" => Some(false),
            _ => None,
        }
    }

    fn value(value: Value) -> Result<Self, String> {
        value.as_bool().ok_or_else(|| format!("The result is {}, not a boolean.", value.type_name()))
    }

    fn accepts(static_type: &str) -> bool {
        matches!(static_type, "bool" | "bool?" | "string" | "object")
    }
}

impl Literal for i64 {
    fn literal(text: &str) -> Option<Self> {
        text.trim().parse().ok()
    }

    fn value(value: Value) -> Result<Self, String> {
        value.as_int().ok_or_else(|| format!("The result is {}, not a whole number.", value.type_name()))
    }
}

impl Literal for String {
    fn literal(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }

    fn value(value: Value) -> Result<Self, String> {
        Ok(value.to_text().unwrap_or_default())
    }
}

/// Text that can be null.
impl Literal for Option<String> {
    fn literal(text: &str) -> Option<Self> {
        Some(Some(text.to_owned()))
    }

    fn value(value: Value) -> Result<Self, String> {
        Ok(value.to_text())
    }
}

/// The value itself; a literal is a string.
impl Literal for Value {
    fn literal(text: &str) -> Option<Self> {
        Some(Self::from(text))
    }

    fn value(value: Value) -> Result<Self, String> {
        Ok(value)
    }
}

/// The bytes of a body.
#[derive(Clone, Debug)]
pub(crate) struct BodyBytes(pub(crate) Bytes);

impl Literal for BodyBytes {
    fn literal(text: &str) -> Option<Self> {
        Some(Self(Bytes::copy_from_slice(text.as_bytes())))
    }

    fn value(value: Value) -> Result<Self, String> {
        Ok(Self(value.to_body().into()))
    }
}

/// `exists-action` of `set-header` and `set-query-parameter`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExistsAction {
    Override,
    Skip,
    Append,
    Delete,
}

impl Literal for ExistsAction {
    fn literal(text: &str) -> Option<Self> {
        match text {
            "override" => Some(Self::Override),
            "skip" => Some(Self::Skip),
            "append" => Some(Self::Append),
            "delete" => Some(Self::Delete),
            _ => None,
        }
    }

    fn value(value: Value) -> Result<Self, String> {
        let text = value.to_text().unwrap_or_default();
        Self::literal(&text).ok_or_else(|| format!("'{text}' is not an action of exists-action."))
    }
}
