//! Text of times: `c`, `g`, `G` and custom patterns.

use super::super::date_time::quoted;
use super::super::exception::{Exception, Result};
use super::TimeSpan;

impl TimeSpan {
    /// `ToString(pattern)`; an empty pattern is `c`.
    pub fn format(self, pattern: &str) -> Result<String> {
        Ok(match pattern {
            "" | "c" | "t" | "T" => self.constant(),
            "g" => self.general(),
            "G" => self.general_long(),
            _ if pattern.chars().count() == 1 => return Err(Exception::bad_input()),
            _ => return self.custom(&pattern.chars().collect::<Vec<_>>()),
        })
    }

    fn parts(self) -> (&'static str, [u64; 5]) {
        let ticks = self.ticks.unsigned_abs();
        let seconds = ticks / 10_000_000;
        let sign = if self.ticks < 0 { "-" } else { "" };
        (sign, [seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60, seconds % 60, ticks % 10_000_000])
    }

    fn constant(self) -> String {
        let (sign, [days, hours, minutes, seconds, fraction]) = self.parts();
        let days = if days > 0 { format!("{days}.") } else { String::new() };
        let fraction = if fraction > 0 { format!(".{fraction:07}") } else { String::new() };
        format!("{sign}{days}{hours:02}:{minutes:02}:{seconds:02}{fraction}")
    }

    fn general(self) -> String {
        let (sign, [days, hours, minutes, seconds, fraction]) = self.parts();
        let days = if days > 0 { format!("{days}:") } else { String::new() };
        let fraction = if fraction > 0 { format!(".{fraction:07}") } else { String::new() };
        format!("{sign}{days}{hours}:{minutes:02}:{seconds:02}{}", fraction.trim_end_matches('0'))
    }

    fn general_long(self) -> String {
        let (sign, [days, hours, minutes, seconds, fraction]) = self.parts();
        format!("{sign}{days}:{hours:02}:{minutes:02}:{seconds:02}.{fraction:07}")
    }

    fn custom(self, pattern: &[char]) -> Result<String> {
        let (_, [days, hours, minutes, seconds, fraction]) = self.parts();
        let mut out = String::new();
        let mut at = 0;
        while let Some(&ch) = pattern.get(at) {
            let count = pattern[at..].iter().take_while(|&&c| c == ch).count();
            let mut used = count;
            let (value, most) = match ch {
                'd' => (days, 8),
                'h' => (hours, 2),
                'm' => (minutes, 2),
                's' => (seconds, 2),
                'f' | 'F' => (fraction, 7),
                _ => (0, usize::MAX),
            };
            if count > most {
                return Err(Exception::bad_input());
            }
            match ch {
                'd' | 'h' | 'm' | 's' => out.push_str(&format!("{value:0count$}")),
                'f' => out.push_str(&format!("{value:07}")[..count]),
                'F' => out.push_str(format!("{value:07}")[..count].trim_end_matches('0')),
                '\'' | '"' => used = quoted(pattern, at, &mut out)?,
                '\\' => {
                    out.push(*pattern.get(at + 1).ok_or_else(Exception::bad_input)?);
                    used = 2;
                }
                '%' if pattern.get(at + 1).is_some_and(|&next| next != '%') => {
                    out.push_str(&self.custom(&pattern[at + 1..at + 2])?);
                    used = 2;
                }
                _ => return Err(Exception::bad_input()),
            }
            at += used;
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_every_pattern() {
        let long = TimeSpan::from_parts(1, 2, 3, 4, 5).expect("in range");
        let short = TimeSpan::from_parts(0, 1, 2, 3, 0).expect("in range");
        let cases = [
            (long, "", "1.02:03:04.0050000"),
            (long, "g", "1:2:03:04.005"),
            (long, "G", "1:02:03:04.0050000"),
            (short, "", "01:02:03"),
            (short, r"hh\:mm\:ss", "01:02:03"),
            (short, r"h\:m", "1:2"),
            (short, "hh'h 'mm'm'", "01h 02m"),
            (short, "%h", "1"),
            (TimeSpan::from_ticks(-900_000_000), "", "-00:01:30"),
            (TimeSpan::MIN, "c", "-10675199.02:48:05.4775808"),
            (TimeSpan::from_ticks(12_500_000), r"ss\.fff", "01.250"),
        ];
        for (value, pattern, expected) in cases {
            assert_eq!(value.format(pattern).as_deref(), Ok(expected), "{pattern}");
        }
        for bad in ["hh:mm", "x", "hhh", "%", "'a"] {
            assert_eq!(short.format(bad).map_err(|e| e.class), Err("System.FormatException"), "{bad}");
        }
    }
}
