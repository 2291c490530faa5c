//! Which responses are kept, and for how long: the attributes of the policies that keep them.

use std::time::SystemTime;

use http::StatusCode;

use super::super::compile::Compiler;
use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::pipeline::Needs;
use super::super::setting::Setting;
use super::super::spec::Attribute;
use super::lifetime;
use crate::xml::Element;

const DURATION: Attribute = Attribute::required("duration", "seconds, a whole number").or_expression();
const CACHE_RESPONSE: Attribute =
    Attribute::optional("cache-response", "`true` or `false`", "only a response of status 200 is kept").or_expression();

/// Which responses are kept, and for how long.
#[derive(Debug)]
pub(crate) struct KeepRules {
    duration: Setting<i64>,
    cache_response: Option<Setting<bool>>,
}

/// How long a response is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept {
    pub(crate) expires: SystemTime,
    pub(super) seconds: i64,
}

impl KeepRules {
    pub(crate) const ATTRIBUTES: [Attribute; 2] = [DURATION, CACHE_RESPONSE];

    pub(crate) fn compile(compiler: &mut Compiler<'_>, element: &Element) -> Option<Self> {
        let duration = compiler.setting(element, &DURATION);
        let cache_response = compiler.setting(element, &CACHE_RESPONSE);
        Some(Self { duration: duration?, cache_response })
    }

    /// How long the response of the exchange is kept; none when it is not.
    pub(crate) fn kept(&self, exchange: &mut Exchange) -> Result<Option<Kept>, Box<Failure>> {
        let seconds = *self.duration.get(exchange)?;
        let keeps_any = match &self.cache_response {
            Some(setting) => Some(*setting.get(exchange)?),
            None => None,
        };
        let Some(response) = &exchange.response else { return Ok(None) };
        let now = exchange.settings.clock.wall();
        let expires = lifetime(seconds).and_then(|lifetime| now.checked_add(lifetime));
        let kept = expires.filter(|_| keeps_any.unwrap_or(response.status == StatusCode::OK));
        if kept.is_none() {
            exchange.trace_note(|| "Nothing is kept: the response is not for caches.".to_owned());
        }
        Ok(kept.map(|expires| Kept { expires, seconds }))
    }

    pub(crate) fn needs(&self) -> Needs {
        let cache_response = self.cache_response.as_ref().map_or(Needs::NONE, Setting::needs);
        self.duration.needs() | cache_response
    }
}
