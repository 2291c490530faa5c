//! `TimeZoneInfo.CreateCustomTimeZone` and the text of a zone.

use super::{get, object, rule};
use crate::expr::code::Run;
use crate::expr::dotnet::time_zone::{CustomZone, Zone};
use crate::expr::fault::Fault;
use crate::expr::library::args::{boolean, string, time_span};
use crate::expr::library::date_time::utc_now;
use crate::expr::types::{Table, TypeId};
use crate::expr::value::Value;

fn text(args: &[Value], index: usize) -> String {
    args.get(index).and_then(Value::as_text).map(|text| text.text().into_owned()).unwrap_or_default()
}

/// Whether the rules that are given count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Daylight {
    Kept,
    Dropped,
}

fn create(run: &mut Run<'_>, args: &[Value], daylight: Daylight) -> Result<Value, Fault> {
    let id = string(&args[0], "id")?.text().into_owned();
    let rules = match args.get(5) {
        Some(rules) if !rules.is_null() => run.collect(rules)?,
        _ => Vec::new(),
    };
    let rules = rule::rules(&rules)?;
    let (standard_name, is_dropped) = (text(args, 3), daylight == Daylight::Dropped);
    let custom = CustomZone {
        base_offset: time_span(&args[1]),
        display_name: text(args, 2),
        daylight_name: if args.len() > 4 && !is_dropped { text(args, 4) } else { standard_name.clone() },
        standard_name,
        rules: if is_dropped { Vec::new() } else { rules },
    };
    custom.check(&id)?;
    Ok(object(Zone::custom(&id, custom)))
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::TimeZoneInfo)
        .def(
            "static TimeZoneInfo CreateCustomTimeZone(string id, TimeSpan baseUtcOffset, string displayName, string standardDisplayName)",
            |run, a| create(run, a, Daylight::Kept),
        )
        .def(
            "static TimeZoneInfo CreateCustomTimeZone(string id, TimeSpan baseUtcOffset, string displayName, string standardDisplayName, string daylightDisplayName, TimeZoneInfo.AdjustmentRule[] adjustmentRules)",
            |run, a| create(run, a, Daylight::Kept),
        )
        .def(
            "static TimeZoneInfo CreateCustomTimeZone(string id, TimeSpan baseUtcOffset, string displayName, string standardDisplayName, string daylightDisplayName, TimeZoneInfo.AdjustmentRule[] adjustmentRules, bool disableDaylightSavingTime)",
            |run, a| create(run, a, if boolean(&a[6]) { Daylight::Dropped } else { Daylight::Kept }),
        )
        .def("string ToSerializedString()", |run, a| {
            let now = utc_now(run);
            Ok(get(&a[0], "this")?.to_serialized(now).into())
        })
        .def("static TimeZoneInfo FromSerializedString(string source)", |_, a| {
            Ok(object(Zone::from_serialized(&string(&a[0], "source")?.text())?))
        });
}
