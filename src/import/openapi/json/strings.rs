//! Reads strings of JSON.

use super::{JsonError, Reader};

impl Reader<'_> {
    /// Goes on to the next byte that ends a plain run of text.
    fn plain(&mut self) {
        const ONES: u64 = u64::MAX / 255;
        const HIGH: u64 = ONES << 7;
        let below = |word: u64, limit: u64| word.wrapping_sub(ONES * limit) & !word & HIGH;
        while let Some(chunk) = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<8>()) {
            let word = u64::from_le_bytes(*chunk);
            let quote = below(word ^ (ONES * u64::from(b'"')), 1);
            let escape = below(word ^ (ONES * u64::from(b'\\')), 1);
            let found = quote | escape | below(word, 0x20);
            if found != 0 {
                self.at += found.trailing_zeros() as usize / 8;
                return;
            }
            self.at += 8;
        }
        while self.at < self.bytes.len() && !matches!(self.peek(), b'"' | b'\\' | 0..=0x1f) {
            self.at += 1;
        }
    }

    pub(super) fn string(&mut self) -> Result<(), JsonError> {
        self.at += 1;
        let start = self.at;
        self.plain();
        match self.peek() {
            b'"' => {
                self.document.push_text(start, self.at);
                self.at += 1;
                Ok(())
            }
            b'\\' => self.escaped_string(start),
            _ => Err(self.error("a control character in a text is not escaped")),
        }
    }

    /// The rest of a string that began at `start` and has its first escape here.
    fn escaped_string(&mut self, start: usize) -> Result<(), JsonError> {
        let text = self.text;
        let begin = self.document.begin_text();
        let mut start = start;
        loop {
            self.document.made_text().push_str(text.get(start..self.at).unwrap_or_default());
            match self.peek() {
                b'"' => break,
                b'\\' => {
                    self.at += 1;
                    let character = self.escape()?;
                    self.document.made_text().push(character);
                }
                _ => return Err(self.error("a control character in a text is not escaped")),
            }
            start = self.at;
            self.plain();
        }
        self.at += 1;
        self.document.end_text(begin);
        Ok(())
    }

    /// What stands behind a backslash.
    fn escape(&mut self) -> Result<char, JsonError> {
        let byte = self.peek();
        let character = match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.unit_escape(),
            _ => return Err(self.error("an escape is not known")),
        };
        self.at += 1;
        Ok(character)
    }

    /// `u` and four hexadecimal digits, twice when they are half of a character.
    fn unit_escape(&mut self) -> Result<char, JsonError> {
        let first = self.unit()?;
        let unpaired = JsonError { offset: self.at, message: "half of a surrogate pair stands alone" };
        let units = match first {
            0xd800..=0xdbff if self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(b"\\u")) => {
                self.at += 1;
                [first, self.unit()?]
            }
            0xd800..=0xdbff => return Err(unpaired),
            _ => [first, 0],
        };
        let length = if matches!(first, 0xd800..=0xdbff) { 2 } else { 1 };
        char::decode_utf16(units.into_iter().take(length)).next().and_then(Result::ok).ok_or(unpaired)
    }

    fn unit(&mut self) -> Result<u16, JsonError> {
        self.at += 1;
        let digits = self.text.get(self.at..self.at + 4).filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let Some(unit) = digits.and_then(|digits| u16::from_str_radix(digits, 16).ok()) else {
            return Err(self.error("expected four hexadecimal digits"));
        };
        self.at += 4;
        Ok(unit)
    }
}
