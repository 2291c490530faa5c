//! Words, numbers and strings.

use super::{Kind, Reader, is_identifier};
use crate::expr::dotnet::exception::{Exception, Result};
use crate::expr::json::number;
use crate::expr::json::token::JTokenType;
use crate::expr::json::tree::Span;
use crate::expr::json::value::{IntType, Stored};

impl Reader<'_> {
    pub(super) fn unquoted_name(&mut self) -> Result<Span> {
        let start = self.at;
        loop {
            match self.peek_char() {
                None => return Err(self.error("Unexpected end while parsing unquoted property name.")),
                Some(c) if is_identifier(c) => self.at += c.len_utf8(),
                Some(c) if c.is_whitespace() || c == ':' => {
                    let json = self.json;
                    return Ok(self.tree.store(json.get(start..self.at).unwrap_or_default()));
                }
                Some(c) => {
                    return Err(self.error(format!("Invalid JavaScript property identifier character: {c}.")));
                }
            }
        }
    }

    pub(super) fn word(&mut self, word: &str, what: &str) -> Result<(JTokenType, Stored)> {
        if !self.starts_with(word) {
            let matched = word.bytes().zip(self.bytes.iter().skip(self.at)).take_while(|(a, b)| a == *b).count();
            self.at += matched;
            return Err(if self.at >= self.json.len() {
                self.error("Unexpected end when reading JSON.")
            } else {
                self.bad_word(what)
            });
        }
        self.at += word.len();
        let separated = self.peek_char().is_none_or(|c| {
            c.is_whitespace()
                || matches!(c, ',' | '}' | ']')
                || (c == ')' && self.open.last().is_some_and(|open| open.kind == Kind::Constructor))
                || (c == '/' && matches!(self.bytes.get(self.at + 1), Some(b'/' | b'*')))
        });
        if !separated {
            return Err(self.bad_word(what));
        }
        Ok(match word {
            "true" => (JTokenType::Boolean, Stored::Boolean(true)),
            "false" => (JTokenType::Boolean, Stored::Boolean(false)),
            "null" => (JTokenType::Null, Stored::Null),
            "undefined" => (JTokenType::Undefined, Stored::Null),
            "NaN" => (JTokenType::Float, Stored::Double(f64::NAN)),
            "Infinity" => (JTokenType::Float, Stored::Double(f64::INFINITY)),
            _ => (JTokenType::Float, Stored::Double(f64::NEG_INFINITY)),
        })
    }

    pub(super) fn bad_word(&self, what: &str) -> Exception {
        self.error(format!("Error parsing {what} value."))
    }

    pub(super) fn number(&mut self) -> Result<(JTokenType, Stored)> {
        let start = self.at;
        while let Some(b'-' | b'+' | b'.' | b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F' | b'x' | b'X') = self.peek() {
            self.at += 1;
        }
        if let Some(c) = self.peek_char()
            && !c.is_whitespace()
            && !matches!(c, ',' | '}' | ']' | ')' | '/')
        {
            return Err(self.error(format!("Unexpected character encountered while parsing number: {c}.")));
        }
        let json = self.json;
        let digits = json.get(start..self.at).unwrap_or_default();
        match number::parse(digits) {
            Some(number::Number::Integer(value)) => Ok((JTokenType::Integer, Stored::Integer(IntType::Int64, value))),
            Some(number::Number::Big(digits)) => {
                Ok((JTokenType::Integer, Stored::BigInteger(self.tree.store(&digits))))
            }
            Some(number::Number::Float(value)) => Ok((JTokenType::Float, Stored::Double(value))),
            Some(number::Number::TooLong) => Err(self.error(format!("JSON integer {digits} is too large to parse."))),
            None => Err(self.error(format!("Input string '{digits}' is not a valid number."))),
        }
    }

    /// The text up to the closing quote, decoded into the tree's buffer.
    pub(super) fn string(&mut self, quote: u8) -> Result<Span> {
        let json = self.json;
        let begin = self.tree.buffer().len();
        let mut from = self.at;
        loop {
            let Some(byte) = self.peek() else {
                return Err(self.error(format!("Unterminated string. Expected delimiter: {}.", char::from(quote))));
            };
            if byte == quote {
                self.tree.buffer().push_str(json.get(from..self.at).unwrap_or_default());
                self.at += 1;
                let len = self.tree.buffer().len() - begin;
                return Ok(Span { start: begin as u32, len: len as u32 });
            }
            if byte == b'\\' {
                self.tree.buffer().push_str(json.get(from..self.at).unwrap_or_default());
                self.at += 1;
                let decoded = self.escape()?;
                self.tree.buffer().push(decoded);
                from = self.at;
            } else {
                self.at += 1;
            }
        }
    }

    pub(super) fn escape(&mut self) -> Result<char> {
        let Some(c) = self.peek_char() else {
            return Err(self.error("Unterminated string. Expected delimiter: \"."));
        };
        self.at += c.len_utf8();
        Ok(match c {
            'b' => '\u{8}',
            't' => '\t',
            'n' => '\n',
            'f' => '\u{c}',
            'r' => '\r',
            '\\' | '"' | '\'' | '/' => c,
            'u' => {
                let first = self.hex()?;
                let second =
                    self.json.get(self.at..).and_then(|rest| rest.strip_prefix("\\u")).and_then(|rest| rest.get(..4));
                let low = second.and_then(|digits| u16::from_str_radix(digits, 16).ok());
                match (first, low) {
                    (0xD800..=0xDBFF, Some(low @ 0xDC00..=0xDFFF)) => {
                        self.at += 6;
                        let code = 0x10000 + ((u32::from(first) - 0xD800) << 10) + (u32::from(low) - 0xDC00);
                        char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
                    }
                    _ => char::from_u32(u32::from(first)).unwrap_or(char::REPLACEMENT_CHARACTER),
                }
            }
            other => return Err(self.error(format!("Bad JSON escape sequence: \\{other}."))),
        })
    }

    pub(super) fn hex(&mut self) -> Result<u16> {
        let Some(digits) = self.json.get(self.at..self.at + 4) else {
            return Err(self.error("Unexpected end while parsing Unicode escape sequence."));
        };
        match u16::from_str_radix(digits, 16) {
            Ok(unit) if !digits.starts_with('+') => {
                self.at += 4;
                Ok(unit)
            }
            _ => Err(self.error(format!("Invalid Unicode escape sequence: \\u{digits}."))),
        }
    }
}
