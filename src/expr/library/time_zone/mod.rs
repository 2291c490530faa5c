//! `System.TimeZoneInfo` and `System.TimeZone`; the local zone is UTC.

mod current;
mod custom;
mod rule;

use crate::expr::code::Run;
use crate::expr::dotnet::time_zone::Zone;
use crate::expr::dotnet::{DateTime, DateTimeKind, TimeSpan};
use crate::expr::fault::Fault;
use crate::expr::library::args::{date_time, date_time_offset, string};
use crate::expr::library::date_time::utc_now;
use crate::expr::library::{array, read_only_collection};
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Str, Value};

/// A `TimeZoneInfo`, or the `TimeZone` of the engine.
struct ZoneObject {
    ty: TypeId,
    zone: Zone,
}

impl Object for ZoneObject {
    fn ty(&self) -> Ty {
        Ty::Named(self.ty)
    }

    fn to_text(&self, run: &mut Run<'_>) -> Result<Option<Str>, Fault> {
        let now = utc_now(run);
        Ok((self.ty == TypeId::TimeZoneInfo).then(|| self.zone.display_name(now).into()))
    }

    fn equals(&self, other: &Value) -> Option<bool> {
        Some(other.downcast::<Self>().is_some_and(|other| other.ty == self.ty && other.zone == self.zone))
    }

    fn hash_code(&self) -> Option<i32> {
        Some(self.zone.id().bytes().fold(0, |hash: i32, byte| hash.wrapping_mul(31).wrapping_add(byte.into())))
    }
}

fn object(zone: Zone) -> Value {
    Value::object(ZoneObject { ty: TypeId::TimeZoneInfo, zone })
}

fn get<'a>(value: &'a Value, parameter: &str) -> Result<&'a Zone, Fault> {
    value.downcast::<ZoneObject>().map(|object| &object.zone).ok_or_else(|| Fault::argument_null(parameter))
}

fn find(value: &Value) -> Result<Zone, Fault> {
    Ok(Zone::find(&string(value, "id")?.text())?)
}

fn is_utc(zone: &Zone) -> bool {
    zone.id() == "UTC"
}

/// The time in UTC, of a time in `source`; a time that says it is UTC or local is in UTC.
fn to_utc(time: DateTime, source: Option<&Zone>) -> Result<DateTime, Fault> {
    match source {
        Some(source) if time.kind() != DateTimeKind::Unspecified && !is_utc(source) => Err(Fault::argument(
            "The conversion could not be completed because the supplied DateTime did not have the Kind property set correctly. For example, when the Kind property is DateTimeKind.Local, the source time zone must be TimeZoneInfo.Local. (Parameter 'sourceTimeZone')",
        )),
        Some(source) => Ok(source.to_utc(time)?),
        None => Ok(time.with_kind(DateTimeKind::Utc)),
    }
}

fn convert(time: &Value, source: Option<&Zone>, destination: &Zone) -> Result<Value, Fault> {
    Ok(destination.clock_at(to_utc(date_time(time), source)?).into())
}

/// The offset of a `DateTime` in a zone: of an instant when it says UTC, else of a wall clock.
fn offset(zone: &Zone, time: DateTime) -> TimeSpan {
    if time.kind() == DateTimeKind::Unspecified { zone.offset_of(time) } else { zone.offset_at(time) }
}

fn ambiguous_offsets(zone: &Zone, clock: DateTime) -> Result<Value, Fault> {
    let offsets = zone.ambiguous_offsets(clock).ok_or_else(|| {
        Fault::argument("The supplied DateTime is not in an ambiguous time range. (Parameter 'dateTime')")
    })?;
    Ok(array::array(Ty::Named(TypeId::TimeSpan), offsets.into_iter().map(Value::from).collect()))
}

fn is_daylight(zone: &Zone, time: DateTime) -> bool {
    let offset = offset(zone, time).ticks();
    let utc = if time.kind() == DateTimeKind::Unspecified { time.add_ticks(-offset).unwrap_or(time) } else { time };
    zone.is_daylight(utc)
}

/// Adds the members of `TimeZoneInfo` and `TimeZone`.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::TimeZoneInfo)
        .def("static TimeZoneInfo Utc", |_, _| Ok(object(Zone::utc())))
        .def("static TimeZoneInfo Local", |_, _| Ok(object(Zone::utc())))
        .def("static TimeZoneInfo FindSystemTimeZoneById(string id)", |_, a| Ok(object(find(&a[0])?)))
        .def("string Id", |_, a| Ok(get(&a[0], "this")?.id().into()))
        .def("string StandardName", |_, a| Ok(get(&a[0], "this")?.standard_name().into()))
        .def("string DaylightName", |_, a| Ok(get(&a[0], "this")?.daylight_name().into()))
        .def("string DisplayName", |run, a| {
            let now = utc_now(run);
            Ok(get(&a[0], "this")?.display_name(now).into())
        })
        .def("TimeSpan BaseUtcOffset", |run, a| {
            let now = utc_now(run);
            Ok(get(&a[0], "this")?.base_offset(now).into())
        })
        .def("bool SupportsDaylightSavingTime", |run, a| {
            let now = utc_now(run);
            Ok(get(&a[0], "this")?.has_daylight(now).into())
        })
        .def(
            "TimeSpan GetUtcOffset(DateTime dateTime)",
            |_, a| Ok(offset(get(&a[0], "this")?, date_time(&a[1])).into()),
        )
        .def("TimeSpan GetUtcOffset(DateTimeOffset dateTimeOffset)", |_, a| {
            Ok(get(&a[0], "this")?.offset_at(date_time_offset(&a[1]).utc()).into())
        })
        .def("bool IsDaylightSavingTime(DateTime dateTime)", |_, a| {
            Ok(is_daylight(get(&a[0], "this")?, date_time(&a[1])).into())
        })
        .def("bool IsDaylightSavingTime(DateTimeOffset dateTimeOffset)", |_, a| {
            Ok(get(&a[0], "this")?.is_daylight(date_time_offset(&a[1]).utc()).into())
        })
        .def("bool IsAmbiguousTime(DateTime dateTime)", |_, a| {
            Ok(get(&a[0], "this")?.is_ambiguous(date_time(&a[1])).into())
        })
        .def("bool IsAmbiguousTime(DateTimeOffset dateTimeOffset)", |_, a| {
            let zone = get(&a[0], "this")?;
            Ok(zone.is_ambiguous(zone.clock_at(date_time_offset(&a[1]).utc())).into())
        })
        .def("TimeSpan[] GetAmbiguousTimeOffsets(DateTime dateTime)", |_, a| {
            ambiguous_offsets(get(&a[0], "this")?, date_time(&a[1]))
        })
        .def("TimeSpan[] GetAmbiguousTimeOffsets(DateTimeOffset dateTimeOffset)", |_, a| {
            let zone = get(&a[0], "this")?;
            ambiguous_offsets(zone, zone.clock_at(date_time_offset(&a[1]).utc()))
        })
        .def("bool HasSameRules(TimeZoneInfo other)", |run, a| {
            let now = utc_now(run);
            Ok(get(&a[0], "this")?.has_same_rules(get(&a[1], "other")?, now).into())
        })
        .def("bool Equals(TimeZoneInfo other)", |_, a| Ok(a[0].equals(&a[1]).into()))
        .def("static void ClearCachedData()", |_, _| Ok(Value::Null))
        .def("static ReadOnlyCollection<TimeZoneInfo> GetSystemTimeZones()", |run, _| {
            let now = utc_now(run);
            run.steps(1_000)?;
            let mut zones = Zone::all();
            zones.sort_by_key(|zone| (zone.base_offset(now), zone.display_name(now)));
            let items = zones.into_iter().map(object).collect();
            Ok(read_only_collection::make(Ty::Named(TypeId::TimeZoneInfo), items))
        })
        .def("bool IsInvalidTime(DateTime dateTime)", |_, a| {
            Ok(get(&a[0], "this")?.is_invalid(date_time(&a[1])).into())
        });
    conversions(table);
    current::register(table);
    custom::register(table);
    rule::register(table);
}

fn conversions(table: &mut Table) {
    table
        .on(TypeId::TimeZoneInfo)
        .def("static DateTime ConvertTime(DateTime dateTime, TimeZoneInfo destinationTimeZone)", |_, a| {
            convert(&a[0], None, get(&a[1], "destinationTimeZone")?)
        })
        .def(
            "static DateTime ConvertTime(DateTime dateTime, TimeZoneInfo sourceTimeZone, TimeZoneInfo destinationTimeZone)",
            |_, a| convert(&a[0], Some(get(&a[1], "sourceTimeZone")?), get(&a[2], "destinationTimeZone")?),
        )
        .def("static DateTimeOffset ConvertTime(DateTimeOffset dateTimeOffset, TimeZoneInfo destinationTimeZone)", |_, a| {
            Ok(get(&a[1], "destinationTimeZone")?.convert(date_time_offset(&a[0]))?.into())
        })
        .def("static DateTime ConvertTimeBySystemTimeZoneId(DateTime dateTime, string destinationTimeZoneId)", |_, a| {
            convert(&a[0], None, &find(&a[1])?)
        })
        .def(
            "static DateTime ConvertTimeBySystemTimeZoneId(DateTime dateTime, string sourceTimeZoneId, string destinationTimeZoneId)",
            |_, a| convert(&a[0], Some(&find(&a[1])?), &find(&a[2])?),
        )
        .def(
            "static DateTimeOffset ConvertTimeBySystemTimeZoneId(DateTimeOffset dateTimeOffset, string destinationTimeZoneId)",
            |_, a| Ok(find(&a[1])?.convert(date_time_offset(&a[0]))?.into()),
        )
        .def("static DateTime ConvertTimeToUtc(DateTime dateTime)", |_, a| Ok(to_utc(date_time(&a[0]), None)?.into()))
        .def("static DateTime ConvertTimeToUtc(DateTime dateTime, TimeZoneInfo sourceTimeZone)", |_, a| {
            Ok(to_utc(date_time(&a[0]), Some(get(&a[1], "sourceTimeZone")?))?.into())
        })
        .def("static DateTime ConvertTimeFromUtc(DateTime dateTime, TimeZoneInfo destinationTimeZone)", |_, a| {
            convert(&a[0], None, get(&a[1], "destinationTimeZone")?)
        });
}
