//! `System.String`: cutting, padding, replacing.

use super::comparison::{Comparison, ORDINAL};
use super::find::find;
use super::{made, this, units_of};
use crate::expr::code::Run;
use crate::expr::dotnet::{chars, collation};
use crate::expr::fault::Fault;
use crate::expr::library::args::{int, required, string, unit};
use crate::expr::types::{Table, TypeId};
use crate::expr::value::{Str, Value};

/// Cuts units off both ends.
fn trim(run: &mut Run<'_>, a: &[Value], set: &[u16], (start, end): (bool, bool)) -> Result<Value, Fault> {
    let text = this(a)?;
    let units = text.units();
    let cut = |unit: &u16| if set.is_empty() { chars::is_white_space(*unit) } else { set.contains(unit) };
    let from = if start { units.iter().take_while(|u| cut(u)).count() } else { 0 };
    let rest = units.get(from..).unwrap_or_default();
    let to = if end { rest.iter().rev().take_while(|u| cut(u)).count() } else { 0 };
    if from == 0 && to == 0 {
        return Ok(a[0].clone());
    }
    made(run, Str::from_utf16(&rest[..rest.len() - to]))
}

fn substring(run: &mut Run<'_>, a: &[Value], start: i32, length: Option<i32>) -> Result<Value, Fault> {
    let text = this(a)?;
    let size = text.len();
    let start = usize::try_from(start).map_err(|_| Fault::out_of_range("StartIndex cannot be less than zero."))?;
    if start > size {
        return Err(Fault::out_of_range("startIndex cannot be larger than length of string."));
    }
    let length = match length {
        None => size - start,
        Some(length) => usize::try_from(length).map_err(|_| Fault::out_of_range("Length cannot be less than zero."))?,
    };
    match text.slice(start, length) {
        Some(part) => made(run, part),
        None => Err(Fault::out_of_range("Index and length must refer to a location within the string.")),
    }
}

fn pad(run: &mut Run<'_>, a: &[Value], fill: u16, left: bool) -> Result<Value, Fault> {
    let text = this(a)?;
    let width = usize::try_from(int(&a[1])).map_err(|_| Fault::out_of_range("Non-negative number required."))?;
    let Some(missing) = width.checked_sub(text.len()).filter(|missing| *missing > 0) else { return Ok(a[0].clone()) };
    run.room(width.saturating_mul(4))?;
    let mut units = text.units();
    if left {
        units.splice(0..0, std::iter::repeat_n(fill, missing));
    } else {
        units.extend(std::iter::repeat_n(fill, missing));
    }
    made(run, Str::from_utf16(&units))
}

/// `Replace` of one string by another.
pub(crate) fn replace(
    run: &mut Run<'_>,
    text: &Str,
    old: &Str,
    new: Option<&Str>,
    how: Comparison,
) -> Result<Value, Fault> {
    if old.is_empty() {
        return Err(Fault::argument("String cannot be of zero length."));
    }
    if let (Some(text), Some(old), ORDINAL) = (text.as_str(), old.as_str(), how) {
        let new = new.map(Str::text).unwrap_or_default();
        run.steps(text.len() / 2)?;
        let count = text.matches(old).count();
        let size = (text.len() - count * old.len()).saturating_add(count.saturating_mul(new.len()));
        run.steps(count)?;
        run.room(size.saturating_mul(3))?;
        return made(run, text.replace(old, &new));
    }
    let (units, folded, what) = (text.units(), how.fold(text), how.fold(old));
    let new = new.map(Str::units).unwrap_or_default();
    let (mut out, mut at) = (Vec::with_capacity(units.len()), 0);
    while let Some(found) = folded.get(at..).and_then(|rest| find(rest, &what)) {
        run.steps(found + what.len() + new.len())?;
        out.extend_from_slice(&units[at..at + found]);
        out.extend_from_slice(&new);
        run.room(out.len().saturating_mul(6))?;
        at += found + what.len();
    }
    out.extend_from_slice(&units[at..]);
    made(run, Str::from_utf16(&out))
}

fn removed(run: &mut Run<'_>, a: &[Value], count: Option<i32>) -> Result<Value, Fault> {
    let mut units = this(a)?.units();
    let start = usize::try_from(int(&a[1])).map_err(|_| Fault::out_of_range("StartIndex cannot be less than zero."))?;
    let count = match count {
        None if start < units.len() => units.len() - start,
        None => return Err(Fault::out_of_range("startIndex must be less than length of string.")),
        Some(count) => usize::try_from(count).map_err(|_| Fault::out_of_range("Count cannot be less than zero."))?,
    };
    if start.checked_add(count).is_none_or(|end| end > units.len()) {
        return Err(Fault::out_of_range("Index and count must refer to a location within the string."));
    }
    units.drain(start..start + count);
    made(run, Str::from_utf16(&units))
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::String)
        .pure("string Substring(int startIndex)", |run, a| substring(run, a, int(&a[1]), None))
        .pure("string Substring(int startIndex, int length)", |run, a| substring(run, a, int(&a[1]), Some(int(&a[2]))))
        .pure("string Trim()", |run, a| trim(run, a, &[], (true, true)))
        .pure("string Trim(params char[] trimChars)", |run, a| trim(run, a, &units_of(&a[1]), (true, true)))
        .pure("string TrimStart(params char[] trimChars)", |run, a| trim(run, a, &units_of(&a[1]), (true, false)))
        .pure("string TrimEnd(params char[] trimChars)", |run, a| trim(run, a, &units_of(&a[1]), (false, true)))
        .pure("string ToLower()", |run, a| made(run, chars::lower_text(&this(a)?.text())))
        .pure("string ToLower(CultureInfo culture)", |run, a| {
            required(&a[1], "culture")?;
            made(run, chars::lower_text(&this(a)?.text()))
        })
        .pure("string ToUpper(CultureInfo culture)", |run, a| {
            required(&a[1], "culture")?;
            made(run, chars::upper_text(&this(a)?.text()))
        })
        .pure("string ToLowerInvariant()", |run, a| made(run, chars::lower_text(&this(a)?.text())))
        .pure("string ToUpper()", |run, a| made(run, chars::upper_text(&this(a)?.text())))
        .pure("string ToUpperInvariant()", |run, a| made(run, chars::upper_text(&this(a)?.text())))
        .pure("string PadLeft(int totalWidth)", |run, a| pad(run, a, u16::from(b' '), true))
        .pure("string PadLeft(int totalWidth, char paddingChar)", |run, a| pad(run, a, unit(&a[2]), true))
        .pure("string PadRight(int totalWidth)", |run, a| pad(run, a, u16::from(b' '), false))
        .pure("string PadRight(int totalWidth, char paddingChar)", |run, a| pad(run, a, unit(&a[2]), false))
        .pure("string Replace(char oldChar, char newChar)", |run, a| {
            let mut units = this(a)?.units();
            for place in units.iter_mut().filter(|u| **u == unit(&a[1])) {
                *place = unit(&a[2]);
            }
            made(run, Str::from_utf16(&units))
        })
        .pure("string Replace(string oldValue, string newValue)", |run, a| {
            replace(run, this(a)?, string(&a[1], "oldValue")?, a[2].as_text(), ORDINAL)
        })
        .pure("string Replace(string oldValue, string newValue, StringComparison comparisonType)", |run, a| {
            replace(run, this(a)?, string(&a[1], "oldValue")?, a[2].as_text(), Comparison::of(&a[3])?)
        })
        .pure("string Insert(int startIndex, string value)", |run, a| {
            let (mut units, added) = (this(a)?.units(), string(&a[2], "value")?.units());
            let start = usize::try_from(int(&a[1])).ok().filter(|start| *start <= units.len());
            let start =
                start.ok_or_else(|| Fault::out_of_range("Specified argument was out of the range of valid values."))?;
            run.room((units.len() + added.len()).saturating_mul(6))?;
            units.splice(start..start, added);
            made(run, Str::from_utf16(&units))
        })
        .pure("string Remove(int startIndex)", |run, a| removed(run, a, None))
        .pure("string Remove(int startIndex, int count)", |run, a| removed(run, a, Some(int(&a[2]))))
        .pure("string Normalize(NormalizationForm normalizationForm)", |run, a| {
            let form = collation::NormalizationForm::from_number(int(&a[1]));
            let form =
                form.ok_or_else(|| Fault::argument("Invalid normalization form. (Parameter 'normalizationForm')"))?;
            made(run, collation::normalize(&this(a)?.text(), form))
        })
        .pure("string Normalize()", |run, a| {
            made(run, collation::normalize(&this(a)?.text(), collation::NormalizationForm::C))
        })
        .pure("bool IsNormalized(NormalizationForm normalizationForm)", |_, a| {
            let text = this(a)?.text();
            let form = collation::NormalizationForm::from_number(int(&a[1]));
            let form =
                form.ok_or_else(|| Fault::argument("Invalid normalization form. (Parameter 'normalizationForm')"))?;
            Ok((collation::normalize(&text, form) == text).into())
        })
        .pure("bool IsNormalized()", |_, a| {
            let text = this(a)?.text();
            Ok((collation::normalize(&text, collation::NormalizationForm::C) == text).into())
        });
}
