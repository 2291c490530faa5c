//! Numbers as Json.NET reads them: decimal, hexadecimal, octal, and integers of any size.

/// Integers with more digits are refused.
const MAX_DIGITS: usize = 380;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Number {
    Integer(i64),
    /// Digits without leading zeros.
    Big(String),
    Float(f64),
    TooLong,
}

pub(super) fn parse(digits: &str) -> Option<Number> {
    match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => return radix(digits.get(2..)?, 16),
        [b'0', second, ..] if !matches!(second, b'.' | b'e' | b'E') => return radix(digits, 8),
        _ => {}
    }
    let unsigned = digits.strip_prefix('-').unwrap_or(digits);
    if !unsigned.is_empty() && unsigned.bytes().all(|b| b.is_ascii_digit()) {
        return Some(match digits.parse() {
            Ok(value) => Number::Integer(value),
            Err(_) if unsigned.len() > MAX_DIGITS => Number::TooLong,
            Err(_) => {
                let sign = if unsigned.len() < digits.len() { "-" } else { "" };
                let significant = unsigned.trim_start_matches('0');
                Number::Big(format!("{sign}{significant}"))
            }
        });
    }
    let decimal = unsigned.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    if decimal { digits.parse().ok().map(Number::Float) } else { None }
}

/// As `Convert.ToInt64(text, radix)`: 64 bits, two's complement.
fn radix(digits: &str, radix: u32) -> Option<Number> {
    if digits.starts_with(['+', '-']) {
        return None;
    }
    u64::from_str_radix(digits, radix).ok().map(|bits| Number::Integer(bits as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers() {
        for (text, number) in [
            ("0", Some(Number::Integer(0))),
            ("-12", Some(Number::Integer(-12))),
            ("010", Some(Number::Integer(8))),
            ("0x1F", Some(Number::Integer(31))),
            ("0xFFFFFFFFFFFFFFFF", Some(Number::Integer(-1))),
            ("08", None),
            ("0x", None),
            ("1.", Some(Number::Float(1.0))),
            (".5", Some(Number::Float(0.5))),
            ("1e3", Some(Number::Float(1000.0))),
            ("0e1", Some(Number::Float(0.0))),
            ("-", None),
            ("1-2", None),
            ("abc", None),
            ("9223372036854775808", Some(Number::Big("9223372036854775808".to_owned()))),
        ] {
            assert_eq!(parse(text), number, "{text}");
        }
    }
}
