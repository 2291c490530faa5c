//! What the policies for language models keep of one request.

use std::sync::Arc;

use super::super::caching::Place;
use super::super::content_safety::Screen;
use super::super::exchange::Exchange;
use super::metric::TokenMetric;

/// What the policies for language models keep of one request until the model has answered.
#[derive(Default)]
pub(crate) struct ModelCall {
    /// What is to be told of the tokens.
    pub(crate) metrics: Vec<TokenMetric>,
    /// What a limit has counted the prompt as.
    pub(crate) estimate: Option<Estimate>,
    /// What the answer is to be checked for.
    pub(crate) screens: Vec<Screen>,
    /// What a semantic look-up came to.
    pub(crate) likeness: Likeness,
}

/// What a semantic look-up came to.
#[derive(Default)]
pub(crate) enum Likeness {
    /// None has run.
    #[default]
    Unknown,
    /// Answers to such a request are neither looked up nor kept, or there was one.
    Over,
    /// There was nothing like it: the answer may be kept there.
    Missed(Place),
}

/// An estimate of a prompt.
#[derive(Clone, Debug)]
pub(crate) struct Estimate {
    pub(crate) tokens: u64,
    pub(crate) model: Arc<str>,
}

impl Exchange {
    pub(crate) fn model_call(&mut self) -> &mut ModelCall {
        self.model_call.get_or_insert_with(Box::default)
    }
}
