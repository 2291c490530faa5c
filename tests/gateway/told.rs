//! Everything that a gateway tells: answers, traces of requests, the log, debug prints, problems of a configuration.

use std::time::{Duration, SystemTime};

use ::tracing::subscriber::DefaultGuard;
use gatewright::backend::Transport;
use gatewright::gateway::{ConfigurationError, Gateway};
use gatewright::model::Store;
use gatewright::policy::{DebugTokens, EngineSettings, RequestTracing};
use gatewright::sink::RecentTraces;

use crate::support::{Log, text};
use crate::{header, send};

/// The first event: it is in the log when there is one.
const HEARD: &str = "listening to all levels";

/// What has been told so far, on this thread.
pub struct Told {
    tokens: DebugTokens,
    traces: RecentTraces,
    log: Log,
    rest: String,
    _guard: DefaultGuard,
}

impl Told {
    /// Listens from now on.
    pub fn begin() -> Self {
        let log = Log::default();
        let guard = ::tracing::subscriber::set_default(log.subscriber());
        ::tracing::trace!("{HEARD}");
        let (tokens, traces) = (DebugTokens::new("key"), RecentTraces::default());
        Self { tokens, traces, log, rest: String::new(), _guard: guard }
    }

    /// A gateway whose requests are traced.
    pub fn build(&mut self, settings: EngineSettings, store: &Store) -> Result<Gateway, ConfigurationError> {
        let transport = Transport::builder().native_roots(false).build().unwrap();
        let tracing = RequestTracing::new(self.tokens.clone(), self.traces.clone());
        let built = Gateway::builder().transport(transport).settings(settings).request_tracing(tracing).build(store);
        self.rest += &match &built {
            Ok(gateway) => format!("{gateway:?} {:?}", gateway.snapshot()),
            Err(error) => format!("{error} {error:?}"),
        };
        built
    }

    /// A request to an API, which is traced; the status and `x-reason` of its response.
    pub async fn send(&mut self, gateway: &Gateway, api: &str, headers: &[(&str, &str)]) -> (u16, String) {
        let token = self.tokens.issue(api, Duration::from_secs(60), SystemTime::now());
        let own = [("Host", "gateway.test"), ("Apim-Debug-Authorization", &*token)];
        let response = send(gateway, "GET", &format!("/{api}/x"), &[&own, headers].concat()).await;
        let told = (response.status().as_u16(), header(&response, "x-reason"));
        let id = header(&response, "apim-trace-id");
        self.rest += &format!("{response:?} {:?}", response.headers());
        self.rest += &text(response.into_body()).await;
        gateway.drained().await;
        // A trace is written when the response is over.
        let trace = self.traces.get(&id).unwrap_or_else(|| panic!("{api} was not traced: {told:?}"));
        self.rest += &trace.to_json().to_string();
        told
    }

    /// Of what is secret nothing was told.
    #[track_caller]
    pub fn assert_silent(&self, about: &str, secrets: &[&str]) {
        assert!(self.log.text().contains(HEARD), "{about}: nothing is logged");
        for secret in secrets {
            for (place, text) in [("the log", self.log.text()), ("answers, traces and debug prints", self.rest.clone())]
            {
                let found = text.find(secret).map(|at| text.get(at.saturating_sub(300)..at + secret.len()));
                assert_eq!(found, None, "{about}: `{secret}` is in {place}");
            }
        }
    }
}
