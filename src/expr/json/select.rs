//! `SelectToken` and `SelectTokens`: walking a tree along a JSONPath.

use std::cell::Cell;

use super::path::{Filter, Operator, Query, Side, json_exception, parse};
use super::text;
use super::token::{JToken, JTokenType, TokenClass};
use super::value::TokenValue;
use crate::expr::arena::TooLarge;
use crate::expr::dotnet::exception::Result;
use crate::expr::dotnet::regex::{Options, Regex};

/// The most tokens that one step may give.
const MAX_TOKENS: usize = 1 << 18;

/// What to do when a step of a path finds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoMatch {
    /// Go on with nothing.
    Ignore,
    /// Throw a `JsonException`.
    Throw,
}

impl JToken {
    /// `SelectTokens(path[, errorWhenNoMatch])`; what it does is taken off `steps`.
    pub(crate) fn select_tokens(&self, path: &str, no_match: NoMatch, steps: &Cell<u64>) -> Result<Vec<Self>> {
        Selector { root: self, no_match, steps }.run(&parse(path)?, vec![self.clone()])
    }
}

struct Selector<'a> {
    root: &'a JToken,
    no_match: NoMatch,
    /// What is left of the budget.
    steps: &'a Cell<u64>,
}

/// Basic steps of looking at one token.
const TOKEN: usize = 10;
/// Basic steps of comparing two.
const COMPARISON: usize = 50;

fn short_name(token: &JToken) -> &'static str {
    let name = token.class().full_name();
    name.rsplit('.').next().unwrap_or(name)
}

impl Selector<'_> {
    fn run(&self, filters: &[Filter], mut current: Vec<JToken>) -> Result<Vec<JToken>> {
        for filter in filters {
            let mut next = Vec::new();
            if *filter == Filter::Root {
                next.push(self.root.clone());
            } else {
                for token in &current {
                    let before = next.len();
                    self.step(filter, token, &mut next)?;
                    self.spend(TOKEN * (1 + next.len() - before))?;
                    if next.len() > MAX_TOKENS {
                        return Err(TooLarge.into());
                    }
                }
            }
            current = next;
        }
        Ok(current)
    }

    fn spend(&self, steps: usize) -> Result<()> {
        match self.steps.get().checked_sub(steps as u64) {
            Some(left) => {
                self.steps.set(left);
                Ok(())
            }
            None => Err(TooLarge.into()),
        }
    }

    fn descendants(&self, token: &JToken, with_self: bool) -> Result<Vec<JToken>> {
        self.spend(token.subtree_weight() / 16 * TOKEN / 4)?;
        Ok(token.descendants(with_self))
    }

    fn miss(&self, message: impl FnOnce() -> String) -> Result<()> {
        match self.no_match {
            NoMatch::Ignore => Ok(()),
            NoMatch::Throw => Err(json_exception(message())),
        }
    }

    fn step(&self, filter: &Filter, token: &JToken, next: &mut Vec<JToken>) -> Result<()> {
        match filter {
            Filter::Root => {}
            Filter::Field(Some(name)) => self.field(name, token, next)?,
            Filter::Field(None) => match token.class() {
                TokenClass::Object => next.extend(token.children().iter().filter_map(JToken::property_value)),
                _ => self.miss(|| format!("Property '*' not valid on {}.", short_name(token)))?,
            },
            Filter::Scan(name) => scan(self.descendants(token, true)?, name.as_deref(), next),
            Filter::Fields { names, scan: false } => match token.class() {
                TokenClass::Object => {
                    self.spend(names.len())?;
                    for name in names {
                        self.field(name, token, next)?;
                    }
                }
                _ => self.miss(|| {
                    let names: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
                    format!("Properties {} not valid on {}.", names.join(", "), short_name(token))
                })?,
            },
            Filter::Fields { names, scan: true } => {
                for property in self.descendants(token, false)? {
                    self.spend(names.len())?;
                    if property.name().is_some_and(|name| names.contains(&name)) {
                        next.extend(property.property_value());
                    }
                }
            }
            Filter::Index(Some(index)) => self.index(*index, token, next)?,
            Filter::Index(None) => match token.class() {
                TokenClass::Array | TokenClass::Constructor => next.extend(token.children()),
                _ => self.miss(|| format!("Index * not valid on {}.", short_name(token)))?,
            },
            Filter::Indices(indices) => {
                self.spend(indices.len())?;
                for index in indices {
                    self.index(*index, token, next)?;
                }
            }
            Filter::Slice(start, end, step) => self.slice((*start, *end, *step), token, next)?,
            Filter::Query { query, scan } => {
                let candidates = if *scan { self.descendants(token, true)? } else { token.children() };
                for candidate in candidates {
                    self.spend(TOKEN)?;
                    if self.matches(query, &candidate)? {
                        next.push(candidate);
                    }
                }
            }
        }
        Ok(())
    }

    fn field(&self, name: &str, token: &JToken, next: &mut Vec<JToken>) -> Result<()> {
        if token.class() != TokenClass::Object {
            return self.miss(|| format!("Property '{name}' not valid on {}.", short_name(token)));
        }
        match token.get(name) {
            Some(value) => next.push(value),
            None => self.miss(|| format!("Property '{name}' does not exist on JObject."))?,
        }
        Ok(())
    }

    fn index(&self, index: i64, token: &JToken, next: &mut Vec<JToken>) -> Result<()> {
        match token.class() {
            TokenClass::Array | TokenClass::Constructor => {
                if (token.count() as i64) <= index {
                    return self.miss(|| format!("Index {index} outside the bounds of {}.", short_name(token)));
                }
                next.push(token.by_index(index)?);
                Ok(())
            }
            _ => self.miss(|| format!("Index {index} not valid on {}.", short_name(token))),
        }
    }

    fn slice(
        &self,
        (start, end, step): (Option<i64>, Option<i64>, Option<i64>),
        token: &JToken,
        next: &mut Vec<JToken>,
    ) -> Result<()> {
        let by = step.unwrap_or(1);
        if by == 0 {
            return Err(json_exception("Step cannot be zero."));
        }
        if token.class() != TokenClass::Array {
            return self.miss(|| format!("Array slice is not valid on {}.", short_name(token)));
        }
        self.spend(token.count() * TOKEN)?;
        let items = token.children();
        let count = items.len() as i64;
        let forward = by > 0;
        let from_end = |index: i64| if index < 0 { index + count } else { index };
        let mut at = start.map_or(if forward { 0 } else { count - 1 }, from_end);
        at = if forward { at.clamp(0, count) } else { at.min(count - 1) };
        let stop = end.map_or(if forward { count } else { -1 }, from_end).max(-1).min(count);
        let valid = |at: i64| if forward { at < stop } else { at > stop };
        if !valid(at) {
            let text = |bound: Option<i64>| bound.map_or_else(|| "*".to_owned(), |bound| bound.to_string());
            return self.miss(|| format!("Array slice of {} to {} returned no results.", text(start), text(end)));
        }
        while valid(at) {
            next.extend(usize::try_from(at).ok().and_then(|at| items.get(at)).cloned());
            at += by;
        }
        Ok(())
    }

    fn matches(&self, query: &Query, token: &JToken) -> Result<bool> {
        match query {
            Query::And(terms) => {
                for term in terms {
                    if !self.matches(term, token)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Query::Or(terms) => {
                for term in terms {
                    if self.matches(term, token)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Query::Exists(side) => Ok(!self.side(side, token)?.is_empty()),
            Query::Compare(operator, left, right) => {
                let rights = self.side(right, token)?;
                for left in self.side(left, token)? {
                    for right in &rights {
                        if self.compare(*operator, &left, right)? {
                            return Ok(true);
                        }
                    }
                }
                Ok(false)
            }
        }
    }

    fn side(&self, side: &Side, token: &JToken) -> Result<Vec<JToken>> {
        match side {
            Side::Value(value) => Ok(vec![JToken::value_of(value)]),
            Side::Path(filters) => {
                let inner = Selector { root: self.root, no_match: NoMatch::Ignore, steps: self.steps };
                inner.run(filters, vec![token.clone()])
            }
        }
    }

    fn compare(&self, operator: Operator, left: &JToken, right: &JToken) -> Result<bool> {
        let (Some(value), Some(wanted)) = (left.value(), right.value()) else {
            return Ok(matches!(operator, Operator::NotEquals));
        };
        let length = |value: &TokenValue| if let TokenValue::String(text) = value { text.len() } else { 0 };
        self.spend(COMPARISON + (length(&value) + length(&wanted)) / 4)?;
        let order = || left.compare_to(&wanted, right.token_type());
        Ok(match operator {
            Operator::Equals => equals(left, right, &value, &wanted)?,
            Operator::NotEquals => !equals(left, right, &value, &wanted)?,
            Operator::StrictEquals => strictly_equals(left, right)?,
            Operator::StrictNotEquals => !strictly_equals(left, right)?,
            Operator::Less => order()?.is_lt(),
            Operator::LessOrEquals => order()?.is_le(),
            Operator::Greater => order()?.is_gt(),
            Operator::GreaterOrEquals => order()?.is_ge(),
            Operator::Matches => match (&value, &wanted) {
                (TokenValue::String(text), TokenValue::String(pattern)) => self.regex_matches(text, pattern)?,
                _ => false,
            },
        })
    }

    fn regex_matches(&self, text: &str, literal: &str) -> Result<bool> {
        let (pattern, flags) = literal
            .strip_prefix('/')
            .and_then(|rest| rest.rsplit_once('/'))
            .ok_or_else(|| json_exception("Path has a bad regular expression."))?;
        let options = flags.chars().filter_map(Options::letter).fold(0, |all, option| all | option);
        self.spend(PATTERN + pattern.len() * PATTERN_BYTE)?;
        let regex = Regex::new(pattern, Options(options))?;
        let units: Vec<u16> = text.encode_utf16().collect();
        let limit = self.steps.get() / MATCHER_STEP;
        let mut left = limit;
        let found = regex.find(&units, 0, &mut left);
        self.steps.set(self.steps.get() - (limit - left) * MATCHER_STEP);
        Ok(found?.is_some())
    }
}

/// Basic steps of a step of the matcher, and of reading a pattern.
const MATCHER_STEP: u64 = 2;
const PATTERN: usize = 500;
const PATTERN_BYTE: usize = 50;

fn scan(tokens: Vec<JToken>, name: Option<&str>, next: &mut Vec<JToken>) {
    for found in tokens {
        if found.class() == TokenClass::Property {
            if name.is_some() && found.name().as_deref() == name {
                next.extend(found.property_value());
            }
        } else if name.is_none() {
            next.push(found);
        }
    }
}

fn numeric_pair(left: &JToken, right: &JToken) -> bool {
    use JTokenType::{Float, Integer};
    matches!((left.token_type(), right.token_type()), (Integer, Float) | (Float, Integer))
}

/// Besides equal values: a date, guid, … equals the text that it prints as.
fn equals(left: &JToken, right: &JToken, value: &TokenValue, wanted: &TokenValue) -> Result<bool> {
    if left.value_equals(right) {
        return Ok(true);
    }
    if numeric_pair(left, right) {
        return Ok(left.compare_to(wanted, right.token_type())?.is_eq());
    }
    let TokenValue::String(wanted) = wanted else { return Ok(false) };
    let mut printed = String::new();
    match value {
        TokenValue::Date(date) => text::iso_date(*date, &mut printed),
        TokenValue::DateOffset(date) => text::iso_date_offset(*date, &mut printed),
        TokenValue::Bytes(bytes) => printed = text::base64(bytes),
        TokenValue::Guid(_) | TokenValue::TimeSpan(_) | TokenValue::Uri(_) => printed = value.invariant_text(),
        _ => return Ok(false),
    }
    Ok(printed == *wanted)
}

fn strictly_equals(left: &JToken, right: &JToken) -> Result<bool> {
    if numeric_pair(left, right) {
        let wanted = right.value().unwrap_or(TokenValue::Null);
        return Ok(left.compare_to(&wanted, right.token_type())?.is_eq());
    }
    Ok(left.value_equals(right))
}
