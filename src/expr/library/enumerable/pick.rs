//! Operators that give one item or an answer: `First`, `Single`, `Any`, `Count`, `Contains`, …

use super::{delegate, holds, source};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::library::args::{int, required};
use crate::expr::library::equality::Comparing;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::Value;

const EMPTY: &str = "Sequence contains no elements";
const NO_MATCH: &str = "Sequence contains no matching element";
const MORE: &str = "Sequence contains more than one element";
const MORE_MATCH: &str = "Sequence contains more than one matching element";

/// The predicate in the second argument, when there is one.
fn predicate(a: &[Value]) -> Result<Option<Value>, Fault> {
    a.get(1).map(|value| delegate(value, "predicate")).transpose()
}

fn first(run: &mut Run<'_>, a: &[Value]) -> Result<Option<Value>, Fault> {
    let (source, predicate) = (source(a)?, predicate(a)?);
    let mut items = run.iterate(&source)?;
    while let Some(item) = items.next(run)? {
        run.step()?;
        match &predicate {
            Some(predicate) if !holds(run, predicate, &item)? => {}
            _ => return Ok(Some(item)),
        }
    }
    Ok(None)
}

fn last(run: &mut Run<'_>, a: &[Value]) -> Result<Option<Value>, Fault> {
    let (source, predicate) = (source(a)?, predicate(a)?);
    let (mut items, mut found) = (run.iterate(&source)?, None);
    while let Some(item) = items.next(run)? {
        run.step()?;
        match &predicate {
            Some(predicate) if !holds(run, predicate, &item)? => {}
            _ => found = Some(item),
        }
    }
    Ok(found)
}

fn single(run: &mut Run<'_>, a: &[Value]) -> Result<Option<Value>, Fault> {
    let (source, predicate) = (source(a)?, predicate(a)?);
    let (mut items, mut found) = (run.iterate(&source)?, None);
    while let Some(item) = items.next(run)? {
        run.step()?;
        match &predicate {
            Some(predicate) if !holds(run, predicate, &item)? => continue,
            _ => {}
        }
        if found.replace(item).is_some() {
            return Err(Fault::invalid_operation(if predicate.is_some() { MORE_MATCH } else { MORE }));
        }
    }
    Ok(found)
}

/// The item, or the error of an empty sequence.
fn must(found: Option<Value>, a: &[Value]) -> Result<Value, Fault> {
    found.ok_or_else(|| Fault::invalid_operation(if a.len() > 1 { NO_MATCH } else { EMPTY }))
}

/// The item, or `default(T)`.
fn or_default(ty: &Ty, found: Option<Value>) -> Value {
    found.unwrap_or_else(|| Value::default_of(ty))
}

fn element_at(run: &mut Run<'_>, a: &[Value]) -> Result<Option<Value>, Fault> {
    let source = source(a)?;
    let Ok(mut left) = usize::try_from(int(&a[1])) else { return Ok(None) };
    let mut items = run.iterate(&source)?;
    while let Some(item) = items.next(run)? {
        run.step()?;
        match left.checked_sub(1) {
            Some(fewer) => left = fewer,
            None => return Ok(Some(item)),
        }
    }
    Ok(None)
}

fn count(run: &mut Run<'_>, a: &[Value]) -> Result<i64, Fault> {
    let (source, predicate) = (source(a)?, predicate(a)?);
    let (mut items, mut count) = (run.iterate(&source)?, 0);
    while let Some(item) = items.next(run)? {
        run.step()?;
        match &predicate {
            Some(predicate) if !holds(run, predicate, &item)? => {}
            _ => count += 1,
        }
    }
    Ok(count)
}

fn contains(run: &mut Run<'_>, a: &mut [Value]) -> Result<Value, Fault> {
    let (source, comparing) = (source(a)?, Comparing::of(a.get(2)));
    let mut items = run.iterate(&source)?;
    while let Some(item) = items.next(run)? {
        run.step()?;
        if comparing.equal(&item, &a[1]) {
            return Ok(true.into());
        }
    }
    Ok(false.into())
}

fn sequence_equal(run: &mut Run<'_>, a: &mut [Value]) -> Result<Value, Fault> {
    let (first, second) = (required(&a[0], "first")?.clone(), required(&a[1], "second")?.clone());
    let comparing = Comparing::of(a.get(2));
    let (mut left, mut right) = (run.iterate(&first)?, run.iterate(&second)?);
    loop {
        run.step()?;
        match (left.next(run)?, right.next(run)?) {
            (None, None) => return Ok(true.into()),
            (Some(x), Some(y)) if comparing.equal(&x, &y) => {}
            _ => return Ok(false.into()),
        }
    }
}

macro_rules! both {
    ($on:expr, $name:literal, $ty:literal, $native:expr) => {
        $on.def(concat!("static ", $ty, " ", $name, "<T>(this IEnumerable<T> source)"), $native).def(
            concat!("static ", $ty, " ", $name, "<T>(this IEnumerable<T> source, Func<T, bool> predicate)"),
            $native,
        )
    };
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    let mut on = table.on(TypeId::Enumerable);
    let on = &mut on;
    both!(on, "First", "T", |run, a| must(first(run, a)?, a));
    both!(on, "Last", "T", |run, a| must(last(run, a)?, a));
    both!(on, "Single", "T", |run, a| must(single(run, a)?, a));
    both!(on, "FirstOrDefault", "T", |run, a| {
        let ty = run.type_arg(0);
        let found = first(run, a)?;
        Ok(or_default(&ty, found))
    });
    both!(on, "LastOrDefault", "T", |run, a| {
        let ty = run.type_arg(0);
        let found = last(run, a)?;
        Ok(or_default(&ty, found))
    });
    both!(on, "SingleOrDefault", "T", |run, a| {
        let ty = run.type_arg(0);
        let found = single(run, a)?;
        Ok(or_default(&ty, found))
    });
    both!(on, "Any", "bool", |run, a| Ok(first(run, a)?.is_some().into()));
    both!(on, "Count", "int", |run, a| {
        i32::try_from(count(run, a)?).map(Value::Int).map_err(|_| Fault::overflow())
    });
    both!(on, "LongCount", "long", |run, a| count(run, a).map(Value::Long));
    on.def("static bool All<T>(this IEnumerable<T> source, Func<T, bool> predicate)", |run, a| {
        let (source, predicate) = (source(a)?, delegate(&a[1], "predicate")?);
        let mut items = run.iterate(&source)?;
        while let Some(item) = items.next(run)? {
            run.step()?;
            if !holds(run, &predicate, &item)? {
                return Ok(false.into());
            }
        }
        Ok(true.into())
    })
    .def("static T ElementAt<T>(this IEnumerable<T> source, int index)", |run, a| {
        element_at(run, a)?.ok_or_else(Fault::list_index)
    })
    .def("static T ElementAtOrDefault<T>(this IEnumerable<T> source, int index)", |run, a| {
        let ty = run.type_arg(0);
        let found = element_at(run, a)?;
        Ok(or_default(&ty, found))
    })
    .def("static bool Contains<T>(this IEnumerable<T> source, T value)", contains)
    .def("static bool Contains<T>(this IEnumerable<T> source, T value, IEqualityComparer<T> comparer)", contains)
    .def("static bool SequenceEqual<T>(this IEnumerable<T> first, IEnumerable<T> second)", sequence_equal)
    .def(
        "static bool SequenceEqual<T>(this IEnumerable<T> first, IEnumerable<T> second, IEqualityComparer<T> comparer)",
        sequence_equal,
    );
}
