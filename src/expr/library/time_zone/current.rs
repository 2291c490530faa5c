//! `System.TimeZone` and `DaylightTime`: the local zone, which is UTC.

use super::{ZoneObject, get};
use crate::expr::dotnet::time_zone::Zone;
use crate::expr::dotnet::{DateTime, DateTimeKind, TimeSpan};
use crate::expr::fault::Fault;
use crate::expr::library::args::{date_time, int, time_span};
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Value};

/// `DaylightTime`: from when to when, and by how much.
struct DaylightTime {
    start: DateTime,
    end: DateTime,
    delta: TimeSpan,
}

impl Object for DaylightTime {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::DaylightTime)
    }
}

fn daylight(value: &Value) -> Result<&DaylightTime, Fault> {
    value.downcast::<DaylightTime>().ok_or_else(Fault::null_reference)
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::TimeZone)
        .def("static TimeZone CurrentTimeZone", |_, _| {
            Ok(Value::object(ZoneObject { ty: TypeId::TimeZone, zone: Zone::utc() }))
        })
        .def("string StandardName", |_, a| Ok(get(&a[0], "this")?.standard_name().into()))
        .def("string DaylightName", |_, a| Ok(get(&a[0], "this")?.daylight_name().into()))
        .def("TimeSpan GetUtcOffset(DateTime time)", |_, _| Ok(TimeSpan::ZERO.into()))
        .def("bool IsDaylightSavingTime(DateTime time)", |_, _| Ok(false.into()))
        .def("static bool IsDaylightSavingTime(DateTime time, DaylightTime daylightTimes)", |_, a| {
            let time = date_time(&a[0]);
            let span = a[1].downcast::<DaylightTime>().ok_or_else(|| Fault::argument_null("daylightTimes"))?;
            Ok((span.delta != TimeSpan::ZERO && (span.start..span.end).contains(&time)).into())
        })
        .def("DaylightTime GetDaylightChanges(int year)", |_, a| {
            if !(1..=9999).contains(&int(&a[1])) {
                return Err(Fault::out_of_range("Valid values are between 1 and 9999, inclusive. (Parameter 'year')"));
            }
            Ok(Value::object(DaylightTime { start: DateTime::MIN, end: DateTime::MIN, delta: TimeSpan::ZERO }))
        })
        .def("DateTime ToUniversalTime(DateTime time)", |_, a| Ok(date_time(&a[1]).with_kind(DateTimeKind::Utc).into()))
        .def("DateTime ToLocalTime(DateTime time)", |_, a| Ok(date_time(&a[1]).with_kind(DateTimeKind::Local).into()));
    table
        .on(TypeId::DaylightTime)
        .def("new(DateTime start, DateTime end, TimeSpan delta)", |_, a| {
            let (start, end, delta) = (date_time(&a[0]), date_time(&a[1]), time_span(&a[2]));
            Ok(Value::object(DaylightTime { start, end, delta }))
        })
        .def("DateTime Start", |_, a| Ok(daylight(&a[0])?.start.into()))
        .def("DateTime End", |_, a| Ok(daylight(&a[0])?.end.into()))
        .def("TimeSpan Delta", |_, a| Ok(daylight(&a[0])?.delta.into()));
}
