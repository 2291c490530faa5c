//! `System.String`, one file a group of members, and `System.StringComparer`.

mod change;
mod compare;
mod comparer;
mod comparison;
mod find;
mod format;
mod join;
mod search;
mod split;

pub(crate) use comparer::Comparer;
pub(crate) use comparison::Comparison;
pub(crate) use format::format;

use super::args::{int, required, string, unit};
use super::array::{Array, array};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Str, Value};
use join::items;
use search::range;

/// The instance.
fn this(a: &[Value]) -> Result<&Str, Fault> {
    a.first().and_then(Value::as_text).ok_or_else(Fault::null_reference)
}

/// The units in a `char[]` argument; null and empty mean white space.
fn units_of(value: &Value) -> Vec<u16> {
    value.downcast::<Array>().map(|array| array.to_vec().iter().map(unit).collect()).unwrap_or_default()
}

/// An array argument that must not be null.
fn given<'a>(value: &'a Value, parameter: &str) -> Result<&'a Array, Fault> {
    value.downcast().ok_or_else(|| Fault::argument_null(parameter))
}

/// A new string, paid for.
pub(crate) fn made(run: &mut Run<'_>, text: impl Into<Str>) -> Result<Value, Fault> {
    let text = text.into();
    run.charge(text.byte_len())?;
    run.room(text.byte_len())?;
    Ok(Value::Str(text))
}

/// One unit, many times.
fn repeated(run: &mut Run<'_>, unit: u16, count: usize) -> Result<Value, Fault> {
    run.steps(count / 8)?;
    match char::from_u32(unit.into()) {
        Some(c) => {
            run.room(count.saturating_mul(2 * c.len_utf8()))?;
            made(run, String::from(c).repeat(count))
        }
        None => {
            run.room(count.saturating_mul(4))?;
            made(run, Str::from_utf16(&vec![unit; count]))
        }
    }
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::String)
        .constant("string Empty", "")
        .pure("int Length", |_, a| Ok((this(a)?.len() as i32).into()))
        .pure("char this[int index]", |_, a| {
            let unit = usize::try_from(int(&a[1])).ok().and_then(|at| this(a).ok()?.unit(at));
            unit.map(Value::Char).ok_or_else(Fault::index_out_of_range)
        })
        .pure("static bool IsNullOrEmpty(string value)", |_, a| Ok(a[0].as_text().is_none_or(Str::is_empty).into()))
        .pure("static bool IsNullOrWhiteSpace(string value)", |_, a| {
            Ok(a[0].as_text().is_none_or(|text| text.text().chars().all(char::is_whitespace)).into())
        })
        .pure("new(char c, int count)", |run, a| {
            let count =
                usize::try_from(int(&a[1])).map_err(|_| Fault::out_of_range("'count' must be non-negative."))?;
            repeated(run, unit(&a[0]), count)
        })
        .def("new(char[] value)", |run, a| {
            let units: Vec<u16> = items(&a[0]).unwrap_or_default().iter().map(unit).collect();
            made(run, Str::from_utf16(&units))
        })
        .def("new(char[] value, int startIndex, int length)", |run, a| {
            let units: Vec<u16> = items(required(&a[0], "value")?).unwrap_or_default().iter().map(unit).collect();
            let (start, length) = (usize::try_from(int(&a[1])).ok(), usize::try_from(int(&a[2])).ok());
            let range = start.zip(length).and_then(|(start, length)| units.get(start..start.checked_add(length)?));
            let units = range.ok_or_else(|| {
                Fault::out_of_range(
                    "Index was out of range. Must be non-negative and less than the size of the collection.",
                )
            })?;
            made(run, Str::from_utf16(units))
        })
        .def("char[] ToCharArray()", |run, a| {
            run.charge(this(a)?.len().saturating_mul(size_of::<Value>()))?;
            Ok(array(Ty::Named(TypeId::Char), this(a)?.units().into_iter().map(Value::Char).collect()))
        })
        .def("char[] ToCharArray(int startIndex, int length)", |run, a| {
            run.charge(this(a)?.len().saturating_mul(size_of::<Value>()))?;
            let units = this(a)?.units();
            let (start, length) = range(units.len(), &a[1], Some(&a[2]))?;
            Ok(array(Ty::Named(TypeId::Char), units[start..start + length].iter().copied().map(Value::Char).collect()))
        })
        .pure("string ToString()", |_, a| Ok(a[0].clone()))
        .pure("string ToString(IFormatProvider provider)", |_, a| Ok(a[0].clone()))
        .def("void CopyTo(int sourceIndex, char[] destination, int destinationIndex, int count)", |_, a| {
            let (text, target) = (this(a)?, given(&a[2], "destination")?);
            let count =
                usize::try_from(int(&a[4])).map_err(|_| Fault::out_of_range("Count cannot be less than zero."))?;
            let from = usize::try_from(int(&a[1])).ok();
            let part = from.filter(|from| from.saturating_add(count) <= text.len());
            let to = usize::try_from(int(&a[3])).ok().filter(|to| to.saturating_add(count) <= target.len());
            let (Some(from), Some(to)) = (part, to) else {
                return Err(Fault::out_of_range(
                    "Index was out of range. Must be non-negative and less than the size of the collection.",
                ));
            };
            for (offset, unit) in text.units().into_iter().skip(from).take(count).enumerate() {
                target.set(to + offset, Value::Char(unit));
            }
            Ok(Value::Null)
        })
        .pure("object Clone()", |_, a| Ok(a[0].clone()))
        .pure("static string Copy(string str)", |_, a| string(&a[0], "str").map(|text| Value::Str(text.clone())))
        .pure("static string IsInterned(string str)", |_, a| string(&a[0], "str").map(|text| Value::Str(text.clone())))
        .pure("static string Intern(string str)", |_, a| string(&a[0], "str").map(|text| Value::Str(text.clone())));
    search::register(table);
    change::register(table);
    split::register(table);
    join::register(table);
    format::register(table);
    compare::register(table);
    comparer::register(table);
}
