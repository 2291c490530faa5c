//! Notes what a traced request meets: an entry for each step, with what it changed.

mod credentials;
mod masks;
mod state;
mod steps;

use std::mem;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::exchange::Exchange;
use super::messages::ResponseState;
use super::spec::Section;
use super::traced_body::TracedBody;
use super::tracing::TRACE_ID;
use crate::body::Body;
use crate::clock::Clock;
use crate::secret::{Redactor, Secret};
use crate::sink::{RequestTrace, RequestTraceSink, TraceSection};
use masks::Masks;
use state::State;

/// The trace of a request that is under way.
pub(crate) struct Tracer {
    trace: RequestTrace,
    clock: Clock,
    start: Instant,
    section: Section,
    /// The policy that runs.
    step: &'static str,
    before: State,
    /// What the policy says of itself.
    notes: Vec<String>,
    /// The whole of its entry, when the policy says it; null for none.
    said: Option<Value>,
    masks: Masks,
    sink: Arc<dyn RequestTraceSink>,
}

impl Tracer {
    fn push(&mut self, source: &str, mut data: Value) {
        self.masks.mask(&mut data);
        let section = match self.section {
            Section::Inbound => TraceSection::Inbound,
            Section::Backend => TraceSection::Backend,
            Section::Outbound => TraceSection::Outbound,
            Section::OnError => TraceSection::OnError,
        };
        let time = (self.clock.wall(), self.elapsed());
        self.trace.push(section, self.masks.text(source), time, data);
    }

    /// Makes the entry of the step that ran; a step makes one at most.
    fn step_is_done(&mut self, exchange: &Exchange, ended: Option<&ResponseState>) {
        let step = mem::take(&mut self.step);
        if let Some(said) = self.said.take() {
            if !said.is_null() {
                self.push(step, said);
            }
            return;
        }
        let after = State::of(exchange);
        let mut data = self.before.changes(&after, &self.masks);
        let message: Value = match (mem::take(&mut self.notes), ended) {
            (_, Some(response)) => {
                let (code, headers) = (net_name(response.status), self.masks.headers(&response.headers));
                let status = json!({ "code": code, "reason": response.reason() });
                data.insert("response".to_owned(), json!({ "status": status, "headers": headers }));
                let name = if step == "return-response" { "Return response" } else { step };
                format!("{name} was applied").into()
            }
            (notes, _) if !notes.is_empty() => match <[String; 1]>::try_from(notes) {
                Ok([note]) => note.into(),
                Err(notes) => notes.into(),
            },
            (_, _) if step == "set-status" => {
                data.clear();
                let (code, reason) =
                    after.response.map_or((0, String::new()), |(status, reason, _)| (status.as_u16(), reason));
                json!([
                    format!("Response status code was set to {code}"),
                    format!("Response status reason was set to '{reason}'"),
                ])
            }
            _ => format!("{step} was applied").into(),
        };
        data.insert("message".to_owned(), message);
        self.push(step, data.into());
    }

    fn elapsed(&self) -> Duration {
        self.clock.instant().saturating_duration_since(self.start)
    }

    /// The entry of the transfer to the caller, and the end of the trace.
    pub(crate) fn sent(mut self: Box<Self>, outcome: &str) {
        self.push("transfer-response", json!({ "message": outcome }));
        let sink = Arc::clone(&self.sink);
        sink.request_traced(self.trace);
    }

    /// The response with the id of the trace, which ends when the body does.
    pub(crate) fn finish(mut self: Box<Self>, mut response: ResponseState, section: Section) -> Response<Body> {
        self.section = if section == Section::OnError { section } else { Section::Outbound };
        if let Ok(id) = HeaderValue::from_str(&self.trace.id) {
            response.headers.insert(TRACE_ID, id);
        }
        response.into_response().map(|body| Body::new(TracedBody::new(body, self)))
    }
}

impl Exchange {
    /// Begins to trace the request.
    pub(crate) fn begin_trace(&mut self, sink: Arc<dyn RequestTraceSink>, secrets: Arc<Redactor>) {
        let id = self.id_text();
        let service = self.facts.deployment.as_deref().map_or_else(Arc::default, |facts| facts.service_name.clone());
        let clock = self.settings.clock.clone();
        let masks = Masks::of(self, secrets);
        let request = &self.request;
        let url = match request.original_uri.authority() {
            Some(_) => request.original_uri.to_string(),
            None => format!(
                "{}://{}{}",
                if self.is_tls() { "https" } else { "http" },
                self.original_host(),
                request.original_uri.path_and_query().map_or("/", |path| path.as_str())
            ),
        };
        let headers = masks.headers(&request.headers);
        let data = json!({ "request": { "method": request.method.as_str(), "url": url, "headers": headers } });
        let mut tracer = Tracer {
            trace: RequestTrace::new(service, id),
            start: clock.instant(),
            clock,
            section: Section::Inbound,
            step: "",
            before: State::default(),
            notes: Vec::new(),
            said: None,
            masks,
            sink,
        };
        tracer.push("api-inspector", data);
        self.tracer = Some(Box::new(tracer));
    }

    /// Adds the keys of the subscription to what is masked, once it is known.
    pub(crate) fn mask_keys(&mut self) {
        if let Some(mut tracer) = self.tracer.take() {
            tracer.masks = Masks::of(self, Arc::clone(&tracer.masks.secrets));
            self.tracer = Some(tracer);
        }
    }

    /// Adds a token that a policy has got to what is masked, in traces and in what failures say.
    pub(crate) fn mask_token(&mut self, token: &str) {
        if token.is_empty() {
            return;
        }
        self.redaction.add(token);
        if let Some(tracer) = &mut self.tracer {
            tracer.masks.tokens.push(Secret::new(token));
        }
    }

    /// Adds an entry of a built-in step to the trace, if there is one.
    pub(crate) fn trace_entry(&mut self, source: &str, data: impl FnOnce(&Self, &Masks) -> Value) {
        if let Some(mut tracer) = self.tracer.take() {
            let data = data(self, &tracer.masks);
            tracer.push(source, data);
            self.tracer = Some(tracer);
        }
    }
}

/// The name of a status in .NET's `HttpStatusCode`, as far as it is the phrase without spaces; else the number.
fn net_name(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(phrase) => phrase.chars().filter(char::is_ascii_alphanumeric).collect(),
        None => status.as_u16().to_string(),
    }
}
