//! Notes what a traced request meets: an entry for each step, with what it changed.

use std::fmt;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::context::Context;
use super::error::PolicyError;
use super::exchange::Exchange;
use super::messages::ResponseState;
use super::outgoing::Call;
use super::spec::Section;
use super::traced_body::TracedBody;
use super::tracing::TRACE_ID;
use crate::body::Body;
use crate::clock::Clock;
use crate::expr;
use crate::forward::Target;
use crate::secret::{Redactor, Secret};
use crate::sink::{RequestTrace, RequestTraceSink, TraceSection};

const MASK: &str = "***";

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

/// What a trace must not show.
pub(crate) struct Masks {
    /// Of the configuration.
    pub(crate) secrets: Arc<Redactor>,
    /// Of this request: keys and tokens that it carries.
    own: Redactor,
    /// Tokens that policies have got for it.
    tokens: Vec<Secret>,
    key_header: Option<HeaderName>,
}

/// What policies can change.
#[derive(Default)]
struct State {
    method: Method,
    url: String,
    headers: HeaderMap,
    response: Option<(StatusCode, String, HeaderMap)>,
    variables: Vec<(Arc<str>, String)>,
    target: Option<Target>,
}

impl Masks {
    /// Masks the secrets of the configuration, and the keys of the exchange.
    pub(crate) fn of(exchange: &Exchange, secrets: Arc<Redactor>) -> Self {
        let (facts, request) = (&exchange.facts, &exchange.request);
        let api = facts.api.as_deref();
        let key_header = api.and_then(|api| HeaderName::from_bytes(api.subscription_key_header.as_bytes()).ok());
        let mut own: Vec<Secret> = Vec::new();
        if let Some(subscription) = facts.subscription.as_deref() {
            own.extend(subscription.primary_key.iter().chain(&subscription.secondary_key).cloned());
        }
        if let (Some(api), Some(query)) = (api, request.original_uri.query()) {
            let mut parameters = url::form_urlencoded::parse(query.as_bytes());
            let key = parameters.find(|(name, _)| name.eq_ignore_ascii_case(&api.subscription_key_query));
            own.extend(key.map(|(_, key)| Secret::new(&*key)));
        }
        for name in [Some(&header::AUTHORIZATION), key_header.as_ref()].into_iter().flatten() {
            let values = request.headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
            own.extend(values.map(Secret::new));
        }
        Self { secrets, own: Redactor::new(&own), tokens: Vec::new(), key_header }
    }

    fn hides(&self, name: &HeaderName) -> bool {
        [header::AUTHORIZATION, header::PROXY_AUTHORIZATION].contains(name) || self.key_header.as_ref() == Some(name)
    }

    fn text(&self, text: &str) -> String {
        let masked = self.own.redact(&self.secrets.redact(text)).into_owned();
        if self.tokens.is_empty() { masked } else { Redactor::new(&self.tokens).redact(&masked).into_owned() }
    }

    /// Masks all texts of a value.
    fn mask(&self, data: &mut Value) {
        match data {
            Value::String(text) => *text = self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.mask(item)),
            Value::Object(members) => members.values_mut().for_each(|member| self.mask(member)),
            _ => {}
        }
    }

    /// `[{"name": "…", "value": "…"}]`, a line for each value.
    pub(crate) fn headers(&self, headers: &HeaderMap) -> Value {
        let lines = headers.iter().map(|(name, value)| {
            let is_hidden = value.is_sensitive() || self.hides(name);
            let value = if is_hidden { MASK.into() } else { String::from_utf8_lossy(value.as_bytes()) };
            json!({ "name": name.as_str(), "value": value })
        });
        lines.collect()
    }

    /// The headers that differ: what they are now, or null for what is gone.
    fn changed_headers(&self, before: &HeaderMap, after: &HeaderMap) -> Option<Value> {
        let is_same = |name: &HeaderName| before.get_all(name).iter().eq(after.get_all(name).iter());
        let mut now = HeaderMap::new();
        for (name, value) in after.iter().filter(|(name, _)| !is_same(name)) {
            now.append(name.clone(), value.clone());
        }
        let gone = before.keys().filter(|name| !after.contains_key(*name));
        let gone = gone.map(|name| json!({ "name": name.as_str(), "value": null }));
        let Value::Array(mut lines) = self.headers(&now) else { return None };
        lines.extend(gone);
        (!lines.is_empty()).then_some(Value::Array(lines))
    }
}

impl State {
    fn of(exchange: &Exchange) -> Self {
        let response = exchange.response.as_ref();
        let variables = exchange.variables.iter();
        Self {
            method: exchange.request.method.clone(),
            url: exchange.request.rest().to_owned(),
            headers: exchange.request.headers.clone(),
            response: response.map(|r| (r.status, r.reason().into_owned(), r.headers.clone())),
            variables: variables.map(|(name, value)| (name.clone(), shown(value))).collect(),
            target: exchange.target.clone(),
        }
    }

    /// What became different, by the words of the document.
    fn changes(&self, after: &Self, masks: &Masks) -> Map<String, Value> {
        let mut changes = Map::new();
        let mut request = Map::new();
        if self.method != after.method {
            request.insert("method".to_owned(), after.method.as_str().into());
        }
        if self.url != after.url {
            request.insert("url".to_owned(), json!({ "from": self.url, "to": after.url }));
        }
        if let Some(headers) = masks.changed_headers(&self.headers, &after.headers) {
            request.insert("headers".to_owned(), headers);
        }
        if !request.is_empty() {
            changes.insert("request".to_owned(), request.into());
        }
        if let Some((status, reason, headers)) = &after.response {
            let before = self.response.as_ref();
            let mut response = Map::new();
            if before.is_none_or(|(known, phrase, _)| (known, phrase) != (status, reason)) {
                response.insert("status".to_owned(), json!({ "code": status.as_u16(), "reason": reason }));
            }
            let none = HeaderMap::new();
            if let Some(headers) = masks.changed_headers(before.map_or(&none, |(.., headers)| headers), headers) {
                response.insert("headers".to_owned(), headers);
            }
            if !response.is_empty() {
                changes.insert("response".to_owned(), response.into());
            }
        }
        let is_new = |variable: &&(Arc<str>, String)| !self.variables.contains(variable);
        let variables: Vec<_> = after.variables.iter().filter(is_new).collect();
        if !variables.is_empty() {
            let pair = |(name, value): &(Arc<str>, String)| json!({ "name": &**name, "value": value });
            changes.insert("variables".to_owned(), variables.into_iter().map(pair).collect());
        }
        if let (true, Some(target)) = (self.target != after.target, &after.target) {
            let target = match target {
                Target::Url(url) => url.to_string(),
                Target::Backend(id) => id.to_string(),
            };
            changes.insert("backend".to_owned(), target.into());
        }
        changes
    }
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

    /// Adds a token that a policy has got to what is masked.
    pub(crate) fn mask_token(&mut self, token: &str) {
        if let Some(tracer) = self.tracer.as_mut().filter(|_| !token.is_empty()) {
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

    /// A step begins.
    #[cold]
    pub(crate) fn trace_step(&mut self, section: Section, element: &'static str) {
        let before = State::of(self);
        if let Some(tracer) = &mut self.tracer {
            (tracer.section, tracer.step, tracer.before) = (section, element, before);
            tracer.notes.clear();
            tracer.said = None;
        }
    }

    /// Says something in the entry of the step that runs.
    pub(crate) fn trace_note(&mut self, note: impl FnOnce() -> String) {
        if let Some(tracer) = &mut self.tracer {
            tracer.notes.push(note());
        }
    }

    /// Something that works, but perhaps not as the author of the document thinks.
    pub(crate) fn warn(&mut self, element: &str, warning: impl fmt::Display) {
        tracing::warn!(target: "gatewright::policy", element, "{warning}");
        self.trace_note(|| format!("Warning: {warning}"));
    }

    /// The step that runs makes no entry.
    pub(crate) fn trace_silence(&mut self) {
        if let Some(tracer) = &mut self.tracer {
            tracer.step = "";
        }
    }

    /// Says what the entry of the step that runs is.
    pub(crate) fn trace_text(&mut self, text: &str) {
        if let Some(tracer) = &mut self.tracer {
            tracer.said = Some(text.into());
        }
    }

    /// Adds the entry of the `trace` policy, or of `context.Trace`.
    pub(crate) fn trace_message(&mut self, source: &str, message: &str, metadata: &[(String, String)]) {
        if let Some(tracer) = &mut self.tracer {
            let pairs = metadata.iter().map(|(name, value)| (name.clone(), value.as_str().into()));
            tracer.push(source, json!({ "message": message, "metadata": Map::from_iter(pairs) }));
            if tracer.step == "trace" {
                tracer.said = Some(Value::Null);
            }
        }
    }

    /// The step is done.
    #[inline]
    pub(crate) fn trace_done(&mut self) {
        if self.tracer.is_some() {
            self.step_is_done(None);
        }
    }

    /// The step is done, and ends the pipeline with the response.
    #[inline]
    pub(crate) fn trace_ended(&mut self, response: &ResponseState) {
        if self.tracer.is_some() {
            self.step_is_done(Some(response));
        }
    }

    #[cold]
    fn step_is_done(&mut self, ended: Option<&ResponseState>) {
        let Some(mut tracer) = self.tracer.take() else { return };
        if !tracer.step.is_empty() {
            tracer.step_is_done(self, ended);
        }
        self.tracer = Some(tracer);
    }

    /// The step failed.
    pub(crate) fn trace_failed(&mut self, error: &PolicyError) {
        if let Some(tracer) = &mut self.tracer {
            tracer.section = error.section.unwrap_or(tracer.section);
            let data = json!({
                "message": &*error.message,
                "error": {
                    "source": &*error.source,
                    "reason": &*error.reason,
                    "message": &*error.message,
                    "section": error.section.map(Section::name),
                    "path": error.path,
                },
            });
            tracer.push(&error.source, data);
        }
    }

    /// An expression of the step was evaluated.
    pub(crate) fn trace_expression(&mut self, source: &str, value: &expr::Value) {
        if let Some(tracer) = &mut self.tracer {
            let inner = source.trim().strip_prefix('@').and_then(|code| code.get(1..code.len().saturating_sub(1)));
            let data = json!({
                "message": "Expression was successfully evaluated.",
                "expression": inner.unwrap_or(source),
                "value": shown(value),
            });
            let step = tracer.step;
            tracer.push(step, data);
        }
    }

    /// A request goes to the backend.
    pub(crate) fn trace_forward(&mut self, (target, request, _): &Call, limit: Duration) {
        if self.tracer.is_none() {
            return;
        }
        let base = Context::new(self).base().cloned();
        let rest = request.uri().path_and_query().map_or("", |rest| rest.as_str());
        let url = match (base, target) {
            (Some(base), _) => base.join(rest).to_string(),
            (None, Some(Target::Backend(id))) => format!("{id}{rest}"),
            (None, _) => rest.to_owned(),
        };
        let seconds = limit.as_secs_f64();
        let message = format!("Request is being forwarded to the backend service. Timeout set to {seconds} seconds");
        self.trace_entry("request-forwarder", |_, masks| {
            let headers = masks.headers(request.headers());
            json!({ "message": message, "request": { "method": request.method().as_str(), "url": url, "headers": headers } })
        });
    }

    /// The backend answered.
    pub(crate) fn trace_answer(&mut self) {
        self.trace_entry("request-forwarder", |exchange, masks| {
            let Some(response) = &exchange.response else { return Value::Null };
            let status = json!({ "code": response.status.as_u16(), "reason": response.reason() });
            json!({ "response": { "status": status, "headers": masks.headers(&response.headers) } })
        });
    }
}

/// The text of a value, as far as there is one.
fn shown(value: &expr::Value) -> String {
    const MOST: usize = 8192;
    let text = value.to_text().unwrap_or_else(|| "null".to_owned());
    if text.len() > MOST { text.chars().take(MOST).chain(['…']).collect() } else { text }
}

/// The name of a status in .NET's `HttpStatusCode`, as far as it is the phrase without spaces; else the number.
fn net_name(status: StatusCode) -> String {
    match status.canonical_reason() {
        Some(phrase) => phrase.chars().filter(char::is_ascii_alphanumeric).collect(),
        None => status.as_u16().to_string(),
    }
}
