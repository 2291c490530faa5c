//! Which requests are traced: the access rule of request tracing.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::HeaderName;
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::Sha256;

use super::exchange::Exchange;
use crate::secret::{Redactor, Secret};
use crate::sink::RequestTraceSink;

/// The caller's token. It is not sent to backends.
pub(crate) const DEBUG_AUTHORIZATION: HeaderName = HeaderName::from_static("apim-debug-authorization");
pub(crate) const TRACE_ID: HeaderName = HeaderName::from_static("apim-trace-id");
const EXPIRED: HeaderName = HeaderName::from_static("apim-debug-authorization-expired");
const WRONG_API: HeaderName = HeaderName::from_static("apim-debug-authorization-wrongapi");
const OLD_SWITCH: &str = "ocp-apim-trace";

/// What a token allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DebugAccess {
    /// The request is traced.
    Granted,
    /// The token was good once: the response says `Apim-Debug-Authorization-Expired`.
    Expired,
    /// The token is for another API: the response says `Apim-Debug-Authorization-WrongAPI`.
    WrongApi,
    /// It is no token: the request is served as if there were none.
    Denied,
}

impl DebugAccess {
    /// The header of the response that says why a token is not good.
    pub(crate) fn refusal(self) -> Option<HeaderName> {
        match self {
            Self::Expired => Some(EXPIRED),
            Self::WrongApi => Some(WRONG_API),
            Self::Granted | Self::Denied => None,
        }
    }
}

/// Decides which requests are traced.
pub trait DebugAuthorizer: Send + Sync + 'static {
    /// What the value of `Apim-Debug-Authorization` allows for the API with this id.
    fn access(&self, token: &str, api: &str, now: SystemTime) -> DebugAccess;
}

const _: Option<&dyn DebugAuthorizer> = None;

/// Which requests are traced, and where their traces go.
///
/// ```
/// use std::sync::Arc;
/// use std::time::{Duration, SystemTime};
/// use gatewright::policy::{DebugTokens, EngineSettings, RequestTracing};
/// use gatewright::sink::RecentTraces;
///
/// let (tokens, traces) = (DebugTokens::new("a key that all instances share"), RecentTraces::default());
/// let mut settings = EngineSettings::default();
/// settings.request_tracing = Some(RequestTracing::new(tokens.clone(), traces.clone()));
///
/// let token = tokens.issue("orders", Duration::from_secs(600), SystemTime::now());
/// assert!(token.starts_with("aid=orders&"));
/// // A request with `Apim-Debug-Authorization: {token}` is answered with `Apim-Trace-Id: {id}`; `traces.get(id)` has it.
/// ```
#[derive(Clone)]
pub struct RequestTracing {
    authorizer: Arc<dyn DebugAuthorizer>,
    sink: Arc<dyn RequestTraceSink>,
    old_switch: bool,
}

impl RequestTracing {
    /// Traces what `authorizer` allows, to `sink`.
    pub fn new(authorizer: impl DebugAuthorizer, sink: impl RequestTraceSink) -> Self {
        Self { authorizer: Arc::new(authorizer), sink: Arc::new(sink), old_switch: false }
    }

    /// Traces every request with the header `Ocp-Apim-Trace: true` too, as API Management once did; false by default.
    /// Anybody can send that header: it is for development.
    #[must_use]
    pub fn honours_trace_header(mut self, honours: bool) -> Self {
        self.old_switch = honours;
        self
    }
}

impl fmt::Debug for RequestTracing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestTracing").field("old_switch", &self.old_switch).finish_non_exhaustive()
    }
}

impl Exchange {
    /// Takes the token out of the request, and begins to trace it when it may be traced.
    pub(crate) fn look_for_debugger(&mut self, secrets: impl FnOnce() -> Arc<Redactor>) {
        let token = self.request.headers.remove(&DEBUG_AUTHORIZATION);
        let Some(tracing) = self.settings.request_tracing.clone() else { return };
        let old = tracing.old_switch && self.request.headers.get(OLD_SWITCH).is_some_and(|value| value == "true");
        let api = self.facts.api.as_deref().map_or("", |api| &*api.id);
        let access = match token.as_ref().and_then(|token| token.to_str().ok()) {
            Some(token) => tracing.authorizer.access(token, api, self.settings.clock.wall()),
            None => DebugAccess::Denied,
        };
        match access {
            _ if old => self.begin_trace(tracing.sink, secrets()),
            DebugAccess::Granted => self.begin_trace(tracing.sink, secrets()),
            refused => self.debug_access = refused,
        }
    }
}

/// Issues and checks tokens for `Apim-Debug-Authorization`: `aid={API}&p=tracing&ex={time}&sn={signature}`.
///
/// Instances that have the same key take each other's tokens; nothing is stored.
#[derive(Clone, Debug)]
pub struct DebugTokens {
    key: Secret,
}

/// The longest time that a token may live.
const HOUR: Duration = Duration::from_secs(3600);

impl DebugTokens {
    /// Tokens that are signed with `key`.
    pub fn new(key: impl Into<Secret>) -> Self {
        Self { key: key.into() }
    }

    /// A token for one API, for an hour at most.
    pub fn issue(&self, api: &str, lifetime: Duration, now: SystemTime) -> String {
        let end = now + lifetime.min(HOUR);
        let seconds = end.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        let claims = format!("aid={}&p=tracing&ex={seconds}", utf8_percent_encode(api, NON_ALPHANUMERIC));
        let signature = URL_SAFE_NO_PAD.encode(self.mac(&claims).finalize().into_bytes());
        format!("{claims}&sn={signature}")
    }

    fn mac(&self, claims: &str) -> Hmac<Sha256> {
        // INVARIANT: HMAC takes keys of any length.
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.expose().as_bytes()).expect("a key of any length");
        mac.update(claims.as_bytes());
        mac
    }
}

impl DebugAuthorizer for DebugTokens {
    fn access(&self, token: &str, api: &str, now: SystemTime) -> DebugAccess {
        let checked = || {
            let (claims, signature) = token.rsplit_once("&sn=")?;
            let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
            self.mac(claims).verify_slice(&signature).ok()?;
            let (id, rest) = claims.strip_prefix("aid=")?.split_once('&')?;
            let end = rest.split_once("ex=")?.1.parse().ok()?;
            let id = percent_decode_str(id).decode_utf8().ok()?;
            Some((id, SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(end))?))
        };
        match checked() {
            None => DebugAccess::Denied,
            Some((_, end)) if now >= end => DebugAccess::Expired,
            Some((id, _)) if !id.eq_ignore_ascii_case(api) => DebugAccess::WrongApi,
            Some(_) => DebugAccess::Granted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_for_one_api_and_an_hour_at_most() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let tokens = DebugTokens::new("key");
        let token = tokens.issue("my api", Duration::from_secs(9999), at(1000));
        assert!(token.starts_with("aid=my%20api&p=tracing&ex=4600&sn="), "{token}");
        for (token, api, now, access) in [
            (token.as_str(), "My API", 4599, DebugAccess::Granted),
            (&token, "my api", 4600, DebugAccess::Expired),
            (&token, "other", 1000, DebugAccess::WrongApi),
            (&token.replace("4600", "9600"), "my api", 1000, DebugAccess::Denied),
            (&token[..token.len() - 1], "my api", 1000, DebugAccess::Denied),
            ("aid=my%20api&", "my api", 1000, DebugAccess::Denied),
            ("", "", 1000, DebugAccess::Denied),
        ] {
            assert_eq!(tokens.access(token, api, at(now)), access, "{token} {api} {now}");
        }
        assert_eq!(DebugTokens::new("other").access(&token, "my api", at(1000)), DebugAccess::Denied);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_token_or_not(text in "(aid=|&|ex=|sn=|[a-z0-9%=]{0,6}){0,8}") {
            let access = DebugTokens::new("key").access(&text, "a", SystemTime::UNIX_EPOCH);
            proptest::prop_assert_eq!(access, DebugAccess::Denied);
        }
    }
}
