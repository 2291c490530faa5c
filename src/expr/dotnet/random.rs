//! `System.Random` with a seed: Knuth's subtractive generator, as .NET documents it.

use super::exception::{Exception, Result};

const BIG: i32 = i32::MAX;

/// A `System.Random`.
#[derive(Debug, Clone)]
pub struct Random {
    seeds: [i32; 56],
    next: usize,
    next_p: usize,
}

impl Random {
    /// `new Random(seed)`.
    pub fn new(seed: i32) -> Self {
        let mut seeds = [0i32; 56];
        let mut mj = 161_803_398i32.wrapping_sub(if seed == i32::MIN { BIG } else { seed.abs() });
        seeds[55] = mj;
        let mut mk = 1i32;
        for i in 1..55 {
            let at = 21 * i % 55;
            seeds[at] = mk;
            mk = mj.wrapping_sub(mk);
            if mk < 0 {
                mk = mk.wrapping_add(BIG);
            }
            mj = seeds[at];
        }
        for _ in 1..5 {
            for i in 1..56 {
                seeds[i] = seeds[i].wrapping_sub(seeds[1 + (i + 30) % 55]);
                if seeds[i] < 0 {
                    seeds[i] = seeds[i].wrapping_add(BIG);
                }
            }
        }
        Self { seeds, next: 0, next_p: 21 }
    }

    fn internal_sample(&mut self) -> i32 {
        self.next = if self.next >= 55 { 1 } else { self.next + 1 };
        self.next_p = if self.next_p >= 55 { 1 } else { self.next_p + 1 };
        let mut value = self.seeds[self.next].wrapping_sub(self.seeds[self.next_p]);
        if value == BIG {
            value -= 1;
        }
        if value < 0 {
            value = value.wrapping_add(BIG);
        }
        self.seeds[self.next] = value;
        value
    }

    /// `NextDouble()`: 0 up to but not including 1.
    pub fn next_double(&mut self) -> f64 {
        f64::from(self.internal_sample()) * (1.0 / f64::from(BIG))
    }

    /// `Next()`.
    pub fn next_int(&mut self) -> i32 {
        self.internal_sample()
    }

    /// `Next(max)`.
    pub fn next_below(&mut self, max: i32) -> Result<i32> {
        if max < 0 {
            return Err(Exception::out_of_range("'maxValue' must be greater than zero. (Parameter 'maxValue')"));
        }
        Ok((self.next_double() * f64::from(max)) as i32)
    }

    /// `Next(min, max)`.
    pub fn next_between(&mut self, min: i32, max: i32) -> Result<i32> {
        if min > max {
            return Err(Exception::out_of_range("'minValue' cannot be greater than maxValue. (Parameter 'minValue')"));
        }
        let range = i64::from(max) - i64::from(min);
        let sample = if range <= i64::from(BIG) { self.next_double() } else { self.large_sample() };
        Ok(((sample * range as f64) as i64 + i64::from(min)) as i32)
    }

    /// `NextBytes(buffer)`.
    pub fn next_bytes(&mut self, buffer: &mut [u8]) {
        for byte in buffer {
            *byte = self.internal_sample() as u8;
        }
    }

    fn large_sample(&mut self) -> f64 {
        let value = self.internal_sample();
        let negative = self.internal_sample() % 2 == 0;
        let value = if negative { -f64::from(value) } else { f64::from(value) };
        (value + f64::from(BIG - 1)) / (2.0 * f64::from(BIG as u32) - 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_the_documented_sequence() {
        let mut random = Random::new(12345);
        assert_eq!(random.next_int(), 143_337_951);
        assert_eq!(random.next_below(100), Ok(7));
        assert_eq!(random.next_between(5, 10), Ok(8));
        assert_eq!(Random::new(99).next_double(), 0.446_349_374_692_118_44);
        assert_eq!(Random::new(0).next_int(), 1_559_595_546);
        assert_eq!(Random::new(42).next_between(1, 2), Ok(1));
        assert!(Random::new(1).next_between(2, 1).is_err());
        let _ = Random::new(i32::MIN).next_between(i32::MIN, i32::MAX);
    }
}
