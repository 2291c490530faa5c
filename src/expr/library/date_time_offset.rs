//! `System.DateTimeOffset`.

use crate::expr::code::Run;
use crate::expr::dotnet::date_time::TICKS_PER_DAY;
use crate::expr::dotnet::time_span::{TICKS_PER_HOUR, TICKS_PER_MILLISECOND, TICKS_PER_MINUTE, TICKS_PER_SECOND};
use crate::expr::dotnet::{DateTime, DateTimeKind, DateTimeOffset, TimeSpan};
use crate::expr::fault::Fault;
use crate::expr::library::args::{
    date_time, date_time_offset as moment, double, int, long, required, string, time_span,
};
use crate::expr::library::date_time::{LOCAL, now, utc_now};
use crate::expr::library::number::ordering;
use crate::expr::library::time_span::pattern;
use crate::expr::types::{Table, TypeId};
use crate::expr::value::Value;

/// The instant of a `DateTime`: UTC when it says so, else local.
pub(crate) fn from_date_time(time: DateTime) -> Result<DateTimeOffset, Fault> {
    let offset = if time.kind() == DateTimeKind::Utc { TimeSpan::ZERO } else { LOCAL };
    Ok(DateTimeOffset::new(time, offset)?)
}

/// From six or seven numbers and the offset behind them.
fn parts(a: &[Value], count: usize) -> Result<Value, Fault> {
    let number = |index: usize| if index < count { long(&a[index]) } else { 0 };
    let date = DateTime::from_date(number(0), number(1), number(2))?;
    let clock = date.with_time(number(3), number(4), number(5), number(6))?;
    Ok(DateTimeOffset::new(clock, time_span(&a[count]))?.into())
}

fn part(value: i64) -> Result<Value, Fault> {
    Ok(Value::Int(value as i32))
}

fn add(a: &[Value], unit: i64) -> Result<Value, Fault> {
    Ok(moment(&a[0]).map_clock(|clock| clock.add_units(double(&a[1]), unit))?.into())
}

fn add_ticks(a: &[Value], ticks: i64) -> Result<Value, Fault> {
    Ok(moment(&a[0]).map_clock(|clock| clock.add_ticks(ticks))?.into())
}

fn minus(a: &[Value]) -> Result<Value, Fault> {
    add_ticks(a, time_span(&a[1]).ticks().checked_neg().unwrap_or(i64::MAX))
}

/// Adds the members of `DateTimeOffset`.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::DateTimeOffset)
        .constant("DateTimeOffset MinValue", DateTimeOffset::MIN)
        .constant("DateTimeOffset MaxValue", DateTimeOffset::MAX)
        .constant("DateTimeOffset UnixEpoch", DateTimeOffset::from_unix_seconds(0).unwrap_or_default())
        .def("static DateTimeOffset UtcNow", |run, _| Ok(DateTimeOffset::from_utc(utc_now(run)).into()))
        .def("static DateTimeOffset Now", |run, _| Ok(from_date_time(now(run))?.into()))
        .pure("new(DateTime dateTime)", |_, a| Ok(from_date_time(date_time(&a[0]))?.into()))
        .pure("new(DateTime dateTime, TimeSpan offset)", |_, a| {
            Ok(DateTimeOffset::new(date_time(&a[0]), time_span(&a[1]))?.into())
        })
        .pure("new(long ticks, TimeSpan offset)", |_, a| {
            let clock = DateTime::new(long(&a[0]), DateTimeKind::Unspecified)?;
            Ok(DateTimeOffset::new(clock, time_span(&a[1]))?.into())
        })
        .pure("new(int year, int month, int day, int hour, int minute, int second, TimeSpan offset)", |_, a| {
            parts(a, 6)
        })
        .pure(
            "new(int year, int month, int day, int hour, int minute, int second, int millisecond, TimeSpan offset)",
            |_, a| parts(a, 7),
        )
        .pure(
            "implicit operator DateTimeOffset(DateTime dateTime)",
            |_, a| Ok(from_date_time(date_time(&a[0]))?.into()),
        )
        .pure("static DateTimeOffset FromUnixTimeSeconds(long seconds)", |_, a| {
            Ok(DateTimeOffset::from_unix_seconds(long(&a[0]))?.into())
        })
        .pure("static DateTimeOffset FromUnixTimeMilliseconds(long milliseconds)", |_, a| {
            Ok(DateTimeOffset::from_unix_milliseconds(long(&a[0]))?.into())
        })
        .pure("long ToUnixTimeSeconds()", |_, a| Ok(moment(&a[0]).unix_seconds().into()))
        .pure("long ToUnixTimeMilliseconds()", |_, a| Ok(moment(&a[0]).unix_milliseconds().into()));
    properties(table);
    arithmetic(table);
    text(table);
}

fn properties(table: &mut Table) {
    table
        .on(TypeId::DateTimeOffset)
        .pure("int Year", |_, a| part(moment(&a[0]).clock().year()))
        .pure("int Month", |_, a| part(moment(&a[0]).clock().month()))
        .pure("int Day", |_, a| part(moment(&a[0]).clock().day()))
        .pure("int DayOfYear", |_, a| part(moment(&a[0]).clock().day_of_year()))
        .pure("DayOfWeek DayOfWeek", |_, a| {
            Ok(Value::enumeration(TypeId::DayOfWeek, moment(&a[0]).clock().day_of_week()))
        })
        .pure("int Hour", |_, a| part(moment(&a[0]).clock().hour()))
        .pure("int Minute", |_, a| part(moment(&a[0]).clock().minute()))
        .pure("int Second", |_, a| part(moment(&a[0]).clock().second()))
        .pure("int Millisecond", |_, a| part(moment(&a[0]).clock().millisecond()))
        .pure("long Ticks", |_, a| Ok(moment(&a[0]).clock().ticks().into()))
        .pure("long UtcTicks", |_, a| Ok(moment(&a[0]).utc_ticks().into()))
        .pure("DateTime Date", |_, a| Ok(moment(&a[0]).clock().date().into()))
        .pure("DateTime DateTime", |_, a| Ok(moment(&a[0]).clock().into()))
        .pure("DateTime UtcDateTime", |_, a| Ok(moment(&a[0]).utc().into()))
        .pure("DateTime LocalDateTime", |_, a| {
            let local = moment(&a[0]).to_offset(LOCAL)?.clock();
            Ok(local.with_kind(DateTimeKind::Local).into())
        })
        .pure("TimeSpan Offset", |_, a| Ok(moment(&a[0]).offset().into()))
        .pure("TimeSpan TimeOfDay", |_, a| Ok(moment(&a[0]).clock().time_of_day().into()))
        .pure("DateTimeOffset ToOffset(TimeSpan offset)", |_, a| Ok(moment(&a[0]).to_offset(time_span(&a[1]))?.into()))
        .pure("DateTimeOffset ToUniversalTime()", |_, a| Ok(moment(&a[0]).to_offset(TimeSpan::ZERO)?.into()))
        .pure("DateTimeOffset ToLocalTime()", |_, a| Ok(moment(&a[0]).to_offset(LOCAL)?.into()));
}

fn arithmetic(table: &mut Table) {
    let on = &mut table.on(TypeId::DateTimeOffset);
    on.pure("DateTimeOffset Add(TimeSpan timeSpan)", |_, a| add_ticks(a, time_span(&a[1]).ticks()))
        .pure("DateTimeOffset AddDays(double days)", |_, a| add(a, TICKS_PER_DAY))
        .pure("DateTimeOffset AddHours(double hours)", |_, a| add(a, TICKS_PER_HOUR))
        .pure("DateTimeOffset AddMinutes(double minutes)", |_, a| add(a, TICKS_PER_MINUTE))
        .pure("DateTimeOffset AddSeconds(double seconds)", |_, a| add(a, TICKS_PER_SECOND))
        .pure("DateTimeOffset AddMilliseconds(double milliseconds)", |_, a| add(a, TICKS_PER_MILLISECOND))
        .pure("DateTimeOffset AddTicks(long ticks)", |_, a| add_ticks(a, long(&a[1])))
        .pure("DateTimeOffset AddMonths(int months)", |_, a| {
            Ok(moment(&a[0]).map_clock(|clock| clock.add_months(long(&a[1])))?.into())
        })
        .pure("DateTimeOffset AddYears(int years)", |_, a| {
            Ok(moment(&a[0]).map_clock(|clock| clock.add_years(long(&a[1])))?.into())
        })
        .pure("TimeSpan Subtract(DateTimeOffset value)", |_, a| Ok(moment(&a[0]).since(moment(&a[1])).into()))
        .pure("DateTimeOffset Subtract(TimeSpan value)", |_, a| minus(a))
        .pure("static DateTimeOffset operator +(DateTimeOffset d, TimeSpan t)", |_, a| {
            add_ticks(a, time_span(&a[1]).ticks())
        })
        .pure("static DateTimeOffset operator -(DateTimeOffset d, TimeSpan t)", |_, a| minus(a))
        .pure("static TimeSpan operator -(DateTimeOffset a, DateTimeOffset b)", |_, a| {
            Ok(moment(&a[0]).since(moment(&a[1])).into())
        })
        .pure("int CompareTo(DateTimeOffset other)", |_, a| Ok(ordering(moment(&a[0]).cmp(&moment(&a[1])))))
        .pure("bool Equals(DateTimeOffset other)", |_, a| Ok((moment(&a[0]) == moment(&a[1])).into()))
        .pure("bool EqualsExact(DateTimeOffset other)", |_, a| {
            let (one, other) = (moment(&a[0]), moment(&a[1]));
            Ok((one == other && one.offset() == other.offset()).into())
        })
        .pure("static int Compare(DateTimeOffset first, DateTimeOffset second)", |_, a| {
            Ok(ordering(moment(&a[0]).cmp(&moment(&a[1]))))
        })
        .pure("static bool Equals(DateTimeOffset first, DateTimeOffset second)", |_, a| {
            Ok((moment(&a[0]) == moment(&a[1])).into())
        });
    super::operators::comparisons!(on, "DateTimeOffset", moment);
}

/// The text as a date, `utc` when an offset that is not given is to be zero.
fn parse(run: &mut Run<'_>, text: &str, styles: i32) -> Result<DateTimeOffset, Fault> {
    let today = now(run);
    let local = if styles & 64 != 0 { TimeSpan::ZERO } else { LOCAL };
    let parsed = DateTimeOffset::parse(text, today, local)?;
    Ok(if styles & 16 != 0 { parsed.to_offset(TimeSpan::ZERO)? } else { parsed })
}

fn parse_exact(run: &mut Run<'_>, a: &[Value]) -> Result<DateTimeOffset, Fault> {
    let today = now(run);
    let (input, format) = (string(&a[0], "input")?, string(&a[1], "format")?);
    Ok(DateTimeOffset::parse_exact(&input.text(), &format.text(), today, LOCAL)?)
}

/// As [`parse_exact`], by the first of several formats that fits.
fn parse_exact_any(run: &mut Run<'_>, a: &[Value]) -> Result<DateTimeOffset, Fault> {
    let input = string(&a[0], "input")?.text();
    let formats = run.collect(required(&a[1], "formats")?)?;
    let today = now(run);
    let mut parsed = formats
        .iter()
        .filter_map(Value::as_text)
        .filter_map(|format| DateTimeOffset::parse_exact(&input, &format.text(), today, LOCAL).ok());
    parsed.next().ok_or_else(|| Fault::format(format!("String '{input}' was not recognized as a valid DateTime.")))
}

/// Ticks from year 1 to 1601, where file times begin.
const FILE_TIME_EPOCH: i64 = 504_911_232_000_000_000;

fn file_times(table: &mut Table) {
    table
        .on(TypeId::DateTimeOffset)
        .pure("static DateTimeOffset FromFileTime(long fileTime)", |_, a| {
            let ticks = long(&a[0]).checked_add(FILE_TIME_EPOCH).filter(|_| long(&a[0]) >= 0);
            let time = ticks.and_then(|ticks| DateTime::new(ticks, DateTimeKind::Utc).ok());
            let time = time.ok_or_else(|| Fault::out_of_range("Not a valid Win32 FileTime. (Parameter 'fileTime')"))?;
            Ok(DateTimeOffset::from_utc(time).into())
        })
        .pure("long ToFileTime()", |_, a| {
            let ticks = moment(&a[0]).utc_ticks() - FILE_TIME_EPOCH;
            if ticks < 0 {
                return Err(Fault::out_of_range("Not a valid Win32 FileTime."));
            }
            Ok(ticks.into())
        });
}

fn text(table: &mut Table) {
    file_times(table);
    table
        .on(TypeId::DateTimeOffset)
        .pure("string ToString(string format)", |_, a| Ok(moment(&a[0]).format(&pattern(a))?.into()))
        .pure("string ToString(IFormatProvider formatProvider)", |_, a| Ok(moment(&a[0]).format("")?.into()))
        .pure("string ToString(string format, IFormatProvider formatProvider)", |_, a| {
            Ok(moment(&a[0]).format(&pattern(a))?.into())
        })
        .def("static DateTimeOffset Parse(string input)", |run, a| {
            Ok(parse(run, &string(&a[0], "input")?.text(), 0)?.into())
        })
        .def("static DateTimeOffset Parse(string input, IFormatProvider formatProvider)", |run, a| {
            Ok(parse(run, &string(&a[0], "input")?.text(), 0)?.into())
        })
        .def("static DateTimeOffset Parse(string input, IFormatProvider formatProvider, DateTimeStyles styles)", |run, a| {
            Ok(parse(run, &string(&a[0], "input")?.text(), int(&a[2]))?.into())
        })
        .def("static bool TryParse(string input, out DateTimeOffset result)", |run, a| {
            let parsed = a[0].as_text().map(|text| parse(run, &text.text(), 0)).and_then(Result::ok);
            a[1] = parsed.unwrap_or(DateTimeOffset::MIN).into();
            Ok(parsed.is_some().into())
        })
        .def(
            "static bool TryParse(string input, IFormatProvider formatProvider, DateTimeStyles styles, out DateTimeOffset result)",
            |run, a| {
                let styles = int(&a[2]);
                let parsed = a[0].as_text().map(|text| parse(run, &text.text(), styles)).and_then(Result::ok);
                a[3] = parsed.unwrap_or(DateTimeOffset::MIN).into();
                Ok(parsed.is_some().into())
            },
        )
        .def("static DateTimeOffset ParseExact(string input, string format, IFormatProvider formatProvider)", |run, a| {
            Ok(parse_exact(run, a)?.into())
        })
        .def(
            "static DateTimeOffset ParseExact(string input, string format, IFormatProvider formatProvider, DateTimeStyles styles)",
            |run, a| Ok(parse_exact(run, a)?.into()),
        )
        .def(
            "static DateTimeOffset ParseExact(string input, string[] formats, IFormatProvider formatProvider, DateTimeStyles styles)",
            |run, a| Ok(parse_exact_any(run, a)?.into()),
        )
        .def(
            "static bool TryParseExact(string input, string[] formats, IFormatProvider formatProvider, DateTimeStyles styles, out DateTimeOffset result)",
            |run, a| {
                let parsed = parse_exact_any(run, a).ok();
                a[4] = parsed.unwrap_or(DateTimeOffset::MIN).into();
                Ok(parsed.is_some().into())
            },
        )
        .def(
            "static bool TryParseExact(string input, string format, IFormatProvider formatProvider, DateTimeStyles styles, out DateTimeOffset result)",
            |run, a| {
                let parsed = parse_exact(run, a).ok();
                a[4] = parsed.unwrap_or(DateTimeOffset::MIN).into();
                Ok(parsed.is_some().into())
            },
        );
}
