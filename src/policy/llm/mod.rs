//! What the policies for language models share: reading prompts, what models used, and limits of tokens.

mod counter;
mod events;
mod period;
mod prompt;
mod tally;
mod telling;
mod usage;

pub use counter::{CharacterCounter, TokenCounter};
pub(crate) use period::TokenPeriod;
pub(crate) use prompt::{Prompt, PromptType};
pub(crate) use tally::{TokenLimit, TokenUse};
pub(crate) use telling::TokenTelling;
