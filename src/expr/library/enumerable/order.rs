//! `OrderBy`, `ThenBy` and `Reverse`: stable, and sorted when they are enumerated.

use std::cmp::Ordering;

use super::{delegate, source};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::library::equality::Comparing;
use crate::expr::library::sequence::deferred;
use crate::expr::types::{Table, Ty, TypeId};
use crate::expr::value::{Iterate, Object, Value};

/// What one `OrderBy` or `ThenBy` sorts by.
#[derive(Clone)]
struct Key {
    selector: Value,
    comparing: Comparing,
    descending: bool,
}

/// A sequence that is sorted when it is enumerated.
struct Ordered {
    element: Ty,
    source: Value,
    keys: Vec<Key>,
}

impl Object for Ordered {
    fn ty(&self) -> Ty {
        Ty::generic(TypeId::IOrderedEnumerable, [self.element.clone()])
    }

    fn iterate(&self, _: &mut Run<'_>) -> Result<Option<Box<dyn Iterate>>, Fault> {
        let (source, keys) = (self.source.clone(), self.keys.clone());
        let mut sorted = None::<std::vec::IntoIter<Value>>;
        Ok(Some(Box::new(move |run: &mut Run<'_>| {
            run.step()?;
            let sorted = match &mut sorted {
                Some(sorted) => sorted,
                empty => empty.insert(sort(run, &source, &keys)?.into_iter()),
            };
            Ok(sorted.next())
        })))
    }
}

/// The items in order; the keys of each item are worked out once.
fn sort(run: &mut Run<'_>, source: &Value, keys: &[Key]) -> Result<Vec<Value>, Fault> {
    let mut rows: Vec<(Vec<Value>, Value)> = Vec::new();
    for item in run.collect(source)? {
        let mut row = Vec::with_capacity(keys.len());
        for key in keys {
            row.push(run.call(&key.selector, &mut [item.clone()])?);
        }
        rows.push((row, item));
    }
    sort_by(run, &mut rows, |run, (a, _), (b, _)| {
        for ((a, b), key) in a.iter().zip(b).zip(keys) {
            let order = key.comparing.compare(run, a, b)?;
            if order != Ordering::Equal {
                return Ok(if key.descending { order.reverse() } else { order });
            }
        }
        Ok(Ordering::Equal)
    })?;
    Ok(rows.into_iter().map(|(_, item)| item).collect())
}

/// A stable sort whose comparison can fail; the first failure is reported.
pub(crate) fn sort_by<T>(
    run: &mut Run<'_>,
    items: &mut [T],
    mut compare: impl FnMut(&mut Run<'_>, &T, &T) -> Result<Ordering, Fault>,
) -> Result<(), Fault> {
    let mut failed = None;
    items.sort_by(|a, b| {
        if failed.is_some() {
            return Ordering::Equal;
        }
        compare(run, a, b).unwrap_or_else(|fault| {
            failed = Some(fault);
            Ordering::Equal
        })
    });
    failed.map_or(Ok(()), Err)
}

fn key(a: &[Value], descending: bool) -> Result<Key, Fault> {
    Ok(Key { selector: delegate(&a[1], "keySelector")?, comparing: Comparing::of(a.get(2)), descending })
}

fn order(run: &mut Run<'_>, a: &[Value], descending: bool) -> Result<Value, Fault> {
    Ok(Value::object(Ordered { element: run.type_arg(0), source: source(a)?, keys: vec![key(a, descending)?] }))
}

fn then(run: &mut Run<'_>, a: &[Value], descending: bool) -> Result<Value, Fault> {
    let source = source(a)?;
    let Some(before) = source.downcast::<Ordered>() else {
        return Err(Fault::argument("The sequence is not ordered."));
    };
    let mut keys = before.keys.clone();
    keys.push(key(a, descending)?);
    Ok(Value::object(Ordered { element: run.type_arg(0), source: before.source.clone(), keys }))
}

macro_rules! orders {
    ($on:expr, $($name:literal $source:literal $native:expr;)*) => {$(
        $on.def(concat!("static IOrderedEnumerable<T> ", $name, "<T, K>(this ", $source, "<T> source, Func<T, K> keySelector)"), $native)
            .def(concat!("static IOrderedEnumerable<T> ", $name, "<T, K>(this ", $source, "<T> source, Func<T, K> keySelector, IComparer<K> comparer)"), $native);
    )*};
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    let mut on = table.on(TypeId::Enumerable);
    orders! { on,
        "OrderBy" "IEnumerable" |run, a| order(run, a, false);
        "OrderByDescending" "IEnumerable" |run, a| order(run, a, true);
        "ThenBy" "IOrderedEnumerable" |run, a| then(run, a, false);
        "ThenByDescending" "IOrderedEnumerable" |run, a| then(run, a, true);
    }
    on.def("static IEnumerable<T> Reverse<T>(this IEnumerable<T> source)", |run, a| {
        let source = source(a)?;
        Ok(deferred(run.type_arg(0), move |run| {
            let mut items = run.collect(&source)?;
            items.reverse();
            Ok(items)
        }))
    });
}
