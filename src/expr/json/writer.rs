//! JSON text of tokens, compact or indented, as Json.NET's `JsonTextWriter` lays it out.

use std::fmt::Write;

use super::text::{double, guid, iso_date, iso_date_offset, quoted, single, time_span, with_point};
use super::token::{JToken, JTokenType};
use super::tree::{Data, JsonTree};
use super::value::{IntType, Stored};
use crate::expr::arena::TooLarge;

/// `Newtonsoft.Json.Formatting`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Formatting<'a> {
    None,
    /// Two spaces a level, with the given line end.
    Indented(&'a str),
}

impl JToken {
    /// `ToString(formatting)`: JSON text of at most `limit` bytes.
    pub(crate) fn to_json(&self, formatting: Formatting<'_>, limit: usize) -> Result<String, TooLarge> {
        self.handle.with(|place| {
            let mut writer = Writer { tree: place.tree, out: String::new(), formatting, depth: 0, limit };
            writer.token(place.index)?;
            Ok(writer.out)
        })
    }
}

struct Writer<'a> {
    tree: &'a JsonTree,
    out: String,
    formatting: Formatting<'a>,
    depth: usize,
    limit: usize,
}

/// A container whose children are being written.
struct Level {
    index: u32,
    next: usize,
}

impl Writer<'_> {
    fn token(&mut self, root: u32) -> Result<(), TooLarge> {
        let mut levels: Vec<Level> = Vec::new();
        self.start(root, &mut levels)?;
        while let Some(level) = levels.last_mut() {
            let (parent, position) = (level.index, level.next);
            level.next += 1;
            let child = self.tree.children(parent).get(position).copied();
            let in_property = matches!(self.tree.node(parent).data, Data::Property(..));
            match child {
                Some(child) => {
                    if !in_property {
                        self.separate(position, child)?;
                    }
                    self.start(child, &mut levels)?;
                }
                None => {
                    levels.pop();
                    self.finish(parent, position)?;
                }
            }
        }
        Ok(())
    }

    fn start(&mut self, index: u32, levels: &mut Vec<Level>) -> Result<(), TooLarge> {
        match &self.tree.node(index).data {
            Data::Value(token_type, stored) => return self.value(*token_type, stored),
            Data::Raw(stored) => return self.value(JTokenType::Raw, stored),
            Data::Property(name, _) => {
                quoted(self.tree.text(*name), &mut self.out);
                self.out.push_str(if self.formatting == Formatting::None { ":" } else { ": " });
                levels.push(Level { index, next: 0 });
                return self.check();
            }
            Data::Object(_) => self.out.push('{'),
            Data::Array(_) => self.out.push('['),
            Data::Constructor(name, _) => {
                self.out.push_str("new ");
                self.out.push_str(self.tree.text(*name));
                self.out.push('(');
            }
        }
        self.depth += 1;
        levels.push(Level { index, next: 0 });
        self.check()
    }

    fn separate(&mut self, position: usize, child: u32) -> Result<(), TooLarge> {
        if position > 0 && self.tree.token_type(child) != JTokenType::Comment {
            self.out.push(',');
        }
        self.indent()
    }

    fn finish(&mut self, index: u32, written: usize) -> Result<(), TooLarge> {
        let data = &self.tree.node(index).data;
        let close = match data {
            Data::Object(_) => '}',
            Data::Array(_) => ']',
            Data::Constructor(..) => ')',
            Data::Property(..) => {
                if written == 0 {
                    self.out.push_str("null");
                }
                return Ok(());
            }
            Data::Value(..) | Data::Raw(_) => return Ok(()),
        };
        self.depth = self.depth.saturating_sub(1);
        if written > 0 || close == ')' {
            self.indent()?;
        }
        self.out.push(close);
        self.check()
    }

    fn indent(&mut self) -> Result<(), TooLarge> {
        if let Formatting::Indented(line_end) = self.formatting {
            self.out.push_str(line_end);
            self.out.extend(std::iter::repeat_n(' ', self.depth * 2));
        }
        self.check()
    }

    fn check(&self) -> Result<(), TooLarge> {
        if self.out.len() > self.limit { Err(TooLarge) } else { Ok(()) }
    }

    fn value(&mut self, token_type: JTokenType, stored: &Stored) -> Result<(), TooLarge> {
        let text = match stored {
            Stored::String(span) => Some(self.tree.text(*span)),
            _ => None,
        };
        match token_type {
            JTokenType::Comment => {
                self.out.push_str("/*");
                self.out.push_str(text.unwrap_or_default());
                self.out.push_str("*/");
            }
            JTokenType::Undefined => self.out.push_str("undefined"),
            JTokenType::Raw if text.is_some() => self.out.push_str(text.unwrap_or_default()),
            _ => self.stored(stored),
        }
        self.check()
    }

    fn number(&mut self, number: impl std::fmt::Display) {
        let _ = write!(self.out, "{number}");
    }

    fn stored(&mut self, stored: &Stored) {
        let quote = |out: &mut String, text: &str| {
            out.push('"');
            out.push_str(text);
            out.push('"');
        };
        match *stored {
            Stored::Null => self.out.push_str("null"),
            Stored::Boolean(value) => self.out.push_str(if value { "true" } else { "false" }),
            Stored::Integer(IntType::UInt64, bits) => self.number(bits as u64),
            Stored::Integer(_, number) => self.number(number),
            Stored::BigInteger(span) => self.out.push_str(self.tree.text(span)),
            Stored::Double(value) if value.is_finite() => self.out.push_str(&with_point(double(value))),
            Stored::Double(value) => quote(&mut self.out, &double(value)),
            Stored::Single(value) if value.is_finite() => self.out.push_str(&with_point(single(value))),
            Stored::Single(value) => quote(&mut self.out, &single(value)),
            Stored::Decimal(value) => self.out.push_str(&with_point(value.to_string())),
            Stored::Char(unit) => quoted(&String::from_utf16_lossy(&[unit]), &mut self.out),
            Stored::String(span) | Stored::Uri(span) => quoted(self.tree.text(span), &mut self.out),
            Stored::Bytes(span) => quote(&mut self.out, self.tree.text(span)),
            Stored::Date(date) => {
                self.out.push('"');
                iso_date(date, &mut self.out);
                self.out.push('"');
            }
            Stored::DateOffset(date) => {
                self.out.push('"');
                iso_date_offset(date, &mut self.out);
                self.out.push('"');
            }
            Stored::Guid(value) => quote(&mut self.out, &guid(value)),
            Stored::TimeSpan(value) => quote(&mut self.out, &time_span(value)),
        }
    }
}
