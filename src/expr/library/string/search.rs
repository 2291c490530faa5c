//! `System.String`: finding characters and strings.

use super::comparison::{Comparison, ORDINAL};
use super::find::{find, rfind};
use super::{this, units_of};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::library::args::{boolean, int, required, string, unit};
use crate::expr::types::{Table, TypeId};
use crate::expr::value::{Str, Value};

/// The first place of `what` in `text`, from `start` on and inside `count` units.
fn index_of(text: &[u16], what: &[u16], start: usize, count: usize) -> i32 {
    let window = text.get(start..start + count).unwrap_or_default();
    find(window, what).map_or(-1, |at| (start + at) as i32)
}

/// Both texts as bytes, when each unit is one and they are compared as they are.
fn as_bytes<'a>(text: &'a Str, what: &'a Value, how: Comparison) -> Option<(&'a str, &'a str)> {
    let what = what.as_text().filter(|what| what.is_ascii() && text.is_ascii() && how == ORDINAL)?;
    Some((text.as_str()?, what.as_str()?))
}

/// Pays for reading texts unit by unit.
fn pay(run: &mut Run<'_>, text: &Str, what: &Value) -> Result<(), Fault> {
    let bytes = text.byte_len() + what.as_text().map_or(0, Str::byte_len);
    run.steps(bytes)?;
    run.room(bytes.saturating_mul(5))
}

/// `start` and `count` of a search, checked.
pub(super) fn range(length: usize, start: &Value, count: Option<&Value>) -> Result<(usize, usize), Fault> {
    let start = usize::try_from(int(start)).ok().filter(|start| *start <= length).ok_or_else(|| {
        Fault::out_of_range("Index was out of range. Must be non-negative and less than the size of the collection.")
    })?;
    let count = match count {
        None => length - start,
        Some(count) => usize::try_from(int(count)).ok().filter(|count| *count <= length - start).ok_or_else(|| {
            Fault::out_of_range(
                "Count must be positive and count must refer to a location within the string/array/collection.",
            )
        })?,
    };
    Ok((start, count))
}

/// `IndexOf` in all its forms: what is looked for is a char or a string.
fn search(
    run: &mut Run<'_>,
    a: &[Value],
    start: Option<&Value>,
    count: Option<&Value>,
    how: Comparison,
) -> Result<Value, Fault> {
    let text = this(a)?;
    if let Some((bytes, what)) = as_bytes(text, &a[1], how) {
        let (start, count) = match start {
            None => (0, bytes.len()),
            Some(start) => range(bytes.len(), start, count)?,
        };
        let found = bytes.get(start..start + count).and_then(|window| window.find(what));
        run.steps((found.unwrap_or(count) + what.len()) / 4)?;
        return Ok(found.map_or(-1, |at| (start + at) as i32).into());
    }
    pay(run, text, &a[1])?;
    let folded = how.fold(text);
    let what = match &a[1] {
        Value::Char(unit) => vec![*unit],
        other => how.fold(string(other, "value")?),
    };
    let (start, count) = match start {
        None => (0, folded.len()),
        Some(start) => range(folded.len(), start, count)?,
    };
    Ok(index_of(&folded, &what, start, count).into())
}

/// `LastIndexOf`: from `start` backwards, inside `count` units.
fn search_back(
    run: &mut Run<'_>,
    a: &[Value],
    start: Option<&Value>,
    count: Option<&Value>,
    how: Comparison,
) -> Result<Value, Fault> {
    pay(run, this(a)?, &a[1])?;
    let text = how.fold(this(a)?);
    let what = match &a[1] {
        Value::Char(unit) => vec![*unit],
        other => how.fold(string(other, "value")?),
    };
    let (first, end) = match start {
        None => (0, text.len()),
        Some(start) => back(text.len(), start, count)?,
    };
    if what.is_empty() {
        return Ok((end.saturating_sub(usize::from(start.is_some())) as i32).into());
    }
    let found = rfind(text.get(first..end).unwrap_or_default(), &what);
    Ok(found.map_or(-1, |at| (first + at) as i32).into())
}

/// Where a search backwards from `start` begins and ends.
fn back(length: usize, start: &Value, count: Option<&Value>) -> Result<(usize, usize), Fault> {
    if length == 0 {
        return Ok((0, 0));
    }
    // The length itself is taken as the last index.
    let start = usize::try_from(int(start)).ok().filter(|start| *start <= length).ok_or_else(|| {
        Fault::out_of_range(
            "Index was out of range. Must be non-negative and less than the size of the collection. \
             (Parameter 'startIndex')",
        )
    })?;
    let end = (start + 1).min(length);
    let Some(count) = count else { return Ok((0, end)) };
    let first = usize::try_from(int(count)).ok().and_then(|count| (start + 1).checked_sub(count));
    let first = first.ok_or_else(|| {
        Fault::out_of_range(
            "Count must be positive and count must refer to a location within the string/array/collection. \
             (Parameter 'count')",
        )
    })?;
    Ok((first.min(end), end))
}

fn starts(run: &mut Run<'_>, a: &[Value], how: Comparison) -> Result<Value, Fault> {
    if let Some((text, what)) = as_bytes(this(a)?, &a[1], how) {
        run.steps(what.len() / 32)?;
        return Ok(text.starts_with(what).into());
    }
    pay(run, this(a)?, &a[1])?;
    let (text, what) = (how.fold(this(a)?), how.fold(string(&a[1], "value")?));
    Ok(text.starts_with(&what).into())
}

fn ends(run: &mut Run<'_>, a: &[Value], how: Comparison) -> Result<Value, Fault> {
    if let Some((text, what)) = as_bytes(this(a)?, &a[1], how) {
        run.steps(what.len() / 32)?;
        return Ok(text.ends_with(what).into());
    }
    pay(run, this(a)?, &a[1])?;
    let (text, what) = (how.fold(this(a)?), how.fold(string(&a[1], "value")?));
    Ok(text.ends_with(&what).into())
}

fn index_any(a: &[Value], start: Option<&Value>, count: Option<&Value>) -> Result<Value, Fault> {
    let (text, set) = (this(a)?.units(), units_of(required(&a[1], "anyOf")?));
    let (start, count) = range(text.len(), start.unwrap_or(&Value::Int(0)), count)?;
    let found = text.iter().skip(start).take(count).position(|unit| set.contains(unit));
    Ok(found.map_or(-1, |at| (start + at) as i32).into())
}

fn last_index_any(a: &[Value], start: Option<&Value>, count: Option<&Value>) -> Result<Value, Fault> {
    let (text, set) = (this(a)?.units(), units_of(required(&a[1], "anyOf")?));
    let (first, end) = match start {
        None => (0, text.len()),
        Some(start) => back(text.len(), start, count)?,
    };
    let found = text.get(first..end).unwrap_or_default().iter().rposition(|unit| set.contains(unit));
    Ok(found.map_or(-1, |at| (first + at) as i32).into())
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::String)
        .pure("bool Contains(string value)", |run, a| {
            let (text, what) = (this(a)?, string(&a[1], "value")?);
            run.steps((text.byte_len() + what.byte_len()) / 4)?;
            Ok(match (text.as_str(), what.as_str()) {
                (Some(text), Some(what)) => text.contains(what),
                _ => index_of(&text.units(), &what.units(), 0, text.len()) >= 0,
            }
            .into())
        })
        .pure("bool Contains(char value)", |run, a| {
            pay(run, this(a)?, &Value::Null)?;
            Ok(this(a)?.units().contains(&unit(&a[1])).into())
        })
        .pure("bool Contains(string value, StringComparison comparisonType)", |run, a| {
            let found = search(run, a, None, None, Comparison::of(&a[2])?)?;
            Ok((int(&found) >= 0).into())
        })
        .pure("bool StartsWith(string value)", |run, a| starts(run, a, ORDINAL))
        .pure("bool StartsWith(string value, StringComparison comparisonType)", |run, a| {
            starts(run, a, Comparison::of(&a[2])?)
        })
        .pure("bool StartsWith(char value)", |_, a| Ok((this(a)?.unit(0) == Some(unit(&a[1]))).into()))
        .pure("bool EndsWith(string value)", |run, a| ends(run, a, ORDINAL))
        .pure("bool EndsWith(string value, StringComparison comparisonType)", |run, a| {
            ends(run, a, Comparison::of(&a[2])?)
        })
        .pure("bool EndsWith(char value)", |_, a| {
            let text = this(a)?;
            let last = text.len().checked_sub(1).and_then(|last| text.unit(last));
            Ok((last == Some(unit(&a[1]))).into())
        })
        .pure("int IndexOf(char value)", |run, a| search(run, a, None, None, ORDINAL))
        .pure("int IndexOf(char value, int startIndex)", |run, a| search(run, a, Some(&a[2]), None, ORDINAL))
        .pure("int IndexOf(char value, int startIndex, int count)", |run, a| {
            search(run, a, Some(&a[2]), Some(&a[3]), ORDINAL)
        })
        .pure("int IndexOf(string value)", |run, a| search(run, a, None, None, ORDINAL))
        .pure("int IndexOf(string value, int startIndex)", |run, a| search(run, a, Some(&a[2]), None, ORDINAL))
        .pure("int IndexOf(string value, int startIndex, int count)", |run, a| {
            search(run, a, Some(&a[2]), Some(&a[3]), ORDINAL)
        })
        .pure("int IndexOf(string value, StringComparison comparisonType)", |run, a| {
            search(run, a, None, None, Comparison::of(&a[2])?)
        })
        .pure("int IndexOf(string value, int startIndex, StringComparison comparisonType)", |run, a| {
            search(run, a, Some(&a[2]), None, Comparison::of(&a[3])?)
        })
        .pure("int IndexOf(string value, int startIndex, int count, StringComparison comparisonType)", |run, a| {
            search(run, a, Some(&a[2]), Some(&a[3]), Comparison::of(&a[4])?)
        })
        .pure("int LastIndexOf(char value)", |run, a| search_back(run, a, None, None, ORDINAL))
        .pure("int LastIndexOf(char value, int startIndex)", |run, a| search_back(run, a, Some(&a[2]), None, ORDINAL))
        .pure("int LastIndexOf(char value, int startIndex, int count)", |run, a| {
            search_back(run, a, Some(&a[2]), Some(&a[3]), ORDINAL)
        })
        .pure("int LastIndexOf(string value)", |run, a| search_back(run, a, None, None, ORDINAL))
        .pure("int LastIndexOf(string value, int startIndex)", |run, a| search_back(run, a, Some(&a[2]), None, ORDINAL))
        .pure("int LastIndexOf(string value, int startIndex, int count)", |run, a| {
            search_back(run, a, Some(&a[2]), Some(&a[3]), ORDINAL)
        })
        .pure("int LastIndexOf(string value, StringComparison comparisonType)", |run, a| {
            search_back(run, a, None, None, Comparison::of(&a[2])?)
        })
        .pure("int LastIndexOf(string value, int startIndex, StringComparison comparisonType)", |run, a| {
            search_back(run, a, Some(&a[2]), None, Comparison::of(&a[3])?)
        })
        .pure("int LastIndexOf(string value, int startIndex, int count, StringComparison comparisonType)", |run, a| {
            search_back(run, a, Some(&a[2]), Some(&a[3]), Comparison::of(&a[4])?)
        })
        .pure("int IndexOfAny(char[] anyOf)", |_, a| index_any(a, None, None))
        .pure("int IndexOfAny(char[] anyOf, int startIndex)", |_, a| index_any(a, Some(&a[2]), None))
        .pure("int IndexOfAny(char[] anyOf, int startIndex, int count)", |_, a| index_any(a, Some(&a[2]), Some(&a[3])))
        .pure("int LastIndexOfAny(char[] anyOf)", |_, a| last_index_any(a, None, None))
        .pure("int LastIndexOfAny(char[] anyOf, int startIndex)", |_, a| last_index_any(a, Some(&a[2]), None))
        .pure("int LastIndexOfAny(char[] anyOf, int startIndex, int count)", |_, a| {
            last_index_any(a, Some(&a[2]), Some(&a[3]))
        })
        .pure("bool StartsWith(string value, bool ignoreCase, CultureInfo culture)", |run, a| {
            starts(run, a, Comparison::Culture { ignores_case: boolean(&a[2]) })
        })
        .pure("bool EndsWith(string value, bool ignoreCase, CultureInfo culture)", |run, a| {
            ends(run, a, Comparison::Culture { ignores_case: boolean(&a[2]) })
        })
        .pure("int IndexOf(char value, StringComparison comparisonType)", |run, a| {
            pay(run, this(a)?, &Value::Null)?;
            let how = Comparison::of(&a[2])?;
            let what = how.fold(&Str::from_utf16(&[unit(&a[1])]));
            let text = how.fold(this(a)?);
            Ok(index_of(&text, &what, 0, text.len()).into())
        })
        .pure("bool Contains(char value, StringComparison comparisonType)", |run, a| {
            pay(run, this(a)?, &Value::Null)?;
            let how = Comparison::of(&a[2])?;
            let what = how.fold(&Str::from_utf16(&[unit(&a[1])]));
            let text = how.fold(this(a)?);
            Ok((index_of(&text, &what, 0, text.len()) >= 0).into())
        });
}
