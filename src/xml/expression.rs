//! Finds the end of an expression: brackets are counted as C# would count them, past strings and comments.

use super::entity;

/// Why an expression has no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the expression does not end: {problem}")]
pub struct ScanError {
    /// Byte offset in the scanned text where the problem shows.
    pub offset: usize,
    problem: Problem,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
enum Problem {
    #[error("expected `@(` or `@{{`")]
    NotAnExpression,
    #[error("expected `{0}` before the end of the text")]
    Unclosed(char),
    #[error("expected `{expected}`, found `{found}`")]
    Mismatch { expected: char, found: char },
    #[error("a string is not closed before the end of its line")]
    LineBreakInString,
    #[error("a string is not closed")]
    UnclosedString,
    #[error("a character literal is not closed")]
    UnclosedCharacter,
    #[error("a comment is not closed")]
    UnclosedComment,
}

/// The offset after the closing bracket of the expression that starts at `offset` of `text` with `@(` or `@{`.
///
/// Entities (`&quot;`) are read as the characters they stand for; when that finds no end, the text is read once more
/// as it is, for code that holds an entity in a string (`.Replace("\"", "&quot;")`).
///
/// ```
/// use gatewright::xml::scan_expression;
///
/// assert_eq!(scan_expression("@(a[\")\"]) tail", 0), Ok(9));
/// assert!(scan_expression("@(a[", 0).is_err());
/// ```
///
/// # Errors
///
/// [`ScanError`] when no expression starts there or its bracket is never closed.
pub fn scan_expression(text: &str, offset: usize) -> Result<usize, ScanError> {
    scan(text, offset, Entities::Decoded).or_else(|error| scan(text, offset, Entities::Kept).map_err(|_| error))
}

/// Whether an expression starts at `offset`.
pub(super) fn starts_at(bytes: &[u8], offset: usize) -> bool {
    bytes.get(offset) == Some(&b'@') && matches!(bytes.get(offset + 1), Some(b'(' | b'{'))
}

/// How a scan reads `&quot;`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Entities {
    Decoded,
    Kept,
}

/// One scan with one reading of entities.
pub(super) fn scan(text: &str, offset: usize, entities: Entities) -> Result<usize, ScanError> {
    let bytes = text.as_bytes();
    let closer = match (bytes.get(offset), bytes.get(offset.saturating_add(1))) {
        (Some(b'@'), Some(b'(')) => b')',
        (Some(b'@'), Some(b'{')) => b'}',
        _ => return Err(ScanError { offset, problem: Problem::NotAnExpression }),
    };
    Scanner { bytes, at: offset + 2, entities, open: vec![Open::Bracket(closer)] }.run()
}

enum Open {
    Bracket(u8),
    Hole { verbatim: bool },
}

struct Scanner<'t> {
    bytes: &'t [u8],
    at: usize,
    entities: Entities,
    open: Vec<Open>,
}

/// Stands for every character that means nothing to the scanner.
const OTHER: u8 = 0x80;

/// Letters, digits and the signs that neither code nor strings give a meaning to.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        plain[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'.' | b',' | b'_' | b'=' | b'-');
        byte += 1;
    }
    plain
};

impl Scanner<'_> {
    fn run(mut self) -> Result<usize, ScanError> {
        loop {
            self.skip_plain();
            let Some(byte) = self.next() else {
                let closer = match self.open.last() {
                    Some(Open::Bracket(closer)) => char::from(*closer),
                    _ => '}',
                };
                return Err(self.fail(Problem::Unclosed(closer)));
            };
            match byte {
                b'(' => self.open.push(Open::Bracket(b')')),
                b'[' => self.open.push(Open::Bracket(b']')),
                b'{' => self.open.push(Open::Bracket(b'}')),
                b')' | b']' | b'}' if self.close(byte)? => return Ok(self.at),
                b'"' => self.string()?,
                b'\'' => self.character()?,
                b'/' => self.comment()?,
                b'@' | b'$' => self.prefixed_string(byte)?,
                b':' if matches!(self.open.last(), Some(Open::Hole { .. })) => self.format()?,
                _ => {}
            }
        }
    }

    /// Moves over characters that mean nothing, in code and in strings alike.
    fn skip_plain(&mut self) {
        let rest = &self.bytes[self.at.min(self.bytes.len())..];
        self.at += rest.iter().position(|&byte| !PLAIN[usize::from(byte)]).unwrap_or(rest.len());
    }

    /// Pops the bracket that `found` closes; true when it was the last.
    fn close(&mut self, found: u8) -> Result<bool, ScanError> {
        let expected = match self.open.last() {
            Some(Open::Bracket(closer)) => *closer,
            _ => b'}',
        };
        if expected != found {
            let problem = Problem::Mismatch { expected: char::from(expected), found: char::from(found) };
            return Err(self.fail(problem));
        }
        if let Some(Open::Hole { verbatim }) = self.open.pop() {
            self.interpolated(verbatim)?;
        }
        Ok(self.open.is_empty())
    }

    fn comment(&mut self) -> Result<(), ScanError> {
        match self.peek() {
            Some(b'/') => {
                while let Some(byte) = self.next() {
                    if byte == b'\n' {
                        break;
                    }
                }
                Ok(())
            }
            Some(b'*') => {
                self.next();
                while let Some(byte) = self.next() {
                    if byte == b'*' && self.eat(b'/') {
                        return Ok(());
                    }
                }
                Err(self.fail(Problem::UnclosedComment))
            }
            _ => Ok(()),
        }
    }

    /// After `@` or `$`: a string follows, or the character means nothing here.
    fn prefixed_string(&mut self, prefix: u8) -> Result<(), ScanError> {
        let start = self.at;
        let other = if prefix == b'@' { b'$' } else { b'@' };
        let both = self.eat(other);
        if !self.eat(b'"') {
            self.at = start;
            return Ok(());
        }
        match (prefix, both) {
            (_, true) => self.interpolated(true),
            (b'@', false) => self.verbatim(),
            (_, false) => self.interpolated(false),
        }
    }

    fn string(&mut self) -> Result<(), ScanError> {
        self.skip_plain();
        while let Some(byte) = self.next() {
            match byte {
                b'"' => return Ok(()),
                b'\\' => {
                    self.next();
                }
                b'\n' => return Err(self.fail(Problem::LineBreakInString)),
                _ => {}
            }
        }
        Err(self.fail(Problem::UnclosedString))
    }

    fn verbatim(&mut self) -> Result<(), ScanError> {
        while let Some(byte) = self.next() {
            if byte == b'"' && !self.eat(b'"') {
                return Ok(());
            }
        }
        Err(self.fail(Problem::UnclosedString))
    }

    /// The text of an interpolated string, up to its end or to the start of a hole, which is then on the stack.
    fn interpolated(&mut self, verbatim: bool) -> Result<(), ScanError> {
        while let Some(byte) = self.next() {
            match byte {
                b'"' if verbatim && self.eat(b'"') => {}
                b'"' => return Ok(()),
                b'\\' if !verbatim => {
                    self.next();
                }
                b'\n' if !verbatim => return Err(self.fail(Problem::LineBreakInString)),
                b'{' if !self.eat(b'{') => {
                    self.open.push(Open::Hole { verbatim });
                    return Ok(());
                }
                _ => {}
            }
        }
        Err(self.fail(Problem::UnclosedString))
    }

    /// The format of a hole (`{date:yyyy-MM-dd}`), which is text and not code.
    fn format(&mut self) -> Result<(), ScanError> {
        if self.eat(b':') {
            return Ok(());
        }
        loop {
            let before = self.at;
            match self.next() {
                None => return Err(self.fail(Problem::UnclosedString)),
                Some(b'}') if self.eat(b'}') => {}
                Some(b'}' | b'"') => {
                    self.at = before;
                    return Ok(());
                }
                _ => {}
            }
        }
    }

    fn character(&mut self) -> Result<(), ScanError> {
        for _ in 0..10 {
            match self.next() {
                Some(b'\'') => return Ok(()),
                Some(b'\\') => {
                    self.next();
                }
                None | Some(b'\n') => break,
                _ => {}
            }
        }
        Err(self.fail(Problem::UnclosedCharacter))
    }

    fn fail(&self, problem: Problem) -> ScanError {
        ScanError { offset: self.at.min(self.bytes.len()), problem }
    }

    fn eat(&mut self, expected: u8) -> bool {
        let before = self.at;
        let found = self.next() == Some(expected);
        if !found {
            self.at = before;
        }
        found
    }

    fn peek(&self) -> Option<u8> {
        self.decode().map(|(byte, _)| byte)
    }

    fn next(&mut self) -> Option<u8> {
        let (byte, length) = self.decode()?;
        self.at += length;
        Some(byte)
    }

    fn decode(&self) -> Option<(u8, usize)> {
        let byte = *self.bytes.get(self.at)?;
        if byte == b'&'
            && self.entities == Entities::Decoded
            && let Some((character, length)) = entity::reference(&self.bytes[self.at..])
        {
            return Some((u8::try_from(character).unwrap_or(OTHER), length));
        }
        Some((byte, 1))
    }
}
