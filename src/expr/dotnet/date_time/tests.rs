use proptest::prelude::*;

use super::*;
use crate::expr::dotnet::DateTimeOffset;

fn at(date: (i64, i64, i64), time: (i64, i64, i64, i64)) -> DateTime {
    let day = DateTime::from_date(date.0, date.1, date.2).expect("a date");
    day.with_time(time.0, time.1, time.2, time.3).expect("a time")
}

fn today() -> DateTime {
    at((2024, 3, 15), (10, 30, 45, 123))
}

#[test]
fn prints_standard_and_custom_patterns() {
    let example = at((2024, 3, 5), (14, 7, 9, 45));
    let cases = [
        ("", "3/5/2024 2:07:09 PM"),
        ("d", "3/5/2024"),
        ("D", "Tuesday, March 5, 2024"),
        ("F", "Tuesday, March 5, 2024 2:07:09 PM"),
        ("g", "3/5/2024 2:07 PM"),
        ("m", "March 5"),
        ("o", "2024-03-05T14:07:09.0450000"),
        ("R", "Tue, 05 Mar 2024 14:07:09 GMT"),
        ("s", "2024-03-05T14:07:09"),
        ("u", "2024-03-05 14:07:09Z"),
        ("Y", "March 2024"),
        ("ss.fff", "09.045"),
        ("s.FF", "9.04"),
        ("s.F", "9"),
        ("%d", "5"),
        ("h:mmt", "2:07P"),
        ("ddd d MMM yy", "Tue 5 Mar 24"),
        ("\\d\\a\\y d", "day 5"),
        ("yyyy-MM-dd'T'HH:mm:sszzz", "2024-03-05T14:07:09+00:00"),
    ];
    for (pattern, expected) in cases {
        assert_eq!(example.format(pattern, TimeSpan::ZERO).as_deref(), Ok(expected), "{pattern}");
    }
    for bad in ["q", ":", "x", "%", "ffffffff", "'a", "a\\"] {
        assert_eq!(example.format(bad, TimeSpan::ZERO).map_err(|e| e.class), Err("System.FormatException"), "{bad}");
    }
    assert_eq!(at((5, 1, 2), (3, 4, 5, 0)).format("R", TimeSpan::ZERO).as_deref(), Ok("Sun, 02 Jan 0005 03:04:05 GMT"));
}

#[test]
fn parses_what_en_us_reads() {
    let cases = [
        ("2024-03-05", "2024-03-05T00:00:00.0000000"),
        ("2024-03-05T14:07:09Z", "2024-03-05T14:07:09.0000000+00:00"),
        ("2024-03-05T14:07:09+02:00", "2024-03-05T12:07:09.0000000+00:00"),
        ("2024-03-05 14:07", "2024-03-05T14:07:00.0000000"),
        ("2024-03-05T14:07:09.1234567", "2024-03-05T14:07:09.1234567"),
        ("3/5/2024 2:07 PM", "2024-03-05T14:07:00.0000000"),
        ("5 March 2024", "2024-03-05T00:00:00.0000000"),
        ("March 5, 2024", "2024-03-05T00:00:00.0000000"),
        ("March 2024", "2024-03-01T00:00:00.0000000"),
        ("Tue, 05 Mar 2024 14:07:09 GMT", "2024-03-05T14:07:09.0000000+00:00"),
        ("05-Mar-24 2 PM", "2024-03-05T14:00:00.0000000"),
        ("12:00 AM", "2024-03-15T00:00:00.0000000"),
        ("3/5", "2024-03-05T00:00:00.0000000"),
        ("2024-03", "2024-03-01T00:00:00.0000000"),
        ("2024/3/5", "2024-03-05T00:00:00.0000000"),
    ];
    for (text, expected) in cases {
        let parsed = DateTime::parse(text, today(), TimeSpan::ZERO).and_then(|date| date.format("o", TimeSpan::ZERO));
        assert_eq!(parsed.as_deref(), Ok(expected), "{text}");
    }
    for bad in ["", "20240305", "2024-02-30", "words", "Mon, 05 Mar 2024", "13/1/2024", "1:60", "2024-03-05T", "5"] {
        let error = DateTime::parse(bad, today(), TimeSpan::ZERO).map_err(|e| e.class);
        assert_eq!(error, Err("System.FormatException"), "{bad}");
    }
}

#[test]
fn keeps_and_converts_offsets() {
    let parsed = DateTimeOffset::parse("2024-03-05T14:07:09+02:00", today(), TimeSpan::ZERO).expect("a date");
    assert_eq!(parsed.format("o").as_deref(), Ok("2024-03-05T14:07:09.0000000+02:00"));
    assert_eq!(parsed.format("u").as_deref(), Ok("2024-03-05 12:07:09Z"));
    assert_eq!(parsed.format("").as_deref(), Ok("3/5/2024 2:07:09 PM +02:00"));
    assert_eq!(parsed.unix_seconds(), 1_709_640_429);
    let exact = DateTimeOffset::parse_exact("05/03/2024 +00:00", "dd/MM/yyyy zzz", today(), TimeSpan::ZERO);
    assert_eq!(exact.and_then(|date| date.format("o")).as_deref(), Ok("2024-03-05T00:00:00.0000000+00:00"));
    let rfc = DateTimeOffset::parse_exact("Tue, 05 Mar 2024 14:07:09 GMT", "r", today(), TimeSpan::ZERO);
    assert_eq!(rfc.map(DateTimeOffset::unix_seconds), Ok(1_709_647_629));
    assert!(DateTimeOffset::parse_exact("2024-3-5", "yyyy-MM-dd", today(), TimeSpan::ZERO).is_err());
    assert!(DateTimeOffset::from_unix_seconds(i64::MAX).is_err());
    assert_eq!(DateTimeOffset::from_unix_milliseconds(-1).map(DateTimeOffset::unix_seconds), Ok(-1));
}

#[test]
fn clamps_days_and_checks_ranges() {
    let january = at((2024, 1, 31), (0, 0, 0, 0));
    assert_eq!(january.add_months(1).map(DateTime::year_month_day), Ok((2024, 2, 29)));
    assert_eq!(at((2024, 3, 31), (0, 0, 0, 0)).add_months(-1).map(DateTime::year_month_day), Ok((2024, 2, 29)));
    assert!(DateTime::MIN.add_months(-1).is_err());
    assert!(DateTime::MAX.add_ticks(1).is_err());
    assert_eq!(at((2024, 3, 5), (0, 0, 0, 0)).add_units(0.5, TICKS_PER_DAY).map(DateTime::hour), Ok(12));
    assert_eq!(at((2024, 3, 5), (0, 0, 0, 0)).day_of_week(), 2);
    assert_eq!(DateTime::MAX.year_month_day(), (9999, 12, 31));
}

proptest! {
    #[test]
    fn never_panics(text in ".{0,24}", numbers in "[0-9:/ TZ.,+-]{0,24}", ticks in 0..=MAX_TICKS) {
        let date = DateTime::new(ticks, DateTimeKind::Local).expect("in range");
        let _ = date.format(&text, TimeSpan::ZERO);
        let _ = DateTime::parse(&text, today(), TimeSpan::ZERO);
        let _ = DateTime::parse(&numbers, today(), TimeSpan::ZERO);
        let _ = DateTimeOffset::parse(&numbers, today(), TimeSpan::ZERO);
        let _ = DateTimeOffset::parse_exact(&numbers, &text, today(), TimeSpan::ZERO);
        let _ = TimeSpan::parse(&numbers);
        let _ = TimeSpan::from_ticks(ticks).format(&text);
    }

    #[test]
    fn round_trip_form_reads_back(ticks in 0..=MAX_TICKS) {
        let date = DateTime::new(ticks, DateTimeKind::Unspecified).expect("in range");
        let text = date.format("o", TimeSpan::ZERO).expect("a text");
        prop_assert_eq!(DateTime::parse(&text, today(), TimeSpan::ZERO), Ok(date));
        let (year, month, day) = date.year_month_day();
        prop_assert_eq!(DateTime::from_date(year, month, day), Ok(date.date()));
    }
}
