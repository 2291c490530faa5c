//! Tells what a policy has changed.

use std::sync::Arc;

use http::{HeaderMap, Method, StatusCode};
use serde_json::{Map, Value, json};

use super::super::exchange::Exchange;
use super::masks::Masks;
use crate::expr;
use crate::forward::Target;

/// What policies can change.
#[derive(Default)]
pub(super) struct State {
    method: Method,
    url: String,
    headers: HeaderMap,
    pub(super) response: Option<(StatusCode, String, HeaderMap)>,
    variables: Vec<(Arc<str>, String)>,
    target: Option<Target>,
}

impl State {
    pub(super) fn of(exchange: &Exchange) -> Self {
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
    pub(super) fn changes(&self, after: &Self, masks: &Masks) -> Map<String, Value> {
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
            let pair = |(name, value): &(Arc<str>, String)| json!({ "name": &**name, "value": cut(masks.text(value)) });
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

/// The most characters of a value that a trace shows.
const MOST: usize = 8192;

/// The text of a value, as far as there is one, and more of it than a trace shows: what is masked must be whole.
pub(super) fn shown(value: &expr::Value) -> String {
    first(value.to_text().unwrap_or_else(|| "null".to_owned()), 2 * MOST)
}

/// What a trace shows of a text in which secrets are masked.
pub(super) fn cut(text: String) -> String {
    first(text, MOST)
}

fn first(text: String, most: usize) -> String {
    if text.len() > most { text.chars().take(most).chain(['…']).collect() } else { text }
}
