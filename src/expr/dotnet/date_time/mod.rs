//! `System.DateTime`: ticks since year 1 with a kind, and the calendar.

mod format;
pub mod names;
mod parse;
mod parse_exact;

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

pub(super) use format::quoted;
pub use parse::Styles;
pub(super) use parse::fraction_ticks;

use super::TimeSpan;
use super::exception::{Exception, Result};

/// Ticks of 100 ns in one day.
pub const TICKS_PER_DAY: i64 = 864_000_000_000;
/// `DateTime.MaxValue.Ticks`.
pub const MAX_TICKS: i64 = 3_155_378_975_999_999_999;
/// Ticks at 1970-01-01.
pub const UNIX_EPOCH_TICKS: i64 = 621_355_968_000_000_000;

/// `System.DateTimeKind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DateTimeKind {
    /// Neither local nor universal.
    #[default]
    Unspecified,
    /// Coordinated universal time.
    Utc,
    /// Time of the engine's zone.
    Local,
}

/// `System.DateTime`; comparison and equality ignore the kind.
#[derive(Debug, Clone, Copy, Default)]
pub struct DateTime {
    ticks: i64,
    kind: DateTimeKind,
}

fn out_of_range() -> Exception {
    Exception::out_of_range(
        "The added or subtracted value results in an un-representable DateTime. (Parameter 'value')",
    )
}

/// Whether `year` (1 to 9999) has 366 days.
pub fn is_leap_year(year: i64) -> Result<bool> {
    if !(1..=9999).contains(&year) {
        return Err(Exception::out_of_range("Year must be between 1 and 9999. (Parameter 'year')"));
    }
    Ok(leap(year))
}

/// Number of days of a month.
pub fn days_in_month(year: i64, month: i64) -> Result<i64> {
    if !(1..=12).contains(&month) {
        return Err(Exception::out_of_range("Month must be between one and twelve. (Parameter 'month')"));
    }
    is_leap_year(year)?;
    Ok(month_length(year, month))
}

fn leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn month_length(year: i64, month: i64) -> i64 {
    match month {
        2 if leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 0001-01-01 to the given date of the proleptic Gregorian calendar.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let y = year - 1;
    let months: i64 = (1..month).map(|m| month_length(year, m)).sum();
    y * 365 + y / 4 - y / 100 + y / 400 + months + day - 1
}

impl DateTime {
    /// `DateTime.MinValue`.
    pub const MIN: Self = Self { ticks: 0, kind: DateTimeKind::Unspecified };
    /// `DateTime.MaxValue`.
    pub const MAX: Self = Self { ticks: MAX_TICKS, kind: DateTimeKind::Unspecified };

    /// `new DateTime(ticks, kind)`.
    pub fn new(ticks: i64, kind: DateTimeKind) -> Result<Self> {
        if !(0..=MAX_TICKS).contains(&ticks) {
            return Err(Exception::out_of_range(
                "Ticks must be between DateTime.MinValue.Ticks and DateTime.MaxValue.Ticks. (Parameter 'ticks')",
            ));
        }
        Ok(Self { ticks, kind })
    }

    /// Midnight of a date, kind unspecified.
    pub fn from_date(year: i64, month: i64, day: i64) -> Result<Self> {
        let valid =
            (1..=9999).contains(&year) && (1..=12).contains(&month) && (1..=month_length(year, month)).contains(&day);
        if !valid {
            return Err(Exception::out_of_range(
                "Year, Month, and Day parameters describe an un-representable DateTime.",
            ));
        }
        Ok(Self { ticks: days_before(year, month, day) * TICKS_PER_DAY, kind: DateTimeKind::Unspecified })
    }

    /// This date with a time of day (hour, minute, second, millisecond).
    pub fn with_time(self, hour: i64, minute: i64, second: i64, millisecond: i64) -> Result<Self> {
        if !(0..24).contains(&hour) || !(0..60).contains(&minute) || !(0..60).contains(&second) {
            return Err(Exception::out_of_range(
                "Hour, Minute, and Second parameters describe an un-representable DateTime.",
            ));
        }
        if !(0..1000).contains(&millisecond) {
            return Err(Exception::out_of_range(
                "Valid values are between 0 and 999, inclusive. (Parameter 'millisecond')",
            ));
        }
        let time = ((hour * 60 + minute) * 60 + second) * 1000 + millisecond;
        Ok(Self { ticks: self.date().ticks + time * 10_000, kind: self.kind })
    }

    /// From seconds and nanoseconds since 1970, kind UTC; clamped to the range of the type.
    pub fn from_unix(seconds: i64, nanoseconds: u32) -> Self {
        let ticks = seconds
            .saturating_mul(10_000_000)
            .saturating_add(i64::from(nanoseconds / 100))
            .saturating_add(UNIX_EPOCH_TICKS);
        Self { ticks: ticks.clamp(0, MAX_TICKS), kind: DateTimeKind::Utc }
    }

    /// The same ticks with another kind.
    pub fn with_kind(self, kind: DateTimeKind) -> Self {
        Self { kind, ..self }
    }

    /// `Ticks`.
    pub fn ticks(self) -> i64 {
        self.ticks
    }

    /// `Kind`.
    pub fn kind(self) -> DateTimeKind {
        self.kind
    }

    /// Year, month and day.
    pub fn year_month_day(self) -> (i64, i64, i64) {
        let mut days = self.ticks / TICKS_PER_DAY;
        let (n400, n100, n4, n1);
        (n400, days) = (days / 146_097, days % 146_097);
        n100 = (days / 36_524).min(3);
        days -= n100 * 36_524;
        (n4, days) = (days / 1461, days % 1461);
        n1 = (days / 365).min(3);
        days -= n1 * 365;
        let year = n400 * 400 + n100 * 100 + n4 * 4 + n1 + 1;
        let mut month = 1;
        while days >= month_length(year, month) {
            days -= month_length(year, month);
            month += 1;
        }
        (year, month, days + 1)
    }

    /// `Year`.
    pub fn year(self) -> i64 {
        self.year_month_day().0
    }

    /// `Month`.
    pub fn month(self) -> i64 {
        self.year_month_day().1
    }

    /// `Day`.
    pub fn day(self) -> i64 {
        self.year_month_day().2
    }

    /// `DayOfYear`.
    pub fn day_of_year(self) -> i64 {
        self.ticks / TICKS_PER_DAY - days_before(self.year(), 1, 1) + 1
    }

    /// `DayOfWeek`: 0 is Sunday.
    pub fn day_of_week(self) -> i64 {
        (self.ticks / TICKS_PER_DAY + 1) % 7
    }

    /// `Hour`.
    pub fn hour(self) -> i64 {
        self.ticks / 36_000_000_000 % 24
    }

    /// `Minute`.
    pub fn minute(self) -> i64 {
        self.ticks / 600_000_000 % 60
    }

    /// `Second`.
    pub fn second(self) -> i64 {
        self.ticks / 10_000_000 % 60
    }

    /// `Millisecond`.
    pub fn millisecond(self) -> i64 {
        self.ticks / 10_000 % 1000
    }

    /// `Date`.
    pub fn date(self) -> Self {
        Self { ticks: self.ticks - self.ticks % TICKS_PER_DAY, kind: self.kind }
    }

    /// `TimeOfDay`.
    pub fn time_of_day(self) -> TimeSpan {
        TimeSpan::from_ticks(self.ticks % TICKS_PER_DAY)
    }

    /// `AddTicks`, `Add`, `+`.
    pub fn add_ticks(self, ticks: i64) -> Result<Self> {
        match self.ticks.checked_add(ticks) {
            Some(ticks) if (0..=MAX_TICKS).contains(&ticks) => Ok(Self { ticks, kind: self.kind }),
            _ => Err(out_of_range()),
        }
    }

    /// `AddDays`, `AddHours`, …: `value` units of `unit_ticks` ticks, kept to the tick.
    pub fn add_units(self, value: f64, unit_ticks: i64) -> Result<Self> {
        let whole = value.trunc();
        let fraction = value - whole;
        if !whole.is_finite() || whole.abs() > (MAX_TICKS / unit_ticks) as f64 {
            return Err(Exception::out_of_range("Value to add was out of range. (Parameter 'value')"));
        }
        let ticks = whole as i64 * unit_ticks + (fraction * unit_ticks as f64) as i64;
        self.add_ticks(ticks)
    }

    /// `AddMonths`: clamps the day.
    pub fn add_months(self, months: i64) -> Result<Self> {
        if !(-120_000..=120_000).contains(&months) {
            return Err(Exception::out_of_range("Months value must be between +/-120000. (Parameter 'months')"));
        }
        let (year, month, day) = self.year_month_day();
        let index = year * 12 + month - 1 + months;
        let (year, month) = (index.div_euclid(12), index.rem_euclid(12) + 1);
        if !(1..=9999).contains(&year) {
            return Err(Exception::out_of_range(
                "The added or subtracted value results in an un-representable DateTime. (Parameter 'months')",
            ));
        }
        let date = Self::from_date(year, month, day.min(month_length(year, month)))?;
        Ok(Self { ticks: date.ticks + self.ticks % TICKS_PER_DAY, kind: self.kind })
    }

    /// `AddYears`: clamps the day.
    pub fn add_years(self, years: i64) -> Result<Self> {
        if !(-10_000..=10_000).contains(&years) {
            return Err(Exception::out_of_range("Years value must be between +/-10000. (Parameter 'years')"));
        }
        self.add_months(years * 12)
    }

    /// `this - other`.
    pub fn since(self, other: Self) -> TimeSpan {
        TimeSpan::from_ticks(self.ticks - other.ticks)
    }
}

impl PartialEq for DateTime {
    fn eq(&self, other: &Self) -> bool {
        self.ticks == other.ticks
    }
}

impl Eq for DateTime {}

impl Hash for DateTime {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.ticks.hash(state);
    }
}

impl PartialOrd for DateTime {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for DateTime {
    fn cmp(&self, other: &Self) -> Ordering {
        self.ticks.cmp(&other.ticks)
    }
}

#[cfg(test)]
mod tests;
