//! JSONPath as Json.NET reads it: text to a list of filters.

mod query;

use super::value::TokenValue;
use crate::expr::dotnet::exception::{Exception, Result};

/// How deep queries may nest.
const MAX_DEPTH: usize = 32;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Filter {
    /// `$` inside a query.
    Root,
    /// `.name`, or `.*` without a name.
    Field(Option<String>),
    /// `..name`, or `..*`.
    Scan(Option<String>),
    /// `['a','b']`, after `..` with `scan`.
    Fields { names: Vec<String>, scan: bool },
    /// `[0]`, or `[*]`.
    Index(Option<i64>),
    /// `[0,2]`
    Indices(Vec<i64>),
    /// `[start:end:step]`
    Slice(Option<i64>, Option<i64>, Option<i64>),
    /// `[?( … )]`, after `..` with `scan`.
    Query { query: Query, scan: bool },
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Query {
    And(Vec<Query>),
    Or(Vec<Query>),
    Exists(Side),
    Compare(Operator, Side, Side),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Side {
    Path(Vec<Filter>),
    Value(TokenValue),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equals,
    StrictEquals,
    NotEquals,
    StrictNotEquals,
    Less,
    LessOrEquals,
    Greater,
    GreaterOrEquals,
    Matches,
}

pub(super) fn json_exception(message: impl Into<String>) -> Exception {
    Exception::new("Newtonsoft.Json.JsonException", message)
}

pub(super) fn parse(path: &str) -> Result<Vec<Filter>> {
    let chars: Vec<char> = path.chars().collect();
    let mut parser = Parser { chars: &chars, at: 0, depth: 0 };
    let mut filters = Vec::new();
    parser.skip_space();
    if parser.peek() == Some('$') {
        match chars.get(parser.at + 1) {
            None => return Ok(filters),
            Some('.' | '[') => parser.at += 1,
            Some(_) => {}
        }
    }
    if !parser.path(&mut filters, false)? {
        let last = parser.at;
        parser.skip_space();
        if parser.at < chars.len() {
            let c = chars.get(last).copied().unwrap_or_default();
            return Err(json_exception(format!("Unexpected character while parsing path: {c}")));
        }
    }
    Ok(filters)
}

struct Parser<'a> {
    chars: &'a [char],
    at: usize,
    depth: usize,
}

fn member(name: String, scan: bool) -> Filter {
    let name = (name != "*").then_some(name);
    if scan { Filter::Scan(name) } else { Filter::Field(name) }
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while self.peek() == Some(' ') {
            self.at += 1;
        }
    }

    fn between(&self, start: usize, end: usize) -> String {
        self.chars.get(start..end).unwrap_or_default().iter().collect()
    }

    /// Reads filters; whether the text ended.
    fn path(&mut self, filters: &mut Vec<Filter>, in_query: bool) -> Result<bool> {
        let mut start = self.at;
        let (mut scan, mut after_indexer, mut after_dot) = (false, false, false);
        while let Some(c) = self.peek() {
            match c {
                '[' | '(' => {
                    if self.at > start {
                        filters.push(member(self.between(start, self.at), scan));
                        scan = false;
                    }
                    filters.push(self.indexer(c, scan)?);
                    scan = false;
                    self.at += 1;
                    start = self.at;
                    (after_indexer, after_dot) = (true, false);
                }
                ']' | ')' | ' ' => break,
                '.' => {
                    if self.at > start {
                        filters.push(member(self.between(start, self.at), scan));
                        scan = false;
                    }
                    if self.chars.get(self.at + 1) == Some(&'.') {
                        scan = true;
                        self.at += 1;
                    }
                    self.at += 1;
                    start = self.at;
                    (after_indexer, after_dot) = (false, true);
                }
                '=' | '<' | '!' | '>' | '|' | '&' if in_query => break,
                _ if after_indexer => {
                    return Err(json_exception(format!("Unexpected character following indexer: {c}")));
                }
                _ => self.at += 1,
            }
        }
        let ended = self.at >= self.chars.len();
        if self.at > start {
            filters.push(member(self.between(start, self.at).trim_end().to_owned(), scan));
        } else if after_dot && (ended || in_query) {
            return Err(json_exception("Unexpected end while parsing path."));
        }
        Ok(ended)
    }

    fn indexer(&mut self, open: char, scan: bool) -> Result<Filter> {
        self.at += 1;
        let close = if open == '[' { ']' } else { ')' };
        self.skip_space();
        match self.peek() {
            None => Err(open_indexer()),
            Some('\'') => self.quoted_fields(close, scan),
            Some('?') => {
                let query = self.query(close)?;
                Ok(Filter::Query { query, scan })
            }
            Some(_) => self.array_indexer(close),
        }
    }

    fn array_indexer(&mut self, close: char) -> Result<Filter> {
        let mut parts: Vec<Option<i64>> = Vec::new();
        let mut separator = None;
        loop {
            self.skip_space();
            let start = self.at;
            while self.peek().is_some_and(|c| c.is_ascii_digit() || c == '-') {
                self.at += 1;
            }
            let digits = self.between(start, self.at);
            self.skip_space();
            let Some(c) = self.peek() else { return Err(open_indexer()) };
            let number = match digits.as_str() {
                "" => None,
                digits => Some(digits.parse::<i32>().map_err(|_| Exception::bad_input())?.into()),
            };
            let unexpected = || json_exception(format!("Unexpected character while parsing path indexer: {c}"));
            if c == '*' && number.is_none() {
                self.at += 1;
                self.skip_space();
                return match self.peek() {
                    None => Err(open_indexer()),
                    Some(end) if end == close => Ok(Filter::Index(None)),
                    Some(_) => Err(unexpected()),
                };
            }
            let is_list = c == ',' || separator == Some(',');
            if number.is_none() && (is_list || (c == close && separator.is_none())) {
                return Err(json_exception("Array index expected."));
            }
            parts.push(number);
            if c == close {
                let part = |index: usize| parts.get(index).copied().flatten();
                return Ok(match separator {
                    None => Filter::Index(part(0)),
                    Some(',') => Filter::Indices(parts.into_iter().flatten().collect()),
                    Some(_) => Filter::Slice(part(0), part(1), part(2)),
                });
            }
            if !matches!(c, ',' | ':') || separator.is_some_and(|separator| separator != c) {
                return Err(unexpected());
            }
            separator = Some(c);
            self.at += 1;
        }
    }

    fn quoted_fields(&mut self, close: char, scan: bool) -> Result<Filter> {
        let mut names = Vec::new();
        loop {
            names.push(self.quoted()?);
            self.skip_space();
            match self.peek() {
                None => return Err(open_indexer()),
                Some(c) if c == close => {
                    return Ok(match names.len() {
                        1 => {
                            let name = names.pop();
                            if scan { Filter::Scan(name) } else { Filter::Field(name) }
                        }
                        _ => Filter::Fields { names, scan },
                    });
                }
                Some(',') => {
                    self.at += 1;
                    self.skip_space();
                    if self.peek().is_none() {
                        return Err(open_indexer());
                    }
                }
                Some(c) => {
                    return Err(json_exception(format!("Unexpected character while parsing path indexer: {c}")));
                }
            }
        }
    }

    fn quoted(&mut self) -> Result<String> {
        self.at += 1;
        let mut text = String::new();
        while let Some(c) = self.peek() {
            self.at += 1;
            match c {
                '\'' => return Ok(text),
                '\\' => {
                    let Some(escaped) = self.peek() else { break };
                    self.at += 1;
                    text.push(match escaped {
                        'b' => '\u{8}',
                        't' => '\t',
                        'n' => '\n',
                        'f' => '\u{c}',
                        'r' => '\r',
                        '\\' | '"' | '\'' | '/' => escaped,
                        other => return Err(json_exception(format!("Unknown escape character: \\{other}"))),
                    });
                }
                _ => text.push(c),
            }
        }
        Err(json_exception("Path ended with an open string."))
    }
}

fn open_indexer() -> Exception {
    json_exception("Path ended with open indexer.")
}
