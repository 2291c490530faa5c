//! `TimeSpan.Parse`: days, hours, minutes, seconds and their fraction.

use super::super::date_time::fraction_ticks;
use super::super::exception::{Exception, Result};
use super::{TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_MINUTE, TICKS_PER_SECOND, TimeSpan};

impl TimeSpan {
    /// `TimeSpan.Parse(text)`.
    pub fn parse(text: &str) -> Result<Self> {
        let not_recognized = || Exception::format(format!("String '{text}' was not recognized as a valid TimeSpan."));
        let trimmed = text.trim_end_matches('\0').trim();
        let (negative, body) = match trimmed.strip_prefix('-') {
            Some(body) => (true, body),
            None => (false, trimmed),
        };
        let parts = split(body).ok_or_else(not_recognized)?;
        parts.ticks().and_then(|ticks| i64::try_from(if negative { -ticks } else { ticks }).ok()).map(Self::from_ticks).ok_or_else(|| {
            Exception::overflow(format!(
                "The TimeSpan string '{text}' could not be parsed because at least one of the numeric components is out of range or contains too many digits."
            ))
        })
    }
}

/// The numbers between colons, with the days that a point set apart and the digits behind the last point.
struct Parts<'a> {
    days: Option<&'a str>,
    numbers: Vec<&'a str>,
    fraction: &'a str,
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn split(body: &str) -> Option<Parts<'_>> {
    let colon = body.find(':');
    let (days, rest) = match (body.find('.'), colon) {
        (Some(point), Some(colon)) if point < colon => (Some(&body[..point]), &body[point + 1..]),
        _ => (None, body),
    };
    let (clock, fraction) = match rest.split_once('.') {
        Some((clock, fraction)) if is_number(fraction) => (clock, fraction),
        Some(_) => return None,
        None => (rest, ""),
    };
    let numbers: Vec<_> = clock.split(':').collect();
    let count = numbers.len();
    let shape = match (days.is_some(), fraction.is_empty()) {
        (false, true) => count <= 4,
        (false, false) => count == 3 || count == 4,
        (true, true) => count == 2 || count == 3,
        (true, false) => count == 3,
    };
    let digits = numbers.iter().chain(&days).all(|number| is_number(number));
    (shape && digits).then_some(Parts { days, numbers, fraction })
}

impl Parts<'_> {
    /// The ticks, or nothing when a part is out of range.
    fn ticks(&self) -> Option<i128> {
        let numbers: Option<Vec<i64>> = self.numbers.iter().map(|number| number.parse().ok()).collect();
        let numbers = numbers?;
        let days = self.days.map_or(Some(0), |days| days.parse().ok())?;
        let fraction = if self.fraction.is_empty() { 0 } else { fraction_ticks(self.fraction)? };
        match *numbers.as_slice() {
            [days] => total(days, 0, 0, 0, 0),
            [hours, minutes] => total(days, hours, minutes, 0, 0),
            [hours, minutes, seconds] => total(days, hours, minutes, seconds, fraction).or_else(|| {
                let may_be_days = self.days.is_none() && self.fraction.is_empty();
                if may_be_days { total(hours, minutes, seconds, 0, 0) } else { None }
            }),
            [days, hours, minutes, seconds] => total(days, hours, minutes, seconds, fraction),
            _ => None,
        }
    }
}

fn total(days: i64, hours: i64, minutes: i64, seconds: i64, fraction: i64) -> Option<i128> {
    let in_range = days <= 10_675_199 && hours < 24 && minutes < 60 && seconds < 60;
    in_range.then(|| {
        i128::from(days) * i128::from(TICKS_PER_DAY)
            + i128::from(hours * TICKS_PER_HOUR + minutes * TICKS_PER_MINUTE + seconds * TICKS_PER_SECOND + fraction)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_every_shape() {
        let cases = [
            ("5", "5.00:00:00"),
            ("01:02", "01:02:00"),
            (" 1.02:03:04.5 ", "1.02:03:04.5000000"),
            ("-1:02:03:04", "-1.02:03:04"),
            ("24:00:00", "24.00:00:00"),
            ("-10675199.02:48:05.4775808", "-10675199.02:48:05.4775808"),
        ];
        for (text, expected) in cases {
            assert_eq!(TimeSpan::parse(text).and_then(|t| t.format("c")).as_deref(), Ok(expected), "{text}");
        }
        let class = |text| TimeSpan::parse(text).map_err(|e| e.class);
        for text in ["00:60:00", "24:00", "10675200", "10675199.23:00:00", "99999999999999999999"] {
            assert_eq!(class(text), Err("System.OverflowException"), "{text}");
        }
        for text in ["abc", "", "1:", ":1", "1.5", "1:2:3:4:5", "1 2", "+1"] {
            assert_eq!(class(text), Err("System.FormatException"), "{text}");
        }
    }
}
