//! Counts what a model used, when its answer is there: a whole answer before `outbound` begins, one that comes in pieces
//! when it has gone.

use std::sync::Arc;
use std::time::SystemTime;

use http::{HeaderMap, header};

use super::super::dimensions::Known;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Resume};
use super::super::messages::MessageBody;
use super::super::packed;
use super::super::settings::EngineSettings;
use super::events::Events;
use super::followed::{Bill, Followed, Seen};
use super::telling::TokenTelling;
use super::usage::Usage;
use crate::body::Body;
use crate::state::{Answer, Decision, Key, Limit, StoreError, Window};

/// A limit of tokens, as it is for one request.
#[derive(Clone, Debug)]
pub(crate) struct TokenLimit {
    pub(crate) family: &'static str,
    pub(crate) limit: u64,
    pub(crate) window: Window,
}

/// What one statement counts for a request.
pub(crate) struct TokenUse {
    pub(crate) telling: Arc<TokenTelling>,
    pub(crate) key: Arc<str>,
    pub(crate) rate: Option<TokenLimit>,
    pub(crate) quota: Option<TokenLimit>,
    /// What was counted of the prompt already.
    pub(crate) reserved: u64,
    /// Whether the tokens are counted; another statement with the same key may do so.
    pub(crate) counts: bool,
    pub(crate) ignores_prompt: bool,
    pub(crate) model: Arc<str>,
}

impl TokenUse {
    /// The limits, the quota first, as questions that need and count so much.
    pub(crate) fn limits<'a>(&'a self, parts: &'a [&'a str], need: u64, cost: i64) -> Vec<Limit<'a>> {
        let limits = [&self.quota, &self.rate].into_iter().flatten();
        let of = |it: &TokenLimit| {
            let key = Key { family: it.family, parts };
            Limit { key, limit: it.limit, window: it.window, need, cost }
        };
        limits.map(of).collect()
    }

    pub(super) fn add(&self, settings: &EngineSettings, actual: u64, now: SystemTime) -> Answer<Decision> {
        let signed = |tokens: u64| i64::try_from(tokens).unwrap_or(i64::MAX);
        let cost = if self.counts { signed(actual).saturating_sub(signed(self.reserved)) } else { 0 };
        settings.counters.add(&self.limits(&[&*self.key], 0, cost), now)
    }

    /// Tells what is left.
    pub(crate) fn left(&self, exchange: &mut Exchange, decision: &Decision) {
        let limits = [(&self.quota, &self.telling.remaining_quota), (&self.rate, &self.telling.remaining)];
        let told = limits.into_iter().filter_map(|(limit, named)| Some((limit.as_ref()?, named)));
        for (at, (limit, named)) in told.enumerate() {
            named.tell(exchange, decision.remaining(at).min(limit.limit));
        }
    }
}

/// What a counter answered about a use.
type Counted = (TokenUse, Result<Decision, StoreError>);

impl Exchange {
    /// Counts what the model used, before `outbound` begins.
    pub(crate) fn tally(&mut self) -> Result<Flow, Box<Failure>> {
        let counts = self.limited.as_deref().is_some_and(|limited| !limited.tokens.is_empty());
        let tells = self.model_call.as_deref().is_some_and(|call| !call.metrics.is_empty());
        let Some(response) = self.response.as_mut().filter(|_| counts || tells) else { return Ok(Flow::Continue) };
        let content_type = content_type(&response.headers).unwrap_or_default();
        match &mut response.body {
            MessageBody::Stream(_) | MessageBody::Bytes(_) if content_type.contains("text/event-stream") => {
                self.follow(Seen::Events(Events::default()));
                return Ok(Flow::Continue);
            }
            // Headers tell of limits, so that the answer is read before they go; metrics can wait until it has gone.
            MessageBody::Stream(_) if content_type.contains("json") && !counts => {
                self.follow(Seen::Json(Some(Vec::new())));
                return Ok(Flow::Continue);
            }
            body @ MessageBody::Stream(_) if content_type.contains("json") => {
                let read = body.take().collect(self.settings.body_limit);
                return Ok(Flow::Wait(Box::pin(async move {
                    let read = read.await;
                    let resume: Resume = Box::new(move |exchange| {
                        exchange.put_body(read, false)?;
                        exchange.tally()
                    });
                    resume
                })));
            }
            _ => {}
        }
        let usage = match &response.body {
            // Of a service that packs without being asked.
            MessageBody::Bytes(bytes) => packed::unpacked(bytes, &response.headers, self.settings.body_limit)
                .and_then(|bytes| Usage::read(&bytes)),
            _ => None,
        };
        let bill = self.model_bill();
        bill.tell(usage);
        Ok(self.post(bill.uses, usage, bill.is_ok))
    }

    /// What is to be counted and told of the answer.
    fn model_bill(&mut self) -> Bill {
        let backend = Known::Backend.value(self);
        let uses = self.limited.as_mut().map(|limited| std::mem::take(&mut limited.tokens)).unwrap_or_default();
        let call = self.model_call.as_mut();
        let (mut metrics, estimate) =
            call.map(|call| (std::mem::take(&mut call.metrics), call.estimate.clone())).unwrap_or_default();
        metrics.iter_mut().for_each(|metric| metric.answered_by(&backend));
        let request_id = if metrics.is_empty() { String::new() } else { self.id_text() };
        let is_ok = self.response.as_ref().is_some_and(|response| response.status.is_success());
        Bill { settings: self.settings.clone(), uses, is_ok, metrics, estimate, request_id }
    }

    /// Lets the answer be read as it passes.
    fn follow(&mut self, seen: Seen) {
        let bill = self.model_bill();
        if let Some(response) = &mut self.response {
            let body = response.body.take();
            response.body = MessageBody::Stream(Body::new(Followed { body, seen, bill }));
        }
    }

    fn post(&mut self, uses: Vec<TokenUse>, usage: Option<Usage>, is_ok: bool) -> Flow {
        let (settings, now) = (self.settings.clone(), self.settings.clock.wall());
        let mut later = Vec::new();
        for used in uses {
            let actual = match usage {
                Some(usage) => usage.counted(used.ignores_prompt),
                None if is_ok => used.reserved,
                None => 0,
            };
            used.telling.consumed.tell(self, actual);
            match used.add(&settings, actual, now) {
                Answer::Ready(answer) => self.posted((used, answer)),
                Answer::Later(answer) => later.push((used, answer)),
            }
        }
        if later.is_empty() {
            return Flow::Continue;
        }
        Flow::Wait(Box::pin(async move {
            let mut counted = Vec::with_capacity(later.len());
            for (used, answer) in later {
                counted.push((used, answer.await));
            }
            let resume: Resume = Box::new(move |exchange| {
                counted.into_iter().for_each(|counted| exchange.posted(counted));
                Ok(Flow::Continue)
            });
            resume
        }))
    }

    fn posted(&mut self, (used, answer): Counted) {
        match answer {
            Ok(decision) => used.left(self, &decision),
            Err(error) => tracing::warn!(target: "gatewright::policy", %error, "tokens were not counted"),
        }
    }

    /// Gives back what was counted of prompts that no model has answered.
    pub(crate) fn give_tokens_back(&mut self) -> Vec<Answer<Decision>> {
        let uses = self.limited.as_mut().map(|limited| std::mem::take(&mut limited.tokens)).unwrap_or_default();
        let (settings, now) = (&self.settings, self.settings.clock.wall());
        uses.iter().filter(|used| used.counts && used.reserved > 0).map(|used| used.add(settings, 0, now)).collect()
    }
}

/// The media type of a message, in lower case.
pub(super) fn content_type(headers: &HeaderMap) -> Option<String> {
    headers.get(header::CONTENT_TYPE)?.to_str().ok().map(str::to_ascii_lowercase)
}
