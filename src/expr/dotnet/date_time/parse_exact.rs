//! `ParseExact`: text that must follow a pattern.

use super::super::exception::{Exception, Result};
use super::super::{DateTime, DateTimeKind, DateTimeOffset, TimeSpan};
use super::format::{expand, quoted};
use super::names::{DAYS, MONTHS};
use super::parse::{Parsed, fraction_ticks, not_recognized};

impl DateTimeOffset {
    /// `DateTimeOffset.ParseExact(text, pattern, null)`. `local` is the offset of the local zone.
    pub fn parse_exact(text: &str, pattern: &str, today: DateTime, local: TimeSpan) -> Result<Self> {
        let parsed = read(text, pattern, today)?;
        Self::new(parsed.clock, parsed.offset.unwrap_or(local)).map_err(|_| not_recognized(text))
    }
}

impl DateTime {
    /// `DateTime.ParseExact(text, pattern, null)`. `local` is the offset of the local zone.
    pub fn parse_exact(text: &str, pattern: &str, today: DateTime, local: TimeSpan) -> Result<Self> {
        let parsed = read(text, pattern, today)?;
        let keeps_kind = matches!(pattern, "o" | "O") && text.ends_with('Z');
        match pattern {
            "r" | "R" | "u" => Ok(parsed.clock),
            _ if keeps_kind => Ok(parsed.clock.with_kind(DateTimeKind::Utc)),
            _ => parsed.into_date_time(local).ok_or_else(|| not_recognized(text)),
        }
    }
}

fn read(text: &str, pattern: &str, today: DateTime) -> Result<Parsed> {
    let mut chars = pattern.chars();
    let standard = chars.next().filter(|_| chars.next().is_none());
    let custom = match standard {
        Some(letter) => expand(letter).ok_or_else(Exception::bad_input)?,
        None => pattern,
    };
    let mut fields = Fields { rest: text, ..Fields::default() };
    let pattern: Vec<char> = custom.chars().collect();
    let complete = fields.read(&pattern)? && fields.rest.is_empty();
    if matches!(standard, Some('r' | 'R' | 'u' | 'U')) {
        fields.offset = Some(TimeSpan::ZERO);
    }
    let clock = if complete { fields.clock(today) } else { None };
    Ok(Parsed { clock: clock.ok_or_else(|| not_recognized(text))?, offset: fields.offset })
}

#[derive(Default)]
struct Fields<'a> {
    rest: &'a str,
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    weekday: Option<i64>,
    hour: Option<i64>,
    half_hour: Option<i64>,
    afternoon: Option<bool>,
    minute: i64,
    second: i64,
    fraction: i64,
    offset: Option<TimeSpan>,
}

impl<'a> Fields<'a> {
    /// Follows the pattern; false when the text does not.
    fn read(&mut self, pattern: &[char]) -> Result<bool> {
        let mut at = 0;
        while let Some(&ch) = pattern.get(at) {
            let count = pattern[at..].iter().take_while(|&&c| c == ch).count();
            let (used, matched) = match ch {
                '\'' | '"' => {
                    let mut literal = String::new();
                    let used = quoted(pattern, at, &mut literal)?;
                    (used, self.literal(&literal))
                }
                '\\' => {
                    let literal = *pattern.get(at + 1).ok_or_else(Exception::bad_input)?;
                    (2, self.literal(literal.encode_utf8(&mut [0; 4])))
                }
                '%' if pattern.get(at + 1).is_some_and(|&c| c != '%') => (1, Some(())),
                '%' => return Err(Exception::bad_input()),
                'K' => (1, self.zone(3, true)),
                _ => match self.field(ch, count) {
                    Some(matched) => (count, matched),
                    None => (1, self.literal(ch.encode_utf8(&mut [0; 4]))),
                },
            };
            if matched.is_none() {
                return Ok(false);
            }
            at += used;
        }
        Ok(true)
    }

    /// Reads one field; `None` when `letter` is no field.
    fn field(&mut self, letter: char, count: usize) -> Option<Option<()>> {
        Some(match letter {
            'y' => self.number(count, if count <= 2 { 2 } else { count.max(4) }).map(|year| {
                self.year = Some(if count > 2 {
                    year
                } else if year < 50 {
                    year + 2000
                } else {
                    year + 1900
                });
            }),
            'M' if count <= 2 => self.number(count, 2).map(|month| self.month = Some(month)),
            'M' => self.name(&MONTHS, count == 3).map(|month| self.month = Some(month + 1)),
            'd' if count <= 2 => self.number(count, 2).map(|day| self.day = Some(day)),
            'd' => self.name(&DAYS, count == 3).map(|day| self.weekday = Some(day)),
            'H' => self.number(count, 2).map(|hour| self.hour = Some(hour)),
            'h' => self.number(count, 2).map(|hour| self.half_hour = Some(hour)),
            'm' => self.number(count, 2).map(|minute| self.minute = minute),
            's' => self.number(count, 2).map(|second| self.second = second),
            'f' => self.fraction(count, count),
            'F' => self.fraction(0, count),
            't' => self.designator(count),
            'z' => self.zone(count, false),
            _ => return None,
        })
    }

    fn literal(&mut self, text: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }

    fn digits(&mut self, min: usize, max: usize) -> Option<&'a str> {
        let count = self.rest.bytes().take(max).take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at(count);
        self.rest = rest;
        (count >= min).then_some(digits)
    }

    fn number(&mut self, min: usize, max: usize) -> Option<i64> {
        self.digits(min.clamp(1, max), max)?.parse().ok()
    }

    fn name(&mut self, names: &[&str], short: bool) -> Option<i64> {
        let index = names.iter().position(|name| {
            let name = if short { &name[..3] } else { name };
            self.rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
        })?;
        let length = if short { 3 } else { names[index].len() };
        self.rest = &self.rest[length..];
        Some(index as i64)
    }

    fn fraction(&mut self, min: usize, max: usize) -> Option<()> {
        if max > 7 {
            return None;
        }
        let digits = self.digits(min, max)?;
        self.fraction = if digits.is_empty() { 0 } else { fraction_ticks(digits)? };
        Some(())
    }

    fn designator(&mut self, count: usize) -> Option<()> {
        let names = if count == 1 { ["A", "P"] } else { ["AM", "PM"] };
        let index = names
            .iter()
            .position(|name| self.rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)))?;
        self.afternoon = Some(index == 1);
        self.rest = &self.rest[names[index].len()..];
        Some(())
    }

    fn zone(&mut self, count: usize, optional: bool) -> Option<()> {
        if let Some(rest) = self.rest.strip_prefix(['Z', 'z']) {
            self.rest = rest;
            self.offset = Some(TimeSpan::ZERO);
            return Some(());
        }
        let Some(rest) = self.rest.strip_prefix(['+', '-']) else { return optional.then_some(()) };
        let negative = self.rest.starts_with('-');
        self.rest = rest;
        let hours = self.number(if count == 1 { 1 } else { 2 }, 2)?;
        let mut minutes = 0;
        if count >= 3 {
            self.rest = self.rest.strip_prefix(':').unwrap_or(self.rest);
            minutes = self.number(2, 2).filter(|&m| m < 60)?;
        }
        let total = (hours * 60 + minutes) * 600_000_000;
        self.offset = Some(TimeSpan::from_ticks(if negative { -total } else { total }));
        Some(())
    }

    fn clock(&self, today: DateTime) -> Option<DateTime> {
        let (this_year, this_month, this_day) = today.year_month_day();
        let date = if self.year.is_none() && self.month.is_none() && self.day.is_none() {
            DateTime::from_date(this_year, this_month, this_day)
        } else {
            DateTime::from_date(self.year.unwrap_or(this_year), self.month.unwrap_or(1), self.day.unwrap_or(1))
        };
        let hour = match (self.hour, self.half_hour, self.afternoon) {
            (Some(hour), _, _) => hour,
            (None, Some(hour @ 1..=12), afternoon) => hour % 12 + if afternoon == Some(true) { 12 } else { 0 },
            (None, Some(_), _) => return None,
            (None, None, afternoon) => {
                if afternoon == Some(true) {
                    12
                } else {
                    0
                }
            }
        };
        let clock = date.ok()?.with_time(hour, self.minute, self.second, 0).ok()?.add_ticks(self.fraction).ok()?;
        self.weekday.is_none_or(|day| day == clock.day_of_week()).then_some(clock)
    }
}
