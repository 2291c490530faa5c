//! Numbers and dates of templates: conversions and arithmetic.

use super::value::Value;
use crate::expr::dotnet::number::convert::{decimal_to_double, double_to_decimal};
use crate::expr::dotnet::number::parse;
use crate::expr::dotnet::number::rounding::{Midpoint, round_decimal};
use crate::expr::dotnet::{DateTime, Decimal, TimeSpan, decimal};
use crate::expr::json::text::read_date;

/// What a filter does with two numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arithmetic {
    Plus,
    Minus,
    Times,
    DividedBy,
    Modulo,
}

impl Value {
    /// The number without a fraction, for counts and ranges.
    pub(super) fn to_whole(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            Self::Nil => Some(0),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Decimal(value) => i64::try_from(value.round()).ok(),
            Self::Double(value) if value.abs() < 9e18 => Some(value.round_ties_even() as i64),
            _ => None,
        }
    }

    pub(super) fn to_decimal(&self) -> Option<Decimal> {
        match self {
            Self::Int(value) => Some(Decimal::from(*value)),
            Self::Decimal(value) => Some(*value),
            Self::Double(value) => double_to_decimal(*value).ok(),
            Self::Text(text) => parse::decimal(text).ok(),
            Self::Hash(_) => parse::decimal(&self.to_text()).ok(),
            Self::Bool(value) => Some(Decimal::from(i64::from(*value))),
            _ => None,
        }
    }

    pub(super) fn to_double(&self) -> Option<f64> {
        match self {
            Self::Double(value) => Some(*value),
            Self::Text(text) => parse::double(text).ok(),
            Self::Hash(_) => parse::double(&self.to_text()).ok(),
            other => other.to_decimal().map(decimal_to_double),
        }
    }

    /// A date, or a text that says one.
    pub(super) fn to_date(&self) -> Option<DateTime> {
        match self {
            Self::Date(date) => Some(*date),
            Self::Text(_) | Self::Hash(_) => {
                let text = self.to_text();
                let today = DateTime::MIN;
                read_date(&text).or_else(|| DateTime::parse(&text, today, TimeSpan::ZERO).ok())
            }
            _ => None,
        }
    }

    /// The number that a text says, as DotLiquid's arithmetic reads it.
    fn to_number(&self) -> Option<Self> {
        match self {
            Self::Int(_) | Self::Decimal(_) | Self::Double(_) => Some(self.clone()),
            Self::Text(_) | Self::Hash(_) => {
                let text = self.to_text();
                let whole = text.trim().parse().ok().map(Self::Int);
                let number = whole.or_else(|| parse::decimal(&text).ok().map(Self::Decimal));
                number.or_else(|| parse::double(&text).ok().map(Self::Double))
            }
            _ => None,
        }
    }
}

/// Calculates; nil where an operand is nil or no number, an error where .NET throws.
pub(super) fn calculate(left: &Value, operation: Arithmetic, right: &Value) -> Result<Value, String> {
    let (Some(left), Some(right)) = (left.to_number(), right.to_number()) else { return Ok(Value::Nil) };
    match (&left, &right) {
        (Value::Int(left), Value::Int(right)) => whole(*left, operation, *right),
        (Value::Double(_), _) | (_, Value::Double(_)) => {
            let exact = left.to_decimal().zip(right.to_decimal());
            let exact = exact.and_then(|(left, right)| exact_result(left, operation, right).ok());
            match exact {
                Some(value) => Ok(Value::Decimal(value)),
                None => Ok(Value::Double(real(&left, operation, &right))),
            }
        }
        _ => {
            let (a, b) = (left.to_decimal().unwrap_or_default(), right.to_decimal().unwrap_or_default());
            if b.is_zero() && matches!(operation, Arithmetic::DividedBy | Arithmetic::Modulo) {
                return Err("Attempted to divide by zero.".to_owned());
            }
            // Too large for a decimal: double arithmetic.
            let value = exact_result(a, operation, b).map(Value::Decimal);
            Ok(value.unwrap_or_else(|()| Value::Double(real(&left, operation, &right))))
        }
    }
}

fn whole(left: i64, operation: Arithmetic, right: i64) -> Result<Value, String> {
    let value = match operation {
        Arithmetic::Plus => left.checked_add(right),
        Arithmetic::Minus => left.checked_sub(right),
        Arithmetic::Times => left.checked_mul(right),
        Arithmetic::DividedBy | Arithmetic::Modulo if right == 0 => {
            return Err("Attempted to divide by zero.".to_owned());
        }
        Arithmetic::DividedBy => left.checked_div(right),
        Arithmetic::Modulo => left.checked_rem(right),
    };
    value.map(Value::Int).ok_or_else(|| "Arithmetic operation resulted in an overflow.".to_owned())
}

fn exact_result(left: Decimal, operation: Arithmetic, right: Decimal) -> Result<Decimal, ()> {
    let result = match operation {
        Arithmetic::Plus => decimal::add(left, right),
        Arithmetic::Minus => decimal::subtract(left, right),
        Arithmetic::Times => decimal::multiply(left, right),
        Arithmetic::DividedBy => decimal::divide(left, right),
        Arithmetic::Modulo => decimal::remainder(left, right),
    };
    result.map_err(drop)
}

fn real(left: &Value, operation: Arithmetic, right: &Value) -> f64 {
    let (left, right) = (left.to_double().unwrap_or(f64::NAN), right.to_double().unwrap_or(f64::NAN));
    match operation {
        Arithmetic::Plus => left + right,
        Arithmetic::Minus => left - right,
        Arithmetic::Times => left * right,
        Arithmetic::DividedBy => left / right,
        Arithmetic::Modulo => left % right,
    }
}

/// Rounds half to even; nil for what is no number.
pub(super) fn round(value: &Value, places: i64) -> Value {
    let rounded =
        value.to_decimal().and_then(|value| round_decimal(value, places, Midpoint::from_number(0).ok()?).ok());
    rounded.map_or(Value::Nil, Value::Decimal)
}
