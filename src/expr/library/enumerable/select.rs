//! Lazy operators that go item by item: `Select`, `Where`, `SelectMany`, `Skip`, `Take`, `Concat`, `Zip`, …

use super::{delegate, holds, source};
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::library::args::{boolean, int, required};
use crate::expr::library::sequence::{cast_item, deferred, is_item, lazy};
use crate::expr::types::{Table, TypeId};
use crate::expr::value::{Iterate, Value};

/// A lazy sequence over one source, whose items are made by `next` from the source's enumeration and a state.
fn over<S, N>(run: &Run<'_>, element: usize, source: Value, state: S, next: N) -> Value
where
    S: Clone + Send + Sync + 'static,
    N: Fn(&mut Run<'_>, &mut Box<dyn Iterate>, &mut S) -> Result<Option<Value>, Fault> + Copy + Send + Sync + 'static,
{
    lazy(run.type_arg(element), move |run| {
        let (mut items, mut state) = (run.iterate(&source)?, state.clone());
        Ok(Box::new(move |run: &mut Run<'_>| {
            run.step()?;
            next(run, &mut items, &mut state)
        }))
    })
}

fn count(value: &Value) -> usize {
    usize::try_from(int(value)).unwrap_or(0)
}

/// Calls a selector that may take the index too.
fn project(run: &mut Run<'_>, selector: &Value, item: Value, index: Option<i32>) -> Result<Value, Fault> {
    match index {
        Some(index) => run.call(selector, &mut [item, index.into()]),
        None => run.call(selector, &mut [item]),
    }
}

/// `Select` and `Where`; with the index when `indexed`.
fn select(run: &mut Run<'_>, a: &[Value], indexed: bool) -> Result<Value, Fault> {
    let state = (delegate(&a[1], "selector")?, 0, indexed);
    Ok(over(run, 1, source(a)?, state, |run, items, (selector, index, indexed)| {
        let Some(item) = items.next(run)? else { return Ok(None) };
        let at = *index;
        *index += 1;
        project(run, selector, item, indexed.then_some(at)).map(Some)
    }))
}

fn filter(run: &mut Run<'_>, a: &[Value], indexed: bool) -> Result<Value, Fault> {
    let state = (delegate(&a[1], "predicate")?, 0, indexed);
    Ok(over(run, 0, source(a)?, state, |run, items, (predicate, index, indexed)| {
        while let Some(item) = items.next(run)? {
            run.step()?;
            let at = *index;
            *index += 1;
            if matches!(project(run, predicate, item.clone(), indexed.then_some(at))?, Value::Bool(true)) {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }))
}

/// `SelectMany`; `result` joins the outer and the inner item.
fn select_many(run: &mut Run<'_>, a: &[Value], indexed: bool, result: Option<&Value>) -> Result<Value, Fault> {
    let element = if result.is_some() { 2 } else { 1 };
    let (source, selector) = (source(a)?, delegate(&a[1], "selector")?);
    let result = result.map(|result| delegate(result, "resultSelector")).transpose()?;
    Ok(lazy(run.type_arg(element), move |run| {
        let mut outer = run.iterate(&source)?;
        let (selector, result) = (selector.clone(), result.clone());
        let (mut inner, mut index) = (None::<(Value, Box<dyn Iterate>)>, 0);
        Ok(Box::new(move |run: &mut Run<'_>| {
            loop {
                run.step()?;
                if let Some((item, items)) = &mut inner {
                    if let Some(found) = items.next(run)? {
                        return match &result {
                            Some(result) => run.call(result, &mut [item.clone(), found]).map(Some),
                            None => Ok(Some(found)),
                        };
                    }
                    inner = None;
                }
                let Some(item) = outer.next(run)? else { return Ok(None) };
                let items = project(run, &selector, item.clone(), indexed.then_some(index))?;
                index += 1;
                inner = Some((item, run.iterate(&items)?));
            }
        }))
    }))
}

/// Two sequences, one after the other.
fn concat(run: &mut Run<'_>, first: Value, second: Value) -> Value {
    lazy(run.type_arg(0), move |run| {
        let (mut items, mut second) = (run.iterate(&first)?, Some(second.clone()));
        Ok(Box::new(move |run: &mut Run<'_>| {
            run.step()?;
            loop {
                if let Some(item) = items.next(run)? {
                    return Ok(Some(item));
                }
                match second.take() {
                    Some(next) => items = run.iterate(&next)?,
                    None => return Ok(None),
                }
            }
        }))
    })
}

/// A sequence of one item.
fn single(run: &Run<'_>, item: Value) -> Value {
    crate::expr::library::array::array(run.type_arg(0), vec![item])
}

fn zip(run: &mut Run<'_>, a: &[Value]) -> Result<Value, Fault> {
    let (first, second) = (required(&a[0], "first")?.clone(), required(&a[1], "second")?.clone());
    let selector = delegate(&a[2], "resultSelector")?;
    Ok(lazy(run.type_arg(2), move |run| {
        let (mut left, mut right, selector) = (run.iterate(&first)?, run.iterate(&second)?, selector.clone());
        Ok(Box::new(move |run: &mut Run<'_>| {
            run.step()?;
            match (left.next(run)?, right.next(run)?) {
                (Some(a), Some(b)) => run.call(&selector, &mut [a, b]).map(Some),
                _ => Ok(None),
            }
        }))
    }))
}

/// Whether a predicate with an index holds; counts the index up.
fn holds_at(run: &mut Run<'_>, predicate: &Value, item: &Value, index: &mut i32) -> Result<bool, Fault> {
    let at = Value::Int(*index);
    *index = index.checked_add(1).ok_or_else(Fault::overflow)?;
    Ok(boolean(&run.call(predicate, &mut [item.clone(), at])?))
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::Enumerable)
        .def("static IEnumerable<R> Select<T, R>(this IEnumerable<T> source, Func<T, R> selector)", |run, a| select(run, a, false))
        .def("static IEnumerable<R> Select<T, R>(this IEnumerable<T> source, Func<T, int, R> selector)", |run, a| {
            select(run, a, true)
        })
        .def("static IEnumerable<T> Where<T>(this IEnumerable<T> source, Func<T, bool> predicate)", |run, a| filter(run, a, false))
        .def("static IEnumerable<T> Where<T>(this IEnumerable<T> source, Func<T, int, bool> predicate)", |run, a| {
            filter(run, a, true)
        })
        .def(
            "static IEnumerable<R> SelectMany<T, R>(this IEnumerable<T> source, Func<T, IEnumerable<R>> selector)",
            |run, a| select_many(run, a, false, None),
        )
        .def(
            "static IEnumerable<R> SelectMany<T, R>(this IEnumerable<T> source, Func<T, int, IEnumerable<R>> selector)",
            |run, a| select_many(run, a, true, None),
        )
        .def(
            "static IEnumerable<R> SelectMany<T, C, R>(this IEnumerable<T> source, Func<T, IEnumerable<C>> collectionSelector, Func<T, C, R> resultSelector)",
            |run, a| select_many(run, a, false, Some(&a[2])),
        )
        .def(
            "static IEnumerable<R> SelectMany<T, C, R>(this IEnumerable<T> source, Func<T, int, IEnumerable<C>> collectionSelector, Func<T, C, R> resultSelector)",
            |run, a| select_many(run, a, true, Some(&a[2])),
        )
        .def("static IEnumerable<T> Skip<T>(this IEnumerable<T> source, int count)", |run, a| {
            Ok(over(run, 0, source(a)?, count(&a[1]), |run, items, left| {
                while *left > 0 {
                    *left -= 1;
                    run.step()?;
                    if items.next(run)?.is_none() {
                        *left = 0;
                        return Ok(None);
                    }
                }
                items.next(run)
            }))
        })
        .def("static IEnumerable<T> Take<T>(this IEnumerable<T> source, int count)", |run, a| {
            Ok(over(run, 0, source(a)?, count(&a[1]), |run, items, left| match left.checked_sub(1) {
                Some(fewer) => {
                    *left = fewer;
                    items.next(run)
                }
                None => Ok(None),
            }))
        })
        .def("static IEnumerable<T> SkipLast<T>(this IEnumerable<T> source, int count)", |run, a| {
            let (source, cut) = (source(a)?, count(&a[1]));
            Ok(deferred(run.type_arg(0), move |run| {
                let mut items = run.collect(&source)?;
                items.truncate(items.len().saturating_sub(cut));
                Ok(items)
            }))
        })
        .def("static IEnumerable<T> TakeLast<T>(this IEnumerable<T> source, int count)", |run, a| {
            let (source, kept) = (source(a)?, count(&a[1]));
            Ok(deferred(run.type_arg(0), move |run| {
                let mut items = run.collect(&source)?;
                Ok(items.split_off(items.len().saturating_sub(kept)))
            }))
        })
        .def("static IEnumerable<T> SkipWhile<T>(this IEnumerable<T> source, Func<T, bool> predicate)", |run, a| {
            let state = Some(delegate(&a[1], "predicate")?);
            Ok(over(run, 0, source(a)?, state, |run, items, predicate| {
                while let Some(item) = items.next(run)? {
                    run.step()?;
                    match predicate {
                        Some(skips) if holds(run, skips, &item)? => {}
                        _ => {
                            *predicate = None;
                            return Ok(Some(item));
                        }
                    }
                }
                Ok(None)
            }))
        })
        .def("static IEnumerable<T> TakeWhile<T>(this IEnumerable<T> source, Func<T, bool> predicate)", |run, a| {
            let state = Some(delegate(&a[1], "predicate")?);
            Ok(over(run, 0, source(a)?, state, |run, items, predicate| {
                let Some(takes) = predicate else { return Ok(None) };
                match items.next(run)? {
                    Some(item) if holds(run, takes, &item)? => Ok(Some(item)),
                    _ => {
                        *predicate = None;
                        Ok(None)
                    }
                }
            }))
        })
        .def("static IEnumerable<T> SkipWhile<T>(this IEnumerable<T> source, Func<T, int, bool> predicate)", |run, a| {
            let state = (Some(delegate(&a[1], "predicate")?), 0);
            Ok(over(run, 0, source(a)?, state, |run, items, (predicate, index)| {
                while let Some(item) = items.next(run)? {
                    run.step()?;
                    let Some(skips) = predicate else { return Ok(Some(item)) };
                    if !holds_at(run, skips, &item, index)? {
                        *predicate = None;
                        return Ok(Some(item));
                    }
                }
                Ok(None)
            }))
        })
        .def("static IEnumerable<T> TakeWhile<T>(this IEnumerable<T> source, Func<T, int, bool> predicate)", |run, a| {
            let state = (Some(delegate(&a[1], "predicate")?), 0);
            Ok(over(run, 0, source(a)?, state, |run, items, (predicate, index)| {
                let Some(takes) = predicate else { return Ok(None) };
                match items.next(run)? {
                    Some(item) if holds_at(run, takes, &item, index)? => Ok(Some(item)),
                    _ => {
                        *predicate = None;
                        Ok(None)
                    }
                }
            }))
        })
        .def("static IEnumerable<T> Concat<T>(this IEnumerable<T> first, IEnumerable<T> second)", |run, a| {
            let (first, second) = (required(&a[0], "first")?.clone(), required(&a[1], "second")?.clone());
            Ok(concat(run, first, second))
        })
        .def("static IEnumerable<T> Append<T>(this IEnumerable<T> source, T element)", |run, a| {
            let last = single(run, a[1].clone());
            Ok(concat(run, source(a)?, last))
        })
        .def("static IEnumerable<T> Prepend<T>(this IEnumerable<T> source, T element)", |run, a| {
            let first = single(run, a[1].clone());
            Ok(concat(run, first, source(a)?))
        })
        .def(
            "static IEnumerable<R> Zip<T, S, R>(this IEnumerable<T> first, IEnumerable<S> second, Func<T, S, R> resultSelector)",
            |run, a| zip(run, a),
        )
        .def("static IEnumerable<T> DefaultIfEmpty<T>(this IEnumerable<T> source)", |run, a| {
            let default = Value::default_of(&run.type_arg(0));
            Ok(default_if_empty(run, source(a)?, default))
        })
        .def("static IEnumerable<T> DefaultIfEmpty<T>(this IEnumerable<T> source, T defaultValue)", |run, a| {
            Ok(default_if_empty(run, source(a)?, a[1].clone()))
        })
        .def("static IEnumerable<T> Cast<T>(this System.Collections.IEnumerable source)", |run, a| {
            let ty = run.type_arg(0);
            Ok(over(run, 0, source(a)?, ty, |run, items, ty| items.next(run)?.map(|item| cast_item(item, ty)).transpose()))
        })
        .def("static IEnumerable<T> OfType<T>(this System.Collections.IEnumerable source)", |run, a| {
            let ty = run.type_arg(0);
            Ok(over(run, 0, source(a)?, ty, |run, items, ty| {
                while let Some(item) = items.next(run)? {
                    run.step()?;
                    if is_item(&item, ty) {
                        return Ok(Some(item));
                    }
                }
                Ok(None)
            }))
        })
        .def("static IEnumerable<T> AsEnumerable<T>(this IEnumerable<T> source)", |_, a| Ok(a[0].clone()));
}

fn default_if_empty(run: &Run<'_>, source: Value, default: Value) -> Value {
    over(run, 0, source, Some(default), |run, items, default| match items.next(run)? {
        Some(item) => {
            *default = None;
            Ok(Some(item))
        }
        None => Ok(default.take()),
    })
}
