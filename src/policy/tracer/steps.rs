//! What steps say of themselves while a request is traced.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::super::context::Context;
use super::super::error::PolicyError;
use super::super::exchange::Exchange;
use super::super::messages::ResponseState;
use super::super::outgoing::Call;
use super::super::spec::Section;
use super::masks::Masks;
use super::state::{State, cut, shown};
use crate::expr;
use crate::forward::Target;

impl Exchange {
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
    pub(crate) fn trace_says(&mut self, data: impl FnOnce(&Self, &Masks) -> Value) {
        if let Some(mut tracer) = self.tracer.take() {
            tracer.said = Some(data(self, &tracer.masks));
            self.tracer = Some(tracer);
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
            let data = json!({
                "message": "Expression was successfully evaluated.",
                "expression": code_of(source),
                "value": cut(tracer.masks.text(&shown(value))),
            });
            let step = tracer.step;
            tracer.push(step, data);
        }
    }

    /// An expression of the step failed.
    #[cold]
    pub(crate) fn trace_failed_expression(&mut self, source: &str, error: &expr::EvalError) {
        if let Some(tracer) = &mut self.tracer {
            let before = source.get(..error.span().start).unwrap_or_default();
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().map_or(0, |line| line.chars().count()) + 1;
            let what = format!("{}: {}", error.exception_type(), error.message());
            let data = json!({
                "message": "Expression evaluation failed.",
                "expression": code_of(source),
                "details": format!("{what}\n   at line {line}, column {column} of the expression"),
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
            let mut data = json!({ "response": { "status": status, "headers": masks.headers(&response.headers) } });
            // Which member of a pool, or which replica of a cluster.
            if let (Some((_, by)), Some(data)) = (&exchange.served_by, data.as_object_mut()) {
                let backend = json!({ "id": &*by.backend, "url": by.base.to_string() });
                data.insert("backend".to_owned(), backend);
            }
            data
        });
    }
}

/// An expression without `@( )`.
fn code_of(source: &str) -> &str {
    let inner = source.trim().strip_prefix('@').and_then(|code| code.get(1..code.len().saturating_sub(1)));
    inner.unwrap_or(source)
}
