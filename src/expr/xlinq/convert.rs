//! `XmlConvert`: values to the text of XML Schema and back.

use std::fmt::Write;

use crate::expr::dotnet::exception::{Exception, Result};
use crate::expr::dotnet::number::parse::{self, IntegerType};
use crate::expr::dotnet::{DateTime, DateTimeKind, DateTimeOffset, Decimal, Guid, TimeSpan};
use crate::expr::json::text;

/// `XmlConvert.ToString(double)`.
pub(crate) fn double_text(value: f64) -> String {
    if value.is_infinite() { infinity(value > 0.0) } else { text::double(value) }
}

/// `XmlConvert.ToString(float)`.
pub(crate) fn single_text(value: f32) -> String {
    if value.is_infinite() { infinity(value > 0.0) } else { text::single(value) }
}

fn infinity(positive: bool) -> String {
    if positive { "INF" } else { "-INF" }.to_owned()
}

/// `true` or `false`.
pub(crate) fn boolean_text(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

/// `2024-03-05T14:07:09Z`
pub(crate) fn date_time_text(value: DateTime) -> String {
    let mut out = String::new();
    text::iso_date(value, &mut out);
    out
}

/// `2024-03-05T14:07:09+02:00`, `Z` for offset zero.
pub(crate) fn date_time_offset_text(value: DateTimeOffset) -> String {
    let mut out = String::new();
    text::iso_date_offset(value, &mut out);
    match out.strip_suffix("+00:00") {
        Some(clock) => format!("{clock}Z"),
        None => out,
    }
}

/// `P1DT2H3M4.5S`
pub(crate) fn time_span_text(value: TimeSpan) -> String {
    let ticks = value.ticks().unsigned_abs();
    let (days, seconds, fraction) = (ticks / 864_000_000_000, ticks / 10_000_000 % 86_400, ticks % 10_000_000);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let mut out = String::from(if value.ticks() < 0 { "-P" } else { "P" });
    if days > 0 {
        let _ = write!(out, "{days}D");
    }
    if hours > 0 || minutes > 0 || seconds > 0 || fraction > 0 {
        out.push('T');
        for (count, unit) in [(hours, 'H'), (minutes, 'M')] {
            if count > 0 {
                let _ = write!(out, "{count}{unit}");
            }
        }
        if fraction > 0 {
            let digits = format!("{fraction:07}");
            let _ = write!(out, "{seconds}.{}S", digits.trim_end_matches('0'));
        } else if seconds > 0 {
            let _ = write!(out, "{seconds}S");
        }
    } else if days == 0 {
        out.push_str("T0S");
    }
    out
}

fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

/// `(bool)element`
pub(crate) fn to_boolean(text: &str) -> Result<bool> {
    let lower = text.to_lowercase();
    match trimmed(&lower) {
        "1" | "true" => Ok(true),
        "0" | "false" => Ok(false),
        _ => Err(Exception::format(format!("The string '{lower}' is not a valid Boolean value."))),
    }
}

/// `(int)element` and its kin.
pub(crate) fn to_integer(text: &str, kind: IntegerType) -> Result<i128> {
    parse::integer(text, kind)
}

/// `(double)element`
pub(crate) fn to_double(text: &str) -> Result<f64> {
    match trimmed(text) {
        "INF" => Ok(f64::INFINITY),
        "-INF" => Ok(f64::NEG_INFINITY),
        text if text.contains(',') => Err(Exception::bad_input()),
        text => parse::double(text),
    }
}

/// `(float)element`
pub(crate) fn to_single(text: &str) -> Result<f32> {
    match trimmed(text) {
        "INF" => Ok(f32::INFINITY),
        "-INF" => Ok(f32::NEG_INFINITY),
        text if text.contains(',') => Err(Exception::bad_input()),
        text => parse::single(text),
    }
}

/// `(decimal)element`
pub(crate) fn to_decimal(text: &str) -> Result<Decimal> {
    let text = trimmed(text);
    if text.contains(',') || text.ends_with(['-', '+']) { Err(Exception::bad_input()) } else { parse::decimal(text) }
}

/// `(Guid)element`
pub(crate) fn to_guid(text: &str) -> Result<Guid> {
    Guid::parse(text)
}

/// `(DateTime)element`: `Z` gives the kind Utc, an offset Local.
pub(crate) fn to_date_time(text: &str, today: DateTime) -> Result<DateTime> {
    let date = DateTime::parse(text, today, TimeSpan::ZERO)?;
    let utc = trimmed(text).ends_with(['Z', 'z']) || trimmed(text).ends_with("GMT");
    Ok(if utc { date.with_kind(DateTimeKind::Utc) } else { date })
}

/// `(DateTimeOffset)element`
pub(crate) fn to_date_time_offset(text: &str, today: DateTime) -> Result<DateTimeOffset> {
    let text = trimmed(text);
    let iso = text.len() >= 10 && text.as_bytes().get(4) == Some(&b'-');
    let bad = || Exception::format(format!("The string '{text}' is not a valid AllXsd value."));
    if !iso {
        return Err(bad());
    }
    DateTimeOffset::parse(text, today, TimeSpan::ZERO).map_err(|_| bad())
}

/// `(TimeSpan)element`: `P1DT2H3M4.5S`, a month as 30 days, a year as 365.
pub(crate) fn to_time_span(text: &str) -> Result<TimeSpan> {
    read_duration(trimmed(text))
        .map(TimeSpan::from_ticks)
        .ok_or_else(|| Exception::format(format!("The string '{text}' is not a valid TimeSpan value.")))
}

fn read_duration(text: &str) -> Option<i64> {
    let (sign, rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let mut rest = rest.strip_prefix('P')?;
    let mut ticks: i128 = 0;
    let mut units = [('Y', 365 * 86_400), ('M', 30 * 86_400), ('D', 86_400)].as_slice();
    let mut in_time = false;
    let mut parts = 0;
    while !rest.is_empty() {
        if let (Some(time), false) = (rest.strip_prefix('T'), in_time) {
            (rest, in_time) = (time, true);
            units = [('H', 3600), ('M', 60), ('S', 1)].as_slice();
            if rest.is_empty() {
                return None;
            }
        }
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, unit) = (rest.get(..end)?, rest.get(end..)?.chars().next()?);
        let place = units.iter().position(|(name, _)| *name == unit)?;
        let seconds = i128::from(units.get(place)?.1);
        units = units.get(place + 1..)?;
        let (whole, fraction) = match (unit, number.split_once('.')) {
            (_, None) => (number, ""),
            ('S', Some(parts)) => parts,
            _ => return None,
        };
        let whole: i128 = whole.parse().ok()?;
        ticks = ticks.checked_add(whole.checked_mul(seconds)?.checked_mul(10_000_000)?)?;
        if !fraction.is_empty() {
            let digits: String = fraction.chars().chain("0000000".chars()).take(7).collect();
            ticks += digits.parse::<i128>().ok()?;
        }
        rest = rest.get(end + 1..)?;
        parts += 1;
    }
    if parts == 0 { None } else { i64::try_from(ticks * sign).ok() }
}
