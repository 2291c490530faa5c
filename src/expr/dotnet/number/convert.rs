//! Conversions between numeric types, checked and unchecked, and numbers in base 2, 8, 10 and 16.

use super::super::Decimal;
use super::super::exception::{Exception, Result};
use super::parse::{IntegerType, integer};

/// An integer cast in an unchecked context: keeps the low bits.
pub fn wrap(value: i128, kind: IntegerType) -> i128 {
    let mask = (1i128 << kind.bits) - 1;
    let low = value & mask;
    if kind.min < 0 && low > kind.max { low - mask - 1 } else { low }
}

/// A real number cast to an integer in an unchecked context: cuts toward zero; out of range is the lowest value.
pub fn double_to_integer(value: f64, kind: IntegerType) -> i128 {
    let cut = value.trunc();
    if !cut.is_finite() {
        return out_of_range_cast(kind);
    }
    if kind.bits < 32 {
        let wide = double_to_integer(value, IntegerType::INT32);
        return wrap(wide, kind);
    }
    let whole = cut as i128;
    if (kind.min..=kind.max).contains(&whole) { whole } else { out_of_range_cast(kind) }
}

fn out_of_range_cast(kind: IntegerType) -> i128 {
    wrap(1 << (kind.bits - 1).max(31), kind)
}

/// A real number cast to an integer in a checked context.
pub fn double_to_integer_checked(value: f64, kind: IntegerType) -> Result<i128> {
    let cut = value.trunc();
    if !cut.is_finite() || cut.abs() > 1e30 {
        return Err(Exception::arithmetic_overflow());
    }
    kind.check(cut as i128).map_err(|_| Exception::arithmetic_overflow())
}

/// `Convert.ToInt32(double)` and its kin: half to even.
pub fn round_double_to_integer(value: f64, kind: IntegerType) -> Result<i128> {
    let rounded = value.round_ties_even();
    if !rounded.is_finite() || rounded.abs() > 1e30 {
        return Err(kind.overflow());
    }
    kind.check(rounded as i128)
}

/// `Convert.ToInt32(decimal)` and its kin: half to even.
pub fn round_decimal_to_integer(value: Decimal, kind: IntegerType) -> Result<i128> {
    kind.check(value.round_dp(0).mantissa())
}

/// A decimal cast to an integer: cuts toward zero, always checked.
pub fn decimal_to_integer(value: Decimal, kind: IntegerType) -> Result<i128> {
    let whole = value.trunc();
    kind.check(whole.mantissa())
}

/// An integer as a decimal.
pub fn integer_to_decimal(value: i128) -> Result<Decimal> {
    Decimal::try_from_i128_with_scale(value, 0).map_err(|_| decimal_overflow())
}

/// A double cast to decimal: 15 significant digits.
pub fn double_to_decimal(value: f64) -> Result<Decimal> {
    real_to_decimal(value, 15)
}

/// A float cast to decimal: 7 significant digits.
pub fn single_to_decimal(value: f32) -> Result<Decimal> {
    real_to_decimal(f64::from(value), 7)
}

fn decimal_overflow() -> Exception {
    Exception::overflow("Value was either too large or too small for a Decimal.")
}

fn real_to_decimal(value: f64, count: usize) -> Result<Decimal> {
    if !value.is_finite() {
        return Err(decimal_overflow());
    }
    let text = format!("{:.*e}", count - 1, value);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let mut digits: i128 = mantissa.replace('.', "").parse().map_err(|_| decimal_overflow())?;
    let mut scale = count as i32 - 1 - exponent.parse::<i32>().unwrap_or(0);
    while scale > 0 && digits % 10 == 0 && digits != 0 {
        digits /= 10;
        scale -= 1;
    }
    if digits == 0 || scale > 28 + count as i32 {
        return Ok(Decimal::ZERO);
    }
    while scale > 28 {
        let last = digits % 10;
        digits = digits / 10
            + if last >= 5 {
                1
            } else if last <= -5 {
                -1
            } else {
                0
            };
        scale -= 1;
    }
    while scale < 0 {
        digits = digits.checked_mul(10).ok_or_else(decimal_overflow)?;
        scale += 1;
    }
    Decimal::try_from_i128_with_scale(digits, scale as u32)
        .map_err(|_| decimal_overflow())
        .map(|value| if value.is_zero() { Decimal::ZERO } else { value })
}

/// A decimal as the nearest double.
pub fn decimal_to_double(value: Decimal) -> f64 {
    value.to_string().parse().unwrap_or(f64::NAN)
}

fn bad_base() -> Exception {
    Exception::argument("Invalid Base.")
}

/// `Convert.ToInt32(text, radix)` and its kin; base 2, 8 and 16 are two's complement.
pub fn parse_radix(text: &str, radix: i64, kind: IntegerType) -> Result<i128> {
    let digits = match radix {
        10 if !text.is_empty() => return parse_base_ten(text, kind),
        16 => text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")).unwrap_or(text),
        2 | 8 | 10 => text,
        _ => return Err(bad_base()),
    };
    if digits.is_empty() {
        return if text.is_empty() {
            Err(Exception::out_of_range(
                "Index was out of range. Must be non-negative and less than the size of the collection.",
            ))
        } else {
            Err(Exception::format("Could not find any recognizable digits."))
        };
    }
    if digits.starts_with('-') {
        return Err(Exception::argument("String cannot contain a minus sign if the base is not 10."));
    }
    let mut value: i128 = 0;
    for (index, c) in digits.chars().enumerate() {
        let Some(digit) = c.to_digit(radix as u32) else {
            return Err(Exception::format(if index == 0 {
                "Could not find any recognizable digits."
            } else {
                "Additional non-parsable characters are at the end of the string."
            }));
        };
        value = value * radix as i128 + i128::from(digit);
        if value >> kind.bits != 0 {
            return Err(kind.overflow());
        }
    }
    Ok(wrap(value, kind))
}

fn parse_base_ten(text: &str, kind: IntegerType) -> Result<i128> {
    if kind.min == 0 && text.starts_with('-') {
        return Err(Exception::overflow(
            "The string was being parsed as an unsigned number and could not have a negative sign.",
        ));
    }
    integer(text, kind).map_err(|error| match error.class {
        "System.FormatException" => Exception::format("Could not find any recognizable digits."),
        _ => error,
    })
}

/// `Convert.ToString(value, radix)`; base 2, 8 and 16 are two's complement, lower case.
pub fn to_radix(value: i128, radix: i64, kind: IntegerType) -> Result<String> {
    let mut rest = match radix {
        10 => return Ok(value.to_string()),
        2 | 8 | 16 => (value & ((1i128 << kind.bits) - 1)) as u64,
        _ => return Err(bad_base()),
    };
    let radix = radix as u64;
    let mut digits = Vec::new();
    loop {
        digits.extend(char::from_digit((rest % radix) as u32, radix as u32));
        rest /= radix;
        if rest == 0 {
            return Ok(digits.iter().rev().collect());
        }
    }
}
