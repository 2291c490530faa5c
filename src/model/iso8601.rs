//! Durations as ISO 8601 writes them, such as `PT1M`.

use std::fmt::Write;
use std::time::Duration;

use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serializer};

/// Reads `PnWnDTnHnMnS` or `[d.]hh:mm:ss[.fraction]`.
pub(crate) fn parse(text: &str) -> Option<Duration> {
    let text = text.trim();
    match text.strip_prefix(['P', 'p']) {
        Some(rest) => parse_designated(rest),
        None => parse_clock(text),
    }
}

/// Writes days, hours, minutes and seconds, such as `P1DT2H`; nothing at all is `PT0S`.
pub(super) fn print(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let mut text = String::from("P");
    let part = |text: &mut String, number: u64, letter: char| {
        if number > 0 {
            let _ = write!(text, "{number}{letter}");
        }
    };
    part(&mut text, seconds / 86_400, 'D');
    if !seconds.is_multiple_of(86_400) || duration.subsec_nanos() > 0 || seconds == 0 {
        text.push('T');
        part(&mut text, seconds / 3_600 % 24, 'H');
        part(&mut text, seconds / 60 % 60, 'M');
        if duration.subsec_nanos() > 0 {
            let fraction = format!("{:09}", duration.subsec_nanos());
            let _ = write!(text, "{}.{}S", seconds % 60, fraction.trim_end_matches('0'));
        } else if duration.is_zero() {
            text.push_str("0S");
        } else {
            part(&mut text, seconds % 60, 'S');
        }
    }
    text
}

pub(super) fn serialize<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
    match duration {
        Some(duration) => serializer.serialize_str(&print(*duration)),
        None => serializer.serialize_none(),
    }
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    match parse(&text) {
        Some(duration) => Ok(Some(duration)),
        None => Err(D::Error::invalid_value(Unexpected::Str(&text), &"an ISO 8601 duration such as `PT1M`")),
    }
}

fn parse_designated(mut rest: &str) -> Option<Duration> {
    let mut total = Duration::ZERO;
    let mut in_time = false;
    let mut parts = 0;
    while !rest.is_empty() {
        if let Some(time) = rest.strip_prefix(['T', 't']) {
            if in_time {
                return None;
            }
            in_time = true;
            rest = time;
            continue;
        }
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',')?;
        let (number, unit) = rest.split_at_checked(end)?;
        let letter = unit.chars().next()?;
        let seconds = match (letter.to_ascii_uppercase(), in_time) {
            ('W', false) => 604_800,
            ('D', false) => 86_400,
            ('H', true) => 3_600,
            ('M', true) => 60,
            ('S', true) => 1,
            _ => return None,
        };
        total = total.checked_add(scale(&number.replace(',', "."), seconds)?)?;
        rest = unit.get(letter.len_utf8()..)?;
        parts += 1;
    }
    (parts > 0).then_some(total)
}

fn parse_clock(text: &str) -> Option<Duration> {
    let mut parts: Vec<&str> = text.split(':').collect();
    let [hours, minutes, seconds] = parts.as_mut_slice() else { return None };
    let mut total = Duration::ZERO;
    if let Some((days, rest)) = hours.split_once('.') {
        total = scale(days, 86_400)?;
        *hours = rest;
    }
    for (number, unit) in [(hours, 3_600), (minutes, 60), (seconds, 1)] {
        total = total.checked_add(scale(number, unit)?)?;
    }
    Some(total)
}

/// A decimal number of units, without sign or exponent.
fn scale(number: &str, seconds: u32) -> Option<Duration> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() || fraction.len() > 9 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let whole = Duration::from_secs(whole.parse().ok().filter(|_| whole.bytes().all(|b| b.is_ascii_digit()))?);
    let nanos = if fraction.is_empty() { 0 } else { format!("{fraction:0<9}").parse().ok()? };
    whole.checked_add(Duration::from_nanos(nanos))?.checked_mul(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_prints() {
        for (text, seconds, printed) in [
            ("PT1M", 60.0, "PT1M"),
            ("PT1H", 3600.0, "PT1H"),
            ("P1D", 86400.0, "P1D"),
            ("P1DT2H3M4S", 93784.0, "P1DT2H3M4S"),
            ("PT90S", 90.0, "PT1M30S"),
            ("PT0.5S", 0.5, "PT0.5S"),
            ("PT0S", 0.0, "PT0S"),
            ("P1W", 604800.0, "P7D"),
            ("00:00:01", 1.0, "PT1S"),
            ("1.02:00:00", 93600.0, "P1DT2H"),
        ] {
            let duration = parse(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!(duration.as_secs_f64(), seconds, "{text}");
            assert_eq!(print(duration), printed, "{text}");
        }
    }

    #[test]
    fn refuses_what_is_not_a_duration() {
        for text in
            ["", "P", "PT", "1M", "PT1", "P1H", "PTT1S", "PT-1S", "P1M", "1:2", "a:b:c", "PT99999999999999999999S"]
        {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn printing_and_parsing_is_the_identity(seconds in 0u64..10_000_000, nanos in 0u32..1_000_000_000) {
            let duration = Duration::new(seconds, nanos);
            proptest::prop_assert_eq!(parse(&print(duration)), Some(duration));
        }

        #[test]
        fn never_panics(text in "\\PC*") {
            let _ = parse(&text);
        }
    }
}
