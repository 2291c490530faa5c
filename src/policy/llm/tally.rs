//! Counts what a model used, when its answer is there: a whole answer before `outbound` begins, one that comes in pieces
//! when it has gone.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, header};
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Resume};
use super::super::messages::MessageBody;
use super::super::settings::EngineSettings;
use super::events::Events;
use super::telling::TokenTelling;
use super::usage::Usage;
use crate::body::{Body, BoxError};
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

    fn add(&self, settings: &EngineSettings, actual: u64, now: SystemTime) -> Answer<Decision> {
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
        let Some(limited) = self.limited.as_deref_mut().filter(|limited| !limited.tokens.is_empty()) else {
            return Ok(Flow::Continue);
        };
        let Some(response) = &mut self.response else { return Ok(Flow::Continue) };
        let is_ok = response.status.is_success();
        let is = |kind: &str| content_type(&response.headers).is_some_and(|found| found.contains(kind));
        match &mut response.body {
            body @ MessageBody::Stream(_) if is("text/event-stream") => {
                let settings = self.settings.clone();
                let bill = Bill { settings, uses: std::mem::take(&mut limited.tokens), is_ok };
                let followed = Followed { body: body.take(), events: Events::default(), bill };
                *body = MessageBody::Stream(Body::new(followed));
                return Ok(Flow::Continue);
            }
            body @ MessageBody::Stream(_) if is("json") => {
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
        let usage = if let MessageBody::Bytes(bytes) = &response.body { Usage::read(bytes) } else { None };
        let uses = std::mem::take(&mut limited.tokens);
        Ok(self.post(uses, usage, is_ok))
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

fn content_type(headers: &HeaderMap) -> Option<String> {
    headers.get(header::CONTENT_TYPE)?.to_str().ok().map(str::to_ascii_lowercase)
}

/// Counts what was said in an answer that came in pieces, when it is dropped, however far it came.
struct Bill {
    settings: Arc<EngineSettings>,
    uses: Vec<TokenUse>,
    is_ok: bool,
}

/// An answer in pieces, which is read as it passes.
struct Followed {
    body: Body,
    events: Events,
    bill: Bill,
}

impl Drop for Followed {
    fn drop(&mut self) {
        let Self { events, bill, .. } = self;
        events.finish();
        let now = bill.settings.clock.wall();
        for used in &bill.uses {
            let reported = events.usage.filter(|_| bill.settings.prefer_reported_stream_usage);
            let actual = match reported {
                _ if !bill.is_ok => 0,
                Some(usage) => usage.counted(used.ignores_prompt),
                None => used.reserved.saturating_add(bill.settings.token_counter.count(&used.model, &events.text)),
            };
            // Without a runtime there is nobody to wait for a store that others share.
            let later = used.add(&bill.settings, actual, now);
            if let (Answer::Later(answer), Ok(runtime)) = (later, tokio::runtime::Handle::try_current()) {
                runtime.spawn(answer);
            }
        }
    }
}

impl HttpBody for Followed {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if let Some(Ok(frame)) = &frame
            && let Some(data) = frame.data_ref()
        {
            self.events.feed(data);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
