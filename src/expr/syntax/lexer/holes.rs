//! Where the holes of interpolated strings begin and end.

use std::ops::Range;

use super::{MAX_NESTING, width};

/// The end of the text of an interpolated string, after its quote.
pub(super) fn scan_text(source: &str, mut at: usize, end: usize, verbatim: bool, depth: u8) -> Option<usize> {
    let bytes = source.as_bytes();
    let doubled = |at: usize| at + 1 < end && bytes[at + 1] == bytes[at];
    while at < end {
        match bytes[at] {
            b'"' if verbatim && doubled(at) => at += 2,
            b'"' => return Some(at + 1),
            b'{' | b'}' if doubled(at) => at += 2,
            b'{' => at = hole_at(source, at + 1, end, depth)? + 1,
            b'\n' | b'\r' if !verbatim => return None,
            b'\\' if !verbatim => at += 1 + width(source, at + 1),
            _ => at += width(source, at),
        }
    }
    None
}

/// The expressions in the holes of an interpolated string whose text is `source[at..end]`, closing quote included.
pub(super) fn expressions(source: &str, mut at: usize, end: usize, verbatim: bool) -> Vec<Range<usize>> {
    let bytes = source.as_bytes();
    let mut found = Vec::new();
    while at < end {
        match bytes[at] {
            b'{' | b'}' if at + 1 < end && bytes[at + 1] == bytes[at] => at += 2,
            b'{' => {
                let Some(close) = hole(source, at + 1, end) else { break };
                found.push(at + 1..hole_colon(source, at + 1, close).unwrap_or(close));
                at = close + 1;
            }
            b'\\' if !verbatim => at += 1 + width(source, at + 1),
            _ => at += width(source, at),
        }
    }
    found
}

/// The brace that closes the hole whose text starts at `at`.
pub(in crate::expr::syntax) fn hole(source: &str, at: usize, end: usize) -> Option<usize> {
    hole_at(source, at, end, 0)
}

/// The colon before the format of the hole from `at` to `close`.
pub(in crate::expr::syntax) fn hole_colon(source: &str, at: usize, close: usize) -> Option<usize> {
    let colon = scan_hole(source, at, close, 0)?;
    (source.as_bytes().get(colon) == Some(&b':')).then_some(colon)
}

fn hole_at(source: &str, at: usize, end: usize, depth: u8) -> Option<usize> {
    let stop = scan_hole(source, at, end, depth)?;
    let bytes = source.as_bytes();
    let mut at = stop;
    if bytes[stop] == b':' {
        while at < end && (bytes[at] != b'}' || (at + 1 < end && bytes[at + 1] == b'}' && bytes[at - 1] != b':')) {
            at += if bytes[at] == b'}' { 2 } else { 1 };
        }
    }
    (at < end).then_some(at)
}

/// The brace that closes a hole, or the colon before its format.
fn scan_hole(source: &str, mut at: usize, end: usize, depth: u8) -> Option<usize> {
    if depth > MAX_NESTING {
        return None;
    }
    let bytes = source.as_bytes();
    let byte = |at: usize| if at < end { bytes[at] } else { 0 };
    let mut level = 0u32;
    while at < end {
        match bytes[at] {
            b'"' => at = skip_plain(source, at + 1, end, false)?,
            b'\'' => at = skip_char(bytes, at, end),
            b'@' if byte(at + 1) == b'"' => at = skip_plain(source, at + 2, end, true)?,
            b'$' if byte(at + 1) == b'"' => at = scan_text(source, at + 2, end, false, depth + 1)?,
            b'$' if byte(at + 1) == b'@' && byte(at + 2) == b'"' => {
                at = scan_text(source, at + 3, end, true, depth + 1)?
            }
            b'@' if byte(at + 1) == b'$' && byte(at + 2) == b'"' => {
                at = scan_text(source, at + 3, end, true, depth + 1)?
            }
            b'/' if byte(at + 1) == b'*' => at += 4 + source.get(at + 2..end)?.find("*/")?,
            b'(' | b'[' | b'{' => {
                level += 1;
                at += 1;
            }
            b'}' | b':' if level == 0 => return Some(at),
            b')' | b']' | b'}' => {
                level = level.saturating_sub(1);
                at += 1;
            }
            _ => at += width(source, at),
        }
    }
    None
}

/// The end of a string without holes, after its quote.
fn skip_plain(source: &str, mut at: usize, end: usize, verbatim: bool) -> Option<usize> {
    let bytes = source.as_bytes();
    while at < end {
        match bytes[at] {
            b'"' if verbatim && at + 1 < end && bytes[at + 1] == b'"' => at += 2,
            b'"' => return Some(at + 1),
            b'\\' if !verbatim => at += 1 + width(source, at + 1),
            _ => at += width(source, at),
        }
    }
    None
}

/// The end of a character literal; a quote alone is passed over.
fn skip_char(bytes: &[u8], at: usize, end: usize) -> usize {
    let mut close = at + 1;
    while close < end && close < at + 12 {
        match bytes[close] {
            b'\\' => close += 2,
            b'\'' if close > at + 1 => return close + 1,
            _ => close += 1,
        }
    }
    at + 1
}
