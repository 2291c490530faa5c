//! `TimeSpan.ParseExact`: text that must follow a pattern.

use super::super::date_time::{fraction_ticks, quoted};
use super::super::exception::{Exception, Result};
use super::{TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_MINUTE, TICKS_PER_SECOND, TimeSpan};

impl TimeSpan {
    /// `TimeSpan.ParseExact(text, pattern, null)`.
    pub fn parse_exact(text: &str, pattern: &str) -> Result<Self> {
        let bad = || Exception::format("Input string was not in a correct format.");
        if matches!(pattern, "c" | "t" | "T" | "g" | "G") {
            // What the pattern prints reads back, and nothing else does.
            let parsed = Self::parse(text)?;
            let strict = pattern == "g" || parsed.format(pattern)? == text;
            return if strict { Ok(parsed) } else { Err(bad()) };
        }
        let pattern: Vec<char> = pattern.chars().collect();
        if pattern.len() < 2 {
            return Err(bad());
        }
        let mut reader = Reader { rest: text, ticks: 0 };
        let matched = reader.read(&pattern)?;
        if matched.is_none() || !reader.rest.is_empty() { Err(bad()) } else { Ok(Self::from_ticks(reader.ticks)) }
    }
}

struct Reader<'a> {
    rest: &'a str,
    ticks: i64,
}

impl Reader<'_> {
    /// Follows the pattern; nothing when the text does not.
    fn read(&mut self, pattern: &[char]) -> Result<Option<()>> {
        let mut at = 0;
        while let Some(&ch) = pattern.get(at) {
            let count = pattern[at..].iter().take_while(|&&c| c == ch).count();
            let (used, matched) = match ch {
                'd' => (count, self.number(count, 8, 10_675_199, TICKS_PER_DAY)),
                'h' => (count, self.number(count, 2, 23, TICKS_PER_HOUR)),
                'm' => (count, self.number(count, 2, 59, TICKS_PER_MINUTE)),
                's' => (count, self.number(count, 2, 59, TICKS_PER_SECOND)),
                'f' | 'F' if count <= 7 => (count, self.fraction(count, ch == 'F')),
                '%' => (1, Some(())),
                '\\' => {
                    let literal = *pattern.get(at + 1).ok_or_else(Exception::bad_input)?;
                    (2, self.literal(literal.encode_utf8(&mut [0; 4])))
                }
                '\'' | '"' => {
                    let mut literal = String::new();
                    (quoted(pattern, at, &mut literal)?, self.literal(&literal))
                }
                _ => return Err(Exception::bad_input()),
            };
            if matched.is_none() {
                return Ok(None);
            }
            at += used;
        }
        Ok(Some(()))
    }

    fn literal(&mut self, text: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }

    fn digits(&mut self, most: usize) -> &str {
        let count = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at(count);
        self.rest = rest;
        digits
    }

    fn number(&mut self, width: usize, widest: usize, limit: i64, unit: i64) -> Option<()> {
        // One letter takes as many digits as there are, more letters exactly so many.
        let digits = self.digits(if width == 1 { widest } else { width });
        if digits.len() < width || width > widest {
            return None;
        }
        let value: i64 = digits.parse().ok().filter(|&value| value <= limit)?;
        self.ticks += value * unit;
        Some(())
    }

    fn fraction(&mut self, width: usize, optional: bool) -> Option<()> {
        let digits = self.digits(width);
        if digits.len() < width && !optional {
            return None;
        }
        let ticks = if digits.is_empty() { 0 } else { fraction_ticks(digits)? };
        self.ticks += ticks;
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_the_pattern() {
        let parse = |text, pattern| TimeSpan::parse_exact(text, pattern).and_then(|time| time.format("c"));
        assert_eq!(parse("01:02", r"hh\:mm").as_deref(), Ok("01:02:00"));
        assert_eq!(parse("3d 4h", "d'd 'h'h'").as_deref(), Ok("3.04:00:00"));
        assert_eq!(parse("09.5", r"ss\.F").as_deref(), Ok("00:00:09.5000000"));
        assert_eq!(parse("1.02:03:04", "c").as_deref(), Ok("1.02:03:04"));
        for (text, pattern) in [("1:02", r"hh\:mm"), ("24:00", r"hh\:mm"), ("01:02", "hh:mm"), ("x", "h"), ("5", "c")] {
            assert!(parse(text, pattern).is_err(), "{text} in {pattern}");
        }
    }
}
