//! Composite formats: `{index[,alignment][:format]}` between literal text.

use super::exception::{Exception, Result};

/// A part of a composite format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text that is copied; doubled braces come as single ones.
    Text(&'a str),
    /// A place for an argument.
    Hole {
        /// Which argument.
        index: usize,
        /// Minimum width; negative aligns to the left.
        alignment: i32,
        /// What stands after the colon; empty when there is none.
        format: &'a str,
    },
}

/// The pieces of a composite format, left to right.
#[derive(Debug, Clone)]
pub struct Pieces<'a> {
    rest: &'a str,
}

/// Splits `format` into pieces.
pub fn pieces(format: &str) -> Pieces<'_> {
    Pieces { rest: format }
}

/// `FormatException` of a hole whose index has no argument.
pub fn missing_argument() -> Exception {
    Exception::format(
        "Index (zero based) must be greater than or equal to zero and less than the size of the argument list.",
    )
}

/// `text` padded with spaces to the width that `alignment` asks for, counted in UTF-16 units.
pub fn align(text: &str, alignment: i32) -> String {
    let width = alignment.unsigned_abs() as usize;
    let padding = " ".repeat(width.saturating_sub(text.encode_utf16().count()));
    if alignment < 0 { format!("{text}{padding}") } else { format!("{padding}{text}") }
}

const LIMIT: usize = 1_000_000;

impl<'a> Iterator for Pieces<'a> {
    type Item = Result<Piece<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let brace = self.rest.find(['{', '}']).unwrap_or(self.rest.len());
        if brace > 0 {
            return Some(Ok(Piece::Text(self.take(brace))));
        }
        if self.rest.starts_with("{{") || self.rest.starts_with("}}") {
            let text = self.take(2);
            return Some(Ok(Piece::Text(&text[1..])));
        }
        let hole = self.hole();
        if hole.is_none() {
            self.rest = "";
        }
        Some(hole.ok_or_else(Exception::bad_input))
    }
}

impl<'a> Pieces<'a> {
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    fn hole(&mut self) -> Option<Piece<'a>> {
        self.rest = self.rest.strip_prefix('{')?;
        let index = self.number()?;
        self.skip_spaces();
        let mut alignment = 0;
        if let Some(rest) = self.rest.strip_prefix(',') {
            self.rest = rest;
            self.skip_spaces();
            let negative = self.rest.strip_prefix('-');
            self.rest = negative.unwrap_or(self.rest);
            let width = i32::try_from(self.number()?).ok()?;
            alignment = if negative.is_some() { -width } else { width };
            self.skip_spaces();
        }
        let mut format = "";
        if let Some(rest) = self.rest.strip_prefix(':') {
            self.rest = rest;
            let end = self.rest.find(['{', '}'])?;
            format = self.take(end);
        }
        self.rest = self.rest.strip_prefix('}')?;
        Some(Piece::Hole { index, alignment, format })
    }

    fn number(&mut self) -> Option<usize> {
        let length = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        self.take(length).parse().ok().filter(|&number| number < LIMIT)
    }

    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start_matches(' ');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn splits_text_and_holes() {
        let all: Result<Vec<_>> = pieces("{{a{0}b{1 , -5 :F2}}}").collect();
        let expected = vec![
            Piece::Text("{"),
            Piece::Text("a"),
            Piece::Hole { index: 0, alignment: 0, format: "" },
            Piece::Text("b"),
            Piece::Hole { index: 1, alignment: -5, format: "F2" },
            Piece::Text("}"),
        ];
        assert_eq!(all, Ok(expected));
    }

    #[test]
    fn refuses_lone_braces() {
        for bad in ["{", "}", "{0", "{a}", "{}", "{-1}", "{0:", "{0,}", "{9999999}", "{ 0}"] {
            assert!(pieces(bad).any(|piece| piece.is_err()), "{bad}");
        }
    }

    #[test]
    fn aligns_by_utf16_units() {
        assert_eq!(align("ab", 4), "  ab");
        assert_eq!(align("😀", -4), "😀  ");
        assert_eq!(align("abc", 2), "abc");
    }

    proptest! {
        #[test]
        fn never_panics(text in "[{}0-9,:a -]{0,20}") {
            let _ = pieces(&text).count();
        }
    }
}
