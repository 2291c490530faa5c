//! Content safety: texts of requests and of models' answers before a service that judges them.

mod parallel;
mod screen;
mod service;
mod stream;
mod terms;
mod windows;

use http::{HeaderMap, StatusCode, header};

use super::error::Failure;
pub(crate) use screen::{Screen, refused};
pub(crate) use service::Checker;
pub(crate) use terms::{Category, OutputType, Terms};
pub(crate) use windows::{LARGEST, Windows};

/// What becomes of a message that must not pass, or that could not be judged.
pub(crate) fn refusal() -> Box<Failure> {
    Failure::refused(StatusCode::FORBIDDEN, "ContentSafetyViolation", "Request failed content safety check.")
}

/// Whether the text of a message is packed, so that nobody can judge it.
pub(crate) fn is_packed(headers: &HeaderMap) -> bool {
    let packed = |value: &str| !value.trim().is_empty() && !value.trim().eq_ignore_ascii_case("identity");
    let values = headers.get_all(header::CONTENT_ENCODING).into_iter();
    values.map(|value| value.to_str().unwrap_or("?")).any(packed)
}
