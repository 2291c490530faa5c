//! `System.Math`.

use crate::expr::dotnet::Decimal;
use crate::expr::dotnet::number::rounding::{Midpoint, round_decimal, round_double};
use crate::expr::fault::Fault;
use crate::expr::library::args::{decimal, double, int, long};
use crate::expr::types::{Table, TypeId};
use crate::expr::value::Value;

fn whole(value: &Value) -> i128 {
    value.integral().unwrap_or_default()
}

fn overflow() -> Fault {
    crate::expr::dotnet::Exception::overflow("Negating the minimum value of a twos complement number is invalid.")
        .into()
}

fn nan_sign() -> Fault {
    Fault::new(TypeId::ArithmeticException, "Function does not accept floating point Not-a-Number values.")
}

/// The larger of two, NaN when one is.
fn larger(a: f64, b: f64) -> f64 {
    if a.is_nan() || a > b || (a == b && !a.is_sign_negative()) { a } else { b }
}

/// The smaller of two, NaN when one is.
fn smaller(a: f64, b: f64) -> f64 {
    if a.is_nan() || a < b || (a == b && a.is_sign_negative()) { a } else { b }
}

macro_rules! integers {
    ($on:ident: $($rust:ty, $name:literal, $signed:tt;)*) => {$(
        $on.pure(concat!("static ", $name, " Max(", $name, " val1, ", $name, " val2)"), |_, a| {
            Ok(Value::from(whole(&a[0]).max(whole(&a[1])) as $rust))
        })
        .pure(concat!("static ", $name, " Min(", $name, " val1, ", $name, " val2)"), |_, a| {
            Ok(Value::from(whole(&a[0]).min(whole(&a[1])) as $rust))
        })
        .pure(concat!("static ", $name, " Clamp(", $name, " value, ", $name, " min, ", $name, " max)"), |_, a| {
            if whole(&a[1]) > whole(&a[2]) {
                return Err(clamp_range(&a[1], &a[2]));
            }
            Ok(Value::from(whole(&a[0]).clamp(whole(&a[1]), whole(&a[2])) as $rust))
        });
        signed!($on, $rust, $name, $signed);
    )*};
}

macro_rules! signed {
    ($on:ident, $rust:ty, $name:literal, true) => {
        $on.pure(concat!("static ", $name, " Abs(", $name, " value)"), |_, a| {
            let value = whole(&a[0]).abs();
            <$rust>::try_from(value).map(Value::from).map_err(|_| overflow())
        })
        .pure(concat!("static int Sign(", $name, " value)"), |_, a| Ok(Value::Int(whole(&a[0]).signum() as i32)));
    };
    ($on:ident, $rust:ty, $name:literal, false) => {};
}

fn clamp_range(min: &Value, max: &Value) -> Fault {
    let text = |value: &Value| match value {
        Value::Decimal(v) => v.to_string(),
        Value::Float(_) | Value::Double(_) => double(value).to_string(),
        other => whole(other).to_string(),
    };
    Fault::argument(format!("'{}' cannot be greater than {}.", text(min), text(max)))
}

macro_rules! functions {
    ($on:ident: $($name:literal $function:expr;)*) => {$(
        $on.pure(concat!("static double ", $name, "(double d)"), |_, a| Ok(Value::Double($function(double(&a[0])))));
    )*};
}

/// Adds the members of `Math`.
pub(super) fn register(table: &mut Table) {
    let on = &mut table.on(TypeId::Math);
    integers! { on:
        i8, "sbyte", true;
        u8, "byte", false;
        i16, "short", true;
        u16, "ushort", false;
        i32, "int", true;
        u32, "uint", false;
        i64, "long", true;
        u64, "ulong", false;
    }
    functions! { on:
        "Sqrt" f64::sqrt;
        "Acosh" f64::acosh;
        "Asinh" f64::asinh;
        "Atanh" f64::atanh;
        "Cbrt" f64::cbrt;
        "Exp" f64::exp;
        "Log" f64::ln;
        "Log10" f64::log10;
        "Log2" f64::log2;
        "Sin" f64::sin;
        "Cos" f64::cos;
        "Tan" f64::tan;
        "Asin" f64::asin;
        "Acos" f64::acos;
        "Atan" f64::atan;
        "Sinh" f64::sinh;
        "Cosh" f64::cosh;
        "Tanh" f64::tanh;
        "Floor" f64::floor;
        "Ceiling" f64::ceil;
        "Truncate" f64::trunc;
    }
    on.constant("double PI", std::f64::consts::PI)
        .constant("double E", std::f64::consts::E)
        .pure("static double Pow(double x, double y)", |_, a| Ok(double(&a[0]).powf(double(&a[1])).into()))
        .pure("static double Log(double a, double newBase)", |_, a| Ok(logarithm(double(&a[0]), double(&a[1])).into()))
        .pure("static double Atan2(double y, double x)", |_, a| Ok(double(&a[0]).atan2(double(&a[1])).into()))
        .pure("static double IEEERemainder(double x, double y)", |_, a| {
            let (x, y) = (double(&a[0]), double(&a[1]));
            Ok((x - y * (x / y).round_ties_even()).into())
        })
        .pure("static int DivRem(int a, int b, out int result)", |_, a| {
            let (quotient, remainder) = divide(whole(&a[0]), whole(&a[1]))?;
            a[2] = Value::Int(remainder as i32);
            i32::try_from(quotient).map(Value::Int).map_err(|_| Fault::overflow())
        })
        .pure("static long DivRem(long a, long b, out long result)", |_, a| {
            let (quotient, remainder) = divide(whole(&a[0]), whole(&a[1]))?;
            a[2] = Value::Long(remainder as i64);
            i64::try_from(quotient).map(Value::Long).map_err(|_| Fault::overflow())
        })
        .pure("static long BigMul(int a, int b)", |_, a| Ok(Value::Long(long(&a[0]) * long(&a[1]))));
    reals(table);
    rounding(table);
}

fn reals(table: &mut Table) {
    table
        .on(TypeId::Math)
        .pure("static float Max(float val1, float val2)", |_, a| {
            Ok((larger(double(&a[0]), double(&a[1])) as f32).into())
        })
        .pure("static double Max(double val1, double val2)", |_, a| Ok(larger(double(&a[0]), double(&a[1])).into()))
        .pure("static decimal Max(decimal val1, decimal val2)", |_, a| Ok(decimal(&a[0]).max(decimal(&a[1])).into()))
        .pure("static float Min(float val1, float val2)", |_, a| {
            Ok((smaller(double(&a[0]), double(&a[1])) as f32).into())
        })
        .pure("static double Min(double val1, double val2)", |_, a| Ok(smaller(double(&a[0]), double(&a[1])).into()))
        .pure("static decimal Min(decimal val1, decimal val2)", |_, a| Ok(decimal(&a[0]).min(decimal(&a[1])).into()))
        .pure("static float Abs(float value)", |_, a| Ok((double(&a[0]).abs() as f32).into()))
        .pure("static double Abs(double value)", |_, a| Ok(double(&a[0]).abs().into()))
        .pure("static decimal Abs(decimal value)", |_, a| Ok(decimal(&a[0]).abs().into()))
        .pure("static int Sign(float value)", |_, a| sign(double(&a[0])))
        .pure("static int Sign(double value)", |_, a| sign(double(&a[0])))
        .pure("static int Sign(decimal value)", |_, a| Ok(Value::Int(decimal(&a[0]).cmp(&Decimal::ZERO) as i32)))
        .pure("static double Clamp(double value, double min, double max)", |_, a| {
            let (value, min, max) = (double(&a[0]), double(&a[1]), double(&a[2]));
            if min > max {
                return Err(clamp_range(&a[1], &a[2]));
            }
            Ok(if value < min {
                min
            } else if value > max {
                max
            } else {
                value
            }
            .into())
        })
        .pure("static decimal Clamp(decimal value, decimal min, decimal max)", |_, a| {
            if decimal(&a[1]) > decimal(&a[2]) {
                return Err(clamp_range(&a[1], &a[2]));
            }
            Ok(decimal(&a[0]).clamp(decimal(&a[1]), decimal(&a[2])).into())
        })
        .pure("static decimal Floor(decimal d)", |_, a| Ok(decimal(&a[0]).floor().into()))
        .pure("static decimal Ceiling(decimal d)", |_, a| Ok(decimal(&a[0]).ceil().into()))
        .pure("static decimal Truncate(decimal d)", |_, a| Ok(decimal(&a[0]).trunc().into()));
}

fn rounding(table: &mut Table) {
    table
        .on(TypeId::Math)
        .pure("static double Round(double a)", |_, a| round(&a[0], 0, 0))
        .pure("static double Round(double value, int digits)", |_, a| round(&a[0], int(&a[1]), 0))
        .pure("static double Round(double value, MidpointRounding mode)", |_, a| round(&a[0], 0, int(&a[1])))
        .pure("static double Round(double value, int digits, MidpointRounding mode)", |_, a| {
            round(&a[0], int(&a[1]), int(&a[2]))
        })
        .pure("static decimal Round(decimal d)", |_, a| round(&a[0], 0, 0))
        .pure("static decimal Round(decimal d, int decimals)", |_, a| round(&a[0], int(&a[1]), 0))
        .pure("static decimal Round(decimal d, MidpointRounding mode)", |_, a| round(&a[0], 0, int(&a[1])))
        .pure("static decimal Round(decimal d, int decimals, MidpointRounding mode)", |_, a| {
            round(&a[0], int(&a[1]), int(&a[2]))
        });
}

fn round(value: &Value, digits: i32, mode: i32) -> Result<Value, Fault> {
    let mode = Midpoint::from_number(mode.into())?;
    Ok(match value {
        Value::Decimal(value) => round_decimal(*value, digits.into(), mode)?.into(),
        other => round_double(double(other), digits.into(), mode)?.into(),
    })
}

fn sign(value: f64) -> Result<Value, Fault> {
    if value.is_nan() {
        return Err(nan_sign());
    }
    Ok(Value::Int(i32::from(value > 0.0) - i32::from(value < 0.0)))
}

fn divide(a: i128, b: i128) -> Result<(i128, i128), Fault> {
    if b == 0 { Err(Fault::divide_by_zero()) } else { Ok((a / b, a % b)) }
}

/// `Math.Log(a, newBase)` with .NET's edge cases.
fn logarithm(value: f64, base: f64) -> f64 {
    if value.is_nan() || base.is_nan() || base == 1.0 || (value != 1.0 && (base == 0.0 || base == f64::INFINITY)) {
        return f64::NAN;
    }
    value.ln() / base.ln()
}
