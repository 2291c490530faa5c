//! What one evaluation may use before it is stopped.

/// The limits of one evaluation: steps, nested calls, bytes and regular-expression work.
///
/// Going past one ends the evaluation with an [`EvalError`](super::EvalError) whose `is_budget` is true; no `catch`
/// of the expression sees it. Message bodies come with what they need: the largest one that is read widens the budget by 32
/// bytes and 16 steps for each of its bytes, so that their size is limited by whoever hands them in, not here.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Budget {
    /// Basic steps, of about 4 ns each: an operator or a turn of a loop counts 5, a call of a .NET member 25 and more with
    /// long texts, four bytes of a text or collection that is made 1. Default 8 million.
    pub steps: u64,
    /// Nested calls of lambdas and local functions. Default 200.
    pub depth: u32,
    /// Bytes of strings and collections made, those that are already gone included. Default 24 MiB, so that an evaluation
    /// with what it needs on the way stays below 64 MB.
    pub bytes: u64,
    /// Backtracking steps of one regular-expression match. Default 1 million.
    pub regex_backtracks: usize,
}

/// What each byte of the largest message body adds to the bytes: three JSON trees of it and the text.
pub(super) const BYTES_FOR_BODY_BYTE: u64 = 32;
/// What it adds to the steps.
pub(super) const STEPS_FOR_BODY_BYTE: u64 = 16;

impl Default for Budget {
    fn default() -> Self {
        Self { steps: 8_000_000, depth: 200, bytes: 24 << 20, regex_backtracks: 1_000_000 }
    }
}

impl Budget {
    /// Sets the number of steps.
    pub fn steps(mut self, steps: u64) -> Self {
        self.steps = steps;
        self
    }

    /// Sets the number of nested calls.
    pub fn depth(mut self, depth: u32) -> Self {
        self.depth = depth;
        self
    }

    /// Sets the number of bytes.
    pub fn bytes(mut self, bytes: u64) -> Self {
        self.bytes = bytes;
        self
    }

    /// Sets the backtracking steps of one match.
    pub fn regex_backtracks(mut self, backtracks: usize) -> Self {
        self.regex_backtracks = backtracks;
        self
    }
}
