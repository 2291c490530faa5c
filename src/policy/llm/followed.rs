//! Answers that are read as they pass: nothing is held back, and they are counted when they have gone.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};

use super::super::settings::EngineSettings;
use super::call::Estimate;
use super::events::Events;
use super::metric::TokenMetric;
use super::tally::TokenUse;
use super::usage::Usage;
use crate::body::{Body, BoxError};
use crate::state::Answer;

/// What is counted and told when an answer has gone, however far it came.
pub(super) struct Bill {
    pub(super) settings: Arc<EngineSettings>,
    pub(super) uses: Vec<TokenUse>,
    pub(super) is_ok: bool,
    pub(super) metrics: Vec<TokenMetric>,
    pub(super) estimate: Option<Estimate>,
    pub(super) request_id: String,
}

impl Bill {
    /// Counts an answer in pieces.
    fn of_events(&self, events: &Events) {
        let now = self.settings.clock.wall();
        for used in &self.uses {
            // Of a prompt that nobody has estimated the model alone knows.
            let believes = self.settings.prefer_reported_stream_usage || used.estimated == 0;
            let reported = events.usage.filter(|_| believes);
            let actual = match reported {
                _ if !self.is_ok => 0,
                Some(usage) => usage.counted(used.ignores_prompt),
                None => used.estimated.saturating_add(self.settings.token_counter.count(&used.model, &events.text)),
            };
            // Without a runtime there is nobody to wait for a store that others share.
            let later = used.add(&self.settings, actual, now);
            if let (Answer::Later(answer), Ok(runtime)) = (later, tokio::runtime::Handle::try_current()) {
                runtime.spawn(answer);
            }
        }
        self.tell(events.usage.or_else(|| self.estimated(&events.text)));
    }

    /// What the tokens come to where a limit has estimated those of the prompt.
    fn estimated(&self, text: &str) -> Option<Usage> {
        let estimate = self.estimate.as_ref().filter(|_| self.is_ok && !self.metrics.is_empty())?;
        let completion = self.settings.token_counter.count(&estimate.model, text);
        Some(Usage { prompt: estimate.tokens, completion, ..Usage::default() })
    }

    /// Hands the metrics to the sink, when there is something to tell.
    pub(super) fn tell(&self, usage: Option<Usage>) {
        let Some(usage) = usage else { return };
        self.metrics.iter().for_each(|metric| metric.emit(&*self.settings.metric_sink, &self.request_id, usage));
    }
}

/// What was read of an answer.
pub(super) enum Seen {
    /// Server-sent events.
    Events(Events),
    /// The bytes of JSON; none when there are too many.
    Json(Option<Vec<u8>>),
}

/// An answer that is read as it passes.
pub(super) struct Followed {
    pub(super) body: Body,
    pub(super) seen: Seen,
    pub(super) bill: Bill,
}

impl Drop for Followed {
    fn drop(&mut self) {
        match &mut self.seen {
            Seen::Events(events) => {
                events.finish();
                self.bill.of_events(events);
            }
            Seen::Json(bytes) => self.bill.tell(bytes.as_deref().and_then(Usage::read)),
        }
    }
}

impl Seen {
    fn read(&mut self, data: &[u8], limit: usize) {
        match self {
            Self::Events(events) => events.feed(data),
            Self::Json(json) => match json {
                Some(bytes) if bytes.len() + data.len() <= limit => bytes.extend_from_slice(data),
                _ => *json = None,
            },
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
            let limit = self.bill.settings.body_limit;
            self.seen.read(data, limit);
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
