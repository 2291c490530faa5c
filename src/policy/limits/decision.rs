//! What counters decide of a request, and how it goes on when they do not answer.

use http::{HeaderName, HeaderValue, StatusCode};

use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::unanswered::Unanswered;
use crate::state::{Answer, Decision, Limit, Remaining, StoreError};

/// What a store answered, or why it did not.
pub(crate) type Told = Result<Decision, StoreError>;

/// Asks the counters of the gateway.
pub(crate) fn take(exchange: &Exchange, limits: &[Limit<'_>]) -> Answer<Decision> {
    let settings = &exchange.settings;
    settings.counters.take(limits, settings.clock.wall())
}

/// What was decided, allowed or exceeded; none when the request is refused because nobody knows. A store that fails, and
/// that nothing stands in front of, lets the request pass.
pub(crate) fn decided(exchange: &mut Exchange, told: Told) -> Option<Decision> {
    let decision = told.unwrap_or_else(|error| {
        tracing::warn!(target: "gatewright::policy", %error, "counters do not answer: the request passes");
        Decision::allowed_without_store(Remaining::of(std::iter::empty()))
    });
    let Decision::WithoutStore(instead) = decision else { return Some(decision) };
    let passes = matches!(instead.as_deref(), Some(Decision::Allowed { .. }));
    let (what, outcome) = if passes { (Unanswered::Passed, "passes") } else { (Unanswered::Refused, "is refused") };
    exchange
        .unanswered(what, || format!("The counters do not answer: decided without the store, the request {outcome}."));
    instead.map(|decision| *decision)
}

/// Refuses a request of which nobody knows whether it keeps a limit.
pub(crate) fn undecided(status: StatusCode, of: &str, retry_header: HeaderName) -> Box<Failure> {
    let message = format!("{of} cannot be checked. Try again in {UNDECIDED_FOR} seconds.");
    Failure::refused(status, "CountersUnavailable", message).header(retry_header, HeaderValue::from(UNDECIDED_FOR))
}

/// For how many seconds, as far as anybody knows.
pub(crate) const UNDECIDED_FOR: u64 = 1;

impl Exchange {
    /// What became of a count at the end of the request.
    pub(crate) fn counted(&mut self, told: Told) {
        let why = match told {
            Ok(Decision::WithoutStore(_)) => "decided without the store".to_owned(),
            Ok(_) => return,
            Err(error) => {
                tracing::warn!(target: "gatewright::policy", %error, "a call was not counted");
                error.to_string()
            }
        };
        self.unanswered(Unanswered::NotCounted, || format!("The counters do not answer: {why}."));
    }
}
