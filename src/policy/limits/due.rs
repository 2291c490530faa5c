//! What is counted at the end of a request: increments that look at the response, and the bytes of both bodies.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use bytes::Bytes;
use http::Response;
use http_body_util::BodyExt;

use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::{Flow, Resume, Work};
use super::super::messages::MessageBody;
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::settings::EngineSettings;
use crate::body::Body;
use crate::state::{Answer, Decision, Key, Later, Limit, Window, together};

/// What is due at the end of a request.
#[derive(Default)]
pub(crate) struct Due {
    counts: Vec<DueCount>,
    traffic: Vec<Traffic>,
    /// The bytes of the request's body that have been seen, once a quota asked for them.
    request_bytes: Option<Arc<AtomicU64>>,
}

/// A count that looks at the response.
pub(crate) struct DueCount {
    pub(crate) family: &'static str,
    pub(crate) parts: Vec<Arc<str>>,
    pub(crate) limit: u64,
    pub(crate) window: Window,
    pub(crate) increment: Arc<Increment>,
}

/// `increment-condition` and `increment-count`.
#[derive(Debug)]
pub(crate) struct Increment {
    pub(crate) condition: Setting<bool>,
    pub(crate) count: Setting<i64>,
}

/// A counter, of bytes or of calls, that is added to at the end.
#[derive(Clone)]
pub(crate) struct Traffic {
    pub(crate) family: &'static str,
    pub(crate) parts: Vec<Arc<str>>,
    pub(crate) limit: u64,
    pub(crate) window: Window,
}

impl Increment {
    /// What the request counts; a count below zero is none, so that no caller can give calls back.
    pub(crate) fn amount(&self, exchange: &mut Exchange) -> Result<i64, Box<Failure>> {
        if !*self.condition.get(exchange)? {
            return Ok(0);
        }
        self.count.get(exchange).map(|count| (*count).max(0))
    }

    pub(crate) fn needs(&self) -> Needs {
        self.condition.needs() | self.count.needs()
    }
}

impl Due {
    pub(crate) fn count(&mut self, count: DueCount) {
        self.counts.push(count);
    }

    /// What the counts that are due read.
    pub(crate) fn needs(&self) -> Needs {
        self.counts.iter().fold(Needs::NONE, |needs, count| needs | count.increment.needs())
    }
}

impl Exchange {
    /// Counts the bytes of both bodies when the response has gone; a counter once.
    pub(crate) fn bill(&mut self, traffic: Traffic) {
        let due = &mut self.limited().due;
        if due.traffic.iter().any(|known| known.family == traffic.family && known.parts == traffic.parts) {
            return;
        }
        due.traffic.push(traffic);
        if due.request_bytes.is_some() {
            return;
        }
        let bytes = due.request_bytes.insert(Arc::default()).clone();
        match &mut self.request.body {
            MessageBody::Bytes(body) => bytes.store(body.len() as u64, Ordering::Relaxed),
            body @ MessageBody::Stream(_) => {
                let stream = body.take();
                *body = MessageBody::Stream(metered(stream, bytes, None));
            }
            MessageBody::None | MessageBody::Consumed | MessageBody::Sent => {}
        }
    }

    /// Counts what looks at the response; the work is what to wait for.
    pub(crate) fn settle(&mut self) -> Option<Work> {
        let mut later: Vec<_> = self.give_tokens_back().into_iter().filter_map(Answer::later).collect();
        later.extend(self.count_due());
        if later.is_empty() {
            return None;
        }
        Some(Box::pin(async move {
            let answers = together(later).await;
            let resume: Resume = Box::new(move |exchange| {
                answers.into_iter().for_each(|answer| exchange.counted(answer));
                Ok(Flow::Continue)
            });
            resume
        }))
    }

    /// Counts what looks at the response, each counter once; gives the answers that are on their way.
    fn count_due(&mut self) -> Vec<Later<Decision>> {
        let counts = self.limited.as_mut().map(|limited| std::mem::take(&mut limited.due.counts)).unwrap_or_default();
        let mut later = Vec::new();
        if counts.is_empty() {
            return later;
        }
        let (now, settings) = (self.settings.clock.wall(), self.settings.clone());
        for count in counts {
            if self.limited().counted(count.family, &count.parts).is_some() {
                continue;
            }
            let cost = count.increment.amount(self).unwrap_or_else(|failure| {
                let message = &*failure.message;
                tracing::debug!(target: "gatewright::policy", family = count.family, "nothing is counted: {message}");
                0
            });
            if cost == 0 {
                continue;
            }
            let counter =
                Traffic { family: count.family, parts: count.parts, limit: count.limit, window: count.window };
            match counter.add(&settings, cost, now) {
                Answer::Ready(answer) => self.counted(answer),
                Answer::Later(answer) => later.push(answer),
            }
            self.limited().count(counter.family, counter.parts, cost);
        }
        later
    }

    /// Counts what is due although the caller has gone before the response, as far as it is known. What a prompt is taken to
    /// have stays counted: a model may have read it.
    pub(crate) fn abandon(&mut self) {
        self.count_due().into_iter().for_each(beside);
        drop(self.traffic_bill());
    }

    /// What the bytes of both bodies are counted with when it is dropped.
    fn traffic_bill(&mut self) -> Option<Bill> {
        let due = &mut self.limited.as_mut()?.due;
        let (traffic, bytes) = (std::mem::take(&mut due.traffic), due.request_bytes.take().unwrap_or_default());
        (!traffic.is_empty()).then(|| Bill { settings: self.settings.clone(), traffic, bytes })
    }

    /// Lets the bytes of the response be counted when it has gone.
    pub(crate) fn metered(&mut self, response: Response<Body>) -> Response<Body> {
        let Some(bill) = self.traffic_bill() else { return response };
        let bytes = bill.bytes.clone();
        response.map(|body| match body.as_bytes().map(Bytes::len) {
            Some(length) => {
                bytes.fetch_add(length as u64, Ordering::Relaxed);
                body
            }
            None => metered(body, bytes, Some(bill)),
        })
    }
}

/// Waits for a store beside whatever goes on.
fn beside(answer: Later<Decision>) {
    // Without a runtime there is nobody to wait for a store that others share.
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        runtime.spawn(answer);
    }
}

/// A body whose bytes are counted as they pass; the bill is settled when it is dropped, however far it came.
fn metered(body: Body, bytes: Arc<AtomicU64>, bill: Option<Bill>) -> Body {
    Body::new(body.inspect_frame(move |frame| {
        let _held = &bill;
        bytes.fetch_add(frame.data_ref().map_or(0, Bytes::len) as u64, Ordering::Relaxed);
    }))
}

struct Bill {
    settings: Arc<EngineSettings>,
    traffic: Vec<Traffic>,
    bytes: Arc<AtomicU64>,
}

impl Drop for Bill {
    fn drop(&mut self) {
        let bytes = i64::try_from(self.bytes.load(Ordering::Relaxed)).unwrap_or(i64::MAX);
        let now = self.settings.clock.wall();
        for traffic in self.traffic.iter().filter(|_| bytes > 0) {
            traffic.add(&self.settings, bytes, now).later().into_iter().for_each(beside);
        }
    }
}

impl Traffic {
    fn add(&self, settings: &EngineSettings, cost: i64, now: SystemTime) -> Answer<Decision> {
        let parts: Vec<&str> = self.parts.iter().map(|part| &**part).collect();
        let key = Key { family: self.family, parts: &parts };
        let limit = Limit { key, limit: self.limit, window: self.window, need: 0, cost };
        settings.counters.add(&[limit], now)
    }
}
