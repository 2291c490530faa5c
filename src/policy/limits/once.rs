//! A counter that a request counts once, however many elements name it.

use std::sync::Arc;

use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::{DueCount, Increments};
use crate::state::{Key, Limit, Window};

/// What one element asks of a counter, and what it counts.
#[derive(Debug)]
pub(crate) struct Once {
    pub(crate) family: &'static str,
    pub(crate) parts: Vec<Arc<str>>,
    pub(crate) limit: u64,
    pub(crate) window: Window,
    /// How much must be left, given what other elements have counted for this request.
    need: i64,
    cost: i64,
    /// What is to be counted at the end, when nothing else is.
    due: Option<Arc<super::due::Increment>>,
}

impl Once {
    /// What is counted for the request: nothing when another element has done so.
    pub(crate) fn new(
        exchange: &mut Exchange,
        (family, parts): (&'static str, Vec<Arc<str>>),
        (limit, window): (u64, Window),
        increments: &Increments,
    ) -> Result<Self, Box<Failure>> {
        let (mut need, mut cost, mut due) = (1, 0, None);
        match (exchange.limited().counted(family, &parts), increments.now()) {
            // The element looks at what was used before this request.
            (Some(counted), _) => need = 1_i64.saturating_sub(counted),
            (None, Some(increment)) => cost = increment.amount(exchange)?,
            (None, None) => due = Some(increments.increment.clone()),
        }
        Ok(Self { family, parts, limit, window, need, cost, due })
    }

    /// The parts of the counter's key.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.parts.iter().map(|part| &**part).collect()
    }

    /// The question; `names` are the [`names`](Self::names).
    pub(crate) fn question<'a>(&self, names: &'a [&'a str]) -> Limit<'a> {
        let key = Key { family: self.family, parts: names };
        Limit { key, limit: self.limit, window: self.window, need: self.need, cost: self.cost }
    }

    /// The request passes: what was counted is remembered, and what is due.
    pub(crate) fn passed(self, exchange: &mut Exchange) {
        let Self { family, parts, limit, window, cost, due, .. } = self;
        let limited = exchange.limited();
        match due {
            Some(increment) => limited.due.count(DueCount { family, parts, limit, window, increment }),
            None if cost != 0 => limited.count(family, parts, cost),
            None => {}
        }
    }
}
