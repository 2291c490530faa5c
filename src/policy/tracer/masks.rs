//! Masks what a trace must not show.

use std::borrow::Cow;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde_json::{Value, json};

use super::super::exchange::Exchange;
use super::credentials;
use crate::secret::{Redactor, Secret};

const MASK: &str = "***";

/// What a trace must not show.
pub(crate) struct Masks {
    /// Of the configuration.
    pub(crate) secrets: Arc<Redactor>,
    /// Of this request: keys and tokens that it carries.
    own: Redactor,
    /// Tokens that policies have got for it.
    pub(super) tokens: Vec<Secret>,
    key_header: Option<HeaderName>,
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
        let names = [&header::AUTHORIZATION, &header::PROXY_AUTHORIZATION].into_iter().chain(&key_header);
        for name in names {
            let values = request.headers.get_all(name).iter();
            own.extend(values.flat_map(|value| credentials::of(&String::from_utf8_lossy(value.as_bytes()))));
        }
        Self { secrets, own: Redactor::new(&own), tokens: Vec::new(), key_header }
    }

    fn hides(&self, name: &HeaderName) -> bool {
        [header::AUTHORIZATION, header::PROXY_AUTHORIZATION].contains(name) || self.key_header.as_ref() == Some(name)
    }

    pub(super) fn text(&self, text: &str) -> String {
        let masked = self.own.redact(&self.secrets.redact(text)).into_owned();
        if self.tokens.is_empty() { masked } else { Redactor::new(&self.tokens).redact(&masked).into_owned() }
    }

    /// Masks all texts of a value.
    pub(super) fn mask(&self, data: &mut Value) {
        match data {
            Value::String(text) => *text = self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.mask(item)),
            Value::Object(members) => members.values_mut().for_each(|member| self.mask(member)),
            _ => {}
        }
    }

    /// `[{"name": "…", "value": "…"}]`, a line for each value.
    pub(crate) fn headers(&self, headers: &HeaderMap) -> Value {
        let lines =
            headers.iter().map(|(name, value)| json!({ "name": name.as_str(), "value": self.value(name, value) }));
        lines.collect()
    }

    /// The value of a header, as far as it may be shown.
    pub(crate) fn value<'a>(&self, name: &HeaderName, value: &'a HeaderValue) -> Cow<'a, str> {
        let is_hidden = value.is_sensitive() || self.hides(name);
        if is_hidden { MASK.into() } else { String::from_utf8_lossy(value.as_bytes()) }
    }

    /// The headers that differ: what they are now, or null for what is gone.
    pub(super) fn changed_headers(&self, before: &HeaderMap, after: &HeaderMap) -> Option<Value> {
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
