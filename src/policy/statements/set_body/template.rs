//! Bodies by Liquid templates.

use bytes::Bytes;

use super::super::super::error::Failure;
use super::super::super::exchange::{Exchange, Message};
use super::super::super::liquid::{BodyOptions, LimitExceeded, Limits, SyntaxError, Template, bindings};
use super::super::super::pipeline::Needs;
use crate::expr::dotnet::DateTime;

/// A template with what its attributes say.
#[derive(Debug)]
pub(crate) struct BodyTemplate {
    template: Template,
    /// The message whose body is `body`; none where there is none.
    body: Option<Message>,
    has_context: bool,
    has_variables: bool,
    nil_is_null: bool,
    parses_dates: bool,
}

impl BodyTemplate {
    /// Reads a template. What it does not mention is not made for it.
    pub(super) fn parse(text: &str, body: Option<Message>) -> Result<Self, SyntaxError> {
        Ok(Self {
            template: Template::parse(text)?,
            body: body.filter(|_| text.contains("body")),
            has_context: text.contains("context"),
            has_variables: text.to_ascii_lowercase().contains("variables"),
            nil_is_null: false,
            parses_dates: true,
        })
    }

    /// Whether elements with `xsi:nil` are nil.
    pub(super) fn nil(mut self, nil_is_null: bool) -> Self {
        self.nil_is_null = nil_is_null;
        self
    }

    /// Whether texts that look like dates are dates.
    pub(super) fn dates(mut self, parses_dates: bool) -> Self {
        self.parses_dates = parses_dates;
        self
    }

    pub(super) fn render(&self, exchange: &mut Exchange) -> Result<Bytes, Box<Failure>> {
        let settings = exchange.settings.clone();
        let options = BodyOptions {
            parses_dates: self.parses_dates,
            nil_is_null: self.nil_is_null,
            nodes: settings.node_limit(),
        };
        let mut variables = Vec::new();
        if let Some(message) = self.body {
            let body = bindings::body(exchange, message, options).map_err(|problem| {
                Failure::internal("TemplateBodyInvalid", format!("The body of the template cannot be read. {problem}"))
            })?;
            variables.push(("body", body));
        }
        if self.has_context {
            variables.push(("context", bindings::context(exchange, self.has_variables)));
        }
        let now = settings.clock.wall().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let limits = Limits {
            size: settings.body_limit,
            now: DateTime::from_unix(i64::try_from(now.as_secs()).unwrap_or(0), now.subsec_nanos()),
            regex_steps: (settings.budget.regex_backtracks as u64).saturating_mul(64),
        };
        match self.template.render(variables, limits) {
            Ok(text) => Ok(text.into()),
            Err(LimitExceeded(problem)) => {
                Err(Failure::internal("TemplateLimitExceeded", format!("The template was stopped: {problem}.")))
            }
        }
    }

    pub(super) fn needs(&self) -> Needs {
        let body = self.body.map_or(Needs::NONE, Message::body_needs);
        body | if self.has_context { Needs::REQUEST | Needs::PARAMETERS } else { Needs::NONE }
    }
}
