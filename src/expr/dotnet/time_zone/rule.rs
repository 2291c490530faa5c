//! `TimeZoneInfo.AdjustmentRule` and `TransitionTime`: when clocks change.

use jiff::Timestamp;
use jiff::civil;
use jiff::tz::TimeZone;

use super::super::date_time::days_in_month;
use super::super::exception::{Exception, Result};
use super::super::{DateTime, TimeSpan};
use super::{TICKS_PER_SECOND, timestamp};

/// `TransitionTime`: the moment of a year at which clocks change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Transition {
    /// The same date each year.
    Fixed {
        /// 1 to 12
        month: u8,
        /// 1 to 31
        day: u8,
        /// Ticks since midnight.
        time: i64,
    },
    /// A day of a week of a month.
    Floating {
        /// 1 to 12
        month: u8,
        /// 1 to 4, or 5 for the last.
        week: u8,
        /// 0 for Sunday
        day_of_week: u8,
        /// Ticks since midnight.
        time: i64,
    },
}

/// `AdjustmentRule`: daylight saving time between two dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct AdjustmentRule {
    /// `DateStart`
    pub from: DateTime,
    /// `DateEnd`
    pub until: DateTime,
    /// `DaylightDelta`
    pub delta: TimeSpan,
    /// `DaylightTransitionStart`
    pub start: Transition,
    /// `DaylightTransitionEnd`
    pub end: Transition,
}

fn days_in(year: i64, month: u8) -> u8 {
    days_in_month(year, month.into()).unwrap_or(31) as u8
}

impl Transition {
    /// `CreateFixedDateRule`.
    pub fn fixed(time: DateTime, month: i32, day: i32) -> Result<Self> {
        check_range(month, 12, "month")?;
        check_range(day, 31, "day")?;
        Ok(Self::Fixed { month: month as u8, day: day as u8, time: time_of(time)? })
    }

    /// `CreateFloatingDateRule`.
    pub fn floating(time: DateTime, month: i32, week: i32, day_of_week: i32) -> Result<Self> {
        check_range(month, 12, "month")?;
        check_range(week, 5, "week")?;
        if !(0..7).contains(&day_of_week) {
            return Err(Exception::out_of_range(
                "The DayOfWeek enumeration must be in the range 0 through 6. (Parameter 'dayOfWeek')",
            ));
        }
        let (month, week, day_of_week) = (month as u8, week as u8, day_of_week as u8);
        Ok(Self::Floating { month, week, day_of_week, time: time_of(time)? })
    }

    /// `Month`
    pub fn month(self) -> u8 {
        match self {
            Self::Fixed { month, .. } | Self::Floating { month, .. } => month,
        }
    }

    /// Ticks since midnight.
    pub fn time(self) -> i64 {
        match self {
            Self::Fixed { time, .. } | Self::Floating { time, .. } => time,
        }
    }

    /// `TimeOfDay`: on the first day of time.
    pub fn time_of_day(self) -> DateTime {
        DateTime::MIN.add_ticks(self.time()).unwrap_or(DateTime::MIN)
    }

    /// The moment in a year, on the clocks of before.
    pub fn in_year(self, year: i64) -> DateTime {
        let (month, day) = match self {
            Self::Fixed { month, day, .. } => (month, day.min(days_in(year, month))),
            Self::Floating { month, week, day_of_week, .. } => {
                let first = DateTime::from_date(year, month.into(), 1).unwrap_or(DateTime::MIN).day_of_week() as u8;
                let day = 1 + (day_of_week + 7 - first) % 7 + (week - 1) * 7;
                (month, if day > days_in(year, month) { day - 7 } else { day })
            }
        };
        let date = DateTime::from_date(year, month.into(), day.into()).unwrap_or(DateTime::MIN);
        date.add_ticks(self.time()).unwrap_or(date)
    }
}

fn check_range(value: i32, most: i32, parameter: &str) -> Result<()> {
    if (1..=most).contains(&value) {
        return Ok(());
    }
    Err(Exception::out_of_range(format!(
        "The {parameter} must be in the range 1 through {most}. (Parameter '{parameter}')"
    )))
}

fn time_of(time: DateTime) -> Result<i64> {
    if time.kind() != super::DateTimeKind::Unspecified || time.year() != 1 || time.date() != DateTime::MIN {
        return Err(Exception::argument(
            "The supplied DateTime must have the Year, Month, and Day properties set to 1. The time cannot be specified more precisely than whole milliseconds. (Parameter 'timeOfDay')",
        ));
    }
    Ok(time.ticks())
}

impl AdjustmentRule {
    /// `CreateAdjustmentRule`.
    pub fn new(from: DateTime, until: DateTime, delta: TimeSpan, start: Transition, end: Transition) -> Result<Self> {
        let has_time = |date: DateTime| date.date().ticks() != date.ticks();
        if from.kind() != super::DateTimeKind::Unspecified || until.kind() != super::DateTimeKind::Unspecified {
            return Err(Exception::argument(
                "The supplied DateTime must have the Kind property set to DateTimeKind.Unspecified. (Parameter 'dateStart')",
            ));
        }
        if start == end {
            return Err(Exception::argument(
                "The DaylightTransitionStart property must not equal the DaylightTransitionEnd property. (Parameter 'daylightTransitionStart')",
            ));
        }
        if from > until {
            return Err(Exception::argument(
                "The DateStart property must come before the DateEnd property. (Parameter 'dateStart')",
            ));
        }
        if delta.ticks().abs() > 14 * 3600 * TICKS_PER_SECOND {
            return Err(Exception::out_of_range(
                "The TimeSpan parameter must be within plus or minus 14.0 hours. (Parameter 'daylightDelta')",
            ));
        }
        if delta.ticks() % (60 * TICKS_PER_SECOND) != 0 {
            return Err(Exception::argument(
                "The TimeSpan parameter cannot be specified more precisely than whole minutes. (Parameter 'daylightDelta')",
            ));
        }
        if has_time(from) || has_time(until) {
            return Err(Exception::argument(
                "The supplied DateTime includes a TimeOfDay setting.   This is not supported. (Parameter 'dateStart')",
            ));
        }
        Ok(Self { from, until, delta, start, end })
    }

    /// Whether it holds on the day of a wall clock.
    pub fn covers(&self, clock: DateTime) -> bool {
        let day = clock.date().ticks();
        self.from.ticks() <= day && day <= self.until.ticks()
    }
}

/// What two transitions of a year could be, the likeliest first.
fn candidates(clock: civil::DateTime) -> Vec<Transition> {
    let (year, month, day) = (i64::from(clock.year()), clock.month() as u8, clock.day() as u8);
    let seconds = i64::from(clock.hour()) * 3600 + i64::from(clock.minute()) * 60 + i64::from(clock.second());
    let time = seconds * TICKS_PER_SECOND;
    let day_of_week = clock.weekday().to_sunday_zero_offset() as u8;
    let mut found = Vec::new();
    if day + 7 > days_in(year, month) {
        found.push(Transition::Floating { month, week: 5, day_of_week, time });
    }
    if day <= 28 {
        found.push(Transition::Floating { month, week: (day - 1) / 7 + 1, day_of_week, time });
    }
    found.push(Transition::Fixed { month, day, time });
    found
}

/// Daylight saving time of one year: what its start and end could be, and by how much clocks change.
struct Year {
    starts: Vec<Transition>,
    ends: Vec<Transition>,
    delta: TimeSpan,
}

fn year_of(zone: &TimeZone, year: i64) -> Option<Year> {
    let from = timestamp(DateTime::from_date(year, 1, 1).ok()?);
    let until = timestamp(DateTime::from_date(year + 1, 1, 1).ok()?);
    let (mut starts, mut ends, mut delta) = (Vec::new(), Vec::new(), 0);
    for change in zone.following(from).take_while(|change| change.timestamp() < until) {
        let before = Timestamp::from_second(change.timestamp().as_second() - 1).ok()?;
        let (old, new) = (zone.to_offset(before), change.offset());
        let clock = old.to_datetime(change.timestamp());
        if change.dst().is_dst() {
            starts = candidates(clock);
            delta = new.seconds() - old.seconds();
        } else {
            ends = candidates(clock);
        }
    }
    let is_whole = !starts.is_empty() && !ends.is_empty() && delta != 0;
    is_whole.then(|| Year { starts, ends, delta: TimeSpan::from_ticks(i64::from(delta) * TICKS_PER_SECOND) })
}

/// The first year that is looked at.
const FIRST: i64 = 1970;

/// The rules of a known zone, in the order of their years; the last holds for ever.
pub(super) fn derive(zone: &TimeZone, this_year: i64) -> Vec<AdjustmentRule> {
    let last = this_year.clamp(FIRST, 9990) + 8;
    let mut rules: Vec<AdjustmentRule> = Vec::new();
    let mut current: Option<(i64, Year)> = None;
    for year in FIRST..=last + 1 {
        let next = if year > last { None } else { year_of(zone, year) };
        if let (Some((_, known)), Some(next)) = (&mut current, &next)
            && known.delta == next.delta
        {
            let both = |a: &[Transition], b: &[Transition]| -> Vec<Transition> {
                a.iter().filter(|found| b.contains(found)).copied().collect()
            };
            let (starts, ends) = (both(&known.starts, &next.starts), both(&known.ends, &next.ends));
            if !starts.is_empty() && !ends.is_empty() {
                (known.starts, known.ends) = (starts, ends);
                continue;
            }
        }
        let ended = std::mem::replace(&mut current, next.map(|next| (year, next)));
        if let Some((first, Year { starts, ends, delta })) = ended
            && let (Some(start), Some(end)) = (starts.first(), ends.first())
        {
            let from = if rules.is_empty() && first == FIRST { 1 } else { first };
            let until = if year > last { 9999 } else { year - 1 };
            let date = |year, month, day| DateTime::from_date(year, month, day).unwrap_or(DateTime::MIN);
            let (from, until) = (date(from, 1, 1), date(until, 12, 31));
            rules.push(AdjustmentRule { from, until, delta, start: *start, end: *end });
        }
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derives_rules_of_known_zones() {
        let zone = super::super::Zone::find("Pacific Standard Time").expect("a zone");
        let now = DateTime::from_date(2024, 6, 1).expect("a date");
        let rules = zone.rules(now);
        let last = rules.last().expect("a rule");
        let two = 2 * 3600 * TICKS_PER_SECOND;
        assert_eq!(last.start, Transition::Floating { month: 3, week: 2, day_of_week: 0, time: two });
        assert_eq!(last.end, Transition::Floating { month: 11, week: 1, day_of_week: 0, time: two });
        assert_eq!((last.from.year(), last.until.year(), last.delta.hours()), (2007, 9999, 1));
        let berlin = super::super::Zone::find("Europe/Berlin").expect("a zone").rules(now);
        let last = berlin.last().expect("a rule");
        assert_eq!(last.end, Transition::Floating { month: 10, week: 5, day_of_week: 0, time: two + two / 2 });
        assert!(super::super::Zone::utc().rules(now).is_empty());
        assert!(super::super::Zone::find("Tokyo Standard Time").expect("a zone").rules(now).is_empty());
    }

    #[test]
    fn finds_days_of_weeks() {
        let last_sunday = Transition::Floating { month: 3, week: 5, day_of_week: 0, time: 0 };
        assert_eq!(last_sunday.in_year(2024).day(), 31);
        assert_eq!(last_sunday.in_year(2023).day(), 26);
        let second_sunday = Transition::Floating { month: 3, week: 2, day_of_week: 0, time: 0 };
        assert_eq!(second_sunday.in_year(2024).day(), 10);
        assert_eq!(Transition::Fixed { month: 2, day: 30, time: 0 }.in_year(2023).day(), 28);
    }
}
