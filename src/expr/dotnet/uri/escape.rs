//! Percent-encoding as `System.Uri` does it.

use super::super::web_utility::hex_pair;

/// Which characters `escape` leaves alone.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Keep {
    /// Unreserved and reserved characters, and valid escapes.
    Uri,
    /// As `Uri`, but `?`, `#` and `%` are part of a name.
    FilePath,
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~')
}

fn is_reserved(byte: u8) -> bool {
    b":/?#[]@!$&'()*+,;=".contains(&byte)
}

/// `Uri.EscapeDataString`.
pub fn escape_data(text: &str) -> String {
    escape_where(text, |_, byte| is_unreserved(byte))
}

/// `Uri.EscapeUriString`.
pub fn escape_uri(text: &str) -> String {
    escape_where(text, |_, byte| is_unreserved(byte) || is_reserved(byte))
}

/// Escapes a part of a URI; an escaped unreserved character becomes the character.
pub(super) fn escape(text: &str, keep: Keep) -> String {
    let bytes = text.as_bytes();
    let escaped = escape_where(text, |at, byte| match byte {
        b'%' => keep == Keep::Uri && hex_pair(bytes, at + 1).is_some(),
        b'?' | b'#' => keep == Keep::Uri,
        _ => is_unreserved(byte) || is_reserved(byte),
    });
    unescape_where(&escaped, |c| u8::try_from(c).is_ok_and(is_unreserved))
}

/// `Uri.UnescapeDataString`: bad escapes and escapes that are no UTF-8 are kept.
pub fn unescape_data(text: &str) -> String {
    unescape_where(text, |_| true)
}

/// What `ToString()` shows: reserved characters, `%` and controls stay escaped.
pub(super) fn for_display(text: &str) -> String {
    unescape_where(text, |c| match u8::try_from(c) {
        Ok(byte) if byte.is_ascii() => !is_reserved(byte) && byte != b'%' && byte != b'\\' && !byte.is_ascii_control(),
        _ => !c.is_control() && !matches!(c, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}'),
    })
}

fn escape_where(text: &str, keeps: impl Fn(usize, u8) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, byte) in text.bytes().enumerate() {
        if keeps(at, byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(hex_digit(byte >> 4));
            out.push(hex_digit(byte & 15));
        }
    }
    out
}

fn hex_digit(value: u8) -> char {
    char::from(if value < 10 { b'0' + value } else { b'A' - 10 + value })
}

/// Decodes runs of escapes as UTF-8 and replaces the characters that `decodes` accepts.
fn unescape_where(text: &str, decodes: impl Fn(char) -> bool) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(percent) = rest.find('%') {
        out.push_str(&rest[..percent]);
        let start = text.len() - rest.len() + percent;
        let mut run = Vec::new();
        while bytes.get(start + run.len() * 3) == Some(&b'%') {
            let Some(byte) = hex_pair(bytes, start + run.len() * 3 + 1) else { break };
            run.push(byte);
        }
        if run.is_empty() {
            out.push('%');
            rest = &text[start + 1..];
            continue;
        }
        let mut at = start;
        for chunk in run.utf8_chunks() {
            for c in chunk.valid().chars() {
                let length = c.len_utf8() * 3;
                if decodes(c) {
                    out.push(c);
                } else {
                    out.push_str(&text[at..at + length]);
                }
                at += length;
            }
            let length = chunk.invalid().len() * 3;
            out.push_str(&text[at..at + length]);
            at += length;
        }
        rest = &text[at..];
    }
    out.push_str(rest);
    out
}
