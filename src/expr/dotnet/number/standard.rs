//! Standard numeric formats: one letter and a precision.

use super::digits::Digits;
use super::{Exception, Number, Result};

/// `NaN` and the infinities as en-US writes them.
pub(super) fn not_finite(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "∞"
    } else {
        "-∞"
    }
}

/// The default text of a floating-point number, scientific above `limit` integer digits.
pub(super) fn shortest(digits: &Digits, value: f64, limit: i32) -> String {
    if !value.is_finite() {
        return not_finite(value).to_owned();
    }
    general(digits, limit, 'E')
}

pub(super) fn format(number: Number, letter: char, precision: Option<usize>) -> Result<String> {
    let exponent_sign = if letter.is_ascii_lowercase() { 'e' } else { 'E' };
    let text = match letter.to_ascii_uppercase() {
        'D' => padded(number, precision.unwrap_or(1))?,
        'X' => hexadecimal(number, letter == 'x', precision.unwrap_or(1))?,
        'F' => fixed(&rounded(number, precision.unwrap_or(2)), precision.unwrap_or(2), false),
        'N' => fixed(&rounded(number, precision.unwrap_or(2)), precision.unwrap_or(2), true),
        'E' => scientific(number, precision.unwrap_or(6), exponent_sign),
        'P' => percent(number, precision.unwrap_or(2)),
        'C' => currency(number, precision.unwrap_or(2)),
        'G' => match precision {
            None | Some(0) => default_general(number, exponent_sign),
            Some(count) => {
                let mut digits = significant(number, count);
                digits.round(i32::try_from(count).unwrap_or(i32::MAX));
                general(&digits, i32::try_from(count).unwrap_or(i32::MAX), exponent_sign)
            }
        },
        'R' if matches!(number, Number::Double(_) | Number::Single(_)) => default_general(number, exponent_sign),
        _ => return Err(Exception::bad_specifier()),
    };
    Ok(text)
}

fn default_general(number: Number, exponent_sign: char) -> String {
    let text = super::to_text(number);
    if exponent_sign == 'e' { text.replace('E', "e") } else { text }
}

/// The number rounded to `count` digits after the point.
fn rounded(number: Number, count: usize) -> Digits {
    match number {
        Number::Double(value) => Digits::fixed(value, count),
        Number::Single(value) => Digits::fixed(f64::from(value), count),
        other => {
            let mut digits = Digits::exact(other);
            digits.round(digits.scale.saturating_add(i32::try_from(count).unwrap_or(i32::MAX)));
            digits
        }
    }
}

fn significant(number: Number, count: usize) -> Digits {
    match number {
        Number::Double(value) => Digits::significant(value, count),
        Number::Single(value) => Digits::significant(f64::from(value), count),
        other => Digits::exact(other),
    }
}

fn fixed(digits: &Digits, count: usize, grouped: bool) -> String {
    let mut text = String::from(if digits.negative { "-" } else { "" });
    if digits.scale <= 0 {
        text.push('0');
    }
    for index in 0..digits.scale.max(0) {
        text.push(digits.at(index));
        let left = digits.scale - 1 - index;
        if grouped && left > 0 && left % 3 == 0 {
            text.push(',');
        }
    }
    if count > 0 {
        text.push('.');
        text.extend((0..count as i32).map(|index| digits.at(digits.scale + index)));
    }
    text
}

fn percent(number: Number, count: usize) -> String {
    let mut digits = rounded(number, count + 2);
    if !digits.is_zero() {
        digits.scale += 2;
    }
    fixed(&digits, count, true) + "%"
}

fn currency(number: Number, count: usize) -> String {
    let text = fixed(&rounded(number, count), count, true);
    match text.strip_prefix('-') {
        Some(absolute) => format!("-${absolute}"),
        None => format!("${text}"),
    }
}

fn scientific(number: Number, count: usize, exponent_sign: char) -> String {
    let mut digits = significant(number, count + 1);
    digits.round(count as i32 + 1);
    let mut text = String::from(if digits.negative { "-" } else { "" });
    text.push(digits.at(0));
    if count > 0 {
        text.push('.');
        text.extend((1..=count as i32).map(|index| digits.at(index)));
    }
    let exponent = if digits.is_zero() { 0 } else { digits.scale - 1 };
    push_exponent(&mut text, exponent, exponent_sign, 3);
    text
}

fn general(digits: &Digits, limit: i32, exponent_sign: char) -> String {
    let mut text = String::from(if digits.negative { "-" } else { "" });
    let is_scientific = digits.scale > limit || digits.scale < -3;
    let point = if is_scientific { 1 } else { digits.scale };
    if point <= 0 {
        text.push('0');
    }
    text.extend((0..point).map(|index| digits.at(index)));
    let last = digits.digits.len() as i32;
    if last > point.max(0) || (point < 0 && last > 0) {
        text.push('.');
        text.extend((point..last).map(|index| digits.at(index)));
    }
    if is_scientific {
        push_exponent(&mut text, digits.scale - 1, exponent_sign, 2);
    }
    text
}

fn push_exponent(text: &mut String, exponent: i32, letter: char, width: usize) {
    text.push(letter);
    text.push(if exponent < 0 { '-' } else { '+' });
    text.push_str(&format!("{:0width$}", exponent.unsigned_abs()));
}

fn padded(number: Number, width: usize) -> Result<String> {
    match number {
        Number::Integer { value, .. } => {
            let sign = if value < 0 { "-" } else { "" };
            Ok(format!("{sign}{:0width$}", value.unsigned_abs()))
        }
        _ => Err(Exception::bad_specifier()),
    }
}

fn hexadecimal(number: Number, lower: bool, width: usize) -> Result<String> {
    match number {
        Number::Integer { value, bits } => {
            let value = value as u128 & (u128::MAX >> (128 - bits.clamp(1, 128)));
            Ok(if lower { format!("{value:0width$x}") } else { format!("{value:0width$X}") })
        }
        _ => Err(Exception::bad_specifier()),
    }
}
