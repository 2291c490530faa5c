//! The text of values in JSON: numbers, ISO dates, base64, escapes.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::expr::dotnet::{DateTime, DateTimeKind, DateTimeOffset, Guid, TimeSpan, number};

pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let packed: String = text.chars().filter(|c| !matches!(c, ' ' | '\t' | '\r' | '\n')).collect();
    STANDARD.decode(packed).ok()
}

/// The shortest text that reads back as the number, in .NET's notation.
pub(crate) fn double(value: f64) -> String {
    match value.abs() {
        // Rust and .NET agree where neither uses an exponent.
        size if size == 0.0 || (1e-4..1e16).contains(&size) => value.to_string(),
        f64::INFINITY => infinity(value > 0.0),
        _ => number::to_text(number::Number::Double(value)),
    }
}

/// As [`double`], for `System.Single`.
pub(crate) fn single(value: f32) -> String {
    if value.is_infinite() { infinity(value > 0.0) } else { number::to_text(number::Number::Single(value)) }
}

/// In the invariant culture.
fn infinity(positive: bool) -> String {
    if positive { "Infinity" } else { "-Infinity" }.to_owned()
}

/// A number's text with `.0` when it shows neither point nor exponent.
pub(super) fn with_point(text: String) -> String {
    if text.contains(['.', 'E', 'e']) || text.ends_with(['N', 'y']) { text } else { text + ".0" }
}

/// `2024-03-05T14:07:09.12Z`: fraction without trailing zeros, zone by the kind.
pub(crate) fn iso_date(date: DateTime, out: &mut String) {
    clock(date, out);
    match date.kind() {
        DateTimeKind::Utc => out.push('Z'),
        DateTimeKind::Local => out.push_str("+00:00"),
        DateTimeKind::Unspecified => {}
    }
}

/// `2024-03-05T14:07:09+02:00`.
pub(crate) fn iso_date_offset(date: DateTimeOffset, out: &mut String) {
    clock(date.clock(), out);
    let minutes = date.offset().ticks() / 600_000_000;
    let sign = if minutes < 0 { '-' } else { '+' };
    let _ = write!(out, "{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60);
}

fn clock(date: DateTime, out: &mut String) {
    let (year, month, day) = date.year_month_day();
    let (hour, minute, second) = (date.hour(), date.minute(), date.second());
    let _ = write!(out, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    let fraction = date.ticks() % 10_000_000;
    if fraction != 0 {
        out.push_str(format!(".{fraction:07}").trim_end_matches('0'));
    }
}

/// `[-][d.]hh:mm:ss[.fffffff]`.
pub(crate) fn time_span(span: TimeSpan) -> String {
    span.format("c").unwrap_or_default()
}

/// `0f8fad5b-d9cb-469f-a165-70867728950e`.
pub(crate) fn guid(guid: Guid) -> String {
    guid.format("D").unwrap_or_default()
}

/// Text between quotation marks, escaped as Json.NET does by default.
pub(crate) fn quoted(text: &str, out: &mut String) {
    out.push('"');
    let mut from = 0;
    for (at, c) in text.char_indices() {
        if c >= ' ' && !matches!(c, '"' | '\\' | '\u{85}' | '\u{2028}' | '\u{2029}') {
            continue;
        }
        out.push_str(text.get(from..at).unwrap_or_default());
        from = at + c.len_utf8();
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            other => {
                let _ = write!(out, "\\u{:04x}", other as u32);
            }
        }
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out.push('"');
}

/// A string that Json.NET reads as a date: ISO 8601 with date and time, or `/Date(ms)/`.
pub(crate) fn read_date(text: &str) -> Option<DateTime> {
    let bytes = text.as_bytes();
    match bytes.first()? {
        b'/' => microsoft_date(text),
        b'0'..=b'9' if (19..=40).contains(&bytes.len()) => {
            let (clock, zone) = read_iso(bytes)?;
            match zone {
                Zone::None => Some(clock),
                Zone::Utc => Some(clock.with_kind(DateTimeKind::Utc)),
                Zone::Offset(minutes) => {
                    let ticks = clock.ticks() - minutes * 600_000_000;
                    let ticks = ticks.clamp(0, DateTime::MAX.ticks());
                    DateTime::new(ticks, DateTimeKind::Local).ok()
                }
            }
        }
        _ => None,
    }
}

enum Zone {
    None,
    Utc,
    /// Minutes east of UTC.
    Offset(i64),
}

fn digits(bytes: &[u8], start: usize, len: usize) -> Option<i64> {
    bytes.get(start..start + len)?.iter().try_fold(0, |value: i64, b| match b {
        b'0'..=b'9' => Some(value * 10 + i64::from(b - b'0')),
        _ => None,
    })
}

fn read_iso(b: &[u8]) -> Option<(DateTime, Zone)> {
    let date = DateTime::from_date(digits(b, 0, 4)?, digits(b, 5, 2)?, digits(b, 8, 2)?).ok()?;
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if marks.iter().any(|(at, mark)| b.get(*at) != Some(mark)) {
        return None;
    }
    let (hour, minute, second) = (digits(b, 11, 2)?, digits(b, 14, 2)?, digits(b, 17, 2)?);
    if hour > 24 || minute > 59 || second > 59 || (hour == 24 && (minute, second) != (0, 0)) {
        return None;
    }
    let mut at = 19;
    let mut fraction = 0;
    if b.get(at) == Some(&b'.') {
        let count = b.iter().skip(at + 1).take(7).take_while(|b| b.is_ascii_digit()).count();
        if count == 0 {
            return None;
        }
        fraction = digits(b, at + 1, count)? * 10_i64.pow(7 - count as u32);
        at += 1 + count;
        if hour == 24 && fraction != 0 {
            return None;
        }
    }
    let seconds = hour * 3600 + minute * 60 + second;
    let clock = date.add_ticks(seconds * 10_000_000 + fraction).ok()?;
    Some((clock, read_zone(b.get(at..)?)?))
}

fn read_zone(zone: &[u8]) -> Option<Zone> {
    let (sign, rest) = match zone {
        [] => return Some(Zone::None),
        [b'Z' | b'z'] => return Some(Zone::Utc),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let hours = digits(rest, 0, 2)?;
    let minutes = match rest.get(2..)? {
        [] | [b':'] => 0,
        [b':', digits @ ..] | digits if digits.len() == 2 => self::digits(digits, 0, 2)?,
        _ => return None,
    };
    Some(Zone::Offset(sign * (hours * 60 + minutes)))
}

fn microsoft_date(text: &str) -> Option<DateTime> {
    let inner = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    let offset = inner.char_indices().skip(1).find(|(_, c)| matches!(c, '+' | '-')).map(|(at, _)| at);
    let (milliseconds, kind) = match offset {
        Some(at) => {
            digits(inner.as_bytes(), at + 1, 2)?;
            (inner.get(..at)?, DateTimeKind::Local)
        }
        None => (inner, DateTimeKind::Utc),
    };
    let ticks = milliseconds.parse::<i64>().ok()?.checked_mul(10_000)?;
    let date = DateTime::from_unix(0, 0).add_ticks(ticks).ok()?;
    Some(date.with_kind(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_doubles_as_dotnet() {
        for (value, text) in [
            (1.0, "1"),
            (100.0, "100"),
            (1e16, "10000000000000000"),
            (1e17, "1E+17"),
            (123456789012345680.0, "1.2345678901234568E+17"),
            (1e-5, "1E-05"),
            (0.0001, "0.0001"),
            (-0.5, "-0.5"),
            (-0.0, "-0"),
            (12.25, "12.25"),
            (f64::NEG_INFINITY, "-Infinity"),
        ] {
            assert_eq!(double(value), text);
        }
        assert_eq!(single(1e9), "1E+09");
    }

    #[test]
    fn detects_dates() {
        for (text, printed) in [
            ("2024-03-05T14:07:09", Some("2024-03-05T14:07:09")),
            ("2024-03-05T14:07:09.120Z", Some("2024-03-05T14:07:09.12Z")),
            ("2024-03-05T14:07:09+02:00", Some("2024-03-05T12:07:09+00:00")),
            ("2024-03-05T24:00:00Z", Some("2024-03-06T00:00:00Z")),
            ("/Date(1198908717056)/", Some("2007-12-29T06:11:57.056Z")),
            ("2024-03-05", None),
            ("2024-03-05 14:07:09", None),
            ("2024-02-30T14:07:09", None),
            ("2024-03-05T14:07:09.12345678", None),
            ("2024-03-05T14:07:09+2:00", None),
            ("/Date(x)/", None),
        ] {
            let read = read_date(text).map(|date| {
                let mut out = String::new();
                iso_date(date, &mut out);
                out
            });
            assert_eq!(read.as_deref(), printed, "{text}");
        }
    }
}
