//! What the test kit sees of a run.

use std::pin::Pin;

use super::context::Context;
use super::exchange::Exchange;
use super::run::{Forward, Run};
use crate::expr::{Expression, Library, Value};

impl<F: Forward> Run<F> {
    /// The exchange before the first statement.
    pub(crate) fn exchange_mut(&mut self) -> &mut Exchange {
        &mut self.exchange
    }

    /// The exchange as the run has left it.
    pub(crate) fn exchange(self: Pin<&mut Self>) -> &mut Exchange {
        self.project().exchange
    }
}

impl Exchange {
    /// The value of an expression, with or without `@( )` around it.
    pub(crate) fn evaluate(&mut self, text: &str) -> Result<Value, String> {
        let text = text.trim();
        let whole = if text.starts_with('@') { text.to_owned() } else { format!("@({text})") };
        let expression = Expression::compile(&whole, &Library::default()).map_err(|errors| errors.to_string())?;
        let budget = self.settings.budget.clone();
        let value = expression.eval(&mut Context::new(self), &budget);
        value.map_err(|error| error.message().to_string())
    }
}
