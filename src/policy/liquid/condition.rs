//! Conditions: comparisons joined by `and` and `or`, which are read from the right.

use std::cmp::Ordering;

use super::operand::Operand;
use super::render::{Abort, Renderer};
use super::scan::Markup;
use super::value::Value;
use crate::expr::dotnet::collation;

/// How many comparisons may be joined.
const MAX_PARTS: usize = 500;

/// A condition of `if`, `elsif` or `unless`.
#[derive(Debug)]
pub(super) struct Condition {
    /// The first comparison, then each with how it is joined to those before it.
    parts: Vec<(Join, Comparison)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Join {
    And,
    Or,
}

#[derive(Debug)]
struct Comparison {
    left: Operand,
    test: Option<(Operator, Operand)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
    Contains,
    StartsWith,
    EndsWith,
    HasKey,
    HasValue,
}

impl Operator {
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "==" => Self::Equal,
            "!=" | "<>" => Self::NotEqual,
            // In a body that is XML the entities are left as they are written.
            "<" | "&lt;" => Self::Less,
            ">" | "&gt;" => Self::Greater,
            "<=" | "&lt;=" => Self::LessOrEqual,
            ">=" | "&gt;=" => Self::GreaterOrEqual,
            _ => match text.to_ascii_lowercase().as_str() {
                "contains" => Self::Contains,
                "startswith" | "starts_with" => Self::StartsWith,
                "endswith" | "ends_with" => Self::EndsWith,
                "haskey" | "has_key" => Self::HasKey,
                "hasvalue" | "has_value" => Self::HasValue,
                _ => return None,
            },
        })
    }
}

impl Condition {
    pub(super) fn parse(markup: &str) -> Result<Self, String> {
        let mut rest = Markup(markup);
        let mut parts = Vec::new();
        let mut join = Join::And;
        loop {
            parts.push((join, Comparison::parse(&mut rest, markup)?));
            let word = rest.word();
            join = match word {
                Some("and") => Join::And,
                Some("or") => Join::Or,
                None if rest.is_end() => return Ok(Self { parts }),
                _ => return Err(format!("syntax error in the condition `{markup}`")),
            };
            if parts.len() > MAX_PARTS {
                return Err(format!("a condition has more than {MAX_PARTS} parts"));
            }
        }
    }

    /// Whether it holds: `a and b or c` is `a and (b or c)`.
    pub(super) fn holds(&self, renderer: &mut Renderer<'_>) -> Result<bool, Abort> {
        // From the left: an `and` whose left side fails ends all, and so does an `or` whose left side holds.
        let mut parts = self.parts.iter().peekable();
        while let Some((_, comparison)) = parts.next() {
            let holds = comparison.holds(renderer)?;
            match parts.peek() {
                Some((Join::And, _)) if holds => {}
                Some((Join::Or, _)) if !holds => {}
                _ => return Ok(holds),
            }
        }
        Ok(false)
    }
}

impl Comparison {
    fn parse(rest: &mut Markup<'_>, markup: &str) -> Result<Self, String> {
        let wrong = || format!("syntax error in the condition `{markup}`");
        let (left, test) = match operator_in(rest.fragment().ok_or_else(wrong)?) {
            (left, Some((operator, right))) if !right.is_empty() => {
                return Ok(Self { left: Operand::parse(left), test: Some((operator, Operand::parse(right))) });
            }
            (left, test) => (left, test.map(|(operator, _)| operator)),
        };
        let left = Operand::parse(left);
        let mut ahead = rest.clone();
        let operator = match (test, ahead.fragment()) {
            (Some(operator), _) => operator,
            (None, None | Some("and" | "or")) => return Ok(Self { left, test: None }),
            (None, Some(text)) => {
                let symbols = text.len() - text.trim_start_matches(['=', '!', '<', '>']).len();
                let (symbol, right) = text.split_at_checked(symbols).filter(|_| symbols > 0).unwrap_or((text, ""));
                let operator = Operator::parse(symbol).ok_or_else(|| format!("unknown operator `{symbol}`"))?;
                *rest = ahead;
                if !right.is_empty() {
                    return Ok(Self { left, test: Some((operator, Operand::parse(right))) });
                }
                operator
            }
        };
        let right = rest.fragment().ok_or_else(wrong)?;
        Ok(Self { left, test: Some((operator, Operand::parse(right))) })
    }

    fn holds(&self, renderer: &mut Renderer<'_>) -> Result<bool, Abort> {
        let left = self.left.value(renderer)?;
        let Some((operator, right)) = &self.test else { return Ok(left.is_truthy()) };
        if matches!(operator, Operator::Equal | Operator::NotEqual) {
            let is_equal = match (&self.left, right) {
                (_, Operand::Blank) => Some(left.is_blank()),
                (_, Operand::Empty) => Some(left.is_empty()),
                (Operand::Blank, _) => Some(right.value(renderer)?.is_blank()),
                (Operand::Empty, _) => Some(right.value(renderer)?.is_empty()),
                _ => None,
            };
            if let Some(is_equal) = is_equal {
                return Ok(is_equal == (*operator == Operator::Equal));
            }
        }
        let right = right.value(renderer)?;
        renderer.spend(left.weight().saturating_add(right.weight()))?;
        compare(&left, *operator, &right).map_err(Abort::Error)
    }
}

/// `a==b` without spaces.
fn operator_in(fragment: &str) -> (&str, Option<(Operator, &str)>) {
    if fragment.starts_with(['\'', '"']) {
        return (fragment, None);
    }
    let Some(at) = fragment.find(['=', '!', '<', '>']).filter(|at| *at > 0) else { return (fragment, None) };
    let (left, rest) = fragment.split_at(at);
    let length = rest.len() - rest.trim_start_matches(['=', '!', '<', '>']).len();
    let (symbol, right) = rest.split_at(length);
    match Operator::parse(symbol) {
        Some(operator) => (left, Some((operator, right))),
        None => (fragment, None),
    }
}

/// Compares as DotLiquid does; an error is its message.
pub(super) fn compare(left: &Value, operator: Operator, right: &Value) -> Result<bool, String> {
    Ok(match operator {
        Operator::Equal => left.equals(right),
        Operator::NotEqual => !left.equals(right),
        _ if left.is_nil() || right.is_nil() => false,
        Operator::Less => left.order(right)? == Ordering::Less,
        Operator::Greater => left.order(right)? == Ordering::Greater,
        Operator::LessOrEqual => left.order(right)? != Ordering::Greater,
        Operator::GreaterOrEqual => left.order(right)? != Ordering::Less,
        Operator::Contains => match left {
            Value::List(items) => items.iter().any(|item| item.equals(right)),
            Value::Text(text) => text.contains(&right.to_text()),
            _ => false,
        },
        Operator::StartsWith => match left {
            Value::List(items) => items.first().is_some_and(|item| item.equals(right)),
            Value::Text(text) => text.starts_with(&right.to_text()),
            _ => false,
        },
        Operator::EndsWith => match left {
            Value::List(items) => items.last().is_some_and(|item| item.equals(right)),
            Value::Text(text) => text.ends_with(&right.to_text()),
            _ => false,
        },
        Operator::HasKey => matches!(left, Value::Hash(hash) if hash.get(&right.to_text()).is_some()),
        Operator::HasValue => {
            matches!(left, Value::Hash(hash) if hash.members().iter().any(|(_, value)| value.equals(right)))
        }
    })
}

impl Value {
    /// Whether both are the same, the right one converted to the type of the left one.
    pub(super) fn equals(&self, right: &Value) -> bool {
        match (self, right) {
            (Self::Nil, Self::Nil) => true,
            (Self::Nil, _) | (_, Self::Nil) => false,
            (Self::Bool(left), right) => right.to_bool() == Some(*left),
            (Self::Text(left), Self::Text(right)) => left == right,
            (Self::Text(left), Self::List(_) | Self::Pair(_)) => left.is_empty() && right.is_empty(),
            (Self::Text(left), right) => **left == right.to_text(),
            (Self::Date(_), _) => self.order(right).is_ok_and(Ordering::is_eq),
            (Self::List(left), Self::List(right)) => {
                left.len() == right.len() && left.iter().zip(right.iter()).all(|(left, right)| left.equals(right))
            }
            (Self::Hash(left), Self::Hash(right)) => std::sync::Arc::ptr_eq(left, right),
            // An XML element with attributes is compared by its text.
            (Self::Hash(_), Self::Text(right)) => self.to_text() == **right,
            (Self::List(_) | Self::Hash(_) | Self::Pair(_), _) => false,
            _ => self.order(right).is_ok_and(Ordering::is_eq),
        }
    }

    fn to_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            Self::Text(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
            Self::Text(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
            Self::Int(value) => Some(*value != 0),
            _ => None,
        }
    }

    /// The order, the right one converted to the type of the left one; an error when that cannot be.
    pub(super) fn order(&self, right: &Value) -> Result<Ordering, String> {
        let incomparable = || "Input string was not in a correct format.".to_owned();
        match (self, right) {
            (Self::Text(left), right) => Ok(collation::culture(left, &right.to_text(), false)),
            (Self::Date(left), right) => {
                let right =
                    right.to_date().ok_or_else(|| "String was not recognized as a valid DateTime.".to_owned())?;
                Ok(left.ticks().cmp(&right.ticks()))
            }
            (Self::Bool(left), right) => Ok(left.cmp(&right.to_bool().ok_or_else(incomparable)?)),
            (Self::Double(_), _) | (_, Self::Double(_)) => {
                let (left, right) =
                    (self.to_double().ok_or_else(incomparable)?, right.to_double().ok_or_else(incomparable)?);
                Ok(left.total_cmp(&right))
            }
            (Self::Int(_) | Self::Decimal(_), _) => {
                let (left, right) =
                    (self.to_decimal().ok_or_else(incomparable)?, right.to_decimal().ok_or_else(incomparable)?);
                Ok(left.cmp(&right))
            }
            _ => Err("Object must implement IComparable.".to_owned()),
        }
    }
}
