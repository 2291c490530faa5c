//! `TimeZoneInfo.AdjustmentRule` and `TimeZoneInfo.TransitionTime`.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::get;
use crate::expr::dotnet::time_zone::{AdjustmentRule, Transition};
use crate::expr::fault::Fault;
use crate::expr::library::args::{date_time, int, time_span};
use crate::expr::library::array;
use crate::expr::library::date_time::utc_now;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Object, Value};

struct RuleObject(AdjustmentRule);
struct TransitionObject(Transition);

fn hash(value: &impl Hash) -> i32 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish() as i32
}

impl Object for RuleObject {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::AdjustmentRule)
    }

    fn equals(&self, other: &Value) -> Option<bool> {
        Some(other.downcast::<Self>().is_some_and(|other| other.0 == self.0))
    }

    fn hash_code(&self) -> Option<i32> {
        Some(hash(&self.0))
    }
}

impl Object for TransitionObject {
    fn ty(&self) -> Ty {
        Ty::Named(TypeId::TransitionTime)
    }

    fn equals(&self, other: &Value) -> Option<bool> {
        Some(other.downcast::<Self>().is_some_and(|other| other.0 == self.0))
    }

    fn hash_code(&self) -> Option<i32> {
        Some(hash(&self.0))
    }
}

/// An `AdjustmentRule` as a value.
fn value(rule: AdjustmentRule) -> Value {
    Value::object(RuleObject(rule))
}

/// The rules of an array.
pub(super) fn rules(rules: &[Value]) -> Result<Vec<AdjustmentRule>, Fault> {
    rules.iter().map(|rule| Ok(this(rule)?.0)).collect()
}

fn this(value: &Value) -> Result<&RuleObject, Fault> {
    value.downcast::<RuleObject>().ok_or_else(Fault::null_reference)
}

/// A transition; `default(TransitionTime)` is midnight of no day.
fn transition(value: &Value) -> Transition {
    let none = Transition::Fixed { month: 0, day: 0, time: 0 };
    value.downcast::<TransitionObject>().map_or(none, |transition| transition.0)
}

fn of(transition: Transition) -> Value {
    Value::object(TransitionObject(transition))
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table.on(TypeId::TimeZoneInfo).def("TimeZoneInfo.AdjustmentRule[] GetAdjustmentRules()", |run, a| {
        let now = utc_now(run);
        run.steps(1_000)?;
        let rules = get(&a[0], "this")?.rules(now);
        Ok(array::array(Ty::Named(TypeId::AdjustmentRule), rules.into_iter().map(value).collect()))
    });
    table
        .on(TypeId::AdjustmentRule)
        .def(
            "static TimeZoneInfo.AdjustmentRule CreateAdjustmentRule(DateTime dateStart, DateTime dateEnd, TimeSpan daylightDelta, TimeZoneInfo.TransitionTime daylightTransitionStart, TimeZoneInfo.TransitionTime daylightTransitionEnd)",
            |_, a| {
                let (start, end) = (transition(&a[3]), transition(&a[4]));
                let rule = AdjustmentRule::new(date_time(&a[0]), date_time(&a[1]), time_span(&a[2]), start, end)?;
                Ok(value(rule))
            },
        )
        .def("DateTime DateStart", |_, a| Ok(this(&a[0])?.0.from.into()))
        .def("DateTime DateEnd", |_, a| Ok(this(&a[0])?.0.until.into()))
        .def("TimeSpan DaylightDelta", |_, a| Ok(this(&a[0])?.0.delta.into()))
        .def("TimeZoneInfo.TransitionTime DaylightTransitionStart", |_, a| Ok(of(this(&a[0])?.0.start)))
        .def("TimeZoneInfo.TransitionTime DaylightTransitionEnd", |_, a| Ok(of(this(&a[0])?.0.end)))
        .def("bool Equals(TimeZoneInfo.AdjustmentRule other)", |_, a| Ok(a[0].equals(&a[1]).into()));
    table
        .on(TypeId::TransitionTime)
        .def(
            "static TimeZoneInfo.TransitionTime CreateFixedDateRule(DateTime timeOfDay, int month, int day)",
            |_, a| Ok(of(Transition::fixed(date_time(&a[0]), int(&a[1]), int(&a[2]))?)),
        )
        .def(
            "static TimeZoneInfo.TransitionTime CreateFloatingDateRule(DateTime timeOfDay, int month, int week, DayOfWeek dayOfWeek)",
            |_, a| Ok(of(Transition::floating(date_time(&a[0]), int(&a[1]), int(&a[2]), int(&a[3]))?)),
        )
        .def("DateTime TimeOfDay", |_, a| Ok(transition(&a[0]).time_of_day().into()))
        .def("int Month", |_, a| Ok(Value::Int(transition(&a[0]).month().into())))
        .def("int Day", |_, a| {
            Ok(Value::Int(match transition(&a[0]) {
                Transition::Fixed { day, .. } => day.into(),
                Transition::Floating { .. } => 0,
            }))
        })
        .def("int Week", |_, a| {
            Ok(Value::Int(match transition(&a[0]) {
                Transition::Floating { week, .. } => week.into(),
                Transition::Fixed { .. } => 0,
            }))
        })
        .def("DayOfWeek DayOfWeek", |_, a| {
            let number = match transition(&a[0]) {
                Transition::Floating { day_of_week, .. } => day_of_week.into(),
                Transition::Fixed { .. } => 0,
            };
            Ok(Value::enumeration(TypeId::DayOfWeek, number))
        })
        .def("bool IsFixedDateRule", |_, a| Ok(matches!(transition(&a[0]), Transition::Fixed { .. }).into()))
        .def("bool Equals(TimeZoneInfo.TransitionTime other)", |_, a| {
            Ok((transition(&a[0]) == transition(&a[1])).into())
        })
        .def(
            "static bool operator ==(TimeZoneInfo.TransitionTime t1, TimeZoneInfo.TransitionTime t2)",
            |_, a| Ok((transition(&a[0]) == transition(&a[1])).into()),
        )
        .def(
            "static bool operator !=(TimeZoneInfo.TransitionTime t1, TimeZoneInfo.TransitionTime t2)",
            |_, a| Ok((transition(&a[0]) != transition(&a[1])).into()),
        );
}
