//! Rows as JSON, with the texts that .NET's `Newtonsoft.Json` has for SQL Server's types.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use jiff::Span;
use jiff::civil::{self, DateTime};
use serde_json::Value as Json;
use tiberius::{ColumnData, Row, time};

use super::super::SqlError;

/// A row as an object; of columns with one name the last counts.
pub(super) fn row(row: &Row) -> Result<Bytes, SqlError> {
    let cells: Vec<_> = row.cells().collect();
    let mut out = vec![b'{'];
    for (i, (column, data)) in cells.iter().enumerate() {
        if cells.iter().skip(i + 1).any(|(other, _)| other.name() == column.name()) {
            continue;
        }
        if out.len() > 1 {
            out.push(b',');
        }
        text(&mut out, column.name());
        out.push(b':');
        value(&mut out, data).ok_or_else(|| {
            SqlError::new(format!("the value of the column `{}` is none that there is", column.name()))
        })?;
    }
    out.push(b'}');
    Ok(out.into())
}

fn text(out: &mut Vec<u8>, text: &str) {
    // INVARIANT: writing into memory does not fail.
    let _ = serde_json::to_writer(out, text);
}

/// Writes a value; none when it is out of range, which a server does not send.
fn value(out: &mut Vec<u8>, data: &ColumnData<'_>) -> Option<()> {
    let shown = match data {
        ColumnData::U8(Some(n)) => n.to_string(),
        ColumnData::I16(Some(n)) => n.to_string(),
        ColumnData::I32(Some(n)) => n.to_string(),
        ColumnData::I64(Some(n)) => n.to_string(),
        ColumnData::F32(Some(n)) => Json::from(n.to_string().parse::<f64>().ok()?).to_string(),
        ColumnData::F64(Some(n)) => Json::from(*n).to_string(),
        ColumnData::Bit(Some(is)) => is.to_string(),
        ColumnData::Numeric(Some(n)) => numeric(n.value(), n.scale()),
        ColumnData::String(Some(string)) => {
            text(out, string);
            return Some(());
        }
        ColumnData::Xml(Some(xml)) => {
            text(out, AsRef::<str>::as_ref(&**xml));
            return Some(());
        }
        ColumnData::Guid(Some(guid)) => format!("\"{guid}\""),
        ColumnData::Binary(Some(bytes)) => format!("\"{}\"", STANDARD.encode(bytes)),
        ColumnData::DateTime(Some(at)) => {
            // A fragment is a 300th of a second; .NET rounds to milliseconds.
            let milliseconds = (i64::from(at.seconds_fragments()) * 10 + 1) / 3;
            moment(1900, at.days().into(), milliseconds.checked_mul(10_000)?)?
        }
        ColumnData::SmallDateTime(Some(at)) => {
            moment(1900, at.days().into(), i64::from(at.seconds_fragments()) * 60 * SECOND)?
        }
        ColumnData::Date(Some(day)) => moment(1, day.days().into(), 0)?,
        ColumnData::DateTime2(Some(at)) => moment(1, at.date().days().into(), ticks(at.time())?)?,
        ColumnData::Time(Some(at)) => duration(ticks(*at)?),
        ColumnData::DateTimeOffset(Some(at)) => {
            let (utc, offset) = (at.datetime2(), i64::from(at.offset()));
            let local = ticks(utc.time())?.checked_add(offset * 60 * SECOND)?;
            let mut shown = moment(1, utc.date().days().into(), local)?;
            shown.pop();
            let sign = if offset < 0 { '-' } else { '+' };
            format!("{shown}{sign}{:02}:{:02}\"", offset.abs() / 60, offset.abs() % 60)
        }
        _ => "null".to_owned(),
    };
    out.write_all(shown.as_bytes()).ok()
}

/// Ticks of .NET, of 100 ns, in a second.
const SECOND: i64 = 10_000_000;
const DAY: i64 = 86_400 * SECOND;

fn ticks(time: time::Time) -> Option<i64> {
    let places = 7_u32.checked_sub(time.scale().into())?;
    let ticks = i64::try_from(time.increments()).ok()?.checked_mul(10_i64.pow(places))?;
    (ticks < DAY).then_some(ticks)
}

/// `2024-03-15T10:30:45.123`, so many days and ticks after the beginning of a year.
fn moment(year: i16, days: i64, ticks: i64) -> Option<String> {
    let (days, ticks) = (days.checked_add(ticks.div_euclid(DAY))?, ticks.rem_euclid(DAY));
    let start = DateTime::from_parts(civil::date(year, 1, 1), civil::time(0, 0, 0, 0));
    // One after the other: all parts of a span have one sign.
    let at = start.checked_add(Span::new().try_days(days).ok()?).ok()?;
    let at = at.checked_add(Span::new().try_nanoseconds(ticks * 100).ok()?).ok()?;
    // SQL Server knows the years 1 to 9999.
    (1..=9999).contains(&at.year()).then(|| {
        let (date, time) = (at.date(), at.time());
        let fraction = fraction(i64::from(time.subsec_nanosecond()) / 100);
        format!("\"{date}T{:02}:{:02}:{:02}{fraction}\"", time.hour(), time.minute(), time.second())
    })
}

/// A `TimeSpan` in the format `c`.
fn duration(ticks: i64) -> String {
    let (seconds, rest) = (ticks / SECOND, ticks % SECOND);
    let fraction = if rest == 0 { String::new() } else { format!(".{rest:07}") };
    format!("\"{:02}:{:02}:{:02}{fraction}\"", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn fraction(ticks: i64) -> String {
    if ticks == 0 {
        return String::new();
    }
    format!(".{ticks:07}").trim_end_matches('0').to_owned()
}

/// An exact number: `-0.05`.
fn numeric(value: i128, scale: u8) -> String {
    let (sign, digits) = (if value < 0 { "-" } else { "" }, value.unsigned_abs().to_string());
    let scale = usize::from(scale);
    let digits = format!("{digits:0>width$}", width = scale + 1);
    let (whole, rest) = digits.split_at(digits.len() - scale);
    if rest.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{rest}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tiberius::numeric::Numeric;
    use tiberius::time::{Date, DateTime, DateTime2, DateTimeOffset, SmallDateTime, Time};

    use super::*;

    fn shown(data: &ColumnData<'_>) -> String {
        let mut out = Vec::new();
        match value(&mut out, data) {
            Some(()) => String::from_utf8(out).unwrap(),
            None => "out of range".to_owned(),
        }
    }

    #[test]
    fn values_are_written_as_net_does() {
        let noon = Time::new(430_001_234_567, 7);
        for (data, expected) in [
            (ColumnData::U8(Some(255)), "255"),
            (ColumnData::I64(Some(i64::MIN)), "-9223372036854775808"),
            (ColumnData::I32(None), "null"),
            (ColumnData::F32(Some(0.1)), "0.1"),
            (ColumnData::F64(Some(1.0)), "1.0"),
            (ColumnData::F64(Some(f64::NAN)), "null"),
            (ColumnData::Bit(Some(true)), "true"),
            (ColumnData::String(Some("a\"\u{1}é".into())), r#""a\"\u0001é""#),
            (ColumnData::Binary(Some(vec![1, 2, 3].into())), "\"AQID\""),
            (ColumnData::Guid(Some(tiberius::Uuid::from_u128(0xAB))), "\"00000000-0000-0000-0000-0000000000ab\""),
            (ColumnData::Numeric(Some(Numeric::new_with_scale(-5, 2))), "-0.05"),
            (ColumnData::Numeric(Some(Numeric::new_with_scale(1250, 2))), "12.50"),
            (ColumnData::Numeric(Some(Numeric::new_with_scale(7, 0))), "7"),
            (ColumnData::DateTime(Some(DateTime::new(45_364, 11_353_537))), "\"2024-03-15T10:30:45.123\""),
            (ColumnData::SmallDateTime(Some(SmallDateTime::new(45_364, 630))), "\"2024-03-15T10:30:00\""),
            (ColumnData::Date(Some(Date::new(738_959))), "\"2024-03-15T00:00:00\""),
            (ColumnData::Time(Some(Time::new(37_845, 0))), "\"10:30:45\""),
            (ColumnData::Time(Some(Time::new(378_451, 1))), "\"10:30:45.1000000\""),
            (ColumnData::DateTime2(Some(DateTime2::new(Date::new(738_959), noon))), "\"2024-03-15T11:56:40.1234567\""),
            (
                ColumnData::DateTimeOffset(Some(DateTimeOffset::new(DateTime2::new(Date::new(738_959), noon), -750))),
                "\"2024-03-14T23:26:40.1234567-12:30\"",
            ),
            (ColumnData::Time(Some(Time::new(u64::MAX, 0))), "out of range"),
            (ColumnData::Date(Some(Date::new(16_000_000))), "out of range"),
            (ColumnData::DateTime(Some(DateTime::new(i32::MAX, 0))), "out of range"),
        ] {
            assert_eq!(shown(&data), expected, "{data:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_json_or_refused(days in any::<i32>(), fragments in any::<u32>(), increments in any::<u64>(), offset in any::<i16>()) {
            let time = Time::new(increments, 7);
            let date = Date::new(days.unsigned_abs() & 0x00ff_ffff);
            for data in [
                ColumnData::DateTime(Some(DateTime::new(days, fragments))),
                ColumnData::Time(Some(time)),
                ColumnData::DateTimeOffset(Some(DateTimeOffset::new(DateTime2::new(date, time), offset))),
            ] {
                let mut out = Vec::new();
                if value(&mut out, &data).is_some() {
                    prop_assert!(serde_json::from_slice::<Json>(&out).is_ok());
                }
            }
        }
    }
}
