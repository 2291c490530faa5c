//! Text of dates: standard and custom patterns of en-US.

use super::super::exception::{Exception, Result};
use super::super::{DateTime, DateTimeKind, DateTimeOffset, TimeSpan};
use super::names::{DAYS, MONTHS};

/// A moment to print and what its pattern may say about the zone.
struct Moment {
    clock: DateTime,
    zone: Zone,
    /// What `z` prints.
    offset: TimeSpan,
}

/// What `K` prints.
#[derive(Clone, Copy, PartialEq)]
enum Zone {
    Nothing,
    Utc,
    Offset,
}

impl DateTime {
    /// `ToString(pattern)`; an empty pattern is `G`. `local` is the offset of the local zone.
    pub fn format(self, pattern: &str, local: TimeSpan) -> Result<String> {
        let (zone, offset) = match self.kind() {
            DateTimeKind::Unspecified => (Zone::Nothing, local),
            DateTimeKind::Utc => (Zone::Utc, TimeSpan::ZERO),
            DateTimeKind::Local => (Zone::Offset, local),
        };
        let moment = Moment { clock: self, zone, offset };
        let pattern = if pattern.is_empty() { "G" } else { pattern };
        let Some(standard) = single(pattern) else { return moment.custom(pattern) };
        if standard == 'U' {
            let utc = if self.kind() == DateTimeKind::Utc { self } else { self.add_ticks(-local.ticks())? };
            return Moment { clock: utc, ..moment }.custom(LONG);
        }
        moment.custom(expand(standard).ok_or_else(Exception::bad_input)?)
    }
}

impl DateTimeOffset {
    /// `ToString(pattern)`; an empty pattern is the default, date and long time with the offset.
    pub fn format(self, pattern: &str) -> Result<String> {
        let moment = Moment { clock: self.clock(), zone: Zone::Offset, offset: self.offset() };
        let pattern = if pattern.is_empty() { "M/d/yyyy h:mm:ss tt zzz" } else { pattern };
        match single(pattern) {
            None => moment.custom(pattern),
            Some('U') => Err(Exception::bad_input()),
            Some(standard) => {
                let clock = if matches!(standard, 'r' | 'R' | 'u') { self.utc() } else { self.clock() };
                Moment { clock, ..moment }.custom(expand(standard).ok_or_else(Exception::bad_input)?)
            }
        }
    }
}

const LONG: &str = "dddd, MMMM d, yyyy h:mm:ss tt";

fn single(pattern: &str) -> Option<char> {
    let mut chars = pattern.chars();
    chars.next().filter(|_| chars.next().is_none())
}

/// The custom pattern that a standard letter stands for.
pub(super) fn expand(standard: char) -> Option<&'static str> {
    Some(match standard {
        'd' => "M/d/yyyy",
        'D' => "dddd, MMMM d, yyyy",
        'f' => "dddd, MMMM d, yyyy h:mm tt",
        'F' | 'U' => LONG,
        'g' => "M/d/yyyy h:mm tt",
        'G' => "M/d/yyyy h:mm:ss tt",
        'm' | 'M' => "MMMM d",
        'o' | 'O' => "yyyy'-'MM'-'dd'T'HH':'mm':'ss'.'fffffffK",
        'r' | 'R' => "ddd, dd MMM yyyy HH':'mm':'ss 'GMT'",
        's' => "yyyy'-'MM'-'dd'T'HH':'mm':'ss",
        't' => "h:mm tt",
        'T' => "h:mm:ss tt",
        'u' => "yyyy'-'MM'-'dd HH':'mm':'ss'Z'",
        'y' | 'Y' => "MMMM yyyy",
        _ => return None,
    })
}

impl Moment {
    fn custom(&self, pattern: &str) -> Result<String> {
        let pattern: Vec<char> = pattern.chars().collect();
        let (year, month, day) = self.clock.year_month_day();
        let mut out = String::new();
        let mut at = 0;
        while let Some(&ch) = pattern.get(at) {
            let count = pattern[at..].iter().take_while(|&&c| c == ch).count();
            let mut used = count;
            match ch {
                'd' => match count {
                    1 | 2 => push_number(&mut out, day, count),
                    3 => out.push_str(&DAYS[self.clock.day_of_week() as usize % 7][..3]),
                    _ => out.push_str(DAYS[self.clock.day_of_week() as usize % 7]),
                },
                'M' => match count {
                    1 | 2 => push_number(&mut out, month, count),
                    3 => out.push_str(&MONTHS[month as usize - 1][..3]),
                    _ => out.push_str(MONTHS[month as usize - 1]),
                },
                'y' if count <= 2 => push_number(&mut out, year % 100, count),
                'y' => push_number(&mut out, year, count),
                'h' => push_number(&mut out, (self.clock.hour() + 11) % 12 + 1, count.min(2)),
                'H' => push_number(&mut out, self.clock.hour(), count.min(2)),
                'm' => push_number(&mut out, self.clock.minute(), count.min(2)),
                's' => push_number(&mut out, self.clock.second(), count.min(2)),
                'f' | 'F' => {
                    if count > 7 {
                        return Err(Exception::bad_input());
                    }
                    self.push_fraction(&mut out, count, ch == 'F');
                }
                't' => {
                    let designator = if self.clock.hour() < 12 { "AM" } else { "PM" };
                    out.push_str(if count == 1 { &designator[..1] } else { designator });
                }
                'g' => out.push_str("A.D."),
                'z' => push_offset(&mut out, self.offset, count),
                'K' => {
                    used = 1;
                    match self.zone {
                        Zone::Nothing => {}
                        Zone::Utc => out.push('Z'),
                        Zone::Offset => push_offset(&mut out, self.offset, 3),
                    }
                }
                '\'' | '"' => used = quoted(&pattern, at, &mut out)?,
                '%' => {
                    let next = pattern.get(at + 1).filter(|&&c| c != '%').ok_or_else(Exception::bad_input)?;
                    let run: String = std::iter::once(*next).collect();
                    out.push_str(&self.custom(&run)?);
                    used = 2;
                }
                '\\' => {
                    out.push(*pattern.get(at + 1).ok_or_else(Exception::bad_input)?);
                    used = 2;
                }
                other => {
                    out.push(other);
                    used = 1;
                }
            }
            at += used;
        }
        Ok(out)
    }

    fn push_fraction(&self, out: &mut String, count: usize, trim: bool) {
        let digits = format!("{:07}", self.clock.ticks() % 10_000_000);
        let digits = &digits[..count];
        let shown = if trim { digits.trim_end_matches('0') } else { digits };
        if shown.is_empty() && out.ends_with('.') {
            out.pop();
        }
        out.push_str(shown);
    }
}

fn push_number(out: &mut String, value: i64, width: usize) {
    let digits = value.to_string();
    out.extend(std::iter::repeat_n('0', width.saturating_sub(digits.len())));
    out.push_str(&digits);
}

fn push_offset(out: &mut String, offset: TimeSpan, count: usize) {
    out.push(if offset.ticks() < 0 { '-' } else { '+' });
    let minutes = offset.ticks().abs() / 600_000_000;
    push_number(out, minutes / 60, count.min(2));
    if count >= 3 {
        out.push_str(&format!(":{:02}", minutes % 60));
    }
}

/// Copies the quoted text that starts at `at`; gives the length of it with its quotes.
pub(in super::super) fn quoted(pattern: &[char], at: usize, out: &mut String) -> Result<usize> {
    let quote = pattern.get(at).copied().unwrap_or('\'');
    let mut end = at + 1;
    while let Some(&ch) = pattern.get(end) {
        end += 1;
        match ch {
            c if c == quote => return Ok(end - at),
            '\\' => {
                out.push(*pattern.get(end).ok_or_else(Exception::bad_input)?);
                end += 1;
            }
            c => out.push(c),
        }
    }
    Err(Exception::format(format!("Cannot find a matching quote character for the character '{quote}'.")))
}
