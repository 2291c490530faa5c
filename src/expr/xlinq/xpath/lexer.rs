//! The tokens of an XPath.

use super::wrong;
use crate::expr::dotnet::exception::Result;
use crate::expr::xlinq::name::{is_name_part, is_name_start};

/// The most tokens of one expression.
const MAX_TOKENS: usize = 1_000;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'t> {
    Number(f64),
    Literal(&'t str),
    /// A name with its prefix.
    Name(Option<&'t str>, &'t str),
    /// `*` or `p:*`
    Wildcard(Option<&'t str>),
    /// Punctuation, an operator or the word of one.
    Symbol(&'static str),
}

/// Longer ones first.
const SYMBOLS: [&str; 18] =
    ["::", "//", "..", "!=", "<=", ">=", "(", ")", "[", "]", ".", "@", ",", "/", "|", "+", "=", "-"];
const ORDERS: [&str; 2] = ["<", ">"];
const WORDS: [&str; 4] = ["and", "or", "div", "mod"];

/// All tokens of a text.
pub(super) fn tokens(text: &str) -> Result<Vec<Token<'_>>> {
    let mut tokens: Vec<Token<'_>> = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if tokens.len() >= MAX_TOKENS {
            return Err(wrong("The xpath query is too complex."));
        }
        let (token, length) = match first {
            '"' | '\'' => literal(rest, first)?,
            '0'..='9' => number(rest),
            '.' if rest[1..].starts_with(|c: char| c.is_ascii_digit()) => number(rest),
            '$' => {
                return Err(wrong("XsltContext is needed for this query because of an unknown function or variable."));
            }
            '*' if follows_operand(&tokens) => (Token::Symbol("*"), 1),
            '*' => (Token::Wildcard(None), 1),
            first if is_name_start(first) => name(rest, follows_operand(&tokens)),
            _ => match SYMBOLS.into_iter().chain(ORDERS).find(|symbol| rest.starts_with(symbol)) {
                Some(symbol) => (Token::Symbol(symbol), symbol.len()),
                None => return Err(wrong(format!("'{text}' has an invalid token."))),
            },
        };
        tokens.push(token);
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    Ok(tokens)
}

/// Whether what was read last is an operand, so that an operator must follow.
fn follows_operand(tokens: &[Token<'_>]) -> bool {
    match tokens.last() {
        None => false,
        Some(Token::Symbol(symbol)) => matches!(*symbol, ")" | "]" | "." | ".."),
        Some(_) => true,
    }
}

fn literal(rest: &str, quote: char) -> Result<(Token<'_>, usize)> {
    match rest[1..].find(quote) {
        Some(end) => Ok((Token::Literal(&rest[1..=end]), end + 2)),
        None => Err(wrong("This is an unclosed string.")),
    }
}

fn number(rest: &str) -> (Token<'_>, usize) {
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let mut end = digits(rest);
    if rest[end..].starts_with('.') {
        end += 1;
        end += digits(&rest[end..]);
    }
    (Token::Number(rest[..end].parse().unwrap_or(f64::NAN)), end)
}

fn name(rest: &str, is_operator: bool) -> (Token<'_>, usize) {
    let length = |text: &str| text.find(|c| !is_name_part(c)).unwrap_or(text.len());
    let end = length(rest);
    let first = &rest[..end];
    if is_operator && let Some(word) = WORDS.into_iter().find(|word| *word == first) {
        return (Token::Symbol(word), end);
    }
    match rest[end..].strip_prefix(':') {
        Some(after) if after.starts_with('*') => (Token::Wildcard(Some(first)), end + 2),
        Some(after) if after.starts_with(is_name_start) => {
            let local = length(after);
            (Token::Name(Some(first), &after[..local]), end + 1 + local)
        }
        _ => (Token::Name(None, first), end),
    }
}
