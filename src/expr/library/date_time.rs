//! `System.DateTime`.

use std::time::{Duration, SystemTime};

use crate::expr::code::Run;
use crate::expr::dotnet::date_time::{self, TICKS_PER_DAY};
use crate::expr::dotnet::time_span::{TICKS_PER_HOUR, TICKS_PER_MILLISECOND, TICKS_PER_MINUTE, TICKS_PER_SECOND};
use crate::expr::dotnet::{DateTime, DateTimeKind, TimeSpan};
use crate::expr::fault::Fault;
use crate::expr::library::args::{date_time as moment, double, int, long, string, time_span};
use crate::expr::library::number::ordering;
use crate::expr::library::time_span::pattern;
use crate::expr::types::{Table, TypeId};
use crate::expr::value::Value;

/// Offset of the local time zone, which is UTC.
pub(crate) const LOCAL: TimeSpan = TimeSpan::ZERO;

/// A time of the host, kind UTC.
pub(crate) fn from_system(time: SystemTime) -> DateTime {
    match time.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(after) => DateTime::from_unix(after.as_secs().try_into().unwrap_or(i64::MAX), after.subsec_nanos()),
        Err(before) => {
            let before: Duration = before.duration();
            let seconds = i64::try_from(before.as_secs()).unwrap_or(i64::MAX);
            let nanoseconds = before.subsec_nanos();
            if nanoseconds == 0 {
                DateTime::from_unix(-seconds, 0)
            } else {
                DateTime::from_unix((-seconds).saturating_sub(1), 1_000_000_000 - nanoseconds)
            }
        }
    }
}

/// `DateTime.UtcNow`.
pub(crate) fn utc_now(run: &mut Run<'_>) -> DateTime {
    from_system(run.host.now())
}

/// `DateTime.Now`.
pub(crate) fn now(run: &mut Run<'_>) -> DateTime {
    utc_now(run).with_kind(DateTimeKind::Local)
}

/// `DateTime.Parse(text)`.
pub(crate) fn parse(run: &mut Run<'_>, text: &str) -> Result<Value, Fault> {
    let today = now(run);
    Ok(DateTime::parse(text, today, LOCAL)?.into())
}

pub(crate) fn kind(value: &Value) -> DateTimeKind {
    match int(value) {
        1 => DateTimeKind::Utc,
        2 => DateTimeKind::Local,
        _ => DateTimeKind::Unspecified,
    }
}

/// A date and time from six or seven numbers.
fn parts(a: &[Value], count: usize) -> Result<DateTime, Fault> {
    let number = |index: usize| if index < count { long(&a[index]) } else { 0 };
    let date = DateTime::from_date(number(0), number(1), number(2))?;
    Ok(date.with_time(number(3), number(4), number(5), number(6))?)
}

fn part(value: i64) -> Result<Value, Fault> {
    Ok(Value::Int(value as i32))
}

fn add(a: &[Value], unit: i64) -> Result<Value, Fault> {
    Ok(moment(&a[0]).add_units(double(&a[1]), unit)?.into())
}

/// Adds the members of `DateTime`.
pub(super) fn register(table: &mut Table) {
    let on = &mut table.on(TypeId::DateTime);
    on.constant("DateTime MinValue", DateTime::MIN)
        .constant("DateTime MaxValue", DateTime::MAX)
        .def("static DateTime UtcNow", |run, _| Ok(utc_now(run).into()))
        .def("static DateTime Now", |run, _| Ok(now(run).into()))
        .def("static DateTime Today", |run, _| Ok(now(run).date().into()))
        .pure("new(long ticks)", |_, a| Ok(DateTime::new(long(&a[0]), DateTimeKind::Unspecified)?.into()))
        .pure("new(long ticks, DateTimeKind kind)", |_, a| Ok(DateTime::new(long(&a[0]), kind(&a[1]))?.into()))
        .pure("new(int year, int month, int day)", |_, a| Ok(parts(a, 3)?.into()))
        .pure("new(int year, int month, int day, int hour, int minute, int second)", |_, a| Ok(parts(a, 6)?.into()))
        .pure("new(int year, int month, int day, int hour, int minute, int second, DateTimeKind kind)", |_, a| {
            Ok(parts(a, 6)?.with_kind(kind(&a[6])).into())
        })
        .pure("new(int year, int month, int day, int hour, int minute, int second, int millisecond)", |_, a| {
            Ok(parts(a, 7)?.into())
        })
        .pure(
            "new(int year, int month, int day, int hour, int minute, int second, int millisecond, DateTimeKind kind)",
            |_, a| Ok(parts(a, 7)?.with_kind(kind(&a[7])).into()),
        )
        .pure("static int DaysInMonth(int year, int month)", |_, a| {
            part(date_time::days_in_month(long(&a[0]), long(&a[1]))?)
        })
        .pure("static bool IsLeapYear(int year)", |_, a| Ok(date_time::is_leap_year(long(&a[0]))?.into()))
        .pure("int Year", |_, a| part(moment(&a[0]).year()))
        .pure("int Month", |_, a| part(moment(&a[0]).month()))
        .pure("int Day", |_, a| part(moment(&a[0]).day()))
        .pure("int DayOfYear", |_, a| part(moment(&a[0]).day_of_year()))
        .pure("DayOfWeek DayOfWeek", |_, a| Ok(Value::enumeration(TypeId::DayOfWeek, moment(&a[0]).day_of_week())))
        .pure("int Hour", |_, a| part(moment(&a[0]).hour()))
        .pure("int Minute", |_, a| part(moment(&a[0]).minute()))
        .pure("int Second", |_, a| part(moment(&a[0]).second()))
        .pure("int Millisecond", |_, a| part(moment(&a[0]).millisecond()))
        .pure("long Ticks", |_, a| Ok(moment(&a[0]).ticks().into()))
        .pure("DateTime Date", |_, a| Ok(moment(&a[0]).date().into()))
        .pure("TimeSpan TimeOfDay", |_, a| Ok(moment(&a[0]).time_of_day().into()))
        .pure("bool IsDaylightSavingTime()", |_, _| Ok(false.into()));
    arithmetic(table);
    text(table);
    outside_the_list(table);
}

fn arithmetic(table: &mut Table) {
    let on = &mut table.on(TypeId::DateTime);
    on.pure("DateTime Add(TimeSpan value)", |_, a| Ok(moment(&a[0]).add_ticks(time_span(&a[1]).ticks())?.into()))
        .pure("DateTime AddDays(double value)", |_, a| add(a, TICKS_PER_DAY))
        .pure("DateTime AddHours(double value)", |_, a| add(a, TICKS_PER_HOUR))
        .pure("DateTime AddMinutes(double value)", |_, a| add(a, TICKS_PER_MINUTE))
        .pure("DateTime AddSeconds(double value)", |_, a| add(a, TICKS_PER_SECOND))
        .pure("DateTime AddMilliseconds(double value)", |_, a| add(a, TICKS_PER_MILLISECOND))
        .pure("DateTime AddTicks(long value)", |_, a| Ok(moment(&a[0]).add_ticks(long(&a[1]))?.into()))
        .pure("DateTime AddMonths(int months)", |_, a| Ok(moment(&a[0]).add_months(long(&a[1]))?.into()))
        .pure("DateTime AddYears(int value)", |_, a| Ok(moment(&a[0]).add_years(long(&a[1]))?.into()))
        .pure("TimeSpan Subtract(DateTime value)", |_, a| Ok(moment(&a[0]).since(moment(&a[1])).into()))
        .pure("DateTime Subtract(TimeSpan value)", |_, a| minus(a))
        .pure("static DateTime operator +(DateTime d, TimeSpan t)", |_, a| {
            Ok(moment(&a[0]).add_ticks(time_span(&a[1]).ticks())?.into())
        })
        .pure("static DateTime operator -(DateTime d, TimeSpan t)", |_, a| minus(a))
        .pure("static TimeSpan operator -(DateTime d1, DateTime d2)", |_, a| {
            Ok(moment(&a[0]).since(moment(&a[1])).into())
        });
    super::operators::comparisons!(on, "DateTime", moment);
}

fn minus(a: &[Value]) -> Result<Value, Fault> {
    let ticks = time_span(&a[1]).ticks();
    let moved = moment(&a[0]).add_ticks(ticks.checked_neg().unwrap_or(i64::MAX));
    Ok(moved?.into())
}

fn text(table: &mut Table) {
    table
        .on(TypeId::DateTime)
        .pure("string ToString(string format)", |_, a| Ok(moment(&a[0]).format(&pattern(a), LOCAL)?.into()))
        .pure("string ToString(IFormatProvider provider)", |_, a| Ok(moment(&a[0]).format("", LOCAL)?.into()))
        .pure("string ToString(string format, IFormatProvider provider)", |_, a| {
            Ok(moment(&a[0]).format(&pattern(a), LOCAL)?.into())
        })
        .def("static DateTime Parse(string s)", |run, a| parse(run, &string(&a[0], "s")?.text()))
        .def("static DateTime Parse(string s, IFormatProvider provider)", |run, a| {
            parse(run, &string(&a[0], "s")?.text())
        })
        .def("static DateTime Parse(string s, IFormatProvider provider, DateTimeStyles styles)", |run, a| {
            let today = now(run);
            let text = string(&a[0], "s")?.text();
            Ok(DateTime::parse_with(&text, today, LOCAL, styles(&a[2]))?.into())
        });
}

/// `DateTimeStyles`, as far as they change the result.
fn styles(value: &Value) -> date_time::Styles {
    let bits = int(value);
    date_time::Styles { to_utc: bits & 16 != 0, assume_utc: bits & 64 != 0, keep_kind: bits & 128 != 0 }
}

/// Members that are not on the list of allowed ones.
fn outside_the_list(table: &mut Table) {
    table
        .on(TypeId::DateTime)
        .pure("lenient DateTimeKind Kind", |_, a| {
            Ok(Value::enumeration(TypeId::DateTimeKind, moment(&a[0]).kind() as i64))
        })
        .pure("lenient static DateTime SpecifyKind(DateTime value, DateTimeKind kind)", |_, a| {
            Ok(moment(&a[0]).with_kind(kind(&a[1])).into())
        })
        .pure("lenient DateTime ToUniversalTime()", |_, a| Ok(moment(&a[0]).with_kind(DateTimeKind::Utc).into()))
        .pure("lenient DateTime ToLocalTime()", |_, a| Ok(moment(&a[0]).with_kind(DateTimeKind::Local).into()))
        .pure("lenient string ToShortDateString()", |_, a| Ok(moment(&a[0]).format("d", LOCAL)?.into()))
        .pure("lenient string ToLongDateString()", |_, a| Ok(moment(&a[0]).format("D", LOCAL)?.into()))
        .pure("lenient string ToShortTimeString()", |_, a| Ok(moment(&a[0]).format("t", LOCAL)?.into()))
        .pure("lenient string ToLongTimeString()", |_, a| Ok(moment(&a[0]).format("T", LOCAL)?.into()))
        .pure("lenient int CompareTo(DateTime value)", |_, a| Ok(ordering(moment(&a[0]).cmp(&moment(&a[1])))))
        .pure("lenient static int Compare(DateTime t1, DateTime t2)", |_, a| {
            Ok(ordering(moment(&a[0]).cmp(&moment(&a[1]))))
        })
        .def("lenient static bool TryParse(string s, out DateTime result)", |run, a| {
            let today = now(run);
            let parsed = a[0].as_text().and_then(|s| DateTime::parse(&s.text(), today, LOCAL).ok());
            a[1] = parsed.unwrap_or(DateTime::MIN).into();
            Ok(parsed.is_some().into())
        })
        .def("lenient static DateTime ParseExact(string s, string format, IFormatProvider provider)", |run, a| {
            let today = now(run);
            let (text, format) = (string(&a[0], "s")?, string(&a[1], "format")?);
            Ok(DateTime::parse_exact(&text.text(), &format.text(), today, LOCAL)?.into())
        });
}
