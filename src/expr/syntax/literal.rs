//! The values of literals.

use super::Span;
use crate::expr::diagnostic::Diagnostic;
use crate::expr::dotnet::Decimal;
use crate::expr::value::{Str, Value};

/// An integer literal: the first of int, uint, long, ulong that holds it.
pub(super) fn integer(text: &str, span: Span, negated: bool) -> Result<Value, Diagnostic> {
    let clean: String = text.chars().filter(|c| *c != '_').collect();
    let lower = clean.to_ascii_lowercase();
    let digits = lower.trim_end_matches(['u', 'l']);
    let suffix = &lower[digits.len()..];
    let (radix, digits) = if let Some(hex) = digits.strip_prefix("0x") {
        (16, hex)
    } else if let Some(binary) = digits.strip_prefix("0b") {
        (2, binary)
    } else {
        (10, digits)
    };
    let (unsigned, long) = match suffix {
        "" => (false, false),
        "u" => (true, false),
        "l" => (false, true),
        "ul" | "lu" => (true, true),
        _ => return Err(span.error("CS1013", "Invalid number")),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) || text.ends_with('_') {
        return Err(span.error("CS1013", "Invalid number"));
    }
    let Ok(value) = u64::from_str_radix(digits, radix) else {
        return Err(span.error("CS1021", "Integral constant is too large"));
    };
    if negated && radix == 10 && !unsigned {
        if value == 1 << 31 && !long {
            return Ok(Value::Int(i32::MIN));
        }
        if value == 1 << 63 {
            return Ok(Value::Long(i64::MIN));
        }
    }
    Ok(match (unsigned, long) {
        (false, false) if value <= i32::MAX as u64 => Value::Int(value as i32),
        (_, false) if value <= u64::from(u32::MAX) => Value::UInt(value as u32),
        (false, _) if value <= i64::MAX as u64 => Value::Long(value as i64),
        _ => Value::ULong(value),
    })
}

/// A literal with a point, an exponent or a suffix of reals.
pub(super) fn real(text: &str, span: Span) -> Result<Value, Diagnostic> {
    let clean: String = text.chars().filter(|c| *c != '_').collect();
    let bad = || span.error("CS1013", "Invalid number");
    let too_large = |ty| span.error("CS0594", format!("Floating-point constant is outside the range of type '{ty}'"));
    let (digits, suffix) = match clean.as_bytes().last() {
        Some(b'f' | b'F' | b'd' | b'D' | b'm' | b'M') => clean.split_at(clean.len() - 1),
        _ => (clean.as_str(), ""),
    };
    Ok(match suffix {
        "f" | "F" => {
            let value: f32 = digits.parse().map_err(|_| bad())?;
            if value.is_infinite() {
                return Err(too_large("float"));
            }
            Value::Float(value)
        }
        "m" | "M" => Value::Decimal(decimal(digits).ok_or_else(|| too_large("decimal"))?),
        _ => {
            let value: f64 = digits.parse().map_err(|_| bad())?;
            if value.is_infinite() {
                return Err(too_large("double"));
            }
            Value::Double(value)
        }
    })
}

/// A decimal with its scale; rounded to 28 digits after the point.
fn decimal(text: &str) -> Option<Decimal> {
    if text.contains(['e', 'E']) {
        let (mantissa, exponent) = text.split_once(['e', 'E'])?;
        let exponent: i32 = exponent.parse().ok()?;
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        let scale = fraction.len() as i32 - exponent;
        if scale <= 0 {
            let zeros = usize::try_from(-scale).ok().filter(|n| *n <= 29)?;
            return Decimal::from_str_exact(&format!("{digits}{}", "0".repeat(zeros))).ok();
        }
        let scale = usize::try_from(scale).ok().filter(|n| *n <= 60)?;
        let padded = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = padded.split_at(padded.len() - scale);
        return decimal(&format!("{whole}.{fraction}"));
    }
    Decimal::from_str_exact(text).or_else(|_| text.parse()).ok()
}

/// The units that an escape stands for; the cursor is after the backslash.
fn escape(
    chars: &mut std::iter::Peekable<std::str::Chars<'_>>,
    span: Span,
    out: &mut Vec<u16>,
) -> Result<(), Diagnostic> {
    let bad = || span.error("CS1009", "Unrecognized escape sequence");
    let simple = match chars.next().ok_or_else(bad)? {
        '\'' => '\'',
        '"' => '"',
        '\\' => '\\',
        '0' => '\0',
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        'x' => {
            out.push(hex(chars, 1, 4).ok_or_else(bad)? as u16);
            return Ok(());
        }
        'u' => {
            out.push(hex(chars, 4, 4).ok_or_else(bad)? as u16);
            return Ok(());
        }
        'U' => {
            let c = hex(chars, 8, 8).and_then(char::from_u32).ok_or_else(bad)?;
            out.extend(c.encode_utf16(&mut [0; 2]).iter());
            return Ok(());
        }
        _ => return Err(bad()),
    };
    out.push(simple as u16);
    Ok(())
}

fn hex(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, least: usize, most: usize) -> Option<u32> {
    let mut value = 0u32;
    let mut count = 0;
    while count < most {
        let Some(digit) = chars.peek().and_then(|c| c.to_digit(16)) else { break };
        value = value.wrapping_mul(16).wrapping_add(digit);
        chars.next();
        count += 1;
    }
    (count >= least).then_some(value)
}

/// The text between quotes, escapes resolved.
pub(super) fn text(inner: &str, span: Span) -> Result<Str, Diagnostic> {
    if !inner.contains('\\') {
        return Ok(inner.into());
    }
    let mut units = Vec::with_capacity(inner.len());
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        if c == '\\' {
            escape(&mut chars, span, &mut units)?;
        } else {
            units.extend(c.encode_utf16(&mut [0; 2]).iter());
        }
    }
    Ok(Str::from_utf16(&units))
}

/// The text of a verbatim literal.
pub(super) fn verbatim(inner: &str) -> Str {
    if inner.contains('"') { inner.replace("\"\"", "\"").into() } else { inner.into() }
}

/// A character literal with its quotes.
pub(super) fn character(literal: &str, span: Span) -> Result<Value, Diagnostic> {
    let inner = literal.get(1..literal.len().saturating_sub(1)).unwrap_or_default();
    if inner.is_empty() {
        return Err(span.error("CS1011", "Empty character literal"));
    }
    let units = text(inner, span)?.units();
    match units.as_slice() {
        [unit] => Ok(Value::Char(*unit)),
        _ => Err(span.error("CS1012", "Too many characters in character literal")),
    }
}
