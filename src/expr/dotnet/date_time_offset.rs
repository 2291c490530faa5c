//! `System.DateTimeOffset`: an instant with an offset from UTC in whole minutes.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use super::date_time::{MAX_TICKS, UNIX_EPOCH_TICKS};
use super::exception::{Exception, Result};
use super::{DateTime, DateTimeKind, TimeSpan};

const TICKS_PER_MINUTE: i64 = 600_000_000;

/// `System.DateTimeOffset`; comparison and equality are those of the instant.
#[derive(Debug, Clone, Copy, Default)]
pub struct DateTimeOffset {
    utc_ticks: i64,
    offset: i64,
}

impl DateTimeOffset {
    /// `DateTimeOffset.MinValue`.
    pub const MIN: Self = Self { utc_ticks: 0, offset: 0 };
    /// `DateTimeOffset.MaxValue`.
    pub const MAX: Self = Self { utc_ticks: MAX_TICKS, offset: 0 };

    /// `new DateTimeOffset(clock, offset)`; `clock` is what a wall clock shows at that offset.
    pub fn new(clock: DateTime, offset: TimeSpan) -> Result<Self> {
        let offset = offset.ticks();
        if offset % TICKS_PER_MINUTE != 0 {
            return Err(Exception::argument("Offset must be specified in whole minutes. (Parameter 'offset')"));
        }
        if offset.abs() > 14 * 60 * TICKS_PER_MINUTE {
            return Err(Exception::out_of_range("Offset must be within plus or minus 14 hours. (Parameter 'offset')"));
        }
        if clock.kind() == DateTimeKind::Utc && offset != 0 {
            return Err(Exception::argument(
                "The UTC Offset for Utc DateTime instances must be 0. (Parameter 'offset')",
            ));
        }
        let utc_ticks = clock.ticks() - offset;
        if !(0..=MAX_TICKS).contains(&utc_ticks) {
            return Err(Exception::out_of_range(
                "The UTC time represented when the offset is applied must be between year 0 and 10,000. (Parameter 'offset')",
            ));
        }
        Ok(Self { utc_ticks, offset })
    }

    /// The instant of a UTC time, offset zero.
    pub fn from_utc(time: DateTime) -> Self {
        Self { utc_ticks: time.ticks(), offset: 0 }
    }

    /// `FromUnixTimeSeconds`.
    pub fn from_unix_seconds(seconds: i64) -> Result<Self> {
        Self::from_unix(seconds, 10_000_000, "-62135596800 and 253402300799", "seconds")
    }

    /// `FromUnixTimeMilliseconds`.
    pub fn from_unix_milliseconds(milliseconds: i64) -> Result<Self> {
        Self::from_unix(milliseconds, 10_000, "-62135596800000 and 253402300799999", "milliseconds")
    }

    fn from_unix(value: i64, unit: i64, range: &str, parameter: &str) -> Result<Self> {
        match value.checked_mul(unit).and_then(|ticks| ticks.checked_add(UNIX_EPOCH_TICKS)) {
            Some(utc_ticks) if (0..=MAX_TICKS).contains(&utc_ticks) => Ok(Self { utc_ticks, offset: 0 }),
            _ => Err(Exception::out_of_range(format!(
                "Valid values are between {range}, inclusive. (Parameter '{parameter}')"
            ))),
        }
    }

    /// `ToUnixTimeSeconds`: rounds toward minus infinity.
    pub fn unix_seconds(self) -> i64 {
        (self.utc_ticks - UNIX_EPOCH_TICKS).div_euclid(10_000_000)
    }

    /// `ToUnixTimeMilliseconds`: rounds toward minus infinity.
    pub fn unix_milliseconds(self) -> i64 {
        (self.utc_ticks - UNIX_EPOCH_TICKS).div_euclid(10_000)
    }

    /// `UtcTicks`.
    pub fn utc_ticks(self) -> i64 {
        self.utc_ticks
    }

    /// `UtcDateTime`.
    pub fn utc(self) -> DateTime {
        DateTime::MIN.add_ticks(self.utc_ticks).unwrap_or_default().with_kind(DateTimeKind::Utc)
    }

    /// `DateTime`: what a wall clock shows at the offset, kind unspecified.
    pub fn clock(self) -> DateTime {
        DateTime::MIN.add_ticks((self.utc_ticks + self.offset).clamp(0, MAX_TICKS)).unwrap_or_default()
    }

    /// `Offset`.
    pub fn offset(self) -> TimeSpan {
        TimeSpan::from_ticks(self.offset)
    }

    /// `ToOffset`: the same instant at another offset.
    pub fn to_offset(self, offset: TimeSpan) -> Result<Self> {
        let clock = self.utc_ticks.checked_add(offset.ticks()).unwrap_or(-1);
        Self::new(DateTime::new(clock, DateTimeKind::Unspecified)?, offset)
    }

    /// The result of an operation on the wall clock, at the same offset.
    pub fn map_clock(self, change: impl FnOnce(DateTime) -> Result<DateTime>) -> Result<Self> {
        Self::new(change(self.clock())?, self.offset())
    }

    /// `this - other`.
    pub fn since(self, other: Self) -> TimeSpan {
        TimeSpan::from_ticks(self.utc_ticks - other.utc_ticks)
    }
}

impl PartialEq for DateTimeOffset {
    fn eq(&self, other: &Self) -> bool {
        self.utc_ticks == other.utc_ticks
    }
}

impl Eq for DateTimeOffset {}

impl Hash for DateTimeOffset {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.utc_ticks.hash(state);
    }
}

impl PartialOrd for DateTimeOffset {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for DateTimeOffset {
    fn cmp(&self, other: &Self) -> Ordering {
        self.utc_ticks.cmp(&other.utc_ticks)
    }
}
