//! The four types of XPath and how they become each other.

use super::Operator;

/// What an expression gives.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// In document order, each once.
    Nodes(Vec<u32>),
    Number(f64),
    Text(String),
    Bool(bool),
}

/// The text of a number.
pub(super) fn number_text(number: f64) -> String {
    if number == 0.0 {
        "0".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { "Infinity".to_owned() } else { "-Infinity".to_owned() }
    } else {
        number.to_string()
    }
}

/// The number that a text is.
pub(super) fn number_of(text: &str) -> f64 {
    let text = text.trim_matches([' ', '\t', '\r', '\n']);
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = digits.bytes().any(|byte| byte.is_ascii_digit())
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        && digits.bytes().filter(|byte| *byte == b'.').count() <= 1;
    if is_number { text.parse().unwrap_or(f64::NAN) } else { f64::NAN }
}

/// `round()`: halves go up.
pub(super) fn round(number: f64) -> f64 {
    if number.is_finite() && number.fract() != 0.0 { (number + 0.5).floor() } else { number }
}

impl Operator {
    /// A comparison of two numbers.
    pub(super) fn compares(self, left: f64, right: f64) -> bool {
        match self {
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
            _ => false,
        }
    }

    /// Whether it asks for order, so that both sides are numbers.
    pub(super) fn is_order(self) -> bool {
        matches!(self, Self::Less | Self::LessOrEqual | Self::Greater | Self::GreaterOrEqual)
    }

    pub(super) fn computes(self, left: f64, right: f64) -> f64 {
        match self {
            Self::Add => left + right,
            Self::Subtract => left - right,
            Self::Multiply => left * right,
            Self::Divide => left / right,
            _ => left % right,
        }
    }
}
