//! `System.TimeZoneInfo`: zones by their IANA or Windows names or made of rules, and conversion between them.

mod custom;
mod names;
mod rule;
mod serialized;

pub use custom::CustomZone;
pub use rule::{AdjustmentRule, Transition};

use jiff::Timestamp;
use jiff::civil;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};

use super::date_time::UNIX_EPOCH_TICKS;
use super::exception::{Exception, Result};
use super::{DateTime, DateTimeKind, DateTimeOffset, TimeSpan};
use names::WINDOWS;

/// A time zone.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone {
    id: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    Known(TimeZone),
    Custom(CustomZone),
}

/// What the clocks of a zone show at a wall clock time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    Once(TimeSpan),
    /// The time is skipped; the offset before.
    Never(TimeSpan),
    /// The time comes twice; the offsets before and after.
    Twice(TimeSpan, TimeSpan),
}

const TICKS_PER_SECOND: i64 = 10_000_000;

fn span(offset: Offset) -> TimeSpan {
    TimeSpan::from_ticks(i64::from(offset.seconds()) * TICKS_PER_SECOND)
}

fn timestamp(utc: DateTime) -> Timestamp {
    Timestamp::from_second((utc.ticks() - UNIX_EPOCH_TICKS).div_euclid(TICKS_PER_SECOND)).unwrap_or_default()
}

fn wall_clock(clock: DateTime) -> civil::DateTime {
    let (year, month, day) = clock.year_month_day();
    let (hour, minute, second) = (clock.hour() as i8, clock.minute() as i8, clock.second() as i8);
    civil::DateTime::new(year as i16, month as i8, day as i8, hour, minute, second, 0).unwrap_or_default()
}

impl Zone {
    /// `TimeZoneInfo.Utc`.
    pub fn utc() -> Self {
        Self { id: "UTC".to_owned(), kind: Kind::Known(TimeZone::UTC) }
    }

    /// `TimeZoneInfo.FindSystemTimeZoneById(id)`.
    pub fn find(id: &str) -> Result<Self> {
        let known = WINDOWS.iter().find(|(windows, _)| windows.eq_ignore_ascii_case(id));
        let (id, iana) = known.map_or((id, id), |&(windows, iana)| (windows, iana));
        if iana.eq_ignore_ascii_case("UTC") {
            return Ok(Self::utc());
        }
        match TimeZoneDatabase::bundled().get(iana) {
            Ok(zone) => Ok(Self { id: id.to_owned(), kind: Kind::Known(zone) }),
            Err(_) => Err(Exception::new(
                "System.TimeZoneNotFoundException",
                format!("The time zone ID '{id}' was not found on the local computer."),
            )),
        }
    }

    /// `Id`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// `DisplayName`: `(UTC+01:00) ` and the name.
    pub fn display_name(&self, now: DateTime) -> String {
        if self.is_utc() {
            return "(UTC) Coordinated Universal Time".to_owned();
        }
        if let Kind::Custom(custom) = &self.kind {
            return custom.display_name.clone();
        }
        let base = self.base_offset(now);
        let sign = if base.ticks() < 0 { '-' } else { '+' };
        format!("(UTC{sign}{:02}:{:02}) {}", base.hours().abs(), base.minutes().abs(), self.id)
    }

    /// `BaseUtcOffset`: the standard offset in the year of `now`.
    pub fn base_offset(&self, now: DateTime) -> TimeSpan {
        if let Kind::Custom(custom) = &self.kind {
            return custom.base_offset;
        }
        let halves = [1, 7].map(|month| DateTime::from_date(now.year(), month, 1).unwrap_or(now));
        let standard = halves.into_iter().find(|&date| !self.is_daylight(date)).unwrap_or(now);
        self.offset_at(standard)
    }

    /// Whether the zone has daylight saving time in the year of `now`.
    pub fn has_daylight(&self, now: DateTime) -> bool {
        if let Kind::Custom(custom) = &self.kind {
            return !custom.rules.is_empty();
        }
        [1, 7]
            .into_iter()
            .any(|month| DateTime::from_date(now.year(), month, 1).is_ok_and(|date| self.is_daylight(date)))
    }

    /// The offset at a time in UTC.
    pub fn offset_at(&self, utc: DateTime) -> TimeSpan {
        match &self.kind {
            Kind::Known(zone) => span(zone.to_offset(timestamp(utc))),
            Kind::Custom(custom) => custom.offset_at(utc),
        }
    }

    /// Whether daylight saving time holds at a time in UTC.
    pub fn is_daylight(&self, utc: DateTime) -> bool {
        match &self.kind {
            Kind::Known(zone) => zone.to_offset_info(timestamp(utc)).dst().is_dst(),
            Kind::Custom(custom) => custom.offset_at(utc) != custom.base_offset,
        }
    }

    /// The offset of a wall clock of this zone; in doubt the standard one.
    pub fn offset_of(&self, clock: DateTime) -> TimeSpan {
        match self.clock(clock) {
            Clock::Once(offset) | Clock::Never(offset) | Clock::Twice(_, offset) => offset,
        }
    }

    fn clock(&self, clock: DateTime) -> Clock {
        match &self.kind {
            Kind::Known(zone) => match zone.to_ambiguous_timestamp(wall_clock(clock)).offset() {
                AmbiguousOffset::Unambiguous { offset } => Clock::Once(span(offset)),
                AmbiguousOffset::Gap { before, .. } => Clock::Never(span(before)),
                AmbiguousOffset::Fold { before, after } => Clock::Twice(span(before), span(after)),
            },
            Kind::Custom(custom) => custom.clock(clock),
        }
    }

    /// `GetAmbiguousTimeOffsets`: the two offsets of a time that comes twice, the smaller first.
    pub fn ambiguous_offsets(&self, clock: DateTime) -> Option<[TimeSpan; 2]> {
        match self.clock(clock) {
            Clock::Twice(a, b) => Some([a.min(b), a.max(b)]),
            _ => None,
        }
    }

    /// `GetAdjustmentRules()`.
    pub fn rules(&self, now: DateTime) -> Vec<AdjustmentRule> {
        match &self.kind {
            Kind::Known(zone) => rule::derive(zone, now.year()),
            Kind::Custom(custom) => custom.rules.clone(),
        }
    }

    /// `HasSameRules(other)`.
    pub fn has_same_rules(&self, other: &Self, now: DateTime) -> bool {
        match (&self.kind, &other.kind) {
            (Kind::Known(a), Kind::Known(b)) if a == b => true,
            _ => self.base_offset(now) == other.base_offset(now) && self.rules(now) == other.rules(now),
        }
    }

    /// `StandardName`.
    pub fn standard_name(&self) -> &str {
        match &self.kind {
            Kind::Custom(custom) => &custom.standard_name,
            Kind::Known(_) if self.is_utc() => "Coordinated Universal Time",
            Kind::Known(_) => &self.id,
        }
    }

    /// `DaylightName`.
    pub fn daylight_name(&self) -> String {
        match &self.kind {
            Kind::Custom(custom) => custom.daylight_name.clone(),
            Kind::Known(_) => self.standard_name().replace("Standard", "Daylight"),
        }
    }

    /// A zone of rules.
    pub fn custom(id: &str, custom: CustomZone) -> Self {
        Self { id: id.to_owned(), kind: Kind::Custom(custom) }
    }

    /// `GetSystemTimeZones()`: the zones that Windows names.
    pub fn all() -> Vec<Self> {
        WINDOWS.iter().filter_map(|(windows, _)| Self::find(windows).ok()).collect()
    }

    /// `ToSerializedString()`.
    pub fn to_serialized(&self, now: DateTime) -> String {
        serialized::write(self, now)
    }

    /// `FromSerializedString(text)`.
    pub fn from_serialized(text: &str) -> Result<Self> {
        serialized::read(text)
    }

    fn is_utc(&self) -> bool {
        matches!(&self.kind, Kind::Known(zone) if *zone == TimeZone::UTC)
    }

    /// `IsInvalidTime`: whether clocks skip this time.
    pub fn is_invalid(&self, clock: DateTime) -> bool {
        matches!(self.clock(clock), Clock::Never(_))
    }

    /// `IsAmbiguousTime`: whether clocks show this time twice.
    pub fn is_ambiguous(&self, clock: DateTime) -> bool {
        matches!(self.clock(clock), Clock::Twice(..))
    }

    /// `ConvertTimeToUtc(clock, this)`.
    pub fn to_utc(&self, clock: DateTime) -> Result<DateTime> {
        if self.is_invalid(clock) {
            return Err(Exception::argument(
                "The supplied DateTime represents an invalid time. For example, when the clock is adjusted forward, any time in the period that is skipped is invalid. (Parameter 'dateTime')",
            ));
        }
        let offset = self.offset_of(clock).ticks();
        let utc = clock.add_ticks(-offset).unwrap_or(if offset > 0 { DateTime::MIN } else { DateTime::MAX });
        Ok(utc.with_kind(DateTimeKind::Utc))
    }

    /// `ConvertTimeFromUtc(utc, this)`.
    pub fn clock_at(&self, utc: DateTime) -> DateTime {
        let offset = self.offset_at(utc).ticks();
        let clock = utc.add_ticks(offset).unwrap_or(if offset > 0 { DateTime::MAX } else { DateTime::MIN });
        clock.with_kind(if self.is_utc() { DateTimeKind::Utc } else { DateTimeKind::Unspecified })
    }

    /// `ConvertTime(instant, this)`.
    pub fn convert(&self, instant: DateTimeOffset) -> Result<DateTimeOffset> {
        instant.to_offset(self.offset_at(instant.utc()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(month: i64, day: i64, hour: i64) -> DateTime {
        DateTime::from_date(2024, month, day).and_then(|date| date.with_time(hour, 30, 0, 0)).expect("a time")
    }

    #[test]
    fn converts_with_daylight_saving() {
        for id in ["W. Europe Standard Time", "Europe/Berlin"] {
            let berlin = Zone::find(id).expect("a zone");
            assert_eq!(berlin.id(), id);
            assert_eq!(berlin.clock_at(at(7, 1, 12)), at(7, 1, 14));
            assert_eq!(berlin.clock_at(at(1, 1, 12)), at(1, 1, 13));
            assert_eq!(berlin.to_utc(at(7, 1, 14)), Ok(at(7, 1, 12)));
            assert!(berlin.to_utc(at(3, 31, 2)).is_err() && berlin.is_invalid(at(3, 31, 2)));
            assert!(berlin.is_ambiguous(at(10, 27, 2)));
            assert_eq!(berlin.to_utc(at(10, 27, 2)), Ok(at(10, 27, 1)));
            assert!(
                berlin.is_daylight(at(7, 1, 0)) && !berlin.is_daylight(at(1, 1, 0)) && berlin.has_daylight(at(1, 1, 0))
            );
            assert_eq!(berlin.base_offset(at(7, 1, 0)).hours(), 1);
        }
    }

    #[test]
    fn knows_every_windows_name() {
        for (windows, iana) in WINDOWS {
            assert!(Zone::find(windows).is_ok(), "{windows} is {iana}");
        }
        let error = Zone::find("No/Such").map(|_| ()).unwrap_err();
        assert_eq!(error.message, "The time zone ID 'No/Such' was not found on the local computer.");
        let new_york = Zone::find("Eastern Standard Time").expect("a zone");
        assert_eq!(new_york.display_name(at(7, 1, 0)), "(UTC-05:00) Eastern Standard Time");
        assert_eq!(Zone::utc().clock_at(DateTime::MAX), DateTime::MAX);
        assert_eq!(new_york.clock_at(DateTime::MIN), DateTime::MIN);
    }
}
