//! What a request is inside of: the `retry`s that may run their statements again, and the slots it holds.

use std::time::Duration;

use super::concurrency::Slot;
use super::error::{Failure, PolicyError};
use super::exchange::Exchange;
use super::messages::ResponseState;
use super::statements::cache_value::Making;
use super::statements::retry::{Attempts, Retry};

/// The statements that a request is inside of, the innermost last.
#[derive(Default)]
pub(crate) struct Frames(Vec<Frame>);

enum Frame {
    /// A `retry`: where its statements begin and end, and how its last run failed.
    Retry { first: u32, end: u32, attempts: Attempts, caught: Option<Box<Caught>> },
    /// A `limit-concurrency`, which holds a slot until it is left.
    Slot(#[expect(dead_code, reason = "held for its drop")] Slot),
    /// A `cache-value`, and where it ends.
    Making { making: Making, end: u32 },
}

/// A failure with what `context.LastError` says of it.
pub(crate) struct Failed {
    pub(crate) error: PolicyError,
    pub(crate) failure: Failure,
}

/// The failure of a run, and what it put aside for the condition to see it.
struct Caught {
    failed: Box<Failed>,
    last_error: Option<Box<PolicyError>>,
    response: Option<ResponseState>,
}

impl Caught {
    /// Puts back what stood before the failure: the next run, or whoever handles the failure, works on that.
    fn put_back(self, exchange: &mut Exchange) -> Box<Failed> {
        exchange.last_error = self.last_error;
        if self.failed.hides_response() {
            exchange.response = self.response;
        }
        self.failed
    }
}

impl Failed {
    /// Whether the condition of a `retry` sees no response, though there may be one.
    fn hides_response(&self) -> bool {
        !self.failure.keeps_response() && !self.failure.is_shown()
    }
}

/// How a request goes on after a run of a `retry`'s statements.
pub(crate) enum Again {
    /// With what follows the `retry`.
    Leave,
    /// With the failure of the last run.
    Raise(Box<Failed>),
    /// With another run, from this instruction on and after this time.
    Run(u32, Duration),
}

impl Frames {
    /// Enters a `retry` whose statements begin at `first` and end at `end`.
    pub(crate) fn enter_retry(&mut self, first: u32, end: u32, attempts: Attempts) {
        self.0.push(Frame::Retry { first, end, attempts, caught: None });
    }

    /// Enters a `limit-concurrency`.
    pub(crate) fn enter_slot(&mut self, slot: Slot) {
        self.0.push(Frame::Slot(slot));
    }

    /// Enters a `cache-value` that ends before the instruction `end`.
    pub(crate) fn enter_making(&mut self, making: Making, end: u32) {
        self.0.push(Frame::Making { making, end });
    }

    /// Leaves the innermost one, a `cache-value`.
    pub(crate) fn made(&mut self) -> Option<Making> {
        match self.0.pop() {
            Some(Frame::Making { making, .. }) => Some(making),
            _ => None,
        }
    }

    /// Leaves the innermost one.
    pub(crate) fn leave(&mut self) {
        self.0.pop();
    }

    /// Leaves all of them.
    pub(crate) fn leave_all(&mut self) {
        self.0.clear();
    }

    /// Decides about another run of the innermost `retry`, which is left otherwise.
    pub(crate) fn again(&mut self, retry: &Retry, exchange: &mut Exchange) -> Result<Again, Box<Failure>> {
        let Some(Frame::Retry { first, end, mut attempts, caught }) = self.0.pop() else { return Ok(Again::Leave) };
        let holds = match &caught {
            None => retry.holds(exchange)?,
            Some(caught) => holds_after(retry, &caught.failed.failure, exchange),
        };
        let failed = caught.map(|caught| caught.put_back(exchange));
        if !holds || attempts.is_over() {
            return Ok(failed.map_or(Again::Leave, Again::Raise));
        }
        let delay = attempts.next(&exchange.settings.random);
        self.enter_retry(first, end, attempts);
        Ok(Again::Run(first, delay))
    }

    /// Gives a failure to the innermost `retry`, whose condition is to be looked at next, at the instruction returned, or
    /// to a `cache-value` that has an older value; gives it back when there is none, and all are left then.
    pub(crate) fn catch(&mut self, raised: Box<Failed>, exchange: &mut Exchange) -> Result<u32, Box<Failed>> {
        while let Some(mut frame) = self.0.pop() {
            if let Frame::Making { making, end } = frame {
                if making.fall_back(exchange) {
                    return Ok(end);
                }
                continue;
            }
            let Frame::Retry { end, caught, .. } = &mut frame else { continue };
            let response = if raised.hides_response() { exchange.response.take() } else { None };
            if raised.failure.is_shown() {
                let response = raised.failure.response(|| exchange.id_text());
                exchange.respond(response);
            }
            let last_error = exchange.last_error.replace(Box::new(raised.error.clone()));
            let end = *end;
            *caught = Some(Box::new(Caught { failed: raised, last_error, response }));
            self.0.push(frame);
            return Ok(end);
        }
        Err(raised)
    }
}

/// The condition of a `retry` after a failure: documents expect `context.Response` to be null, or the 500 to come.
fn holds_after(retry: &Retry, failure: &Failure, exchange: &mut Exchange) -> bool {
    if let Ok(holds) = retry.holds(exchange) {
        return holds;
    }
    if exchange.response.is_some() {
        return false;
    }
    let response = failure.response(|| exchange.id_text());
    exchange.respond(response);
    let holds = retry.holds(exchange).unwrap_or(false);
    exchange.response = None;
    holds
}
