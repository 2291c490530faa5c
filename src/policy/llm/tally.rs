//! Counts what a model used, when its answer is there: a whole answer before `outbound` begins, one that comes in pieces
//! when it has gone.

use std::sync::Arc;
use std::time::SystemTime;

use http::{HeaderMap, header};

use super::super::dimensions::Known;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::limits::{Told, take};
use super::super::list::{Flow, Resume};
use super::super::messages::MessageBody;
use super::super::packed;
use super::super::settings::EngineSettings;
use super::events::Events;
use super::followed::{Bill, Seen, followed};
use super::telling::TokenTelling;
use super::usage::Usage;
use crate::state::{Answer, Decision, Key, Limit, Window, together};

/// A limit of tokens, as it is for one request.
#[derive(Clone, Debug)]
pub(crate) struct TokenLimit {
    pub(crate) family: &'static str,
    /// The period of a quota: one key may have a quota in several.
    pub(crate) period: &'static str,
    pub(crate) limit: u64,
    pub(crate) window: Window,
    /// How much must be left for the request to pass, given what other statements have counted for it.
    pub(crate) need: i64,
    /// Whether the tokens are counted; another statement with the same counter may do so.
    pub(crate) counts: bool,
}

/// What one statement counts for a request.
pub(crate) struct TokenUse {
    pub(crate) telling: Arc<TokenTelling>,
    pub(crate) key: Arc<str>,
    pub(crate) rate: Option<TokenLimit>,
    pub(crate) quota: Option<TokenLimit>,
    /// What the prompt is taken to have, and what was counted of it already; 0 without an estimate.
    pub(crate) estimated: u64,
    pub(crate) ignores_prompt: bool,
    pub(crate) model: Arc<str>,
}

impl TokenLimit {
    /// The parts of the key of its counter.
    pub(crate) fn parts<'a>(&'a self, key: &'a str) -> [&'a str; 2] {
        [key, self.period]
    }
}

impl TokenUse {
    /// Asks with all limits, the quota first; `of` says how much each needs and counts.
    pub(crate) fn ask<T>(&self, of: impl Fn(&TokenLimit) -> (i64, i64), ask: impl FnOnce(&[Limit<'_>]) -> T) -> T {
        let limits = || [&self.quota, &self.rate].into_iter().flatten();
        let parts: Vec<_> = limits().map(|limit| limit.parts(&self.key)).collect();
        let question = |(it, parts): (&TokenLimit, _)| {
            let (need, cost) = of(it);
            Limit { key: Key { family: it.family, parts }, limit: it.limit, window: it.window, need, cost }
        };
        ask(&limits().zip(parts.iter().map(|parts| &parts[..])).map(question).collect::<Vec<_>>())
    }

    /// Checks the limits, and counts what the prompt is taken to have.
    pub(crate) fn take(&self, exchange: &Exchange) -> Answer<Decision> {
        let cost = signed(self.estimated);
        self.ask(|limit| (limit.need, if limit.counts { cost } else { 0 }), |limits| take(exchange, limits))
    }

    pub(super) fn add(&self, settings: &EngineSettings, actual: u64, now: SystemTime) -> Answer<Decision> {
        let cost = signed(actual).saturating_sub(signed(self.estimated));
        let of = |limit: &TokenLimit| (0, if limit.counts { cost } else { 0 });
        self.ask(of, |limits| settings.counters.add(limits, now))
    }

    /// Whether something was counted before the answer.
    fn has_counted(&self) -> bool {
        self.estimated > 0 && [&self.quota, &self.rate].into_iter().flatten().any(|limit| limit.counts)
    }

    /// Remembers which counters the request counts: other statements do not.
    pub(crate) fn passed(&self, exchange: &mut Exchange) {
        let counted = signed(self.estimated);
        for limit in [&self.quota, &self.rate].into_iter().flatten().filter(|limit| limit.counts) {
            let parts = vec![self.key.clone(), limit.period.into()];
            exchange.limited().count(limit.family, parts, counted);
        }
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

fn signed(tokens: u64) -> i64 {
    i64::try_from(tokens).unwrap_or(i64::MAX)
}

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
            response.body = MessageBody::Stream(followed(body, seen, bill));
        }
    }

    fn post(&mut self, uses: Vec<TokenUse>, usage: Option<Usage>, is_ok: bool) -> Flow {
        let (settings, now) = (self.settings.clone(), self.settings.clock.wall());
        let (mut waiting, mut later) = (Vec::new(), Vec::new());
        for used in uses {
            let actual = match usage {
                Some(usage) => usage.counted(used.ignores_prompt),
                None if is_ok => used.estimated,
                None => 0,
            };
            used.telling.consumed.tell(self, actual);
            match used.add(&settings, actual, now) {
                Answer::Ready(answer) => self.posted(&used, answer),
                Answer::Later(answer) => {
                    waiting.push(used);
                    later.push(answer);
                }
            }
        }
        if later.is_empty() {
            return Flow::Continue;
        }
        Flow::Wait(Box::pin(async move {
            let answers = together(later).await;
            let resume: Resume = Box::new(move |exchange| {
                waiting.iter().zip(answers).for_each(|(used, answer)| exchange.posted(used, answer));
                Ok(Flow::Continue)
            });
            resume
        }))
    }

    fn posted(&mut self, used: &TokenUse, told: Told) {
        if let Ok(decision) = &told {
            used.left(self, decision);
        }
        self.counted(told);
    }

    /// Gives back what was counted of prompts that no model has answered; not when the caller went away meanwhile, since a
    /// model may have read the prompt.
    pub(crate) fn give_tokens_back(&mut self) -> Vec<Answer<Decision>> {
        if self.last_error.as_ref().is_some_and(|error| error.reason == Failure::CALLER_HAS_GONE) {
            return Vec::new();
        }
        let uses = self.limited.as_mut().map(|limited| std::mem::take(&mut limited.tokens)).unwrap_or_default();
        let (settings, now) = (&self.settings, self.settings.clock.wall());
        uses.iter().filter(|used| used.has_counted()).map(|used| used.add(settings, 0, now)).collect()
    }
}

/// The media type of a message, in lower case.
pub(super) fn content_type(headers: &HeaderMap) -> Option<String> {
    headers.get(header::CONTENT_TYPE)?.to_str().ok().map(str::to_ascii_lowercase)
}
