//! Why a call is refused, in the error body of Azure's management REST.

use http::StatusCode;
use serde_json::{Value, json};

use super::answer::Answer;
use crate::gateway::{ConfigurationError, Problem};

/// Why a call is refused.
///
/// ```json
/// { "error": { "code": "ValidationError", "message": "…", "target": null, "details": [{ "code": "…", "target": "…", "message": "…" }] } }
/// ```
#[derive(Debug)]
pub(super) struct Failure {
    pub status: StatusCode,
    code: &'static str,
    message: String,
    details: Vec<Detail>,
}

/// One thing that is wrong.
#[derive(Debug)]
struct Detail {
    target: String,
    message: String,
    /// Line and column, from 1.
    position: Option<(u32, u32)>,
}

/// What API Management says above the details.
const INCORRECT: &str = "One or more fields contain incorrect values:";

impl Failure {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), details: Vec::new() }
    }

    /// A member of the body, or a parameter, that is wrong.
    pub fn validation(target: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "ValidationError", INCORRECT).with(target, message)
    }

    /// Adds one more thing that is wrong.
    pub fn with(self, target: impl Into<String>, message: impl Into<String>) -> Self {
        self.with_place(target, message, None)
    }

    /// Adds one more thing that is wrong at a line and column, from 1.
    pub fn with_place(
        mut self,
        target: impl Into<String>,
        message: impl Into<String>,
        position: Option<(u32, u32)>,
    ) -> Self {
        self.details.push(Detail { target: target.into(), message: message.into(), position });
        self
    }

    /// The resource, or the one it stands in, is not there.
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "ResourceNotFound", format!("{what} not found."))
    }

    pub fn precondition(message: impl Into<String>) -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, "PreconditionFailed", message)
    }

    pub fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed", "the resource does not take this method")
    }

    /// Why a changed configuration cannot be served, each problem with its line and column; `changed` is the short id of
    /// the resource that was sent.
    pub fn of_configuration(error: &ConfigurationError, changed: &str) -> Self {
        let mut failure = Self::new(StatusCode::BAD_REQUEST, "ValidationError", INCORRECT);
        failure.details = error.problems().iter().map(|problem| Detail::of(problem, changed)).collect();
        failure
    }

    /// The first thing that is wrong.
    pub fn reason(&self) -> &str {
        self.details.first().map_or(&self.message, |detail| &detail.message)
    }

    pub fn into_answer(self) -> Answer {
        let details: Vec<Value> = self.details.iter().map(|detail| detail.to_json(self.code)).collect();
        let details = if details.is_empty() { Value::Null } else { details.into() };
        let error = json!({ "code": self.code, "message": self.message, "target": null, "details": details });
        Answer::new(self.status).json(json!({ "error": error }))
    }
}

impl Detail {
    fn of(problem: &Problem, changed: &str) -> Self {
        match problem {
            Problem::Policy(diagnostic) => Self {
                target: if *diagnostic.file == *changed {
                    "representation".into()
                } else {
                    diagnostic.file.to_string()
                },
                message: diagnostic.apim_message(),
                position: Some((diagnostic.line, diagnostic.column)),
            },
            Problem::Entity { entity, message } => {
                Self { target: entity.clone(), message: format!("{entity}: {message}"), position: None }
            }
            other => Self { target: "properties".into(), message: other.to_string(), position: None },
        }
    }

    fn to_json(&self, code: &str) -> Value {
        let mut detail = json!({ "code": code, "target": self.target, "message": self.message });
        if let (Some((line, column)), Some(members)) = (self.position, detail.as_object_mut()) {
            members.insert("line".into(), line.into());
            members.insert("column".into(), column.into());
        }
        detail
    }
}

/// Why JSON does not fit an entity, without the texts that were sent: they may be secrets.
pub(super) fn misfit(error: &serde_json::Error) -> Failure {
    let text = error.to_string();
    let mut message = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("string \"") {
        message.push_str(before);
        message.push_str("a string");
        rest = after.rfind("\", ").map_or("", |end| after.get(end + 1..).unwrap_or_default());
    }
    message.push_str(rest);
    let target = message.split('`').nth(1).filter(|_| message.starts_with("missing field")).unwrap_or("properties");
    Failure::validation(target.to_owned(), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misfit_does_not_show_what_was_sent() {
        let error = serde_json::from_str::<u32>(r#""a canary \", with quotes""#).unwrap_err();
        let answer = misfit(&error).into_answer().body_text();
        assert!(!answer.contains("canary") && answer.contains("expected u32"), "{answer}");
    }

    #[test]
    fn a_missing_member_is_the_target() {
        let error = serde_json::from_str::<crate::model::Operation>("{}").unwrap_err();
        let answer = misfit(&error).into_answer().body_text();
        assert!(answer.contains(r#""target":"method""#), "{answer}");
    }
}
