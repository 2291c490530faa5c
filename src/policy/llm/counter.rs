//! How many tokens a text has.

use std::fmt;

/// Counts the tokens of a text, for limits that estimate prompts and streamed answers.
///
/// Implement it over the vocabulary of a model to be exact; [`CharacterCounter`] is the default.
pub trait TokenCounter: fmt::Debug + Send + Sync + 'static {
    /// The tokens of `text`; `model` is what the request names, or empty.
    fn count(&self, model: &str, text: &str) -> u64;
}

const _: Option<&dyn TokenCounter> = None;

/// A token for each four characters begun.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct CharacterCounter;

impl TokenCounter for CharacterCounter {
    fn count(&self, _: &str, text: &str) -> u64 {
        (text.chars().count() as u64).div_ceil(4)
    }
}
