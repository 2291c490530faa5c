//! `System.TimeSpan`.

use crate::expr::dotnet::TimeSpan;
use crate::expr::dotnet::time_span::{
    TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_MILLISECOND, TICKS_PER_MINUTE, TICKS_PER_SECOND,
};
use crate::expr::fault::Fault;
use crate::expr::library::args::{double, long, string, time_span};
use crate::expr::library::array::Array;
use crate::expr::library::number::ordering;
use crate::expr::types::{Table, TypeId};
use crate::expr::value::Value;

fn from(a: &[Value], unit: i64) -> Result<Value, Fault> {
    Ok(TimeSpan::from_units(double(&a[0]), unit)?.into())
}

fn total(a: &[Value], unit: i64) -> Result<Value, Fault> {
    Ok(time_span(&a[0]).total(unit).into())
}

fn part(value: i64) -> Result<Value, Fault> {
    Ok(Value::Int(value as i32))
}

/// The pattern argument, empty when null.
pub(crate) fn pattern(a: &[Value]) -> String {
    a.get(1).and_then(Value::as_text).map(|text| text.text().into_owned()).unwrap_or_default()
}

/// Adds the members of `TimeSpan`.
pub(super) fn register(table: &mut Table) {
    let on = &mut table.on(TypeId::TimeSpan);
    on.constant("TimeSpan Zero", TimeSpan::ZERO)
        .constant("TimeSpan MinValue", TimeSpan::MIN)
        .constant("TimeSpan MaxValue", TimeSpan::MAX)
        .constant("long TicksPerDay", TICKS_PER_DAY)
        .constant("long TicksPerHour", TICKS_PER_HOUR)
        .constant("long TicksPerMinute", TICKS_PER_MINUTE)
        .constant("long TicksPerSecond", TICKS_PER_SECOND)
        .constant("long TicksPerMillisecond", TICKS_PER_MILLISECOND)
        .pure("new(long ticks)", |_, a| Ok(TimeSpan::from_ticks(long(&a[0])).into()))
        .pure("new(int hours, int minutes, int seconds)", |_, a| {
            Ok(TimeSpan::from_parts(0, long(&a[0]), long(&a[1]), long(&a[2]), 0)?.into())
        })
        .pure("new(int days, int hours, int minutes, int seconds)", |_, a| {
            Ok(TimeSpan::from_parts(long(&a[0]), long(&a[1]), long(&a[2]), long(&a[3]), 0)?.into())
        })
        .pure("new(int days, int hours, int minutes, int seconds, int milliseconds)", |_, a| {
            Ok(TimeSpan::from_parts(long(&a[0]), long(&a[1]), long(&a[2]), long(&a[3]), long(&a[4]))?.into())
        })
        .pure("static TimeSpan FromDays(double value)", |_, a| from(a, TICKS_PER_DAY))
        .pure("static TimeSpan FromHours(double value)", |_, a| from(a, TICKS_PER_HOUR))
        .pure("static TimeSpan FromMinutes(double value)", |_, a| from(a, TICKS_PER_MINUTE))
        .pure("static TimeSpan FromSeconds(double value)", |_, a| from(a, TICKS_PER_SECOND))
        .pure("static TimeSpan FromMilliseconds(double value)", |_, a| from(a, TICKS_PER_MILLISECOND))
        .pure("static TimeSpan FromTicks(long value)", |_, a| Ok(TimeSpan::from_ticks(long(&a[0])).into()))
        .pure("int Days", |_, a| part(time_span(&a[0]).days()))
        .pure("int Hours", |_, a| part(time_span(&a[0]).hours()))
        .pure("int Minutes", |_, a| part(time_span(&a[0]).minutes()))
        .pure("int Seconds", |_, a| part(time_span(&a[0]).seconds()))
        .pure("int Milliseconds", |_, a| part(time_span(&a[0]).milliseconds()))
        .pure("long Ticks", |_, a| Ok(time_span(&a[0]).ticks().into()))
        .pure("double TotalDays", |_, a| total(a, TICKS_PER_DAY))
        .pure("double TotalHours", |_, a| total(a, TICKS_PER_HOUR))
        .pure("double TotalMinutes", |_, a| total(a, TICKS_PER_MINUTE))
        .pure("double TotalSeconds", |_, a| total(a, TICKS_PER_SECOND))
        .pure("double TotalMilliseconds", |_, a| total(a, TICKS_PER_MILLISECOND))
        .pure("string ToString(string format)", |_, a| Ok(time_span(&a[0]).format(&pattern(a))?.into()))
        .pure("string ToString(string format, IFormatProvider formatProvider)", |_, a| {
            Ok(time_span(&a[0]).format(&pattern(a))?.into())
        });
    parsing(table);
    arithmetic(table);
}

fn parsing(table: &mut Table) {
    table
        .on(TypeId::TimeSpan)
        .pure("static TimeSpan Parse(string s)", |_, a| Ok(TimeSpan::parse(&string(&a[0], "s")?.text())?.into()))
        .pure("static TimeSpan Parse(string input, IFormatProvider formatProvider)", |_, a| {
            Ok(TimeSpan::parse(&string(&a[0], "input")?.text())?.into())
        })
        .def("static bool TryParse(string s, out TimeSpan result)", |_, a| {
            let parsed = a[0].as_text().and_then(|s| TimeSpan::parse(&s.text()).ok());
            a[1] = parsed.unwrap_or(TimeSpan::ZERO).into();
            Ok(parsed.is_some().into())
        })
        .pure("static TimeSpan ParseExact(string input, string format, IFormatProvider formatProvider)", |_, a| {
            let (input, format) = (string(&a[0], "input")?, string(&a[1], "format")?);
            Ok(TimeSpan::parse_exact(&input.text(), &format.text())?.into())
        })
        .def("static bool TryParse(string input, IFormatProvider formatProvider, out TimeSpan result)", |_, a| {
            let parsed = a[0].as_text().and_then(|text| TimeSpan::parse(&text.text()).ok());
            a[2] = parsed.unwrap_or(TimeSpan::ZERO).into();
            Ok(parsed.is_some().into())
        })
        .pure("static TimeSpan ParseExact(string input, string[] formats, IFormatProvider formatProvider)", |_, a| {
            Ok(parse_exact_any(a)?.into())
        })
        .def(
            "static bool TryParseExact(string input, string[] formats, IFormatProvider formatProvider, out TimeSpan result)",
            |_, a| {
                let parsed = parse_exact_any(a).ok();
                a[3] = parsed.unwrap_or(TimeSpan::ZERO).into();
                Ok(parsed.is_some().into())
            },
        )
        .def("static bool TryParseExact(string input, string format, IFormatProvider formatProvider, out TimeSpan result)", |_, a| {
            let parsed = a[0].as_text().and_then(|s| TimeSpan::parse_exact(&s.text(), &pattern(a)).ok());
            a[3] = parsed.unwrap_or(TimeSpan::ZERO).into();
            Ok(parsed.is_some().into())
        });
}

fn arithmetic(table: &mut Table) {
    let on = &mut table.on(TypeId::TimeSpan);
    on.pure("TimeSpan Add(TimeSpan ts)", |_, a| Ok(time_span(&a[0]).plus(time_span(&a[1]))?.into()))
        .pure("TimeSpan Subtract(TimeSpan ts)", |_, a| Ok(time_span(&a[0]).minus(time_span(&a[1]))?.into()))
        .pure("TimeSpan Negate()", |_, a| Ok(time_span(&a[0]).negate()?.into()))
        .pure("TimeSpan Duration()", |_, a| Ok(time_span(&a[0]).duration()?.into()))
        .pure("TimeSpan Multiply(double factor)", |_, a| Ok(time_span(&a[0]).multiply(double(&a[1]))?.into()))
        .pure("TimeSpan Divide(double divisor)", |_, a| divide(a))
        .pure("double Divide(TimeSpan ts)", |_, a| Ok(ratio(a).into()))
        .pure("int CompareTo(TimeSpan value)", |_, a| Ok(ordering(time_span(&a[0]).cmp(&time_span(&a[1])))))
        .pure("bool Equals(TimeSpan obj)", |_, a| Ok((time_span(&a[0]) == time_span(&a[1])).into()))
        .pure("static int Compare(TimeSpan t1, TimeSpan t2)", |_, a| {
            Ok(ordering(time_span(&a[0]).cmp(&time_span(&a[1]))))
        })
        .pure("static bool Equals(TimeSpan t1, TimeSpan t2)", |_, a| Ok((time_span(&a[0]) == time_span(&a[1])).into()))
        .pure("static TimeSpan operator +(TimeSpan a, TimeSpan b)", |_, a| {
            Ok(time_span(&a[0]).plus(time_span(&a[1]))?.into())
        })
        .pure("static TimeSpan operator -(TimeSpan a, TimeSpan b)", |_, a| {
            Ok(time_span(&a[0]).minus(time_span(&a[1]))?.into())
        })
        .pure("static TimeSpan operator *(TimeSpan a, double b)", |_, a| {
            Ok(time_span(&a[0]).multiply(double(&a[1]))?.into())
        })
        .pure("static TimeSpan operator *(double a, TimeSpan b)", |_, a| {
            Ok(time_span(&a[1]).multiply(double(&a[0]))?.into())
        })
        .pure("static TimeSpan operator /(TimeSpan a, double b)", |_, a| divide(a))
        .pure("static double operator /(TimeSpan a, TimeSpan b)", |_, a| Ok(ratio(a).into()));
    super::operators::comparisons!(on, "TimeSpan", time_span);
}

/// `ParseExact` by the first of several formats that fits.
fn parse_exact_any(a: &[Value]) -> Result<TimeSpan, Fault> {
    let input = string(&a[0], "input")?.text();
    let formats = a[1].downcast::<Array>().ok_or_else(|| Fault::argument_null("formats"))?.to_vec();
    let mut parsed = formats
        .iter()
        .filter_map(Value::as_text)
        .filter_map(|format| TimeSpan::parse_exact(&input, &format.text()).ok());
    parsed.next().ok_or_else(|| Fault::format(format!("String '{input}' was not recognized as a valid TimeSpan.")))
}

fn divide(a: &[Value]) -> Result<Value, Fault> {
    let ticks = time_span(&a[0]).ticks() as f64 / double(&a[1]);
    Ok(TimeSpan::from_units(ticks.round_ties_even(), 1)?.into())
}

fn ratio(a: &[Value]) -> f64 {
    time_span(&a[0]).ticks() as f64 / time_span(&a[1]).ticks() as f64
}
