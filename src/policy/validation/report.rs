//! The errors of one validation: what the variable gets, what the caller gets, and what is logged.

use std::sync::Arc;

use http::StatusCode;
use serde_json::json;

use super::super::error::Failure;
use super::super::exchange::Exchange;
use super::super::list::Flow;
use super::super::spec::Section;
use super::action::Action;
use crate::expr::Value;
use crate::expr::json::{Expected, Formatting, JToken};
use crate::sink::TraceSeverity;

/// What callers are told of faults that are not theirs.
const INTERNAL: &str = "The request could not be processed due to an internal error. Contact the API owner.";
/// The longest text of errors that a variable may hold, in bytes.
const LONGEST: usize = 1 << 20;
/// The most errors that one validation tells, of those that end the request and of those that are noted.
const MOST: usize = 100;

/// What an error is about: `Type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    RequestBody,
    ResponseBody,
    QueryParameter,
    PathParameter,
    RequestHeader,
    ResponseHeader,
    StatusCode,
    ApiSchema,
}

impl ErrorKind {
    fn name(self) -> &'static str {
        match self {
            Self::RequestBody => "RequestBody",
            Self::ResponseBody => "ResponseBody",
            Self::QueryParameter => "QueryParameter",
            Self::PathParameter => "PathParameter",
            Self::RequestHeader => "RequestHeader",
            Self::ResponseHeader => "ResponseHeader",
            Self::StatusCode => "StatusCode",
            Self::ApiSchema => "ApiSchema",
        }
    }

    /// Whether the caller may know: it is about what the caller sent.
    fn is_public(self) -> bool {
        matches!(self, Self::RequestBody | Self::QueryParameter | Self::PathParameter | Self::RequestHeader)
    }
}

/// One error.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    name: String,
    kind: ErrorKind,
    rule: &'static str,
    details: String,
    public: String,
    action: Action,
}

/// The errors that one validation has found.
#[derive(Debug)]
pub(crate) struct Report {
    policy: &'static str,
    section: Section,
    variable: Option<Arc<str>>,
    /// What `context.LastError.Reason` says, and whether the first error is told alone.
    reason: Option<&'static str>,
    entries: Vec<Entry>,
    prevented: usize,
    detected: usize,
}

impl Report {
    /// A report without errors; those to come are added to `variable`.
    pub(crate) fn new(policy: &'static str, section: Section, variable: Option<Arc<str>>) -> Self {
        Self { policy, section, variable, reason: None, entries: Vec::new(), prevented: 0, detected: 0 }
    }

    /// The same report with a reason of its own; of several errors the first one is told.
    pub(crate) fn because(mut self, reason: &'static str) -> Self {
        self.reason = Some(reason);
        self
    }

    /// Adds an error whose details the caller gets too, if it is about what the caller sent.
    pub(crate) fn add(&mut self, action: Action, kind: ErrorKind, name: &str, rule: &'static str, details: String) {
        let public = if kind.is_public() { details.clone() } else { INTERNAL.to_owned() };
        self.push(Entry { name: name.to_owned(), kind, rule, details, public, action });
    }

    /// Adds an error that the caller is told in other words.
    pub(crate) fn add_as(
        &mut self,
        action: Action,
        (kind, name, rule): (ErrorKind, &str, &'static str),
        details: String,
        public: String,
    ) {
        let public = if kind.is_public() { public } else { INTERNAL.to_owned() };
        self.push(Entry { name: name.to_owned(), kind, rule, details, public, action });
    }

    /// Adds an error that is not the caller's.
    pub(crate) fn add_internal(
        &mut self,
        action: Action,
        (kind, name, rule): (ErrorKind, &str, &'static str),
        details: String,
    ) {
        let public = INTERNAL.to_owned();
        self.push(Entry { name: name.to_owned(), kind, rule, details, public, action });
    }

    /// The operation has no description.
    pub(crate) fn add_no_schema(&mut self, action: Action, details: &'static str) {
        self.add_internal(action, (ErrorKind::ApiSchema, "", ""), details.to_owned());
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn push(&mut self, entry: Entry) {
        // What is only noted takes no place of what ends the request.
        let count = match entry.action {
            Action::Ignore => return,
            Action::Prevent => &mut self.prevented,
            Action::Detect => &mut self.detected,
        };
        *count += 1;
        if *count <= MOST {
            self.entries.push(entry);
        }
    }

    /// Goes on, or ends the request when something is to be prevented.
    pub(crate) fn finish(self, exchange: &mut Exchange) -> Result<Flow, Box<Failure>> {
        if self.entries.is_empty() {
            return Ok(Flow::Continue);
        }
        if let Some(variable) = &self.variable {
            let known = exchange.variables.get(variable).and_then(Value::downcast::<JToken>).cloned();
            if let Some(value) = self.value(known) {
                exchange.variables.set(variable.clone(), value);
            }
        }
        for entry in &self.entries {
            let name = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            let metadata = vec![
                name("Name", &entry.name),
                name("Type", entry.kind.name()),
                name("ValidationRule", entry.rule),
                name("Action", entry.action.name()),
            ];
            exchange.trace(self.policy, TraceSeverity::Error, &entry.details, metadata);
        }
        let prevented = self.entries.iter().filter(|entry| entry.action == Action::Prevent);
        let prevented: Vec<_> = prevented.take(if self.reason.is_some() { 1 } else { MOST }).collect();
        if prevented.is_empty() {
            return Ok(Flow::Continue);
        }
        let details: Vec<_> = prevented.iter().map(|entry| entry.details.as_str()).collect();
        let mut public: Vec<_> = prevented.iter().map(|entry| entry.public.as_str()).collect();
        public.dedup();
        let (status, reason) = match self.section {
            Section::Inbound | Section::Backend => (StatusCode::BAD_REQUEST, "Bad request"),
            Section::Outbound | Section::OnError => (StatusCode::BAD_GATEWAY, "Response not allowed"),
        };
        let reason = self.reason.unwrap_or(reason);
        let failure = Failure::refused(status, reason, details.join("\n")).public_message(public.join("\n"));
        if self.section == Section::OnError {
            // An error would end in a general answer there.
            return Ok(Flow::End(Box::new(failure.redacted(&exchange.redaction).response(|| exchange.id_text()))));
        }
        Err(failure)
    }

    /// The errors as objects, behind those that are there; none when there are too many to add to.
    fn value(&self, known: Option<JToken>) -> Option<Value> {
        let mut all = match known {
            Some(known) => serde_json::from_str(&known.to_json(Formatting::None, LONGEST).ok()?).ok()?,
            None => json!([]),
        };
        if let Some(all) = all.as_array_mut() {
            all.extend(self.entries.iter().map(|entry| {
                json!({
                    "Name": entry.name,
                    "Type": entry.kind.name(),
                    "ValidationRule": entry.rule,
                    "Details": entry.details,
                    "Action": entry.action.name(),
                })
            }));
        }
        JToken::parse(&all.to_string(), Expected::Token).ok().flatten().map(Value::object)
    }
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;
    use crate::body::Body;

    fn report(variable: Option<&str>) -> Report {
        Report::new("validate-parameters", Section::Inbound, variable.map(Into::into))
    }

    fn exchange() -> Exchange {
        Exchange::new(Request::new(Body::empty()), Arc::default())
    }

    #[test]
    fn what_is_noted_takes_no_place_of_what_ends_the_request() {
        let mut report = report(None);
        for n in 0..1_000 {
            report.add(Action::Detect, ErrorKind::QueryParameter, "a", "Unspecified", n.to_string());
        }
        report.add(Action::Prevent, ErrorKind::PathParameter, "b", "IncorrectMessage", "bad".to_owned());
        assert_eq!(report.entries.len(), MOST + 1);
        assert_eq!(report.finish(&mut exchange()).err().unwrap().message, "bad");
    }

    #[test]
    fn errors_of_a_full_variable_stay() {
        let mut exchange = exchange();
        let mut length = |details: String| {
            let mut report = report(Some("errors"));
            report.add(Action::Detect, ErrorKind::RequestBody, "", "IncorrectMessage", details);
            assert!(report.finish(&mut exchange).is_ok());
            let known = exchange.variables.get("errors").and_then(Value::downcast::<JToken>).cloned();
            known.unwrap().to_json(Formatting::None, usize::MAX).unwrap().matches("Details").count()
        };
        assert_eq!(length("first".to_owned()), 1);
        assert_eq!(length("x".repeat(LONGEST)), 2);
        assert_eq!(length("last".to_owned()), 2);
    }
}
