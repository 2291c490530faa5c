//! `Math.Round` with digits and a rule for the middle.

use rust_decimal::RoundingStrategy;

use super::super::Decimal;
use super::super::exception::{Exception, Result};

/// `System.MidpointRounding`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Midpoint {
    /// 0
    ToEven,
    /// 1
    AwayFromZero,
    /// 2
    ToZero,
    /// 3
    ToNegativeInfinity,
    /// 4
    ToPositiveInfinity,
}

impl Midpoint {
    /// The member with the number `value`.
    pub fn from_number(value: i64) -> Result<Self> {
        Ok(match value {
            0 => Self::ToEven,
            1 => Self::AwayFromZero,
            2 => Self::ToZero,
            3 => Self::ToNegativeInfinity,
            4 => Self::ToPositiveInfinity,
            _ => {
                return Err(Exception::argument(format!(
                    "The value '{value}' is not valid for this usage of the type MidpointRounding. (Parameter 'mode')"
                )));
            }
        })
    }
}

/// `Math.Round(double, digits, mode)`.
pub fn round_double(value: f64, digits: i64, mode: Midpoint) -> Result<f64> {
    if !(0..=15).contains(&digits) {
        return Err(Exception::out_of_range(
            "Rounding digits must be between 0 and 15, inclusive. (Parameter 'digits')",
        ));
    }
    if value.is_nan() || value.abs() >= 1e16 {
        return Ok(value);
    }
    let power = 10f64.powi(digits as i32);
    let scaled = value * power;
    let rounded = match mode {
        Midpoint::ToEven => scaled.round_ties_even(),
        Midpoint::AwayFromZero => scaled.round(),
        Midpoint::ToZero => scaled.trunc(),
        Midpoint::ToNegativeInfinity => scaled.floor(),
        Midpoint::ToPositiveInfinity => scaled.ceil(),
    };
    Ok(rounded / power)
}

/// `Math.Round(decimal, digits, mode)`; does not add digits.
pub fn round_decimal(value: Decimal, digits: i64, mode: Midpoint) -> Result<Decimal> {
    if !(0..=28).contains(&digits) {
        return Err(Exception::out_of_range(
            "Decimal can only round to between 0 and 28 digits of precision. (Parameter 'decimals')",
        ));
    }
    let strategy = match mode {
        Midpoint::ToEven => RoundingStrategy::MidpointNearestEven,
        Midpoint::AwayFromZero => RoundingStrategy::MidpointAwayFromZero,
        Midpoint::ToZero => RoundingStrategy::ToZero,
        Midpoint::ToNegativeInfinity => RoundingStrategy::ToNegativeInfinity,
        Midpoint::ToPositiveInfinity => RoundingStrategy::ToPositiveInfinity,
    };
    Ok(value.round_dp_with_strategy(digits as u32, strategy))
}
