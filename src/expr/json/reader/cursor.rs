//! Where the reader is in the text, and what it says when it cannot go on.

use super::{Expected, Kind, Reader};
use crate::expr::dotnet::exception::{Exception, Result};
use crate::expr::json::token::{push_index, push_name};

impl Reader<'_> {
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(super) fn peek_char(&self) -> Option<char> {
        self.json.get(self.at..).and_then(|rest| rest.chars().next())
    }

    pub(super) fn starts_with(&self, text: &str) -> bool {
        self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(text.as_bytes()))
    }

    pub(super) fn skip_space(&mut self) {
        while let Some(b) = self.peek() {
            match b {
                b' ' | b'\n' | b'\r' | b'\t' => self.at += 1,
                0x0b | 0x0c | 0x80.. if self.peek_char().is_some_and(char::is_whitespace) => {
                    self.at += self.peek_char().map_or(1, char::len_utf8);
                }
                _ => return,
            }
        }
    }

    pub(super) fn skip_space_and_comments(&mut self) -> Result<()> {
        loop {
            self.skip_space();
            if self.peek() != Some(b'/') {
                return Ok(());
            }
            let rest = self.json.get(self.at + 1..).unwrap_or_default();
            if let Some(body) = rest.strip_prefix('*') {
                let Some(end) = body.find("*/") else {
                    self.at = self.json.len();
                    return Err(self.error("Unexpected end while parsing comment."));
                };
                self.at += end + 4;
            } else if let Some(body) = rest.strip_prefix('/') {
                self.at += 2 + body.find(['\r', '\n']).unwrap_or(body.len());
            } else {
                self.at = (self.at + 1).min(self.json.len());
                let got = rest.chars().next().map_or_else(String::new, String::from);
                return Err(match got.as_str() {
                    "" => self.error("Unexpected end while parsing comment."),
                    _ => self.error(format!("Error parsing comment. Expected: *, got {got}.")),
                });
            }
            self.started = true;
        }
    }

    pub(super) fn unexpected(&self) -> Exception {
        let c = self.peek_char().unwrap_or_default();
        self.error(format!("Unexpected character encountered while parsing value: {c}."))
    }

    pub(super) fn misplaced_end(&self, token: &str, byte: u8) -> Exception {
        match self.open.last() {
            None => self.unexpected(),
            Some(_) if byte == b')' => self.unexpected(),
            Some(open) => {
                let container = match open.kind {
                    Kind::Object => "Object",
                    Kind::Array => "Array",
                    Kind::Constructor => "Constructor",
                };
                self.error(format!("JsonToken {token} is not valid for closing JsonType {container}."))
            }
        }
    }

    /// The text ends within a value.
    pub(super) fn unfinished(&self) -> Exception {
        let kind = match self.open.last().map(|open| open.kind) {
            Some(Kind::Array) => ("JArray", "array"),
            Some(Kind::Constructor) => ("JConstructor", "constructor"),
            Some(Kind::Object) | None => ("JObject", "object"),
        };
        if self.expected == Expected::Anything {
            let message = self.with_position(&format!("Unexpected end when deserializing {}.", kind.1));
            return Exception::new("Newtonsoft.Json.JsonSerializationException", message);
        }
        self.error(format!("Unexpected end of content while loading {}.", kind.0))
    }

    pub(super) fn error(&self, message: impl AsRef<str>) -> Exception {
        Exception::new("Newtonsoft.Json.JsonReaderException", self.with_position(message.as_ref()))
    }

    pub(super) fn with_position(&self, message: &str) -> String {
        let before = self.json.get(..self.at).unwrap_or(self.json);
        let line_start = before.rfind(['\n', '\r']).map_or(0, |at| at + 1);
        let breaks = before.matches('\n').count() + before.matches('\r').count() - before.matches("\r\n").count();
        let position: usize = before.get(line_start..).unwrap_or_default().chars().map(char::len_utf16).sum();
        let line = if !self.started && position == 0 { 0 } else { breaks + 1 };
        let path = self.path();
        let stop = if message.ends_with('.') { "" } else { "." };
        format!("{message}{stop} Path '{path}', line {line}, position {position}.")
    }

    pub(super) fn path(&self) -> String {
        let mut path = String::new();
        for (depth, open) in self.open.iter().enumerate() {
            let end = self.open.get(depth + 1).map_or(self.pending.len(), |inner| inner.first);
            let Some(count) = end.checked_sub(open.first + 1) else { continue };
            match open.kind {
                Kind::Object => {
                    let property = self.pending.get(end - 1).copied();
                    push_name(&mut path, property.and_then(|property| self.tree.name(property)).unwrap_or_default());
                }
                Kind::Array | Kind::Constructor => push_index(&mut path, count),
            }
        }
        path
    }
}
