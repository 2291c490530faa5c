//! The outside services of a case: what they answer, what they got, and the gateway's identity and metrics.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use gatewright::Body;
use gatewright::forward::{CertificateName, ForwardError};
use gatewright::identity::{Error, Token, TokenCache, TokenRequest, TokenSource};
use gatewright::outbound::{Outbound, OutboundOptions};
use gatewright::policy::EngineSettings;
use gatewright::sink::{MetricEvent, MetricSink};
use http::{Request, Response};

use super::case::{Case, Message};
use super::to_response;

/// Plays the outside of one case.
#[derive(Clone, Default)]
pub struct Outside(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// `METHOD URL`, the time it takes, and the answer.
    answers: Vec<(String, Duration, Message)>,
    called: Vec<Message>,
    metrics: Vec<String>,
}

impl Outside {
    pub fn new(case: &Case) -> Self {
        let answers = case.parts_with("answer ").map(|(call, text)| {
            let (call, delay) = call.split_once(" after ").unwrap_or((call, "0 s"));
            let delay = delay.trim_end_matches(" s").parse().expect("a delay is `N s`");
            (call.to_owned(), Duration::from_secs(delay), Message::parse(text))
        });
        let state = State { answers: answers.collect(), ..State::default() };
        Self(Arc::new(Mutex::new(state)))
    }

    pub fn install(&self, settings: &mut EngineSettings) {
        settings.outbound = Some(Arc::new(self.clone()));
        settings.tokens = Some(TokenCache::new(Tokens));
        settings.metric_sink = Arc::new(self.clone());
    }

    /// What differs from what the case expects of the calls and metrics.
    pub fn compare(&self, case: &Case) -> Vec<String> {
        let state = self.0.lock().unwrap();
        let mut problems = Vec::new();
        for (index, message) in state.called.iter().enumerate() {
            problems.extend(case.compare_message_at("called", index, message));
        }
        let expected = case.messages("called").len();
        if expected > state.called.len() {
            problems.push(format!("only {} of {expected} requests reached outside services", state.called.len()));
        }
        if case.part("metrics").is_some() {
            problems.extend(case.compare("metrics", &state.metrics.join("\n")));
        }
        problems
    }

    /// The answer to a call; of several for the same call, each but the last is taken out.
    fn answer(&self, call: &str) -> Option<(Duration, Message)> {
        let answers = &mut self.0.lock().unwrap().answers;
        let mut places = answers.iter().enumerate().filter(|(_, (known, ..))| known == call).map(|(at, _)| at);
        let (first, is_last) = (places.next()?, places.next().is_none());
        let (_, delay, message) = if is_last { answers[first].clone() } else { answers.remove(first) };
        Some((delay, message))
    }
}

#[async_trait]
impl Outbound for Outside {
    async fn send(&self, request: Request<Body>, options: &OutboundOptions) -> Result<Response<Body>, ForwardError> {
        let (parts, body) = request.into_parts();
        let body = body.collect(1 << 20).await.expect("a body in memory").as_bytes().cloned().unwrap_or_default();
        let call = format!("{} {}", parts.method, parts.uri);
        let proxy = options.proxy.as_ref().map_or(String::new(), |proxy| format!(" via {}", proxy.authority()));
        let certificate = match &options.certificate {
            None => String::new(),
            Some(CertificateName::Id(id)) => format!(" as {id}"),
            Some(CertificateName::Thumbprint(text)) => format!(" as thumbprint {text}"),
            Some(CertificateName::Data(data)) => format!(" as {} bytes, {}", data.file().len(), data.password()),
        };
        let backend = options.backend.as_ref().map_or(String::new(), |id| format!(" on {id}"));
        let body = String::from_utf8_lossy(&body).into_owned();
        let first = format!("{call}{proxy}{certificate}{backend}");
        self.0.lock().unwrap().called.push(Message::new(first, &parts.headers, body));
        let answer = self.answer(&call);
        let failed = |message: &str| ForwardError {
            reason: "BackendConnectionFailure",
            message: message.to_owned().into(),
            status: 500,
            retry_after: None,
        };
        let (delay, message) = answer.ok_or_else(|| failed("Unable to connect to the remote server"))?;
        tokio::time::sleep(delay).await;
        match message.first.strip_prefix("error ") {
            Some(error) => Err(failed(error)),
            None => Ok(to_response(&message)),
        }
    }
}

impl MetricSink for Outside {
    fn emit(&self, event: &MetricEvent<'_>) {
        let dimensions: Vec<_> = event.dimensions.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let line = format!("{}/{} {} {}", event.namespace, event.name, event.value, dimensions.join(";"));
        self.0.lock().unwrap().metrics.push(line);
    }
}

/// Gives tokens that say what they are for.
struct Tokens;

#[async_trait]
impl TokenSource for Tokens {
    async fn token(&self, request: &TokenRequest) -> Result<Token, Error> {
        if &*request.resource == "refused" {
            return Err(Error::refused("there is no such resource"));
        }
        let client = request.client_id.as_ref().map_or(String::new(), |id| format!(" as {id}"));
        let text = format!("token of {}{client}", request.resource);
        Ok(Token::new(text, SystemTime::now() + Duration::from_secs(3600)))
    }
}
