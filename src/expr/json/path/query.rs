//! Queries in brackets, as `?(@.price < 10)`.

use super::{Filter, MAX_DEPTH, Operator, Parser, Query, Side, json_exception, open_indexer};
use crate::expr::dotnet::exception::{Exception, Result};
use crate::expr::json::value::{IntType, TokenValue};

impl Parser<'_> {
    pub(super) fn query(&mut self, close: char) -> Result<Query> {
        self.at += 1;
        match self.peek() {
            None => return Err(open_indexer()),
            Some('(') => {}
            Some(c) => return Err(json_exception(format!("Unexpected character while parsing path indexer: {c}"))),
        }
        self.at += 1;
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(json_exception("Path nests too many queries."));
        }
        let query = self.expression()?;
        self.depth -= 1;
        self.at += 1;
        self.skip_space();
        match self.peek() {
            None => Err(open_indexer()),
            Some(c) if c == close => Ok(query),
            Some(c) => Err(json_exception(format!("Unexpected character while parsing path indexer: {c}"))),
        }
    }

    /// A change of operator opens a nested group, so that `a && b || c` is `a && (b || c)`: Json.NET's rule.
    pub(super) fn expression(&mut self) -> Result<Query> {
        let mut groups: Vec<(char, Vec<Query>)> = Vec::new();
        loop {
            let left = self.side()?;
            let term = match self.peek() {
                Some(')' | '|' | '&') => Query::Exists(left),
                _ => {
                    let operator = self.operator()?;
                    let right = self.side()?;
                    Query::Compare(operator, left, right)
                }
            };
            match self.peek() {
                Some(')') => {
                    let mut query = term;
                    while let Some((operator, mut terms)) = groups.pop() {
                        terms.push(query);
                        query = if operator == '&' { Query::And(terms) } else { Query::Or(terms) };
                    }
                    return Ok(query);
                }
                Some(c @ ('&' | '|')) if self.chars.get(self.at + 1) == Some(&c) => {
                    self.at += 2;
                    let depth = groups.len();
                    match groups.last_mut() {
                        Some((operator, terms)) if *operator == c => terms.push(term),
                        _ if depth >= MAX_DEPTH => return Err(json_exception("Path nests too many queries.")),
                        _ => groups.push((c, vec![term])),
                    }
                }
                Some(c) => return Err(unexpected_in_query(c)),
                None => return Err(open_query()),
            }
        }
    }

    pub(super) fn side(&mut self) -> Result<Side> {
        self.skip_space();
        let side = match self.peek() {
            None => return Err(open_query()),
            Some(c @ ('$' | '@')) => {
                self.at += 1;
                let mut filters = if c == '$' { vec![Filter::Root] } else { Vec::new() };
                if self.path(&mut filters, true)? {
                    return Err(open_query());
                }
                Side::Path(filters)
            }
            Some(c) => Side::Value(self.value(c)?),
        };
        self.skip_space();
        if self.peek().is_none() {
            return Err(open_query());
        }
        Ok(side)
    }

    pub(super) fn value(&mut self, first: char) -> Result<TokenValue> {
        match first {
            '\'' => return self.quoted().map(TokenValue::String),
            '/' => return self.regex().map(TokenValue::String),
            '0'..='9' | '-' => {
                let start = self.at;
                while self.peek().is_some_and(|c| !matches!(c, ' ' | ')')) {
                    self.at += 1;
                }
                let digits = self.between(start, self.at);
                let value = if digits.contains(['.', 'e', 'E']) {
                    digits.parse().ok().map(TokenValue::Double)
                } else {
                    digits.parse::<i64>().ok().map(|number| TokenValue::Integer(IntType::Int64, number.into()))
                };
                return value.ok_or_else(|| unexpected_in_query(first));
            }
            _ => {}
        }
        for (word, value) in
            [("true", TokenValue::Boolean(true)), ("false", TokenValue::Boolean(false)), ("null", TokenValue::Null)]
        {
            if self.between(self.at, self.at + word.len()) == word {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(unexpected_in_query(first))
    }

    /// `/pattern/flags`, kept as written.
    pub(super) fn regex(&mut self) -> Result<String> {
        let start = self.at;
        self.at += 1;
        while let Some(c) = self.peek() {
            if c == '\\' && self.at + 1 < self.chars.len() {
                self.at += 2;
            } else if c == '/' {
                self.at += 1;
                while self.peek().is_some_and(char::is_alphabetic) {
                    self.at += 1;
                }
                return Ok(self.between(start, self.at));
            } else {
                self.at += 1;
            }
        }
        Err(json_exception("Path ended with an open regex."))
    }

    pub(super) fn operator(&mut self) -> Result<Operator> {
        for (text, operator) in [
            ("===", Operator::StrictEquals),
            ("==", Operator::Equals),
            ("=~", Operator::Matches),
            ("!==", Operator::StrictNotEquals),
            ("!=", Operator::NotEquals),
            ("<>", Operator::NotEquals),
            ("<=", Operator::LessOrEquals),
            ("<", Operator::Less),
            (">=", Operator::GreaterOrEquals),
            (">", Operator::Greater),
        ] {
            if self.between(self.at, self.at + text.len()) == text {
                self.at += text.len();
                return Ok(operator);
            }
        }
        Err(json_exception("Could not read query operator."))
    }
}

pub(super) fn open_query() -> Exception {
    json_exception("Path ended with open query.")
}

pub(super) fn unexpected_in_query(c: char) -> Exception {
    json_exception(format!("Unexpected character while parsing path query: {c}"))
}
