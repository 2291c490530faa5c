//! Text to numbers, by the styles that `Parse` uses by default.

use std::str::FromStr;

use super::super::Decimal;
use super::super::exception::{Exception, Result};

/// An integer type: its range, and the words of its overflow message.
#[derive(Debug, Clone, Copy)]
pub struct IntegerType {
    /// Smallest value.
    pub min: i128,
    /// Largest value.
    pub max: i128,
    /// As in `Value was either too large or too small for an Int32.`
    pub words: &'static str,
    /// Width in bits.
    pub bits: u32,
}

macro_rules! integer_types {
    ($($name:ident $rust:ty, $words:literal;)*) => {
        impl IntegerType {
            $(
                #[doc = concat!("The type of .NET that is Rust's `", stringify!($rust), "`.")]
                pub const $name: Self = Self {
                    min: <$rust>::MIN as i128, max: <$rust>::MAX as i128, words: $words, bits: <$rust>::BITS,
                };
            )*
        }
    };
}

integer_types! {
    SBYTE i8, "a signed byte";
    BYTE u8, "an unsigned byte";
    INT16 i16, "an Int16";
    UINT16 u16, "a UInt16";
    INT32 i32, "an Int32";
    UINT32 u32, "a UInt32";
    INT64 i64, "an Int64";
    UINT64 u64, "a UInt64";
}

impl IntegerType {
    /// The `OverflowException` of a value outside this type.
    pub fn overflow(&self) -> Exception {
        Exception::overflow(format!("Value was either too large or too small for {}.", self.words))
    }

    /// `value` when it is in range.
    pub fn check(&self, value: i128) -> Result<i128> {
        if (self.min..=self.max).contains(&value) { Ok(value) } else { Err(self.overflow()) }
    }
}

/// What `NumberStyles` allows beyond digits, white space around and a sign in front.
#[derive(Clone, Copy)]
struct Style {
    trailing_sign: bool,
    point: bool,
    exponent: bool,
    groups: bool,
}

const INTEGER: Style = Style { trailing_sign: false, point: false, exponent: false, groups: false };
const NUMBER: Style = Style { trailing_sign: true, point: true, exponent: false, groups: true };
const FLOAT: Style = Style { trailing_sign: false, point: true, exponent: true, groups: true };

/// `int.Parse` and its kin.
pub fn integer(text: &str, kind: IntegerType) -> Result<i128> {
    let plain = scan(text, INTEGER).ok_or_else(Exception::bad_input)?;
    match plain.parse::<i128>() {
        Ok(value) => kind.check(value),
        Err(_) => Err(kind.overflow()),
    }
}

/// `double.Parse`.
pub fn double(text: &str) -> Result<f64> {
    if let Some(value) = named_double(text) {
        return Ok(value);
    }
    let plain = scan(text, FLOAT).ok_or_else(Exception::bad_input)?;
    plain.parse().map_err(|_| Exception::bad_input())
}

/// `float.Parse`.
pub fn single(text: &str) -> Result<f32> {
    if let Some(value) = named_double(text) {
        return Ok(value as f32);
    }
    let plain = scan(text, FLOAT).ok_or_else(Exception::bad_input)?;
    plain.parse().map_err(|_| Exception::bad_input())
}

/// `decimal.Parse`: keeps the scale.
pub fn decimal(text: &str) -> Result<Decimal> {
    let plain = scan(text, NUMBER).ok_or_else(Exception::bad_input)?;
    Decimal::from_str(&plain).map_err(|_| Exception::overflow("Value was either too large or too small for a Decimal."))
}

/// `bool.Parse`.
pub fn boolean(text: &str) -> Result<bool> {
    let word = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
    if word.eq_ignore_ascii_case("true") {
        Ok(true)
    } else if word.eq_ignore_ascii_case("false") {
        Ok(false)
    } else {
        Err(Exception::format(format!("String '{text}' was not recognized as a valid Boolean.")))
    }
}

fn named_double(text: &str) -> Option<f64> {
    let word = text.trim();
    let (sign, name) = match word.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, word.strip_prefix('+').unwrap_or(word)),
    };
    if name == "∞" || name.eq_ignore_ascii_case("infinity") {
        Some(sign * f64::INFINITY)
    } else if name.eq_ignore_ascii_case("nan") {
        Some(f64::NAN)
    } else {
        None
    }
}

fn is_white(c: char) -> bool {
    c == ' ' || ('\t'..='\r').contains(&c)
}

/// The number in `text` as Rust writes it, without white space and group separators.
fn scan(text: &str, style: Style) -> Option<String> {
    let text = text.trim_end_matches('\0').trim_matches(is_white);
    let mut rest = text;
    let mut plain = String::with_capacity(text.len() + 1);
    let mut signed = false;
    if let Some(after) = rest.strip_prefix(['-', '+']) {
        signed = true;
        if rest.starts_with('-') {
            plain.push('-');
        }
        rest = after;
    }
    let (mut digits, mut point) = (false, false);
    while let Some(c) = rest.chars().next() {
        match c {
            '0'..='9' => {
                digits = true;
                plain.push(c);
            }
            '.' if style.point && !point => {
                point = true;
                plain.push_str(if digits { "." } else { "0." });
            }
            ',' if style.groups && !point => {}
            _ => break,
        }
        rest = &rest[c.len_utf8()..];
    }
    if !digits {
        return None;
    }
    if plain.ends_with('.') {
        plain.pop();
    }
    if style.exponent
        && let Some(after) = rest.strip_prefix(['e', 'E'])
    {
        let number = after.strip_prefix(['-', '+']).unwrap_or(after);
        let length = number.bytes().take_while(u8::is_ascii_digit).count();
        if length > 0 {
            plain.push('e');
            plain.push_str(if after.starts_with('-') { "-" } else { "" });
            plain.push_str(&number[..length]);
            rest = &number[length..];
        }
    }
    if style.trailing_sign && !signed {
        rest = rest.trim_start_matches(is_white);
        if let Some(after) = rest.strip_prefix(['-', '+']) {
            if rest.starts_with('-') {
                plain.insert(0, '-');
            }
            rest = after;
        }
    }
    rest.is_empty().then_some(plain)
}
