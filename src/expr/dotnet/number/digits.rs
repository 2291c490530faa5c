//! The decimal digits of a number, and their rounding.

use super::Number;

/// `0.d₁d₂d₃… × 10^scale` with a sign; no digits is zero.
#[derive(Debug, Clone)]
pub(super) struct Digits {
    pub negative: bool,
    /// ASCII digits without leading zeros.
    pub digits: Vec<u8>,
    pub scale: i32,
    /// A negative floating-point number keeps its sign when it is rounded to zero.
    pub floating: bool,
}

impl Digits {
    /// The shortest digits that read back as `value`.
    pub fn shortest(value: f64) -> Self {
        Self::from_scientific(&format!("{:e}", value.abs()), value.is_sign_negative())
    }

    /// The shortest digits that read back as the same `f32`.
    pub fn shortest_single(value: f32) -> Self {
        Self::from_scientific(&format!("{:e}", value.abs()), value.is_sign_negative())
    }

    /// The exact binary value rounded to `count` significant digits, ties to even.
    pub fn significant(value: f64, count: usize) -> Self {
        Self::from_scientific(&format!("{:.*e}", count.max(1) - 1, value.abs()), value.is_sign_negative())
    }

    /// The exact binary value rounded to `count` digits after the point, ties to even.
    pub fn fixed(value: f64, count: usize) -> Self {
        let text = format!("{:.*}", count, value.abs());
        let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
        Self::from_parts(whole, fraction, value.is_sign_negative(), true)
    }

    /// All digits of an integer or a decimal.
    pub fn exact(number: Number) -> Self {
        match number {
            Number::Integer { value, .. } => Self::from_parts(&value.unsigned_abs().to_string(), "", value < 0, false),
            Number::Decimal(value) => {
                let text = value.abs().to_string();
                let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
                Self::from_parts(whole, fraction, value.is_sign_negative() && !value.is_zero(), false)
            }
            Number::Double(value) => Self::shortest(value),
            Number::Single(value) => Self::shortest_single(value),
        }
    }

    /// The digits that custom formats start from: 15 of a double, 7 of a float.
    pub fn for_custom(number: Number) -> Self {
        match number {
            Number::Double(value) => Self::significant(value, 15),
            Number::Single(value) => Self::significant(f64::from(value), 7),
            other => Self::exact(other),
        }
    }

    fn from_scientific(text: &str, negative: bool) -> Self {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let mut digits = Self::from_parts(whole, fraction, negative, true);
        if !digits.is_zero() {
            digits.scale += exponent.parse::<i32>().unwrap_or(0);
        }
        digits
    }

    fn from_parts(whole: &str, fraction: &str, negative: bool, floating: bool) -> Self {
        let all = [whole.as_bytes(), fraction.as_bytes()].concat();
        let zeros = all.iter().take_while(|&&d| d == b'0').count();
        let mut this =
            Self { negative, digits: all[zeros..].to_vec(), scale: whole.len() as i32 - zeros as i32, floating };
        this.trim();
        this
    }

    pub fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// Rounds half away from zero to the first `count` digits.
    pub fn round(&mut self, count: i32) {
        let count = usize::try_from(count).ok();
        let up = count.and_then(|c| self.digits.get(c)).is_some_and(|&d| d >= b'5');
        self.digits.truncate(count.unwrap_or(0));
        if up {
            while self.digits.last() == Some(&b'9') {
                self.digits.pop();
            }
            match self.digits.last_mut() {
                Some(last) => *last += 1,
                None => {
                    self.digits.push(b'1');
                    self.scale += 1;
                }
            }
        }
        self.trim();
    }

    /// The digit at `index`, zero beyond the last.
    pub fn at(&self, index: i32) -> char {
        usize::try_from(index).ok().and_then(|i| self.digits.get(i)).map_or('0', |&d| char::from(d))
    }

    fn trim(&mut self) {
        while self.digits.last() == Some(&b'0') {
            self.digits.pop();
        }
        if self.digits.is_empty() {
            self.scale = 0;
            self.negative &= self.floating;
        }
    }
}
