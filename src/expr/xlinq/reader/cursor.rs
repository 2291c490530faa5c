//! Where the reader is in the text: characters, names, references, and its errors.

use super::{Reader, is_space, is_xml_char};
use crate::expr::dotnet::exception::{Exception, Result};
use crate::expr::xlinq::name::{is_name_part, is_name_start};

impl<'a> Reader<'a> {
    pub(super) fn rest(&self) -> &'a str {
        self.xml.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    pub(super) fn skip_space(&mut self) -> bool {
        let rest = self.rest();
        let len = rest.len() - rest.trim_start_matches(is_space).len();
        self.at += len;
        len > 0
    }

    pub(super) fn line_end(&mut self, text: &mut String) {
        self.at += 1;
        if !self.rest().starts_with('\n') {
            text.push('\n');
        }
    }

    pub(super) fn check_chars(&self, piece: &str) -> Result<()> {
        match piece.char_indices().find(|(_, c)| !is_xml_char(*c)) {
            None => Ok(()),
            Some((at, bad)) => Err(self.invalid_char(bad, self.at + at)),
        }
    }

    pub(super) fn invalid_char(&self, bad: char, at: usize) -> Exception {
        let shown = if (bad as u32) < 0x20 { '.' } else { bad };
        self.error(format!("'{shown}', hexadecimal value 0x{:02X}, is an invalid character.", bad as u32), at)
    }

    /// `&…;` at the current place.
    pub(super) fn reference(&mut self) -> Result<char> {
        self.at += 1;
        let rest = self.rest();
        if let Some(number) = rest.strip_prefix('#') {
            let (radix, digits, skipped) = match number.strip_prefix('x') {
                Some(digits) => (16, digits, 2),
                None => (10, number, 1),
            };
            let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
            let digits = digits.get(..end).unwrap_or_default();
            let at = self.at + skipped + end;
            if digits.is_empty() || self.xml.as_bytes().get(at) != Some(&b';') {
                return Err(self.error("An error occurred while parsing EntityName.", at));
            }
            let code = u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
            return match code.filter(|c| is_xml_char(*c)) {
                Some(c) => {
                    self.at = at + 1;
                    Ok(c)
                }
                None => Err(self.error("Invalid value for a character reference.", self.at)),
            };
        }
        let start = self.at;
        let name =
            self.qualified_name().map_err(|_| self.error("An error occurred while parsing EntityName.", start))?;
        if self.peek() != Some(';') {
            return Err(self.unexpected(";", self.at));
        }
        let c = match name {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            _ => return Err(self.error(format!("Reference to undeclared entity '{name}'."), start)),
        };
        self.at += 1;
        Ok(c)
    }

    pub(super) fn qualified_name(&mut self) -> Result<&'a str> {
        let rest = self.rest();
        let part = |text: &str| -> usize {
            match text.chars().next() {
                Some(c) if is_name_start(c) => text.find(|c| !is_name_part(c)).unwrap_or(text.len()),
                _ => 0,
            }
        };
        let mut len = part(rest);
        if len > 0 && rest.get(len..).is_some_and(|rest| rest.starts_with(':')) {
            let local = part(rest.get(len + 1..).unwrap_or_default());
            if local == 0 {
                return Err(self.bad_name(self.at + len + 1));
            }
            len += 1 + local;
        }
        if len == 0 {
            return Err(self.bad_name(self.at));
        }
        self.at += len;
        Ok(rest.get(..len).unwrap_or_default())
    }

    pub(super) fn bad_name(&self, at: usize) -> Exception {
        match self.xml.get(at..).and_then(|rest| rest.chars().next()) {
            None => self.error("Unexpected end of file has occurred.", at),
            Some(c) => self.error(
                format!("Name cannot begin with the '{c}' character, hexadecimal value 0x{:02X}.", c as u32),
                at,
            ),
        }
    }

    pub(super) fn unexpected(&self, expected: &str, at: usize) -> Exception {
        match self.xml.get(at..).and_then(|rest| rest.chars().next()) {
            None => self.error("Unexpected end of file has occurred.", at),
            Some(c) => self.error(format!("'{c}' is an unexpected token. The expected token is '{expected}'."), at),
        }
    }

    /// The text before `end`, which is skipped too.
    pub(super) fn until(&mut self, end: &str) -> Result<&'a str> {
        let rest = self.rest();
        let Some(len) = rest.find(end) else {
            let what = match end {
                "-->" => "Unexpected end of file while parsing Comment has occurred.",
                "]]>" => "Unexpected end of file while parsing CDATA has occurred.",
                _ => "Unexpected end of file while parsing PI has occurred.",
            };
            return Err(self.error(what, self.xml.len()));
        };
        let text = rest.get(..len).unwrap_or_default();
        self.check_chars(text)?;
        self.at += len + end.len();
        Ok(text)
    }

    /// Line and column from 1, in UTF-16 units.
    pub(super) fn position(&self, at: usize) -> (usize, usize) {
        let before = self.xml.get(..at).unwrap_or(self.xml);
        let line_start = before.rfind(['\n', '\r']).map_or(0, |at| at + 1);
        let breaks = before.matches('\n').count() + before.matches('\r').count() - before.matches("\r\n").count();
        let column: usize = before.get(line_start..).unwrap_or_default().chars().map(char::len_utf16).sum();
        (breaks + 1, column + 1)
    }

    pub(super) fn error(&self, message: impl AsRef<str>, at: usize) -> Exception {
        let (line, column) = self.position(at);
        exception(&format!("{} Line {line}, position {column}.", message.as_ref()))
    }
}

pub(super) fn exception(message: &str) -> Exception {
    Exception::new("System.Xml.XmlException", message)
}
