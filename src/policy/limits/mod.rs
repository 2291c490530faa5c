//! What limits and quotas keep of a request: headers for its response, counters it has counted, counts that are due at its end.

mod due;
mod increments;
mod measure;
mod subjects;
mod telling;
mod windows;

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};

pub(crate) use due::{Due, DueCount, Traffic};
pub(crate) use increments::Increments;
pub(crate) use measure::{Measure, quota_exceeded, seconds_since_1970, starts};
pub(crate) use subjects::{ID, NAME, Rules};
pub(crate) use telling::{Telling, whole};
pub(crate) use windows::Periods;

use super::exchange::Exchange;
use super::llm::TokenUse;
use super::messages::ResponseState;
use crate::state::{Answer, Decision, Limit, StoreError};

/// What limits and quotas keep of one request.
#[derive(Default)]
pub(crate) struct Limited {
    /// For whatever response there will be.
    headers: Vec<(HeaderName, HeaderValue)>,
    /// The counters that this request has counted, or will at its end: family and parts of the key.
    counted: Vec<(&'static str, Vec<Arc<str>>)>,
    pub(crate) due: Due,
    /// Tokens of language models that are to be counted when the answer is there.
    pub(crate) tokens: Vec<TokenUse>,
}

impl Exchange {
    pub(crate) fn limited(&mut self) -> &mut Limited {
        self.limited.get_or_insert_with(Box::default)
    }

    /// Puts a response in place, with the headers that limits have for it.
    pub(crate) fn respond(&mut self, mut response: ResponseState) {
        if let Some(limited) = &self.limited {
            limited.apply(&mut response.headers);
        }
        self.response = Some(response);
    }
}

impl Limited {
    /// Sets a header of whatever response there will be.
    pub(crate) fn header(&mut self, name: &HeaderName, value: HeaderValue) {
        self.headers.retain(|(known, _)| known != name);
        self.headers.push((name.clone(), value));
    }

    fn apply(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.headers {
            headers.insert(name.clone(), value.clone());
        }
    }

    /// Whether this request counts the counter for the first time.
    pub(crate) fn counts(&mut self, family: &'static str, parts: &[Arc<str>]) -> bool {
        let is_known = self.counted.iter().any(|(of, known)| *of == family && known == parts);
        if !is_known {
            self.counted.push((family, parts.to_vec()));
        }
        !is_known
    }
}

/// What was decided; a store that fails lets the request pass, with as much left as each limit has.
pub(crate) fn decided(decision: Result<Decision, StoreError>) -> Decision {
    decision.unwrap_or_else(|error| {
        tracing::warn!(target: "gatewright::policy", %error, "counters do not answer: the request passes");
        Decision::Allowed { remaining: u64::MAX, each: Vec::new() }
    })
}

/// Asks the counters of the gateway.
pub(crate) fn take(exchange: &Exchange, limits: &[Limit<'_>]) -> Answer<Decision> {
    let settings = &exchange.settings;
    settings.counters.take(limits, settings.clock.wall())
}
