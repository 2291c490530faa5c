//! Cuts the source into tokens.

mod holes;

pub(super) use holes::{hole, hole_colon};

use super::Span;
use super::token::{SYMBOLS, T, Token, keyword};
use crate::expr::diagnostic::Diagnostic;

/// What a token takes of real sources, white space included.
const BYTES_PER_TOKEN: usize = 4;

/// What a source is cut into.
pub(super) struct Lexed {
    /// An end token is last.
    pub(super) tokens: Vec<Token>,
    /// What is wrong; where a literal is, a token stands for it all the same.
    pub(super) errors: Vec<Diagnostic>,
    /// Identifiers with `\u` escapes: the bytes they take, and their name.
    pub(super) escaped: Vec<(std::ops::Range<usize>, String)>,
}

/// So many lexical errors are told at once.
const MAX_ERRORS: usize = 20;

/// Cuts `source[start..end]`.
pub(super) fn lex(source: &str, start: usize, end: usize) -> Lexed {
    let tokens = Vec::with_capacity((end - start) / BYTES_PER_TOKEN + 2);
    let lexed = Lexed { tokens, errors: Vec::new(), escaped: Vec::new() };
    let mut lexer = Lexer { source, bytes: source.as_bytes(), at: start, end, lexed, open: Vec::new() };
    loop {
        let before = lexer.at;
        match lexer.token() {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                let is_literal = matches!(error.code, "CS1010" | "CS1039");
                let start = error.span.start;
                lexer.lexed.errors.push(error);
                if lexer.lexed.errors.len() >= MAX_ERRORS {
                    break;
                }
                if lexer.at <= before {
                    lexer.step();
                }
                if is_literal {
                    lexer.push(T::Null, start);
                }
            }
        }
    }
    lexer.lexed.tokens.push(Token { kind: T::End, span: Span::new(end, end), mate: 0 });
    lexer.lexed
}

struct Lexer<'a> {
    source: &'a str,
    bytes: &'a [u8],
    at: usize,
    end: usize,
    lexed: Lexed,
    open: Vec<u32>,
}

impl Lexer<'_> {
    fn byte(&self, offset: usize) -> u8 {
        let at = self.at + offset;
        if at < self.end { self.bytes[at] } else { 0 }
    }

    fn error<R>(&self, start: usize, code: &'static str, message: impl Into<String>) -> Result<R, Diagnostic> {
        Err(Span::new(start, self.at.min(self.end)).error(code, message))
    }

    fn push(&mut self, kind: T, start: usize) {
        let index = self.lexed.tokens.len() as u32;
        let mut mate = 0;
        match kind {
            T::Open | T::OpenBrace | T::OpenBracket => self.open.push(index),
            T::Close | T::CloseBrace | T::CloseBracket => {
                if let Some(opener) = self.open.pop() {
                    self.lexed.tokens[opener as usize].mate = index;
                    mate = opener;
                }
            }
            _ => {}
        }
        self.lexed.tokens.push(Token { kind, span: Span::new(start, self.at), mate });
    }

    fn skip_space(&mut self) -> Result<(), Diagnostic> {
        while self.at < self.end {
            let b = self.bytes[self.at];
            if b.is_ascii_whitespace() || b == 0x0b {
                self.at += 1;
            } else if b == b'/' && self.byte(1) == b'/' {
                while self.at < self.end && !matches!(self.bytes[self.at], b'\n' | b'\r') {
                    self.at += 1;
                }
            } else if b == b'/' && self.byte(1) == b'*' {
                let start = self.at;
                match self.source[self.at + 2..self.end].find("*/") {
                    Some(length) => self.at += length + 4,
                    None => {
                        self.at = self.end;
                        return self.error(start, "CS1035", "End-of-file found, '*/' expected");
                    }
                }
            } else if b < 0x80 {
                break;
            } else {
                match self.source[self.at..].chars().next() {
                    Some(c) if c.is_whitespace() || c == '\u{feff}' => self.at += c.len_utf8(),
                    _ => break,
                }
            }
        }
        Ok(())
    }

    fn token(&mut self) -> Result<bool, Diagnostic> {
        self.skip_space()?;
        if self.at >= self.end {
            return Ok(false);
        }
        let start = self.at;
        let b = self.bytes[self.at];
        match b {
            b'"' => {
                self.string(start)?;
                self.push(T::Str, start);
            }
            b'\'' => self.char(start)?,
            b'@' if self.byte(1) == b'"' => {
                self.at += 1;
                self.verbatim(start)?;
                self.push(T::Verbatim, start);
            }
            b'$' if self.byte(1) == b'"' => {
                self.at += 1;
                self.interpolated(start, false)?;
                self.push(T::Interpolated, start);
            }
            b'$' | b'@' if matches!((b, self.byte(1), self.byte(2)), (b'$', b'@', b'"') | (b'@', b'$', b'"')) => {
                self.at += 2;
                self.interpolated(start, true)?;
                self.push(T::Interpolated, start);
            }
            b'0'..=b'9' => self.number(start),
            b'.' if self.byte(1).is_ascii_digit() => self.number(start),
            b'@' => {
                self.at += 1;
                if !self.word() && !self.at_escape() {
                    return self.error(
                        start,
                        "CS1646",
                        "Keyword, identifier, or string expected after verbatim specifier: @",
                    );
                }
                self.escaped_word(start, start + 1);
                self.push(T::Ident, start);
            }
            b'\\' if self.at_escape() => {
                self.escaped_word(start, start);
                self.push(T::Ident, start);
            }
            _ if self.word() && self.at_escape() => {
                self.escaped_word(start, start);
                self.push(T::Ident, start);
            }
            _ if self.at > start => {
                let kind = keyword(&self.source[start..self.at]).unwrap_or(T::Ident);
                self.push(kind, start);
            }
            _ => {
                let rest = &self.source[self.at..self.end];
                match SYMBOLS.iter().find(|(text, _)| text.as_bytes().first() == Some(&b) && rest.starts_with(text)) {
                    Some((text, kind)) => {
                        self.at += text.len();
                        self.push(*kind, start);
                    }
                    None => {
                        let c = rest.chars().next().unwrap_or(' ');
                        self.at += c.len_utf8();
                        return self.error(start, "CS1056", format!("Unexpected character '{c}'"));
                    }
                }
            }
        }
        Ok(true)
    }

    fn word(&mut self) -> bool {
        let start = self.at;
        while self.at < self.end {
            let b = self.bytes[self.at];
            let first = self.at == start;
            if b.is_ascii_alphabetic() || b == b'_' || (!first && b.is_ascii_digit()) {
                self.at += 1;
            } else if b < 0x80 {
                break;
            } else {
                match self.source[self.at..].chars().next() {
                    Some(c) if c.is_alphabetic() || (!first && c.is_alphanumeric()) => self.at += c.len_utf8(),
                    _ => break,
                }
            }
        }
        self.at > start
    }

    /// The character of the escape at the cursor, if it is one that an identifier may have, and the escape's bytes.
    fn escape(&self) -> Option<(char, usize)> {
        let digits = match (self.byte(0), self.byte(1)) {
            (b'\\', b'u') => 4,
            (b'\\', b'U') => 8,
            _ => return None,
        };
        let text = self.source.get(self.at + 2..self.at + 2 + digits).filter(|_| self.at + 2 + digits <= self.end)?;
        let c = char::from_u32(u32::from_str_radix(text, 16).ok()?)?;
        (c.is_alphanumeric() || c == '_').then_some((c, digits + 2))
    }

    fn at_escape(&self) -> bool {
        self.escape().is_some()
    }

    /// Reads the rest of an identifier that has escapes and notes its name, which starts at `name`.
    fn escaped_word(&mut self, start: usize, name: usize) {
        let mut text = self.source[name..self.at].to_owned();
        let mut has_escape = false;
        loop {
            let before = self.at;
            if let Some((c, length)) = self.escape() {
                text.push(c);
                self.at += length;
                has_escape = true;
            } else if self.word() || self.byte(0).is_ascii_digit() {
                self.at = self.at.max(before + 1);
                text.push_str(&self.source[before..self.at]);
            } else {
                break;
            }
        }
        if has_escape {
            self.lexed.escaped.push((start..self.at, text));
        }
    }

    fn number(&mut self, start: usize) {
        let mut real = false;
        if self.byte(0) == b'0' && matches!(self.byte(1), b'x' | b'X' | b'b' | b'B') {
            self.at += 2;
            while self.byte(0).is_ascii_hexdigit() || self.byte(0) == b'_' {
                self.at += 1;
            }
        } else {
            self.digits();
            if self.byte(0) == b'.' && self.byte(1).is_ascii_digit() {
                real = true;
                self.at += 1;
                self.digits();
            }
            let sign = usize::from(matches!(self.byte(1), b'+' | b'-'));
            if matches!(self.byte(0), b'e' | b'E') && self.byte(1 + sign).is_ascii_digit() {
                real = true;
                self.at += 1 + sign;
                self.digits();
            }
        }
        while self.byte(0).is_ascii_alphanumeric() || self.byte(0) == b'_' {
            real |= matches!(self.byte(0), b'f' | b'F' | b'd' | b'D' | b'm' | b'M');
            self.at += 1;
        }
        self.push(if real { T::Real } else { T::Int }, start);
    }

    fn digits(&mut self) {
        while self.byte(0).is_ascii_digit()
            || (self.byte(0) == b'_' && (self.byte(1).is_ascii_digit() || self.byte(1) == b'_'))
        {
            self.at += 1;
        }
    }

    /// Moves over one character of the text of a literal.
    fn step(&mut self) {
        self.at += self.source[self.at..].chars().next().map_or(1, char::len_utf8);
    }

    /// Moves over `"…"`; the quote is at the cursor.
    fn string(&mut self, start: usize) -> Result<(), Diagnostic> {
        self.at += 1;
        loop {
            match self.byte(0) {
                _ if self.at >= self.end => return self.error(start, "CS1010", "Newline in constant"),
                b'\n' | b'\r' => return self.error(start, "CS1010", "Newline in constant"),
                b'"' => break,
                b'\\' if self.at + 1 < self.end => {
                    self.at += 1;
                    self.step();
                }
                _ => self.step(),
            }
        }
        self.at += 1;
        Ok(())
    }

    /// Moves over `"…"` where quotes are doubled; the quote is at the cursor.
    fn verbatim(&mut self, start: usize) -> Result<(), Diagnostic> {
        self.at += 1;
        loop {
            match self.byte(0) {
                _ if self.at >= self.end => return self.error(start, "CS1039", "Unterminated string literal"),
                b'"' if self.byte(1) == b'"' => self.at += 2,
                b'"' => break,
                _ => self.step(),
            }
        }
        self.at += 1;
        Ok(())
    }

    fn char(&mut self, start: usize) -> Result<(), Diagnostic> {
        self.at += 1;
        while self.at < self.end && !matches!(self.byte(0), b'\'' | b'\n' | b'\r') {
            if self.byte(0) == b'\\' {
                self.at += 1;
            }
            if self.at < self.end {
                self.step();
            }
        }
        if self.byte(0) != b'\'' {
            return self.error(start, "CS1010", "Newline in constant");
        }
        self.at += 1;
        self.push(T::Char, start);
        Ok(())
    }

    /// Moves over an interpolated string; the quote is at the cursor.
    fn interpolated(&mut self, start: usize, verbatim: bool) -> Result<(), Diagnostic> {
        match holes::scan_text(self.source, self.at + 1, self.end, verbatim, 0) {
            Some(end) => {
                let text = self.at + 1..end;
                if self.source[text.clone()].contains("\\u") || self.source[text.clone()].contains("\\U") {
                    for hole in holes::expressions(self.source, text.start, text.end, verbatim) {
                        self.lexed.escaped.extend(lex(self.source, hole.start, hole.end).escaped);
                    }
                }
                self.at = end;
                Ok(())
            }
            None => {
                let rest = &self.source[self.at..self.end];
                self.at += if verbatim { rest.len() } else { rest.find(['\n', '\r']).unwrap_or(rest.len()) };
                self.error(start, "CS1010", "Newline in constant")
            }
        }
    }
}

/// How deep interpolated strings may hold each other.
const MAX_NESTING: u8 = 20;

fn width(source: &str, at: usize) -> usize {
    source.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
}
