//! Interpolated strings: text and holes.

use super::{Parsed, Parser};
use crate::expr::syntax::Span;
use crate::expr::syntax::ast::{Expr, Piece};
use crate::expr::syntax::token::T;
use crate::expr::syntax::{lexer, literal};
use crate::expr::value::Value;

impl<'a> Parser<'a> {
    /// The pieces of the interpolated string at `span`.
    pub(super) fn interpolation(&mut self, span: Span) -> Parsed<Vec<Piece<'a>>> {
        let literal = self.slice(span);
        let quote = literal.find('"').unwrap_or(0);
        let is_verbatim = literal[..quote].contains('@');
        let start = span.start as usize + quote + 1;
        let end = (span.end as usize).saturating_sub(1);
        let mut pieces = Vec::new();
        let mut at = start;
        let mut text = String::new();
        let bytes = self.source.as_bytes();
        while at < end {
            match bytes[at] {
                b @ (b'{' | b'}') if at + 1 < end && bytes[at + 1] == b => {
                    text.push(char::from(b));
                    at += 2;
                }
                b'{' => {
                    self.flush(&mut text, is_verbatim, span, &mut pieces)?;
                    let close = self.hole_end(at + 1, end);
                    pieces.push(self.nested(|p| p.hole(at + 1, close, is_verbatim))?);
                    at = close + 1;
                }
                b'}' => {
                    let place = Span::new(at, at + 1);
                    return Err(Box::new(
                        place.error(
                            "CS8086",
                            "A '}' character must be escaped (by doubling) in an interpolated string.",
                        ),
                    ));
                }
                b'\\' if !is_verbatim => {
                    text.push('\\');
                    at += 1;
                    if let Some(c) = self.source[at..end].chars().next() {
                        text.push(c);
                        at += c.len_utf8();
                    }
                }
                _ => match self.source[at..end].chars().next() {
                    Some(c) => {
                        text.push(c);
                        at += c.len_utf8();
                    }
                    None => break,
                },
            }
        }
        self.flush(&mut text, is_verbatim, span, &mut pieces)?;
        Ok(pieces)
    }

    fn flush(&self, text: &mut String, is_verbatim: bool, span: Span, pieces: &mut Vec<Piece<'a>>) -> Parsed<()> {
        if !text.is_empty() {
            let value = if is_verbatim { literal::verbatim(text) } else { literal::text(text, span)? };
            text.clear();
            pieces.push(Piece::Text(Value::Str(value)));
        }
        Ok(())
    }

    /// Where the hole that starts at `from` closes.
    fn hole_end(&self, from: usize, end: usize) -> usize {
        match lexer::hole(self.source, from, end) {
            Some(close) => close,
            None => end,
        }
    }

    /// One hole: `value[,alignment][:format]`.
    fn hole(&mut self, start: usize, close: usize, is_verbatim: bool) -> Parsed<Piece<'a>> {
        let (value_end, format) = match lexer::hole_colon(self.source, start, close) {
            Some(colon) => (colon, self.source.get(colon + 1..close)),
            None => (close, None),
        };
        let lexed = lexer::lex(self.source, start, value_end);
        let mut errors = lexed.errors.into_iter();
        if let Some(first) = errors.next() {
            errors.for_each(|error| self.record(error));
            return Err(Box::new(first));
        }
        let tokens = lexed.tokens;
        let mut inner = Parser {
            source: self.source,
            tokens,
            at: 0,
            depth: self.depth,
            transparent: self.transparent,
            errors: Vec::new(),
        };
        if inner.kind() == T::End {
            return Err(inner.error("CS1733", "Expected expression"));
        }
        let value: Expr<'a> = inner.expression()?;
        let alignment = if inner.eat(T::Comma) { Some(inner.expression()?) } else { None };
        if inner.kind() != T::End {
            return Err(inner.error("CS1003", "Syntax error, '}' expected"));
        }
        self.transparent = inner.transparent;
        inner.errors.into_iter().for_each(|error| self.record(error));
        let format = match format {
            Some("") => {
                return Err(Box::new(Span::new(start, close).error("CS8089", "Empty format specifier.")));
            }
            Some(text) => {
                let text = text.replace("{{", "{").replace("}}", "}");
                let value =
                    if is_verbatim { literal::verbatim(&text) } else { literal::text(&text, Span::new(start, close))? };
                Some(value.text().into_owned())
            }
            None => None,
        };
        Ok(Piece::Hole { value, alignment, format })
    }
}
