//! Operands: literals, ranges and paths to variables.

use std::sync::Arc;

use super::render::{Abort, Renderer};
use super::scan::Markup;
use super::value::Value;
use crate::expr::dotnet::number::parse::decimal;

/// How deep brackets may nest in a path.
const MAX_DEPTH: usize = 16;

/// What a value is worked out from.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    Literal(Value),
    /// `blank`
    Blank,
    /// `empty`
    Empty,
    /// `(1..n)`
    Range(Box<(Operand, Operand)>),
    /// `body.items[0].name`
    Path(Vec<Step>),
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Name(Arc<str>),
    Index(Operand),
}

impl Operand {
    /// Reads a fragment of markup; what is no literal is a path, which may lead nowhere.
    pub(super) fn parse(text: &str) -> Self {
        Self::parse_within(text, MAX_DEPTH)
    }

    fn parse_within(text: &str, depth: usize) -> Self {
        match text {
            "" | "nil" | "null" => return Self::Literal(Value::Nil),
            "true" => return Self::Literal(Value::Bool(true)),
            "false" => return Self::Literal(Value::Bool(false)),
            "blank" => return Self::Blank,
            "empty" => return Self::Empty,
            _ => {}
        }
        for quote in ['\'', '"'] {
            if let Some(inner) = text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote)) {
                return Self::Literal(Value::from(inner));
            }
        }
        let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
        if digits.starts_with(|c: char| c.is_ascii_digit()) && digits.chars().all(|c| c.is_ascii_digit() || c == '.') {
            let whole = text.parse::<i64>().ok().map(Value::Int);
            if let Some(number) = whole.or_else(|| decimal(text).ok().map(Value::Decimal)) {
                return Self::Literal(number);
            }
        }
        let range = text.strip_prefix('(').and_then(|text| text.strip_suffix(')'));
        if let Some((from, to)) = range.and_then(|range| range.split_once(".."))
            && depth > 0
        {
            let part = |text: &str| Self::parse_within(text.trim(), depth - 1);
            return Self::Range(Box::new((part(from), part(to))));
        }
        Self::Path(steps(text, depth))
    }

    /// The value in the middle of rendering.
    pub(super) fn value(&self, renderer: &mut Renderer<'_>) -> Result<Value, Abort> {
        Ok(match self {
            Self::Literal(value) => value.clone(),
            Self::Blank | Self::Empty => Value::from(""),
            Self::Range(ends) => {
                let (from, to) = (ends.0.value(renderer)?, ends.1.value(renderer)?);
                let (Some(from), Some(to)) = (from.to_whole(), to.to_whole()) else { return Ok(Value::Nil) };
                let count = usize::try_from(to.saturating_sub(from).saturating_add(1)).unwrap_or_default();
                renderer.check_turns(count)?;
                renderer.spend(count.saturating_mul(32))?;
                Value::from((from..=to).map(Value::Int).collect::<Vec<_>>())
            }
            Self::Path(steps) => {
                let mut steps = steps.iter();
                let Some(first) = steps.next() else { return Ok(Value::Nil) };
                let mut value = match first {
                    Step::Name(name) => renderer.variable(name),
                    Step::Index(operand) => {
                        let name = operand.value(renderer)?.to_text();
                        renderer.variable(&name)
                    }
                };
                for step in steps {
                    value = match step {
                        Step::Name(name) => value.member(name),
                        Step::Index(operand) => match operand.value(renderer)? {
                            Value::Int(index) => value.at(index),
                            Value::Nil => Value::Nil,
                            name => value.member(&name.to_text()),
                        },
                    };
                }
                value
            }
        })
    }
}

/// The steps of a path: words, and operands in brackets.
fn steps(text: &str, depth: usize) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut markup = Markup(text);
    while !markup.0.is_empty() {
        if let Some(rest) = markup.0.strip_prefix('[') {
            let Some(length) = closing(rest).filter(|_| depth > 0) else { break };
            let inner = rest.get(..length).unwrap_or_default().trim();
            steps.push(Step::Index(Operand::parse_within(inner, depth - 1)));
            markup.0 = rest.get(length + 1..).unwrap_or_default();
        } else if let Some(word) = markup.word() {
            markup.0 = markup.0.strip_prefix('?').unwrap_or(markup.0);
            steps.push(Step::Name(word.into()));
        } else {
            // Dots, and whatever else stands between steps.
            let mut rest = markup.0.chars();
            rest.next();
            markup.0 = rest.as_str();
        }
    }
    steps
}

/// Where the bracket ends that was opened before `text`.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if open == c => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, '[') => depth += 1,
            (None, ']') if depth == 0 => return Some(at),
            (None, ']') => depth -= 1,
            _ => {}
        }
    }
    None
}
