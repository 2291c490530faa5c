//! What the policies for language models share: reading prompts and answers, what models used, and limits of tokens.

mod call;
mod completion;
mod counter;
mod dialog;
mod embedding;
mod events;
mod followed;
mod metric;
mod period;
mod prompt;
mod tally;
mod telling;
mod usage;

use http::HeaderMap;

use super::media;
pub(crate) use call::{Estimate, Likeness, ModelCall};
pub use counter::{CharacterCounter, TokenCounter};
pub(crate) use dialog::Dialog;
pub(crate) use embedding::{Embedder, EmbeddingAuth};
pub(crate) use events::Events;
pub(crate) use metric::{CountKind, Counts, TokenMetric};
pub(crate) use period::TokenPeriod;
pub(crate) use prompt::{Prompt, PromptType};
pub(crate) use tally::{TokenLimit, TokenUse};
pub(crate) use telling::TokenTelling;

/// All that a request says to a model, a line each; of a body that is in no form of a model API, the text itself. None of
/// bytes that nobody here can read.
pub(crate) fn prompt_text(body: &[u8], headers: &HeaderMap, path: &str) -> Option<String> {
    said(body, headers, |text| Dialog::read(text.as_bytes(), path).map(|dialog| dialog.text()))
}

/// The same of a whole answer.
pub(crate) fn answer_text(body: &[u8], headers: &HeaderMap) -> Option<String> {
    said(body, headers, |text| completion::completion(text.as_bytes()))
}

/// What each reading of a body says.
fn said(body: &[u8], headers: &HeaderMap, read: impl Fn(&str) -> Option<String>) -> Option<String> {
    let readings = media::readings(body, headers)?;
    let said: Vec<_> = readings.into_iter().map(|text| read(&text).unwrap_or(text)).collect();
    Some(dialog::joined(said.iter().map(String::as_str)))
}

/// Whether an answer comes in pieces, as server-sent events.
pub(crate) fn is_events(headers: &HeaderMap) -> bool {
    tally::content_type(headers).is_some_and(|found| found.contains("text/event-stream"))
}
