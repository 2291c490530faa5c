//! The attributes by which a limit of tokens tells what is left and what was used, and how it refuses.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue, StatusCode, header};

use super::super::compile::Compiler;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::limits::{UNDECIDED_FOR, undecided, whole};
use super::super::spec::Attribute;
use super::period::in_words;
use crate::xml::Element;

const HEADER: &str = "the name of a header";
const VARIABLE: &str = "the name of a variable";

/// A header, a variable, both or none.
#[derive(Debug, Default)]
pub(crate) struct Named {
    header: Option<HeaderName>,
    variable: Option<Arc<str>>,
}

/// Where a limit of tokens tells what.
#[derive(Debug)]
pub(crate) struct TokenTelling {
    retry: Named,
    pub(crate) remaining: Named,
    pub(crate) remaining_quota: Named,
    pub(crate) consumed: Named,
}

impl TokenTelling {
    pub(crate) const ATTRIBUTES: [Attribute; 8] = [
        Attribute::optional("retry-after-header-name", HEADER, "Retry-After"),
        Attribute::optional("retry-after-variable-name", VARIABLE, ""),
        Attribute::optional("remaining-tokens-header-name", HEADER, ""),
        Attribute::optional("remaining-tokens-variable-name", VARIABLE, ""),
        Attribute::optional("remaining-quota-tokens-header-name", HEADER, ""),
        Attribute::optional("remaining-quota-tokens-variable-name", VARIABLE, ""),
        Attribute::optional("tokens-consumed-header-name", HEADER, ""),
        Attribute::optional("tokens-consumed-variable-name", VARIABLE, ""),
    ];

    pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Self {
        let mut text = |at: usize| {
            let attribute = Self::ATTRIBUTES.get(at)?;
            let name = compiler.constant::<String>(element, attribute).filter(|name| !name.is_empty())?;
            if attribute.kind == HEADER && HeaderName::try_from(&*name).is_err() {
                let message = format!("`{}` is `{name}`: expected {HEADER}", attribute.name);
                compiler.error(element.span.start, message);
            }
            Some(name)
        };
        let mut named = |at: usize| Named {
            header: text(at).and_then(|name| HeaderName::try_from(name).ok()),
            variable: text(at + 1).map(Into::into),
        };
        Self { retry: named(0), remaining: named(2), remaining_quota: named(4), consumed: named(6) }
    }

    /// Refuses a request because of the limit of a minute; none of `wait` when it can never pass.
    pub(crate) fn rate_exceeded(&self, exchange: &mut Exchange, wait: Option<Duration>) -> Box<Failure> {
        self.remaining.tell(exchange, 0);
        let refuse = |message: String| Failure::refused(StatusCode::TOO_MANY_REQUESTS, "TokenLimitExceeded", message);
        match wait.map(seconds) {
            None => refuse("Token limit is exceeded.".to_owned()),
            Some(seconds) => {
                let message = format!("Token limit is exceeded. Try again in {seconds} seconds.");
                self.retry_after(exchange, seconds, refuse(message))
            }
        }
    }

    /// Refuses a request because of the quota; none of `wait` when it is never replenished.
    pub(crate) fn quota_exceeded(&self, exchange: &mut Exchange, wait: Option<Duration>) -> Box<Failure> {
        self.remaining_quota.tell(exchange, 0);
        let refuse = |message: String| Failure::refused(StatusCode::FORBIDDEN, "TokenQuotaExceeded", message);
        match wait {
            None => refuse("Token quota is exceeded. Try again later.".to_owned()),
            Some(wait) => {
                let message = format!("Token quota is exceeded. Try again in {}.", in_words(wait));
                self.retry_after(exchange, seconds(wait), refuse(message))
            }
        }
    }

    /// Refuses a request of which nobody knows whether it keeps a limit.
    pub(crate) fn undecided(&self, exchange: &mut Exchange) -> Box<Failure> {
        self.retry.remember(exchange, UNDECIDED_FOR);
        let name = self.retry.header.clone().unwrap_or(header::RETRY_AFTER);
        undecided(StatusCode::TOO_MANY_REQUESTS, "Token limit", name)
    }

    fn retry_after(&self, exchange: &mut Exchange, seconds: u64, failure: Box<Failure>) -> Box<Failure> {
        self.retry.remember(exchange, seconds);
        let name = self.retry.header.clone().unwrap_or(header::RETRY_AFTER);
        failure.header(name, HeaderValue::from(seconds))
    }
}

impl Named {
    /// Tells a number: in the variable, and in a header of whatever response there is or will be.
    pub(crate) fn tell(&self, exchange: &mut Exchange, number: u64) {
        self.remember(exchange, number);
        if let Some(name) = &self.header {
            exchange.limited().header(name, number.into());
            if let Some(response) = &mut exchange.response {
                response.headers.insert(name.clone(), number.into());
            }
        }
    }

    /// Tells a number in the variable alone.
    pub(crate) fn remember(&self, exchange: &mut Exchange, number: u64) {
        if let Some(name) = &self.variable {
            exchange.variables.set(name.clone(), whole(number));
        }
    }
}

fn seconds(wait: Duration) -> u64 {
    (wait.as_millis().div_ceil(1000) as u64).max(1)
}
