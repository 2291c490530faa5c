//! What came of a test.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use super::backend::Services;
use super::call::Call;
use super::content::Content;
use super::recorder::{Metric, Recorder, Trace};
use crate::expr::Value;
use crate::policy::{Deliveries, Forward, PolicyError, Run};
use crate::sink::RequestTrace;

/// What came of a request: the response, what services got, variables, traces and the error.
///
/// Assertions return the outcome, so that they can follow each other; a failed one panics with what was expected, what
/// was found, and everything else that is known. `Display` shows all of it.
#[derive(Clone)]
pub struct Outcome {
    status: StatusCode,
    reason: String,
    content: Content,
    sent: Vec<Call>,
    called: Vec<Call>,
    unexpected: Vec<String>,
    variables: Vec<(Arc<str>, Value)>,
    traces: Vec<Trace>,
    metrics: Vec<Metric>,
    request_trace: Option<RequestTrace>,
    error: Option<PolicyError>,
    warnings: Vec<String>,
}

impl Outcome {
    /// Runs a request to its end.
    pub(super) async fn of<F: Forward>(
        run: Run<F>,
        services: &Services,
        recorder: &Recorder,
        deliveries: &Deliveries,
        warnings: Vec<String>,
    ) -> Self {
        let mut run = pin!(run);
        let (parts, body) = run.as_mut().await.into_parts();
        let body = match body.collect(usize::MAX).await {
            Ok(body) => body.as_bytes().cloned().unwrap_or_default(),
            Err(error) => Bytes::from(format!("<{error}>")),
        };
        deliveries.drained().await;
        let exchange = run.exchange();
        let reason = parts.extensions.get::<hyper::ext::ReasonPhrase>();
        let reason = match reason {
            Some(reason) => String::from_utf8_lossy(reason.as_bytes()).into_owned(),
            None => parts.status.canonical_reason().unwrap_or_default().to_owned(),
        };
        Self {
            status: parts.status,
            reason,
            content: Content { headers: parts.headers, body },
            sent: services.sent(),
            called: services.called(),
            unexpected: services.unexpected(),
            variables: exchange.variables.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
            traces: recorder.traces(),
            metrics: recorder.metrics(),
            request_trace: recorder.request(),
            error: exchange.last_error.as_deref().cloned(),
            warnings,
        }
    }

    /// The status of the response.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The reason phrase of the response, as HTTP/1.1 shows it.
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The headers of the response.
    pub fn headers(&self) -> &HeaderMap {
        &self.content.headers
    }

    /// The body of the response.
    pub fn body(&self) -> &Bytes {
        &self.content.body
    }

    /// The body of the response as text.
    pub fn text(&self) -> String {
        self.content.text()
    }

    /// What the backend got, request by request.
    pub fn sent_requests(&self) -> &[Call] {
        &self.sent
    }

    /// What policies asked other services, such as by `send-request`, call by call.
    pub fn calls(&self) -> &[Call] {
        &self.called
    }

    /// A variable as the policies left it.
    pub fn variable(&self, name: &str) -> Option<&Value> {
        self.variables.iter().find(|(known, _)| **known == *name).map(|(_, value)| value)
    }

    /// The messages of `trace` and `context.Trace`.
    pub fn traces(&self) -> &[Trace] {
        &self.traces
    }

    /// The values of `emit-metric`.
    pub fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    /// What each step did, when the test is [`traced`](super::PolicyTest::traced).
    pub fn request_trace(&self) -> Option<&RequestTrace> {
        self.request_trace.as_ref()
    }

    /// The last error: what `context.LastError` was in `on-error`.
    pub fn error(&self) -> Option<&PolicyError> {
        self.error.as_ref()
    }

    /// The warnings of the compiler, a line each.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    pub(super) fn unexpected(&self) -> &[String] {
        &self.unexpected
    }

    pub(super) fn content(&self) -> &Content {
        &self.content
    }

    /// Request number `index` to the backend, from 0.
    ///
    /// # Panics
    ///
    /// When there were fewer.
    #[track_caller]
    pub fn sent(&self, index: usize) -> &Call {
        match self.sent.get(index) {
            Some(call) => call,
            None => self.fail(&format!("the backend got {} requests, there is no request {index}", self.sent.len())),
        }
    }

    /// Call number `index` of a policy to another service, from 0.
    ///
    /// # Panics
    ///
    /// When there were fewer.
    #[track_caller]
    pub fn call(&self, index: usize) -> &Call {
        match self.called.get(index) {
            Some(call) => call,
            None => self.fail(&format!("policies made {} calls, there is no call {index}", self.called.len())),
        }
    }

    /// The status of the response is this one.
    #[track_caller]
    pub fn assert_status(&self, status: u16) -> &Self {
        self.claim(if self.status.as_u16() == status {
            Ok(())
        } else {
            Err(format!("status: expected {status}, found {}", self.status.as_u16()))
        })
    }

    /// The reason phrase of the response is this one.
    #[track_caller]
    pub fn assert_reason(&self, reason: &str) -> &Self {
        let is_it = self.reason == reason;
        self.claim(if is_it { Ok(()) } else { Err(format!("reason: expected `{reason}`, found `{}`", self.reason)) })
    }

    /// A header of the response has this value, alone or among others.
    #[track_caller]
    pub fn assert_header(&self, name: &str, value: &str) -> &Self {
        self.claim(self.content.check_header(name, value))
    }

    /// A header of the response is not there.
    #[track_caller]
    pub fn assert_no_header(&self, name: &str) -> &Self {
        self.claim(self.content.check_no_header(name))
    }

    /// The body of the response is this text.
    #[track_caller]
    pub fn assert_body(&self, body: &str) -> &Self {
        self.claim(self.content.check_body(body))
    }

    /// The body of the response has this text in it.
    #[track_caller]
    pub fn assert_body_has(&self, part: &str) -> &Self {
        self.claim(self.content.check_body_has(part))
    }

    /// The body of the response is this JSON, whatever its white space and order of members.
    #[track_caller]
    pub fn assert_json(&self, body: &serde_json::Value) -> &Self {
        self.claim(self.content.check_json(body))
    }

    /// The backend got nothing.
    #[track_caller]
    pub fn assert_not_sent(&self) -> &Self {
        self.assert_sent_times(0)
    }

    /// The backend got this many requests.
    #[track_caller]
    pub fn assert_sent_times(&self, count: usize) -> &Self {
        self.claim(if self.sent.len() == count {
            Ok(())
        } else {
            Err(format!("requests to the backend: expected {count}, found {}", self.sent.len()))
        })
    }

    /// Policies made this many calls of other services.
    #[track_caller]
    pub fn assert_call_times(&self, count: usize) -> &Self {
        self.claim(if self.called.len() == count {
            Ok(())
        } else {
            Err(format!("calls of policies: expected {count}, found {}", self.called.len()))
        })
    }

    /// A variable is there and reads so: the text that C#'s `ToString()` gives.
    #[track_caller]
    pub fn assert_variable(&self, name: &str, text: &str) -> &Self {
        self.claim(match self.variable(name).map(Value::to_text) {
            Some(Some(found)) if found == text => Ok(()),
            Some(Some(found)) => Err(format!("variable `{name}`: expected `{text}`, found `{found}`")),
            Some(None) => Err(format!("variable `{name}`: expected `{text}`, found null")),
            None => Err(format!("variable `{name}`: expected `{text}`, it is not there")),
        })
    }

    /// A variable is not there.
    #[track_caller]
    pub fn assert_no_variable(&self, name: &str) -> &Self {
        self.claim(match self.variable(name) {
            None => Ok(()),
            Some(value) => Err(format!("variable `{name}`: expected none, found `{}`", shown(value))),
        })
    }

    /// A message of `trace` has this text in it.
    #[track_caller]
    pub fn assert_trace(&self, part: &str) -> &Self {
        let found = self.traces.iter().any(|trace| trace.message.contains(part));
        self.claim(if found { Ok(()) } else { Err(format!("traces: expected one with `{part}`")) })
    }

    /// A value of `emit-metric` with this name.
    #[track_caller]
    pub fn assert_metric(&self, name: &str, value: f64) -> &Self {
        let found = self.metrics.iter().any(|metric| metric.name == name && metric.value == value);
        self.claim(if found { Ok(()) } else { Err(format!("metrics: expected `{name}` with {value}")) })
    }

    /// An error with this reason: `context.LastError.Reason`.
    #[track_caller]
    pub fn assert_error(&self, reason: &str) -> &Self {
        self.claim(match &self.error {
            Some(error) if error.reason == reason => Ok(()),
            Some(error) => Err(format!("error: expected `{reason}`, found `{}`", error.reason)),
            None => Err(format!("error: expected `{reason}`, found none")),
        })
    }

    /// No error.
    #[track_caller]
    pub fn assert_no_error(&self) -> &Self {
        self.claim(match &self.error {
            None => Ok(()),
            Some(error) => Err(format!("error: expected none, found `{}`", error.reason)),
        })
    }

    #[track_caller]
    fn claim(&self, checked: Result<(), String>) -> &Self {
        match checked {
            Ok(()) => self,
            Err(problem) => self.fail(&problem),
        }
    }

    #[track_caller]
    fn fail(&self, problem: &str) -> ! {
        panic!("{problem}\n\n{self}")
    }
}

fn shown(value: &Value) -> String {
    value.to_text().unwrap_or_else(|| "null".to_owned())
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "response:\n  {} {}\n{}", self.status.as_u16(), self.reason, self.content)?;
        if let Some(error) = &self.error {
            let (section, path) = (error.section.map(|section| section.name()), error.path.as_deref());
            let place: Vec<_> = [section, path].into_iter().flatten().collect();
            writeln!(f, "error:\n  {error}\n  in {}", place.join(": "))?;
        }
        self.sent.iter().chain(&self.called).try_for_each(|call| call.fmt(f))?;
        for (title, lines) in [
            ("variables", self.variables.iter().map(|(name, value)| format!("{name} = {}", shown(value))).collect()),
            ("traces", self.traces.iter().map(ToString::to_string).collect::<Vec<_>>()),
            ("metrics", self.metrics.iter().map(ToString::to_string).collect()),
            ("warnings", self.warnings.clone()),
        ] {
            if !lines.is_empty() {
                writeln!(f, "{title}:\n  {}", lines.join("\n  "))?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
