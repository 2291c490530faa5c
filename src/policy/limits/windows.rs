//! The fixed windows of quotas.

use std::fmt::Write as _;
use std::time::{Duration, SystemTime};

use crate::state::Window;

/// Windows that follow each other, of the same length; or one that never ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Periods {
    /// Seconds; 0 never ends.
    pub(crate) seconds: u32,
}

impl Periods {
    /// The window at `now`; `first` is when one of them starts, in seconds since 1970.
    pub(crate) fn window(self, first: i64, now: SystemTime) -> Window {
        if self.seconds == 0 {
            return Window::Fixed { start: SystemTime::UNIX_EPOCH, end: None };
        }
        let now = now.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let now = i64::try_from(now).unwrap_or(i64::MAX / 2);
        let period = i64::from(self.seconds);
        let start = now - (now.saturating_sub(first)).rem_euclid(period);
        Window::Fixed { start: time(start), end: Some(time(start + period)) }
    }
}

fn time(seconds: i64) -> SystemTime {
    let length = Duration::from_secs(seconds.unsigned_abs());
    let time = if seconds < 0 {
        SystemTime::UNIX_EPOCH.checked_sub(length)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(length)
    };
    time.unwrap_or(SystemTime::UNIX_EPOCH)
}

/// A .NET `TimeSpan` of whole seconds: `[d.]hh:mm:ss`.
pub(crate) fn time_span(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let mut text = String::new();
    if days > 0 {
        // INVARIANT: writing to a String does not fail.
        let _ = write!(text, "{days}.");
    }
    let _ = write!(text, "{hours:02}:{minutes:02}:{:02}", seconds % 60);
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn windows_are_aligned_to_their_first() {
        let window = |first, seconds, now| Periods { seconds }.window(first, time(now));
        let fixed = |start, end| Window::Fixed { start: time(start), end: Some(time(end)) };
        assert_eq!(window(1_000, 300, 1_299), fixed(1_000, 1_300));
        assert_eq!(window(1_000, 300, 1_300), fixed(1_300, 1_600));
        assert_eq!(window(1_000, 300, 900), fixed(700, 1_000));
        assert_eq!(window(-62_135_596_800, 3_600, 7_205), fixed(7_200, 10_800));
        assert_eq!(window(5, 0, 9), Window::Fixed { start: SystemTime::UNIX_EPOCH, end: None });
    }

    proptest! {
        #[test]
        fn each_time_is_in_the_window_that_its_first_says(
            first in -70_000_000_000_i64..5_000_000_000, seconds in 1_u32.., now in 0_i64..5_000_000_000,
        ) {
            let Window::Fixed { start, end: Some(end) } = (Periods { seconds }).window(first, time(now)) else {
                panic!("it never ends")
            };
            let seconds_of = |time: SystemTime| match time.duration_since(SystemTime::UNIX_EPOCH) {
                Ok(since) => since.as_secs() as i64,
                Err(before) => -(before.duration().as_secs() as i64),
            };
            let (start, end) = (seconds_of(start), seconds_of(end));
            prop_assert!(start <= now && now < end && end - start == i64::from(seconds), "{start} {end}");
            prop_assert_eq!((start - first) % i64::from(seconds), 0);
        }
    }

    #[test]
    fn spans_are_written_as_net_writes_them() {
        let spans = [(12_656, "03:30:56"), (1_952_292, "22.14:18:12"), (0, "00:00:00")];
        assert!(spans.into_iter().all(|(seconds, text)| time_span(seconds) == text));
    }
}
