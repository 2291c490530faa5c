//! What limits and quotas keep of a request: headers for its response, counters it has counted, counts that are due at its end.

mod decision;
mod due;
mod increments;
mod measure;
mod once;
mod subjects;
mod telling;
mod windows;

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};

pub(crate) use decision::{Told, UNDECIDED_FOR, decided, take, undecided};
pub(crate) use due::{Due, DueCount, Traffic};
pub(crate) use increments::Increments;
pub(crate) use measure::{Measure, quota_exceeded, quota_undecided, seconds_since_1970, starts};
pub(crate) use once::Once;
pub(crate) use subjects::{ID, NAME, Rules};
pub(crate) use telling::{Refusal, Telling, whole};
pub(crate) use windows::Periods;

use super::exchange::Exchange;
use super::llm::TokenUse;
use super::messages::ResponseState;

/// What limits and quotas keep of one request.
#[derive(Default)]
pub(crate) struct Limited {
    /// For whatever response there will be.
    headers: Vec<(HeaderName, HeaderValue)>,
    /// The counters that this request has counted: family and parts of the key, and how much.
    counted: Vec<(&'static str, Vec<Arc<str>>, i64)>,
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

    /// What this request has counted of a counter; none when it has not.
    pub(crate) fn counted(&self, family: &str, parts: &[Arc<str>]) -> Option<i64> {
        let known = self.counted.iter().find(|(of, known, _)| *of == family && known == parts);
        known.map(|(.., cost)| *cost)
    }

    /// Remembers that this request has counted a counter: other elements do not.
    pub(crate) fn count(&mut self, family: &'static str, parts: Vec<Arc<str>>, cost: i64) {
        self.counted.push((family, parts, cost));
    }
}
