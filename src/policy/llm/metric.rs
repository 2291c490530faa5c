//! Metrics of tokens: what a request asks to be told of, until the model's answer says how many there were.

use std::sync::Arc;

use super::super::setting::Literal;
use super::usage::Usage;
use crate::expr::Value;
use crate::sink::{MetricEvent, MetricSink};

/// What one `llm-emit-token-metric` is to tell of a request.
#[derive(Debug)]
pub(crate) struct TokenMetric {
    pub(crate) namespace: Arc<str>,
    pub(crate) counts: Counts,
    /// Names and values; without a value it is the backend that will answer.
    pub(crate) dimensions: Vec<(String, Option<String>)>,
}

/// Which counts are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) kind: CountKind,
    pub(crate) ignores_prompt: bool,
}

/// `value-type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum CountKind {
    #[default]
    All,
    Total,
    Prompt,
    Completion,
}

impl Literal for CountKind {
    fn literal(text: &str) -> Option<Self> {
        match text.trim() {
            "all" => Some(Self::All),
            "total-tokens" => Some(Self::Total),
            "prompt-tokens" => Some(Self::Prompt),
            "completion-tokens" => Some(Self::Completion),
            _ => None,
        }
    }

    fn value(_: Value) -> Result<Self, String> {
        Err("`value-type` does not take an expression".to_owned())
    }
}

impl Counts {
    /// The names and values of the metrics.
    fn of(self, usage: Usage) -> impl Iterator<Item = (&'static str, u64)> {
        let prompt = (!self.ignores_prompt).then_some(usage.prompt);
        let all = [
            (CountKind::Total, "Total Tokens", Some(usage.total())),
            (CountKind::Prompt, "Prompt Tokens", prompt),
            (CountKind::Completion, "Completion Tokens", Some(usage.completion)),
            (CountKind::All, "Cached Tokens", usage.cached),
            (CountKind::All, "Reasoning Tokens", usage.reasoning),
        ];
        let wanted = self.kind;
        let told = all.into_iter().filter(move |(kind, ..)| wanted == CountKind::All || *kind == wanted);
        told.filter_map(|(_, name, count)| Some((name, count?)))
    }
}

impl TokenMetric {
    /// Fills in who has answered.
    pub(super) fn answered_by(&mut self, backend: &str) {
        for (_, value) in &mut self.dimensions {
            value.get_or_insert_with(|| backend.to_owned());
        }
    }

    /// Hands one value for each count to the sink.
    pub(super) fn emit(&self, sink: &dyn MetricSink, request_id: &str, usage: Usage) {
        let dimensions = self.dimensions.iter();
        let dimensions: Vec<_> =
            dimensions.map(|(name, value)| (name.clone(), value.clone().unwrap_or_default())).collect();
        for (name, count) in self.counts.of(usage) {
            let mut event = MetricEvent::new(request_id, &self.namespace, name, count as f64);
            event.dimensions = &dimensions;
            sink.emit(&event);
        }
    }
}
