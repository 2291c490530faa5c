//! `token-quota-period`: windows that begin with an hour, a day, a week, a month or a year of UTC.

use std::time::{Duration, SystemTime};

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::super::setting::Literal;
use crate::expr::Value;
use crate::state::Window;

/// `token-quota-period`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TokenPeriod {
    Hourly,
    Daily,
    /// From Monday on.
    Weekly,
    Monthly,
    Yearly,
    Indefinite,
}

impl TokenPeriod {
    /// The window at `now`.
    pub(crate) fn window(self, now: SystemTime) -> Window {
        let forever = Window::Fixed { start: SystemTime::UNIX_EPOCH, end: None };
        let Ok(now) = Timestamp::try_from(now) else { return forever };
        let now = now.to_zoned(TimeZone::UTC).datetime();
        let first = |date: Date| date.first_of_month();
        let (start, span) = match self {
            Self::Hourly => (now.date().at(now.hour(), 0, 0, 0), 1.hour()),
            Self::Daily => (midnight(now.date()), 1.day()),
            Self::Weekly => {
                let days = i64::from(now.date().weekday().to_monday_zero_offset());
                (midnight(now.date().saturating_sub(days.days())), 1.week())
            }
            Self::Monthly => (midnight(first(now.date())), 1.month()),
            Self::Yearly => (midnight(now.date().first_of_year()), 1.year()),
            Self::Indefinite => return forever,
        };
        Window::Fixed { start: time(start), end: Some(time(start.saturating_add(span))) }
    }
}

fn midnight(date: Date) -> DateTime {
    date.at(0, 0, 0, 0)
}

fn time(time: DateTime) -> SystemTime {
    let timestamp = time.to_zoned(TimeZone::UTC).map(|zoned| zoned.timestamp());
    timestamp.map_or(SystemTime::UNIX_EPOCH, SystemTime::from)
}

impl TokenPeriod {
    const ALL: [Self; 6] = [Self::Hourly, Self::Daily, Self::Weekly, Self::Monthly, Self::Yearly, Self::Indefinite];

    /// As documents write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Hourly => "Hourly",
            Self::Daily => "Daily",
            Self::Weekly => "Weekly",
            Self::Monthly => "Monthly",
            Self::Yearly => "Yearly",
            Self::Indefinite => "Indefinite",
        }
    }
}

impl Literal for TokenPeriod {
    fn literal(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|period| period.name() == text)
    }

    fn value(value: Value) -> Result<Self, String> {
        let text = value.to_text().unwrap_or_default();
        Self::literal(&text).ok_or_else(|| format!("'{text}' is no period of a token quota."))
    }
}

/// A time as people write it: `21 minutes and 33 seconds`.
pub(super) fn in_words(time: Duration) -> String {
    let seconds = (time.as_millis().div_ceil(1000) as u64).max(1);
    let units = [
        (seconds / 86_400, "day"),
        (seconds / 3_600 % 24, "hour"),
        (seconds / 60 % 60, "minute"),
        (seconds % 60, "second"),
    ];
    let named = |(count, unit): (u64, &str)| format!("{count} {unit}{}", if count == 1 { "" } else { "s" });
    let parts: Vec<_> = units.into_iter().filter(|(count, _)| *count > 0).map(named).collect();
    match parts.as_slice() {
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
        [] => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_begin_with_their_unit() {
        let at = |text: &str| SystemTime::from(text.parse::<Timestamp>().unwrap());
        for (period, start, end) in [
            (TokenPeriod::Hourly, "2024-02-29T23:00:00Z", "2024-03-01T00:00:00Z"),
            (TokenPeriod::Daily, "2024-02-29T00:00:00Z", "2024-03-01T00:00:00Z"),
            (TokenPeriod::Weekly, "2024-02-26T00:00:00Z", "2024-03-04T00:00:00Z"),
            (TokenPeriod::Monthly, "2024-02-01T00:00:00Z", "2024-03-01T00:00:00Z"),
            (TokenPeriod::Yearly, "2024-01-01T00:00:00Z", "2025-01-01T00:00:00Z"),
        ] {
            let window = period.window(at("2024-02-29T23:59:59.5Z"));
            assert_eq!(window, Window::Fixed { start: at(start), end: Some(at(end)) }, "{period:?}");
        }
        let forever = Window::Fixed { start: SystemTime::UNIX_EPOCH, end: None };
        assert_eq!(TokenPeriod::Indefinite.window(SystemTime::UNIX_EPOCH), forever);
    }

    #[test]
    fn times_are_said_in_words() {
        for (seconds, words) in [
            (1_293, "21 minutes and 33 seconds"),
            (1, "1 second"),
            (0, "1 second"),
            (3_600, "1 hour"),
            (2_124_061, "24 days, 14 hours, 1 minute and 1 second"),
        ] {
            assert_eq!(in_words(Duration::from_secs(seconds)), words);
        }
    }
}
