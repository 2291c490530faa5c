//! Zones made of rules: `TimeZoneInfo.CreateCustomTimeZone`.

use super::super::exception::{Exception, Result};
use super::super::{DateTime, TimeSpan};
use super::{AdjustmentRule, Clock, TICKS_PER_SECOND};

/// A zone made of rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomZone {
    /// `BaseUtcOffset`
    pub base_offset: TimeSpan,
    /// `DisplayName`
    pub display_name: String,
    /// `StandardName`
    pub standard_name: String,
    /// `DaylightName`
    pub daylight_name: String,
    /// The rules, in the order of their dates.
    pub rules: Vec<AdjustmentRule>,
}

impl CustomZone {
    /// Checks what `CreateCustomTimeZone` checks.
    pub fn check(&self, id: &str) -> Result<()> {
        if id.is_empty() {
            return Err(Exception::argument("The specified ID parameter '' is not supported. (Parameter 'id')"));
        }
        if self.base_offset.ticks() % (60 * TICKS_PER_SECOND) != 0 {
            return Err(Exception::argument(
                "The TimeSpan parameter cannot be specified more precisely than whole minutes. (Parameter 'baseUtcOffset')",
            ));
        }
        if self.base_offset.ticks().abs() > 14 * 3600 * TICKS_PER_SECOND {
            return Err(Exception::out_of_range(
                "The TimeSpan parameter must be within plus or minus 14.0 hours. (Parameter 'baseUtcOffset')",
            ));
        }
        if self.rules.windows(2).any(|pair| pair[1].from <= pair[0].until) {
            return Err(Exception::new(
                "System.InvalidTimeZoneException",
                "The elements of the AdjustmentRule array must be in chronological order and must not overlap.",
            ));
        }
        Ok(())
    }

    fn rule(&self, clock: DateTime) -> Option<&AdjustmentRule> {
        self.rules.iter().find(|rule| rule.covers(clock))
    }

    fn plus(&self, delta: TimeSpan) -> TimeSpan {
        TimeSpan::from_ticks(self.base_offset.ticks() + delta.ticks())
    }

    /// The offset at a time in UTC.
    pub(super) fn offset_at(&self, utc: DateTime) -> TimeSpan {
        let base = self.base_offset.ticks();
        let standard = utc.add_ticks(base).unwrap_or(utc);
        let Some(rule) = self.rule(standard) else { return self.base_offset };
        let year = standard.year();
        // The start is told by standard clocks, the end by those of daylight saving time.
        let start = rule.start.in_year(year).ticks() - base;
        let end = rule.end.in_year(year).ticks() - base - rule.delta.ticks();
        let is_daylight =
            if start < end { (start..end).contains(&utc.ticks()) } else { !(end..start).contains(&utc.ticks()) };
        if is_daylight { self.plus(rule.delta) } else { self.base_offset }
    }

    /// What the clocks show at a wall clock time.
    pub(super) fn clock(&self, clock: DateTime) -> Clock {
        let Some(rule) = self.rule(clock) else { return Clock::Once(self.base_offset) };
        let (year, delta) = (clock.year(), rule.delta.ticks());
        let (start, end) = (rule.start.in_year(year).ticks(), rule.end.in_year(year).ticks());
        let (standard, daylight) = (self.base_offset, self.plus(rule.delta));
        let ticks = clock.ticks();
        let within = |from: i64, to: i64| (from.min(to)..from.max(to)).contains(&ticks);
        if within(start, start + delta) {
            return if delta > 0 { Clock::Never(standard) } else { Clock::Twice(standard, daylight) };
        }
        if within(end - delta, end) {
            return if delta > 0 { Clock::Twice(daylight, standard) } else { Clock::Never(daylight) };
        }
        let is_daylight = if start < end { (start..end).contains(&ticks) } else { !(end..start).contains(&ticks) };
        Clock::Once(if is_daylight { daylight } else { standard })
    }
}
