//! `System.TimeSpan`: a signed number of 100 ns ticks.

mod format;
mod parse;
mod parse_exact;

use super::exception::{Exception, Result};

/// `TimeSpan.TicksPerMillisecond`.
pub const TICKS_PER_MILLISECOND: i64 = 10_000;
/// `TimeSpan.TicksPerSecond`.
pub const TICKS_PER_SECOND: i64 = 10_000_000;
/// `TimeSpan.TicksPerMinute`.
pub const TICKS_PER_MINUTE: i64 = 600_000_000;
/// `TimeSpan.TicksPerHour`.
pub const TICKS_PER_HOUR: i64 = 36_000_000_000;
/// `TimeSpan.TicksPerDay`.
pub const TICKS_PER_DAY: i64 = 864_000_000_000;

/// `System.TimeSpan`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct TimeSpan {
    ticks: i64,
}

pub(super) fn too_long() -> Exception {
    Exception::overflow("TimeSpan overflowed because the duration is too long.")
}

impl TimeSpan {
    /// `TimeSpan.Zero`.
    pub const ZERO: Self = Self { ticks: 0 };
    /// `TimeSpan.MinValue`.
    pub const MIN: Self = Self { ticks: i64::MIN };
    /// `TimeSpan.MaxValue`.
    pub const MAX: Self = Self { ticks: i64::MAX };

    /// `new TimeSpan(ticks)`, `FromTicks`.
    pub const fn from_ticks(ticks: i64) -> Self {
        Self { ticks }
    }

    /// `new TimeSpan(days, hours, minutes, seconds, milliseconds)`; parts need not be in range.
    pub fn from_parts(days: i64, hours: i64, minutes: i64, seconds: i64, milliseconds: i64) -> Result<Self> {
        let seconds =
            (i128::from(days) * 24 + i128::from(hours)) * 3600 + i128::from(minutes) * 60 + i128::from(seconds);
        let ticks = (seconds * 1000 + i128::from(milliseconds)) * i128::from(TICKS_PER_MILLISECOND);
        i64::try_from(ticks).map(Self::from_ticks).map_err(|_| {
            Exception::out_of_range("TimeSpan overflowed because the duration is too long. (Parameter 'days')")
        })
    }

    /// `FromDays`, `FromHours`, …: `value` units of `unit_ticks` ticks, cut to the tick.
    pub fn from_units(value: f64, unit_ticks: i64) -> Result<Self> {
        if value.is_nan() {
            return Err(Exception::argument("TimeSpan does not accept floating point Not-a-Number values."));
        }
        let ticks = value * unit_ticks as f64;
        match ticks {
            9_223_372_036_854_775_808.0 => Ok(Self::MAX),
            t if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&t) => {
                Ok(Self::from_ticks(t as i64))
            }
            _ => Err(too_long()),
        }
    }

    /// `Ticks`.
    pub fn ticks(self) -> i64 {
        self.ticks
    }

    /// `Days`.
    pub fn days(self) -> i64 {
        self.ticks / TICKS_PER_DAY
    }

    /// `Hours`.
    pub fn hours(self) -> i64 {
        self.ticks / TICKS_PER_HOUR % 24
    }

    /// `Minutes`.
    pub fn minutes(self) -> i64 {
        self.ticks / TICKS_PER_MINUTE % 60
    }

    /// `Seconds`.
    pub fn seconds(self) -> i64 {
        self.ticks / TICKS_PER_SECOND % 60
    }

    /// `Milliseconds`.
    pub fn milliseconds(self) -> i64 {
        self.ticks / TICKS_PER_MILLISECOND % 1000
    }

    /// `TotalDays`, `TotalHours`, …: in units of `unit_ticks` ticks.
    pub fn total(self, unit_ticks: i64) -> f64 {
        self.ticks as f64 / unit_ticks as f64
    }

    /// `+`.
    pub fn plus(self, other: Self) -> Result<Self> {
        self.ticks.checked_add(other.ticks).map(Self::from_ticks).ok_or_else(too_long)
    }

    /// `-`.
    pub fn minus(self, other: Self) -> Result<Self> {
        self.ticks.checked_sub(other.ticks).map(Self::from_ticks).ok_or_else(too_long)
    }

    /// Unary `-`.
    pub fn negate(self) -> Result<Self> {
        self.ticks
            .checked_neg()
            .map(Self::from_ticks)
            .ok_or_else(|| Exception::overflow("Negating the minimum value of a twos complement number is invalid."))
    }

    /// `Duration`.
    pub fn duration(self) -> Result<Self> {
        self.ticks.checked_abs().map(Self::from_ticks).ok_or_else(|| {
            Exception::overflow(
                "The duration cannot be returned for TimeSpan.MinValue because the absolute value of TimeSpan.MinValue exceeds the value of TimeSpan.MaxValue.",
            )
        })
    }

    /// `this * factor`: rounds half to even.
    pub fn multiply(self, factor: f64) -> Result<Self> {
        if factor.is_nan() {
            return Err(Exception::argument(
                "TimeSpan does not accept floating point Not-a-Number values. (Parameter 'factor')",
            ));
        }
        Self::from_units((self.ticks as f64 * factor).round_ties_even(), 1)
    }
}
