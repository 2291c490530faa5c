//! The text of a zone: `ToSerializedString` and `FromSerializedString`.

use std::iter::Peekable;
use std::str::Chars;

use super::super::exception::{Exception, Result};
use super::super::{DateTime, TimeSpan};
use super::{AdjustmentRule, CustomZone, TICKS_PER_SECOND, Transition, Zone};

const TICKS_PER_MINUTE: i64 = 60 * TICKS_PER_SECOND;

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        if matches!(c, '\\' | '[' | ']' | ';') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push(';');
}

pub(super) fn write(zone: &Zone, now: DateTime) -> String {
    let mut out = String::new();
    escape(zone.id(), &mut out);
    out.push_str(&format!("{};", zone.base_offset(now).ticks() / TICKS_PER_MINUTE));
    escape(&zone.display_name(now), &mut out);
    escape(zone.standard_name(), &mut out);
    escape(&zone.daylight_name(), &mut out);
    for rule in zone.rules(now) {
        let date = |date: DateTime| {
            let (year, month, day) = date.year_month_day();
            format!("{month:02}:{day:02}:{year:04};")
        };
        out.push_str(&format!("[{}{}{};", date(rule.from), date(rule.until), rule.delta.ticks() / TICKS_PER_MINUTE));
        for transition in [rule.start, rule.end] {
            let seconds = transition.time() / TICKS_PER_SECOND;
            let time = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
            out.push_str(&match transition {
                Transition::Fixed { month, day, .. } => format!("[1;{time};{month};{day};];"),
                Transition::Floating { month, week, day_of_week, .. } => {
                    format!("[0;{time};{month};{week};{day_of_week};];")
                }
            });
        }
        out.push(']');
    }
    out.push(';');
    out
}

struct Reader<'a>(Peekable<Chars<'a>>);

fn bad() -> Exception {
    Exception::new(
        "System.Runtime.Serialization.SerializationException",
        "An error occurred while deserializing the object. The serialized data is corrupt.",
    )
}

impl Reader<'_> {
    fn expect(&mut self, wanted: char) -> Result<()> {
        if self.0.next() == Some(wanted) { Ok(()) } else { Err(bad()) }
    }

    /// The text up to the next `;`.
    fn text(&mut self) -> Result<String> {
        let mut out = String::new();
        loop {
            match self.0.next().ok_or_else(bad)? {
                ';' => return Ok(out),
                '\\' => out.push(self.0.next().ok_or_else(bad)?),
                '[' | ']' => return Err(bad()),
                other => out.push(other),
            }
        }
    }

    fn number<T: std::str::FromStr>(&mut self) -> Result<T> {
        self.text()?.parse().map_err(|_| bad())
    }

    fn minutes(&mut self) -> Result<TimeSpan> {
        let minutes: i32 = self.number()?;
        Ok(TimeSpan::from_ticks(i64::from(minutes) * TICKS_PER_MINUTE))
    }

    fn date(&mut self) -> Result<DateTime> {
        let text = self.text()?;
        let parts: Vec<i64> = text.split(':').filter_map(|part| part.parse().ok()).collect();
        match parts.as_slice() {
            [month, day, year] => DateTime::from_date(*year, *month, *day).map_err(|_| bad()),
            _ => Err(bad()),
        }
    }

    fn transition(&mut self) -> Result<Transition> {
        self.expect('[')?;
        let is_fixed = self.text()? == "1";
        let text = self.text()?;
        let parts: Vec<i64> = text.split(':').filter_map(|part| part.parse().ok()).collect();
        let [hour, minute, second] = parts.as_slice() else { return Err(bad()) };
        let time = DateTime::MIN.with_time(*hour, *minute, *second, 0).map_err(|_| bad())?;
        let month = self.number()?;
        let transition = if is_fixed {
            Transition::fixed(time, month, self.number()?)
        } else {
            let week = self.number()?;
            Transition::floating(time, month, week, self.number()?)
        };
        self.expect(']')?;
        self.expect(';')?;
        transition.map_err(|_| bad())
    }
}

pub(super) fn read(text: &str) -> Result<Zone> {
    if text.is_empty() {
        return Err(Exception::argument("The specified serialized string '' is not supported. (Parameter 'source')"));
    }
    let mut reader = Reader(text.chars().peekable());
    let id = reader.text()?;
    let base_offset = reader.minutes()?;
    let (display_name, standard_name, daylight_name) = (reader.text()?, reader.text()?, reader.text()?);
    let mut rules = Vec::new();
    while reader.0.peek() == Some(&'[') {
        reader.expect('[')?;
        let (from, until, delta) = (reader.date()?, reader.date()?, reader.minutes()?);
        let (start, end) = (reader.transition()?, reader.transition()?);
        reader.expect(']')?;
        rules.push(AdjustmentRule::new(from, until, delta, start, end).map_err(|_| bad())?);
    }
    reader.expect(';')?;
    let custom = CustomZone { base_offset, display_name, standard_name, daylight_name, rules };
    custom.check(&id).map_err(|_| bad())?;
    Ok(Zone::custom(&id, custom))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_what_it_writes() {
        let now = DateTime::from_date(2024, 6, 1).expect("a date");
        for id in ["Pacific Standard Time", "W. Europe Standard Time", "UTC"] {
            let zone = Zone::find(id).expect("a zone");
            let text = zone.to_serialized(now);
            let read = Zone::from_serialized(&text).expect("a zone");
            assert_eq!(read.to_serialized(now), text);
            assert!(read.has_same_rules(&zone, now));
            let summer = DateTime::from_date(2024, 7, 1).expect("a date");
            assert_eq!(read.offset_at(summer), zone.offset_at(summer));
        }
    }

    proptest! {
        #[test]
        fn never_panics(text in r"(X|;|\[|\]|:|[0-9]{1,4}|\\){0,40}") {
            let _ = Zone::from_serialized(&text);
        }
    }
}
