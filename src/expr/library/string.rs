//! `System.String`: reading, searching, changing.

use std::cmp::Ordering;

use super::args::{int, required, string, unit};
use super::array::{Array, array, strings};
use crate::expr::code::Run;
use crate::expr::dotnet::{chars, collation};
use crate::expr::fault::Fault;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Str, Value};

/// How two strings are compared: `StringComparison`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Culture { ignores_case: bool },
    Ordinal { ignores_case: bool },
}

impl Comparison {
    /// The constant of `StringComparison`.
    pub(crate) fn of(value: &Value) -> Result<Self, Fault> {
        Ok(match value.integral() {
            Some(0 | 2) => Self::Culture { ignores_case: false },
            Some(1 | 3) => Self::Culture { ignores_case: true },
            Some(4) => Self::Ordinal { ignores_case: false },
            Some(5) => Self::Ordinal { ignores_case: true },
            _ => return Err(Fault::argument("The string comparison type passed in is currently not supported.")),
        })
    }

    pub(crate) fn compare(self, a: &Str, b: &Str) -> Ordering {
        match self {
            Self::Ordinal { ignores_case: false } => a.compare_ordinal(b),
            Self::Ordinal { ignores_case: true } => collation::ordinal_ignore_case(&a.text(), &b.text()),
            Self::Culture { ignores_case } => collation::culture(&a.text(), &b.text(), ignores_case),
        }
    }

    /// Compares with null first.
    pub(crate) fn compare_values(self, a: &Value, b: &Value) -> i32 {
        let order = match (a.as_text(), b.as_text()) {
            (Some(a), Some(b)) => self.compare(a, b),
            (a, b) => a.is_some().cmp(&b.is_some()),
        };
        order as i32
    }

    pub(crate) fn equal(self, a: &Value, b: &Value) -> bool {
        match (a.as_text(), b.as_text(), self) {
            (Some(a), Some(b), Self::Ordinal { ignores_case: false }) => a == b,
            (Some(a), Some(b), _) => self.compare(a, b) == Ordering::Equal,
            (a, b, _) => a.is_none() && b.is_none(),
        }
    }

    /// The units of a text as this comparison sees them: searching is by unit.
    fn fold(self, text: &Str) -> Vec<u16> {
        let ignores_case = match self {
            Self::Culture { ignores_case } | Self::Ordinal { ignores_case } => ignores_case,
        };
        let mut units = text.units();
        if ignores_case {
            for unit in &mut units {
                *unit = chars::to_upper(*unit);
            }
        }
        units
    }
}

const ORDINAL: Comparison = Comparison::Ordinal { ignores_case: false };

/// The instance.
fn this(a: &[Value]) -> Result<&Str, Fault> {
    a.first().and_then(Value::as_text).ok_or_else(Fault::null_reference)
}

/// The first place of `what` in `text`, from `start` on and inside `count` units.
fn index_of(text: &[u16], what: &[u16], start: usize, count: usize) -> i32 {
    let window = text.get(start..start + count).unwrap_or_default();
    if what.is_empty() {
        return start as i32;
    }
    match window.windows(what.len()).position(|part| part == what) {
        Some(at) => (start + at) as i32,
        None => -1,
    }
}

/// `start` and `count` of a search, checked.
fn range(length: usize, start: &Value, count: Option<&Value>) -> Result<(usize, usize), Fault> {
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
fn search(a: &[Value], start: Option<&Value>, count: Option<&Value>, how: Comparison) -> Result<Value, Fault> {
    let text = this(a)?;
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

/// `LastIndexOf`: from `start` backwards.
fn search_back(a: &[Value], start: Option<&Value>, how: Comparison) -> Result<Value, Fault> {
    let text = how.fold(this(a)?);
    let what = match &a[1] {
        Value::Char(unit) => vec![*unit],
        other => how.fold(string(other, "value")?),
    };
    let last = match start {
        None => text.len(),
        Some(_) if text.is_empty() => 0,
        Some(start) => {
            let start = usize::try_from(int(start)).ok().filter(|start| *start < text.len());
            start.ok_or_else(|| {
                Fault::out_of_range(
                    "Index was out of range. Must be non-negative and less than the size of the collection.",
                )
            })? + 1
        }
    };
    if what.is_empty() {
        return Ok((last.saturating_sub(usize::from(start.is_some())) as i32).into());
    }
    let found = text.get(..last).unwrap_or_default().windows(what.len()).rposition(|part| part == what);
    Ok(found.map_or(-1, |at| at as i32).into())
}

fn starts(a: &[Value], how: Comparison) -> Result<Value, Fault> {
    let (text, what) = (how.fold(this(a)?), how.fold(string(&a[1], "value")?));
    Ok(text.starts_with(&what).into())
}

fn ends(a: &[Value], how: Comparison) -> Result<Value, Fault> {
    let (text, what) = (how.fold(this(a)?), how.fold(string(&a[1], "value")?));
    Ok(text.ends_with(&what).into())
}

/// The units in a `char[]` argument; null and empty mean white space.
fn units_of(value: &Value) -> Vec<u16> {
    value.downcast::<Array>().map(|array| array.to_vec().iter().map(unit).collect()).unwrap_or_default()
}

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

/// A new string, paid for.
pub(crate) fn made(run: &mut Run<'_>, text: impl Into<Str>) -> Result<Value, Fault> {
    let text = text.into();
    run.charge(text.byte_len())?;
    Ok(Value::Str(text))
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
    run.charge(missing * 2)?;
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
        let count = text.matches(old).count();
        run.steps(text.len() / 8 + 1)?;
        run.charge(count.saturating_mul(new.len()))?;
        return made(run, text.replace(old, &new));
    }
    let (units, folded, what) = (text.units(), how.fold(text), how.fold(old));
    let new = new.map(Str::units).unwrap_or_default();
    let (mut out, mut at) = (Vec::with_capacity(units.len()), 0);
    while at < units.len() {
        if folded[at..].starts_with(&what) {
            run.charge(new.len() * 2)?;
            out.extend_from_slice(&new);
            at += what.len();
        } else {
            out.push(units[at]);
            at += 1;
        }
    }
    made(run, Str::from_utf16(&out))
}

/// Where separators stand: start and length of each.
fn separators(units: &[u16], separators: &[Vec<u16>]) -> Vec<(usize, usize)> {
    let (mut found, mut at) = (Vec::new(), 0);
    while at < units.len() {
        let length = match separators {
            [] => usize::from(chars::is_white_space(units[at])),
            some => some.iter().find(|s| !s.is_empty() && units[at..].starts_with(s)).map_or(0, Vec::len),
        };
        if length > 0 {
            found.push((at, length));
        }
        at += length.max(1);
    }
    found
}

/// `Split`: at most `count` parts, the last keeps the rest.
fn split(
    run: &mut Run<'_>,
    a: &[Value],
    at: Vec<Vec<u16>>,
    count: Option<&Value>,
    options: Option<&Value>,
) -> Result<Value, Fault> {
    let units = this(a)?.units();
    let options = options.and_then(Value::integral).unwrap_or(0);
    let (removes_empty, trims) = (options & 1 != 0, options & 2 != 0);
    let limit = match count {
        None => usize::MAX,
        Some(count) => {
            usize::try_from(int(count)).map_err(|_| Fault::out_of_range("Count cannot be less than zero."))?
        }
    };
    if limit == 0 || (removes_empty && units.is_empty()) {
        return Ok(array(Ty::String, Vec::new()));
    }
    let part = |mut slice: &[u16]| {
        if trims {
            while let [first, rest @ ..] = slice
                && chars::is_white_space(*first)
            {
                slice = rest;
            }
            while let [rest @ .., last] = slice
                && chars::is_white_space(*last)
            {
                slice = rest;
            }
        }
        Str::from_utf16(slice)
    };
    let (mut parts, mut start) = (Vec::<Str>::new(), 0);
    for (place, length) in separators(&units, &at) {
        if parts.len() + 1 >= limit {
            break;
        }
        let piece = part(&units[start..place]);
        start = place + length;
        if !removes_empty || !piece.is_empty() {
            run.step()?;
            run.charge(piece.byte_len() + size_of::<Value>())?;
            parts.push(piece);
        }
    }
    let mut rest = &units[start..];
    if removes_empty && parts.len() + 1 >= limit {
        // Separators right before the rest belong to removed empty parts.
        while let Some((0, length)) = separators(rest, &at).first().copied() {
            rest = &rest[length..];
        }
    }
    let last = part(rest);
    if !removes_empty || !last.is_empty() {
        run.charge(last.byte_len())?;
        parts.push(last);
    }
    Ok(strings(parts))
}

/// The separators in a `string[]` argument.
fn texts_of(value: &Value) -> Vec<Vec<u16>> {
    let texts = value.downcast::<Array>().map(Array::to_vec).unwrap_or_default();
    texts.iter().filter_map(Value::as_text).filter(|text| !text.is_empty()).map(Str::units).collect()
}

fn one_each(units: Vec<u16>) -> Vec<Vec<u16>> {
    units.into_iter().map(|unit| vec![unit]).collect()
}

fn index_any(a: &[Value], last: bool) -> Result<Value, Fault> {
    let (text, set) = (this(a)?.units(), units_of(required(&a[1], "anyOf")?));
    let found =
        if last { text.iter().rposition(|u| set.contains(u)) } else { text.iter().position(|u| set.contains(u)) };
    Ok(found.map_or(-1, |at| at as i32).into())
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
        .pure("bool Contains(string value)", |_, a| {
            let (text, what) = (this(a)?, string(&a[1], "value")?);
            Ok(match (text.as_str(), what.as_str()) {
                (Some(text), Some(what)) => text.contains(what),
                _ => index_of(&text.units(), &what.units(), 0, text.len()) >= 0,
            }
            .into())
        })
        .pure("bool Contains(char value)", |_, a| Ok(this(a)?.units().contains(&unit(&a[1])).into()))
        .pure("bool Contains(string value, StringComparison comparisonType)", |_, a| {
            let found = search(a, None, None, Comparison::of(&a[2])?)?;
            Ok((int(&found) >= 0).into())
        })
        .pure("bool StartsWith(string value)", |_, a| starts(a, ORDINAL))
        .pure("bool StartsWith(string value, StringComparison comparisonType)", |_, a| {
            starts(a, Comparison::of(&a[2])?)
        })
        .pure("bool StartsWith(char value)", |_, a| Ok((this(a)?.unit(0) == Some(unit(&a[1]))).into()))
        .pure("bool EndsWith(string value)", |_, a| ends(a, ORDINAL))
        .pure("bool EndsWith(string value, StringComparison comparisonType)", |_, a| ends(a, Comparison::of(&a[2])?))
        .pure("bool EndsWith(char value)", |_, a| Ok((this(a)?.units().last() == Some(&unit(&a[1]))).into()))
        .pure("string Substring(int startIndex)", |run, a| substring(run, a, int(&a[1]), None))
        .pure("string Substring(int startIndex, int length)", |run, a| substring(run, a, int(&a[1]), Some(int(&a[2]))))
        .pure("int IndexOf(char value)", |_, a| search(a, None, None, ORDINAL))
        .pure("int IndexOf(char value, int startIndex)", |_, a| search(a, Some(&a[2]), None, ORDINAL))
        .pure("int IndexOf(char value, int startIndex, int count)", |_, a| search(a, Some(&a[2]), Some(&a[3]), ORDINAL))
        .pure("int IndexOf(string value)", |_, a| search(a, None, None, ORDINAL))
        .pure("int IndexOf(string value, int startIndex)", |_, a| search(a, Some(&a[2]), None, ORDINAL))
        .pure("int IndexOf(string value, int startIndex, int count)", |_, a| {
            search(a, Some(&a[2]), Some(&a[3]), ORDINAL)
        })
        .pure("int IndexOf(string value, StringComparison comparisonType)", |_, a| {
            search(a, None, None, Comparison::of(&a[2])?)
        })
        .pure("int IndexOf(string value, int startIndex, StringComparison comparisonType)", |_, a| {
            search(a, Some(&a[2]), None, Comparison::of(&a[3])?)
        })
        .pure("int LastIndexOf(char value)", |_, a| search_back(a, None, ORDINAL))
        .pure("int LastIndexOf(char value, int startIndex)", |_, a| search_back(a, Some(&a[2]), ORDINAL))
        .pure("int LastIndexOf(string value)", |_, a| search_back(a, None, ORDINAL))
        .pure("int LastIndexOf(string value, int startIndex)", |_, a| search_back(a, Some(&a[2]), ORDINAL))
        .pure("int LastIndexOf(string value, StringComparison comparisonType)", |_, a| {
            search_back(a, None, Comparison::of(&a[2])?)
        })
        .pure("int IndexOfAny(char[] anyOf)", |_, a| index_any(a, false))
        .pure("int LastIndexOfAny(char[] anyOf)", |_, a| index_any(a, true))
        .pure("string Trim()", |run, a| trim(run, a, &[], (true, true)))
        .pure("string Trim(params char[] trimChars)", |run, a| trim(run, a, &units_of(&a[1]), (true, true)))
        .pure("string TrimStart(params char[] trimChars)", |run, a| trim(run, a, &units_of(&a[1]), (true, false)))
        .pure("string TrimEnd(params char[] trimChars)", |run, a| trim(run, a, &units_of(&a[1]), (false, true)))
        .pure("string ToLower()", |run, a| made(run, chars::lower_text(&this(a)?.text())))
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
            units.splice(start..start, added);
            made(run, Str::from_utf16(&units))
        })
        .pure("string Remove(int startIndex)", |run, a| removed(run, a, None))
        .pure("string Remove(int startIndex, int count)", |run, a| removed(run, a, Some(int(&a[2]))))
        .def("string[] Split(params char[] separator)", |run, a| split(run, a, one_each(units_of(&a[1])), None, None))
        .def("string[] Split(char[] separator, int count)", |run, a| {
            split(run, a, one_each(units_of(&a[1])), Some(&a[2]), None)
        })
        .def("string[] Split(char[] separator, StringSplitOptions options)", |run, a| {
            split(run, a, one_each(units_of(&a[1])), None, Some(&a[2]))
        })
        .def("string[] Split(char[] separator, int count, StringSplitOptions options)", |run, a| {
            split(run, a, one_each(units_of(&a[1])), Some(&a[2]), Some(&a[3]))
        })
        .def("string[] Split(char separator, StringSplitOptions options)", |run, a| {
            split(run, a, vec![vec![unit(&a[1])]], None, Some(&a[2]))
        })
        .def(
            "string[] Split(char separator, int count, StringSplitOptions options = StringSplitOptions.None)",
            |run, a| split(run, a, vec![vec![unit(&a[1])]], Some(&a[2]), Some(&a[3])),
        )
        .def("string[] Split(string[] separator, StringSplitOptions options)", |run, a| {
            split(run, a, texts_of(&a[1]), None, Some(&a[2]))
        })
        .def("string[] Split(string[] separator, int count, StringSplitOptions options)", |run, a| {
            split(run, a, texts_of(&a[1]), Some(&a[2]), Some(&a[3]))
        })
        .def("string[] Split(string separator, StringSplitOptions options = StringSplitOptions.None)", |run, a| {
            let separators = a[1].as_text().filter(|text| !text.is_empty()).map(Str::units);
            split(run, a, separators.into_iter().collect(), None, Some(&a[2]))
        })
        .def("char[] ToCharArray()", |_, a| {
            Ok(array(Ty::Named(TypeId::Char), this(a)?.units().into_iter().map(Value::Char).collect()))
        })
        .def("char[] ToCharArray(int startIndex, int length)", |_, a| {
            let units = this(a)?.units();
            let (start, length) = range(units.len(), &a[1], Some(&a[2]))?;
            Ok(array(Ty::Named(TypeId::Char), units[start..start + length].iter().copied().map(Value::Char).collect()))
        })
        .pure("string ToString()", |_, a| Ok(a[0].clone()))
        .pure("object Clone()", |_, a| Ok(a[0].clone()))
        .pure("string Normalize(NormalizationForm normalizationForm)", |run, a| {
            let form = collation::NormalizationForm::from_number(int(&a[1]));
            let form =
                form.ok_or_else(|| Fault::argument("Invalid normalization form. (Parameter 'normalizationForm')"))?;
            made(run, collation::normalize(&this(a)?.text(), form))
        })
        .pure("string Normalize()", |run, a| {
            made(run, collation::normalize(&this(a)?.text(), collation::NormalizationForm::C))
        })
        .pure("bool IsNormalized()", |_, a| {
            let text = this(a)?.text();
            Ok((collation::normalize(&text, collation::NormalizationForm::C) == text).into())
        });
}
