//! Text to dates, as `DateTime.Parse` reads it in en-US.

use super::super::exception::{Exception, Result};
use super::super::{DateTime, DateTimeKind, DateTimeOffset, TimeSpan};
use super::names::{DAYS, MONTHS, find};

/// What a text says: what the wall clock shows, and the offset when it is given.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parsed {
    pub clock: DateTime,
    pub offset: Option<TimeSpan>,
}

impl DateTime {
    /// `DateTime.Parse(text)`. `local` is the offset of the local zone, `today` completes partial dates.
    pub fn parse(text: &str, today: DateTime, local: TimeSpan) -> Result<Self> {
        read(text, today).and_then(|parsed| parsed.into_date_time(local)).ok_or_else(|| not_recognized(text))
    }
}

/// `DateTimeStyles` that change what `DateTime.Parse` gives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Styles {
    /// `AdjustToUniversal`
    pub to_utc: bool,
    /// `AssumeUniversal`
    pub assume_utc: bool,
    /// `RoundtripKind`
    pub keep_kind: bool,
}

impl DateTime {
    /// `DateTime.Parse(text, null, styles)`.
    pub fn parse_with(text: &str, today: DateTime, local: TimeSpan, styles: Styles) -> Result<Self> {
        let parsed = read(text, today).ok_or_else(|| not_recognized(text))?;
        let offset = parsed.offset.or(styles.assume_utc.then_some(TimeSpan::ZERO));
        let converted = match offset {
            Some(offset) if styles.to_utc || (styles.keep_kind && offset == TimeSpan::ZERO) => {
                let utc = parsed.clock.add_ticks(-offset.ticks());
                utc.ok().map(|utc| utc.with_kind(DateTimeKind::Utc))
            }
            offset => Parsed { offset, ..parsed }.into_date_time(local),
        };
        converted.ok_or_else(|| not_recognized(text))
    }
}

impl DateTimeOffset {
    /// `DateTimeOffset.Parse(text)`. `local` is the offset of the local zone, `today` completes partial dates.
    pub fn parse(text: &str, today: DateTime, local: TimeSpan) -> Result<Self> {
        let parsed = read(text, today).ok_or_else(|| not_recognized(text))?;
        Self::new(parsed.clock, parsed.offset.unwrap_or(local)).map_err(|_| not_recognized(text))
    }
}

/// `FormatException` of text that is no date.
pub(super) fn not_recognized(text: &str) -> Exception {
    Exception::format(format!("String '{text}' was not recognized as a valid DateTime."))
}

impl Parsed {
    /// As `DateTime` gives it: local when there is an offset.
    pub(super) fn into_date_time(self, local: TimeSpan) -> Option<DateTime> {
        match self.offset {
            None => Some(self.clock),
            Some(offset) => {
                let ticks = local.ticks() - offset.ticks();
                self.clock.add_ticks(ticks).ok().map(|clock| clock.with_kind(DateTimeKind::Local))
            }
        }
    }
}

/// A number of a date with how many digits it was written.
#[derive(Debug, Clone, Copy)]
struct Digits {
    value: i64,
    count: usize,
}

#[derive(Default)]
struct Reader<'a> {
    rest: &'a str,
    numbers: Vec<Digits>,
    /// The month by name, and how many numbers stood before it.
    month: Option<(i64, usize)>,
    weekday: Option<i64>,
    /// Ticks of the time of day, without AM or PM.
    time: Option<i64>,
    afternoon: Option<bool>,
    offset: Option<TimeSpan>,
}

fn read(text: &str, today: DateTime) -> Option<Parsed> {
    let text = text.trim_end_matches('\0').trim();
    let mut reader = Reader { rest: text, ..Reader::default() };
    while !reader.rest.is_empty() {
        reader.token()?;
    }
    reader.finish(today)
}

impl Reader<'_> {
    fn token(&mut self) -> Option<()> {
        let first = self.rest.chars().next()?;
        match first {
            '0'..='9' => self.number(),
            '+' | '-' if self.time.is_some() => self.zone(first),
            c if c.is_alphabetic() => self.word(),
            c if c.is_whitespace() || matches!(c, ',' | '/' | '-' | '.') => {
                self.rest = &self.rest[first.len_utf8()..];
                // A separator belongs between two parts.
                let belongs = c.is_whitespace() || c == ',' || (self.started() && !self.rest.is_empty());
                belongs.then_some(())
            }
            _ => None,
        }
    }

    fn started(&self) -> bool {
        !self.numbers.is_empty() || self.month.is_some() || self.weekday.is_some()
    }

    fn digits(&mut self) -> Option<Digits> {
        let count = self.rest.bytes().take_while(u8::is_ascii_digit).count();
        if count == 0 || count > 9 {
            return None;
        }
        let value = self.rest[..count].parse().ok()?;
        self.rest = &self.rest[count..];
        Some(Digits { value, count })
    }

    fn number(&mut self) -> Option<()> {
        let number = self.digits()?;
        if self.rest.starts_with(':') {
            return self.clock_time(number);
        }
        let after = self.rest.trim_start();
        let word: String = after.chars().take_while(|c| c.is_alphabetic()).collect();
        if self.time.is_none() && is_designator(&word) {
            if !(0..=12).contains(&number.value) {
                return None;
            }
            self.time = Some(number.value * 36_000_000_000);
            return Some(());
        }
        self.numbers.push(number);
        (self.numbers.len() <= 3).then_some(())
    }

    fn clock_time(&mut self, hour: Digits) -> Option<()> {
        if self.time.is_some() || hour.value > 24 || hour.count > 2 {
            return None;
        }
        self.rest = self.rest.strip_prefix(':')?;
        let minute = self.digits().filter(|m| m.value < 60 && m.count <= 2)?;
        let mut ticks = (hour.value * 60 + minute.value) * 600_000_000;
        if let Some(rest) = self.rest.strip_prefix(':') {
            self.rest = rest;
            let second = self.digits().filter(|s| s.value < 60 && s.count <= 2)?;
            ticks += second.value * 10_000_000;
            let fraction = self.rest.strip_prefix(['.', ',']);
            if let Some(rest) = fraction.filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit())) {
                let count = rest.bytes().take_while(u8::is_ascii_digit).count();
                ticks += fraction_ticks(&rest[..count])?;
                self.rest = &rest[count..];
            }
        }
        if hour.value == 24 && ticks != 24 * 36_000_000_000 {
            return None;
        }
        self.time = Some(ticks);
        Some(())
    }

    fn zone(&mut self, sign: char) -> Option<()> {
        self.rest = &self.rest[1..];
        let hours = self.digits()?;
        let (hours, minutes) = match self.rest.strip_prefix(':') {
            Some(rest) => {
                self.rest = rest;
                (hours.value, self.digits().filter(|m| m.count == 2)?.value)
            }
            None if hours.count >= 3 => (hours.value / 100, hours.value % 100),
            None => (hours.value, 0),
        };
        let total = hours * 60 + minutes;
        if self.offset.is_some_and(|known| known != TimeSpan::ZERO) || minutes > 59 || total > 14 * 60 {
            return None;
        }
        let total = if sign == '-' { -total } else { total };
        self.offset = Some(TimeSpan::from_ticks(total * 600_000_000));
        Some(())
    }

    fn word(&mut self) -> Option<()> {
        let length = self.rest.find(|c: char| !c.is_alphabetic()).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(length);
        self.rest = rest;
        if let Some(month) = find(&MONTHS, word) {
            self.rest = rest.strip_prefix('.').unwrap_or(rest);
            return self.month.replace((month + 1, self.numbers.len())).is_none().then_some(());
        }
        if let Some(day) = find(&DAYS, word) {
            self.rest = rest.strip_prefix('.').unwrap_or(rest);
            return self.weekday.replace(day).is_none().then_some(());
        }
        match word.to_ascii_uppercase().as_str() {
            "AM" | "A" if self.time.is_some() => self.afternoon.replace(false).is_none().then_some(()),
            "PM" | "P" if self.time.is_some() => self.afternoon.replace(true).is_none().then_some(()),
            "T" if self.numbers.len() == 3 && self.time.is_none() => {
                rest.starts_with(|c: char| c.is_ascii_digit()).then_some(())
            }
            "Z" | "GMT" if self.time.is_some() || self.numbers.len() == 3 => {
                self.offset.replace(TimeSpan::ZERO).is_none().then_some(())
            }
            _ => None,
        }
    }

    fn finish(self, today: DateTime) -> Option<Parsed> {
        let date = self.date(today)?;
        if self.weekday.is_some_and(|day| day != date.day_of_week()) {
            return None;
        }
        let mut ticks = self.time.unwrap_or(0);
        if let Some(afternoon) = self.afternoon {
            let half_day = 12 * 36_000_000_000;
            let hour = ticks / 36_000_000_000;
            ticks += match (afternoon, hour) {
                (true, 0..12) => half_day,
                (false, 12) => -half_day,
                (true, 12..24) | (false, 0..12) => 0,
                _ => return None,
            };
        }
        Some(Parsed { clock: date.add_ticks(ticks).ok()?, offset: self.offset })
    }

    fn date(&self, today: DateTime) -> Option<DateTime> {
        let (this_year, ..) = today.year_month_day();
        let (year, month, day) = match (self.month, self.numbers.as_slice()) {
            (None, []) if self.time.is_some() && self.weekday.is_none() => {
                return Some(today.date().with_kind(DateTimeKind::Unspecified));
            }
            (None, [year, month]) if year.count > 2 => (year.year(), month.value, 1),
            (None, [month, year]) if year.count > 2 || year.value > 31 => (year.year(), month.value, 1),
            (None, [month, day]) => (this_year, month.value, day.value),
            (None, [year, month, day]) if year.count > 2 => (year.year(), month.value, day.value),
            (None, [month, day, year]) => (year.year(), month.value, day.value),
            (Some((month, _)), [year]) if year.count > 2 || year.value > 31 => (year.year(), month, 1),
            (Some((month, _)), [day]) => (this_year, month, day.value),
            (Some((month, _)), [year, day]) if year.count > 2 => (year.year(), month, day.value),
            (Some((month, _)), [day, year]) => (year.year(), month, day.value),
            _ => return None,
        };
        DateTime::from_date(year, month, day).ok()
    }
}

impl Digits {
    fn year(self) -> i64 {
        match self.value {
            _ if self.count > 2 => self.value,
            0..=49 => self.value + 2000,
            _ => self.value + 1900,
        }
    }
}

fn is_designator(word: &str) -> bool {
    ["AM", "PM", "A", "P"].iter().any(|designator| word.eq_ignore_ascii_case(designator))
}

/// Ticks of the digits behind a decimal point of seconds, rounded.
pub(in super::super) fn fraction_ticks(digits: &str) -> Option<i64> {
    let value: f64 = format!("0.{digits}").parse().ok()?;
    Some((value * 1e7).round_ties_even() as i64)
}
