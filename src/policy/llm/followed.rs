//! Answers that are read as they pass: nothing is held back, and they are counted when they have gone.

use std::sync::Arc;

use http_body_util::BodyExt;

use super::super::settings::EngineSettings;
use super::call::Estimate;
use super::events::Events;
use super::metric::TokenMetric;
use super::tally::TokenUse;
use super::usage::Usage;
use crate::body::Body;
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

/// What is read of an answer, and whom it is told to when the answer has gone.
struct Reader {
    seen: Seen,
    bill: Bill,
}

/// An answer that is read as it passes.
pub(super) fn followed(body: Body, seen: Seen, bill: Bill) -> Body {
    let mut reader = Reader { seen, bill };
    Body::new(body.inspect_frame(move |frame| {
        // All of it is captured: it does its last work when it is dropped.
        let Reader { seen, bill } = &mut reader;
        if let Some(data) = frame.data_ref() {
            seen.read(data, bill.settings.body_limit);
        }
    }))
}

impl Drop for Reader {
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
