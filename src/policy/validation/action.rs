//! What becomes of what does not conform: `prevent`, `detect` or `ignore`.

use super::super::setting::Literal;
use crate::expr::Value;

/// What an attribute that is an action looks like.
pub(crate) const ACTIONS: &str = "`ignore`, `prevent` or `detect`";

/// What becomes of what does not conform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// It is not looked at.
    Ignore,
    /// The request ends.
    Prevent,
    /// It is noted.
    Detect,
}

impl Action {
    /// The word of the document.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ignore => "ignore",
            Self::Prevent => "prevent",
            Self::Detect => "detect",
        }
    }
}

impl Literal for Action {
    fn literal(text: &str) -> Option<Self> {
        [Self::Ignore, Self::Prevent, Self::Detect].into_iter().find(|action| action.name() == text.trim())
    }

    fn value(value: Value) -> Result<Self, String> {
        let text = value.to_text().unwrap_or_default();
        Self::literal(&text).ok_or_else(|| format!("'{text}' is not one of 'ignore', 'prevent' and 'detect'."))
    }
}
