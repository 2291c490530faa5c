//! `System.String.Split`.

use super::{this, units_of};
use crate::expr::code::Run;
use crate::expr::dotnet::chars;
use crate::expr::fault::Fault;
use crate::expr::library::args::{int, unit};
use crate::expr::library::array::{Array, array};
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Str, Value};

/// The next separator at `at` or after it: its start and length.
fn separator(units: &[u16], separators: &[Vec<u16>], mut at: usize) -> Option<(usize, usize)> {
    while at < units.len() {
        let length = match separators {
            [] => usize::from(chars::is_white_space(units[at])),
            some => some.iter().find(|s| !s.is_empty() && units[at..].starts_with(s)).map_or(0, Vec::len),
        };
        if length > 0 {
            return Some((at, length));
        }
        at += 1;
    }
    None
}

/// What a piece takes beside its text.
const PIECE: usize = 2 * size_of::<Value>();

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
    let longest = at.iter().map(Vec::len).sum::<usize>().max(1);
    run.steps(units.len().saturating_mul(1 + longest / 8))?;
    let (mut parts, mut start) = (Vec::<Value>::new(), 0);
    while let Some((place, length)) = separator(&units, &at, start).filter(|_| parts.len() + 1 < limit) {
        let piece = part(&units[start..place]);
        start = place + length;
        if !removes_empty || !piece.is_empty() {
            run.step()?;
            run.charge(piece.byte_len() + PIECE)?;
            parts.push(piece.into());
        }
    }
    let mut rest = &units[start..];
    if removes_empty && parts.len() + 1 >= limit {
        // Separators right before the rest belong to removed empty parts.
        while let Some((0, length)) = separator(rest, &at, 0) {
            rest = &rest[length..];
        }
    }
    let last = part(rest);
    if !removes_empty || !last.is_empty() {
        run.charge(last.byte_len() + PIECE)?;
        parts.push(last.into());
    }
    Ok(array(Ty::String, parts))
}

/// The separators in a `string[]` argument.
fn texts_of(value: &Value) -> Vec<Vec<u16>> {
    let texts = value.downcast::<Array>().map(Array::to_vec).unwrap_or_default();
    texts.iter().filter_map(Value::as_text).filter(|text| !text.is_empty()).map(Str::units).collect()
}

fn one_each(units: Vec<u16>) -> Vec<Vec<u16>> {
    units.into_iter().map(|unit| vec![unit]).collect()
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::String)
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
        });
}
