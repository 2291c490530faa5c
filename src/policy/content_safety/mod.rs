//! Content safety: texts of requests and of models' answers before a service that judges them.

mod parallel;
mod screen;
mod service;
mod stream;
mod terms;
mod windows;

use http::StatusCode;

use super::error::Failure;
pub(crate) use screen::{Screen, refused};
pub(crate) use service::Checker;
pub(crate) use terms::{Category, OutputType, Terms};
pub(crate) use windows::{LARGEST, Windows};

/// What becomes of a message that must not pass, or that could not be judged.
pub(crate) fn refusal() -> Box<Failure> {
    Failure::refused(StatusCode::FORBIDDEN, "ContentSafetyViolation", "Request failed content safety check.")
}

/// Why bytes are refused that are no text in an encoding that is known.
pub(crate) const UNREADABLE: &str = "The body is no text that can be read, so that nobody can check it.";
