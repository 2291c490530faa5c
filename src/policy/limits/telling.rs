//! The attributes by which limits tell what is left, and how long to wait: headers of the response, and variables.

use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue, StatusCode, header};

use super::super::compile::Compiler;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::spec::Attribute;
use super::decision::{UNDECIDED_FOR, undecided};
use crate::expr::Value;
use crate::xml::Element;

const HEADER: &str = "the name of a header";
const VARIABLE: &str = "the name of a variable";

/// Where a limit tells what.
#[derive(Clone, Debug)]
pub(crate) struct Telling {
    /// None of an element that does not name one.
    retry_header: Option<HeaderName>,
    retry_variable: Option<Arc<str>>,
    remaining_header: Option<HeaderName>,
    remaining_variable: Option<Arc<str>>,
    total_header: Option<HeaderName>,
}

impl Telling {
    pub(crate) const RETRY_HEADER: Attribute = Attribute::optional("retry-after-header-name", HEADER, "Retry-After");
    pub(crate) const RETRY_VARIABLE: Attribute = Attribute::optional("retry-after-variable-name", VARIABLE, "");
    pub(crate) const REMAINING_HEADER: Attribute = Attribute::optional("remaining-calls-header-name", HEADER, "");
    pub(crate) const REMAINING_VARIABLE: Attribute = Attribute::optional("remaining-calls-variable-name", VARIABLE, "");
    pub(crate) const TOTAL_HEADER: Attribute = Attribute::optional("total-calls-header-name", HEADER, "");

    pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Self {
        let variable = |compiler: &mut Compiler<'_>, attribute: &Attribute| {
            compiler.constant::<String>(element, attribute).filter(|name| !name.is_empty()).map(Into::into)
        };
        let header = |compiler: &mut Compiler<'_>, attribute: &Attribute| {
            let name = compiler.constant::<String>(element, attribute).filter(|name| !name.is_empty())?;
            let header = HeaderName::try_from(&*name).ok();
            if header.is_none() {
                let message = format!("`{}` is `{name}`: expected {HEADER}", attribute.name);
                compiler.error(element.span.start, message);
            }
            header
        };
        Self {
            retry_header: header(compiler, &Self::RETRY_HEADER),
            retry_variable: variable(compiler, &Self::RETRY_VARIABLE),
            remaining_header: header(compiler, &Self::REMAINING_HEADER),
            remaining_variable: variable(compiler, &Self::REMAINING_VARIABLE),
            total_header: header(compiler, &Self::TOTAL_HEADER),
        }
    }

    /// Tells what is left of `total`.
    pub(crate) fn left(&self, exchange: &mut Exchange, left: u64, total: u64) {
        if let Some(name) = &self.remaining_header {
            exchange.limited().header(name, left.into());
        }
        if let Some(name) = &self.total_header {
            exchange.limited().header(name, total.into());
        }
        if let Some(name) = &self.remaining_variable {
            exchange.variables.set(name.clone(), whole(left));
        }
    }

    /// Refuses the request, and tells that nothing is left. `by` are the elements that tell, the one whose limit it is
    /// first, with what each allows; the first that names a header names that of the refusal.
    pub(crate) fn refused(by: &[(&Self, u64)], exchange: &mut Exchange, why: Refusal) -> Box<Failure> {
        let seconds = match why {
            Refusal::Exceeded(wait) => wait.map_or(0, |wait| wait.as_millis().div_ceil(1000) as u64).max(1),
            Refusal::Undecided => UNDECIDED_FOR,
        };
        for (telling, total) in by {
            telling.left(exchange, 0, *total);
            if let Some(name) = &telling.retry_variable {
                exchange.variables.set(name.clone(), whole(seconds));
            }
        }
        let name = by.iter().find_map(|(telling, _)| telling.retry_header.clone()).unwrap_or(header::RETRY_AFTER);
        match why {
            Refusal::Undecided => undecided(StatusCode::TOO_MANY_REQUESTS, "Rate limit", name),
            Refusal::Exceeded(_) => {
                let message = format!("Rate limit is exceeded. Try again in {seconds} seconds.");
                Failure::refused(StatusCode::TOO_MANY_REQUESTS, "RateLimitExceeded", message)
                    .header(name, HeaderValue::from(seconds))
            }
        }
    }
}

/// Why a limit refuses a request.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Refusal {
    /// It is exceeded, for so long.
    Exceeded(Option<Duration>),
    /// Nobody knows whether it is.
    Undecided,
}

/// A number as expressions see it: an `int`, or a `long` when it is larger than that.
pub(crate) fn whole(number: u64) -> Value {
    match i32::try_from(number) {
        Ok(number) => Value::Int(number),
        Err(_) => Value::Long(i64::try_from(number).unwrap_or(i64::MAX)),
    }
}
