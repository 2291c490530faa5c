//! `System.String`: equality and order.

use super::comparison::{CULTURE, Comparison, ORDINAL};
use crate::expr::fault::Fault;
use crate::expr::library::args::int;
use crate::expr::types::{Table, TypeId};
use crate::expr::value::Value;

/// The difference of the first units that differ, or of the lengths; null comes first.
fn ordinal(a: &Value, b: &Value) -> i32 {
    match (a.as_text(), b.as_text()) {
        (Some(x), Some(y)) => {
            let (x, y) = (x.units(), y.units());
            let differ = x.iter().zip(&y).find(|(x, y)| x != y);
            differ.map_or(x.len() as i32 - y.len() as i32, |(x, y)| i32::from(*x) - i32::from(*y))
        }
        (x, y) => i32::from(x.is_some()) - i32::from(y.is_some()),
    }
}

/// At most `length` units of a string, from `start` on.
fn part(text: &Value, start: &Value, length: &Value) -> Result<Value, Fault> {
    let length = usize::try_from(int(length)).map_err(|_| Fault::out_of_range("Length cannot be less than zero."))?;
    let Some(text) = text.as_text() else { return Ok(Value::Null) };
    let start = usize::try_from(int(start)).ok().filter(|start| *start <= text.len());
    let start = start.ok_or_else(|| {
        Fault::out_of_range("Index was out of range. Must be non-negative and less than the size of the collection.")
    })?;
    Ok(text.slice(start, length.min(text.len() - start)).map_or(Value::Null, Value::Str))
}

fn substring_compare(a: &[Value], length: &Value, how: Comparison) -> Result<Value, Fault> {
    Ok(how.compare_values(&part(&a[0], &a[1], length)?, &part(&a[2], &a[3], length)?).into())
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::String)
        .pure("static bool operator ==(string a, string b)", |_, a| Ok(ORDINAL.equal(&a[0], &a[1]).into()))
        .pure("static bool operator !=(string a, string b)", |_, a| Ok((!ORDINAL.equal(&a[0], &a[1])).into()))
        .pure("bool Equals(string value)", |_, a| Ok(ORDINAL.equal(&a[0], &a[1]).into()))
        .pure("bool Equals(string value, StringComparison comparisonType)", |_, a| {
            Ok(Comparison::of(&a[2])?.equal(&a[0], &a[1]).into())
        })
        .pure("static bool Equals(string a, string b)", |_, a| Ok(ORDINAL.equal(&a[0], &a[1]).into()))
        .pure("static bool Equals(string a, string b, StringComparison comparisonType)", |_, a| {
            Ok(Comparison::of(&a[2])?.equal(&a[0], &a[1]).into())
        })
        .pure("int CompareTo(string strB)", |_, a| Ok(CULTURE.compare_values(&a[0], &a[1]).into()))
        .pure("int CompareTo(object value)", |_, a| match &a[1] {
            Value::Null | Value::Str(_) => Ok(CULTURE.compare_values(&a[0], &a[1]).into()),
            _ => Err(Fault::argument("Object must be of type String.")),
        })
        .pure("static int Compare(string strA, string strB)", |_, a| Ok(CULTURE.compare_values(&a[0], &a[1]).into()))
        .pure("static int Compare(string strA, string strB, bool ignoreCase)", |_, a| {
            let how = Comparison::Culture { ignores_case: matches!(a[2], Value::Bool(true)) };
            Ok(how.compare_values(&a[0], &a[1]).into())
        })
        .pure("static int Compare(string strA, string strB, StringComparison comparisonType)", |_, a| {
            Ok(Comparison::of(&a[2])?.compare_values(&a[0], &a[1]).into())
        })
        .pure("static int Compare(string strA, int indexA, string strB, int indexB, int length)", |_, a| {
            substring_compare(a, &a[4], CULTURE)
        })
        .pure(
            "static int Compare(string strA, int indexA, string strB, int indexB, int length, bool ignoreCase)",
            |_, a| substring_compare(a, &a[4], Comparison::Culture { ignores_case: matches!(a[5], Value::Bool(true)) }),
        )
        .pure(
            "static int Compare(string strA, int indexA, string strB, int indexB, int length, StringComparison comparisonType)",
            |_, a| substring_compare(a, &a[4], Comparison::of(&a[5])?),
        )
        .pure("static int Compare(string strA, string strB, bool ignoreCase, CultureInfo culture)", |_, a| {
            let how = Comparison::Culture { ignores_case: matches!(a[2], Value::Bool(true)) };
            Ok(how.compare_values(&a[0], &a[1]).into())
        })
        .pure("static int CompareOrdinal(string strA, string strB)", |_, a| Ok(ordinal(&a[0], &a[1]).into()))
        .pure("static int CompareOrdinal(string strA, int indexA, string strB, int indexB, int length)", |_, a| {
            let (x, y) = (part(&a[0], &a[1], &a[4])?, part(&a[2], &a[3], &a[4])?);
            Ok(ordinal(&x, &y).into())
        });
}
