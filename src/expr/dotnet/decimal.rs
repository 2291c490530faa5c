//! `System.Decimal`: checked arithmetic over a 96-bit integer with a scale.

use super::exception::{Exception, Result};

/// `System.Decimal`; a value keeps its scale, equality ignores it.
pub type Decimal = rust_decimal::Decimal;

/// The largest mantissa: 96 bits.
const MAX_MANTISSA: u128 = (1 << 96) - 1;

fn too_big() -> Exception {
    Exception::overflow("Value was either too large or too small for a Decimal.")
}

/// `a + b`.
pub fn add(a: Decimal, b: Decimal) -> Result<Decimal> {
    a.checked_add(b).ok_or_else(too_big)
}

/// `a - b`.
pub fn subtract(a: Decimal, b: Decimal) -> Result<Decimal> {
    a.checked_sub(b).ok_or_else(too_big)
}

/// `a * b`.
pub fn multiply(a: Decimal, b: Decimal) -> Result<Decimal> {
    if a.is_zero() || b.is_zero() {
        return Ok(Decimal::new(0, (a.scale() + b.scale()).min(28)));
    }
    a.checked_mul(b).ok_or_else(too_big)
}

/// `a / b`: up to 28 digits after the point, no more than needed, and no fewer than the difference of the scales.
pub fn divide(a: Decimal, b: Decimal) -> Result<Decimal> {
    if b.is_zero() {
        return Err(Exception::divide_by_zero());
    }
    let divisor = b.mantissa().unsigned_abs();
    let dividend = a.mantissa().unsigned_abs();
    let (mut quotient, mut rest) = (dividend / divisor, dividend % divisor);
    let mut scale = i64::from(a.scale()) - i64::from(b.scale());
    while scale < 0 || (rest != 0 && scale < 28) {
        let next = quotient * 10 + rest * 10 / divisor;
        if next > MAX_MANTISSA {
            break;
        }
        quotient = next;
        rest = rest * 10 % divisor;
        scale += 1;
    }
    if scale < 0 {
        return Err(too_big());
    }
    if rest * 2 > divisor || (rest * 2 == divisor && quotient % 2 == 1) {
        quotient += 1;
    }
    let negative = a.is_sign_negative() != b.is_sign_negative() && quotient != 0;
    let mantissa = if negative { -(quotient as i128) } else { quotient as i128 };
    Decimal::try_from_i128_with_scale(mantissa, scale as u32).map_err(|_| too_big())
}

/// `a % b`.
pub fn remainder(a: Decimal, b: Decimal) -> Result<Decimal> {
    if b.is_zero() {
        return Err(Exception::divide_by_zero());
    }
    a.checked_rem(b).ok_or_else(too_big)
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> Decimal {
        Decimal::from_str(text).expect("a decimal")
    }

    #[test]
    fn keeps_scales_as_dotnet_does() {
        type Operation = fn(Decimal, Decimal) -> Result<Decimal>;
        let cases: [(Operation, &str, &str, &str); 17] = [
            (divide, "1", "3", "0.3333333333333333333333333333"),
            (divide, "2", "3", "0.6666666666666666666666666667"),
            (divide, "20", "3", "6.6666666666666666666666666667"),
            (divide, "10", "4", "2.5"),
            (divide, "6.0", "2", "3.0"),
            (divide, "1.00", "1.00", "1"),
            (divide, "1", "0.5", "2"),
            (divide, "-7", "2", "-3.5"),
            (divide, "0.00", "5", "0.00"),
            (multiply, "1.20", "1.20", "1.4400"),
            (multiply, "0", "1.50", "0.00"),
            (add, "1.10", "2.2", "3.30"),
            (add, "1.0", "-1.0", "0.0"),
            (subtract, "5", "0.50", "4.50"),
            (remainder, "10.50", "3", "1.50"),
            (remainder, "-7", "3", "-1"),
            (remainder, "10", "3.00", "1.00"),
        ];
        for (operation, a, b, expected) in cases {
            let result = operation(number(a), number(b)).map(|value| value.to_string());
            assert_eq!(result.as_deref(), Ok(expected), "{a} and {b}");
        }
        assert!(add(Decimal::MAX, Decimal::ONE).is_err());
        assert!(multiply(Decimal::MAX, number("2")).is_err());
        assert!(divide(Decimal::MAX, number("0.1")).is_err());
        assert_eq!(divide(Decimal::ONE, Decimal::ZERO).map_err(|e| e.class), Err("System.DivideByZeroException"));
    }

    proptest! {
        #[test]
        fn never_panics(a in any::<i64>(), b in any::<i64>(), c in 0u32..29, d in 0u32..29) {
            let (a, b) = (Decimal::new(a, c), Decimal::new(b, d));
            for operation in [add, subtract, multiply, divide, remainder] {
                let _ = operation(a, b);
            }
        }
    }
}
