//! Operators that fold: `Aggregate`, `Sum`, `Average`, `Min`, `Max`.

use std::cmp::Ordering;

use super::{delegate, source};
use crate::expr::code::Run;
use crate::expr::dotnet::{Decimal, decimal};
use crate::expr::fault::Fault;
use crate::expr::library::args::{double, long};
use crate::expr::types::{Table, TypeId};
use crate::expr::value::Value;

const EMPTY: &str = "Sequence contains no elements";

/// The items, through the selector in the second argument when there is one.
fn selected(run: &mut Run<'_>, a: &[Value]) -> Result<Vec<Value>, Fault> {
    let source = source(a)?;
    let Some(selector) = a.get(1) else { return run.collect(&source) };
    let selector = delegate(selector, "selector")?;
    let mut items = run.collect(&source)?;
    for item in &mut items {
        let taken = std::mem::replace(item, Value::Null);
        *item = run.call(&selector, &mut [taken])?;
    }
    Ok(items)
}

/// The numbers that are not null.
fn numbers(run: &mut Run<'_>, a: &[Value]) -> Result<Vec<Value>, Fault> {
    let mut items = selected(run, a)?;
    items.retain(|item| !item.is_null());
    Ok(items)
}

fn whole_sum(items: &[Value]) -> Result<i64, Fault> {
    items.iter().try_fold(0i64, |sum, item| sum.checked_add(long(item)).ok_or_else(Fault::overflow))
}

fn decimal_of(item: &Value) -> Decimal {
    crate::expr::library::args::decimal(item)
}

fn decimal_sum(items: &[Value]) -> Result<Decimal, Fault> {
    items.iter().try_fold(Decimal::ZERO, |sum, item| Ok(decimal::add(sum, decimal_of(item))?))
}

fn sum_int(run: &mut Run<'_>, a: &mut [Value]) -> Result<Value, Fault> {
    let items = numbers(run, a)?;
    let sum = items.iter().try_fold(0i32, |sum, item| sum.checked_add(i32::try_from(long(item)).ok()?));
    sum.map(Value::Int).ok_or_else(Fault::overflow)
}

fn sum_long(run: &mut Run<'_>, a: &mut [Value]) -> Result<Value, Fault> {
    let items = numbers(run, a)?;
    whole_sum(&items).map(Value::Long)
}

fn sum_double(run: &mut Run<'_>, a: &mut [Value]) -> Result<Value, Fault> {
    Ok(Value::Double(numbers(run, a)?.iter().map(double).sum::<f64>() + 0.0))
}

fn sum_float(run: &mut Run<'_>, a: &mut [Value]) -> Result<Value, Fault> {
    Ok(Value::Float((numbers(run, a)?.iter().map(double).sum::<f64>() + 0.0) as f32))
}

fn sum_decimal(run: &mut Run<'_>, a: &mut [Value]) -> Result<Value, Fault> {
    let items = numbers(run, a)?;
    decimal_sum(&items).map(Value::Decimal)
}

/// The average of what is there; none when nothing is.
fn average_whole(items: &[Value]) -> Result<Option<Value>, Fault> {
    let sum = whole_sum(items)?;
    Ok((!items.is_empty()).then(|| Value::Double(sum as f64 / items.len() as f64)))
}

fn average_double(items: &[Value]) -> Result<Option<Value>, Fault> {
    Ok((!items.is_empty()).then(|| Value::Double(items.iter().map(double).sum::<f64>() / items.len() as f64)))
}

fn average_float(items: &[Value]) -> Result<Option<Value>, Fault> {
    let sum: f64 = items.iter().map(double).sum();
    Ok((!items.is_empty()).then(|| Value::Float((sum / items.len() as f64) as f32)))
}

fn average_decimal(items: &[Value]) -> Result<Option<Value>, Fault> {
    if items.is_empty() {
        return Ok(None);
    }
    let count = Decimal::from(items.len() as i64);
    Ok(Some(Value::Decimal(decimal::divide(decimal_sum(items)?, count)?)))
}

/// The average, or the error of an empty sequence.
fn must(average: Option<Value>) -> Result<Value, Fault> {
    average.ok_or_else(|| Fault::invalid_operation(EMPTY))
}

/// The least or greatest item; null for an empty sequence of a type that can be null.
fn extreme(run: &mut Run<'_>, a: &[Value], result: usize, wanted: Ordering) -> Result<Value, Fault> {
    let ty = run.type_arg(result);
    let can_be_null = !ty.is_value_type() || ty.underlying() != &ty;
    let items = selected(run, a)?;
    let mut best: Option<Value> = None;
    for item in items {
        if item.is_null() {
            continue;
        }
        best = match best {
            Some(best) if run.compare(&item, &best)? != wanted => Some(best),
            _ => Some(item),
        };
    }
    match best {
        Some(best) => Ok(best),
        None if can_be_null => Ok(Value::Null),
        None => Err(Fault::invalid_operation(EMPTY)),
    }
}

fn aggregate(run: &mut Run<'_>, source: &Value, seed: Option<Value>, step: &Value) -> Result<Value, Fault> {
    let mut items = run.iterate(source)?;
    let mut state = match seed {
        Some(seed) => seed,
        None => must(items.next(run)?)?,
    };
    while let Some(item) = items.next(run)? {
        run.step()?;
        state = run.call(step, &mut [state, item])?;
    }
    Ok(state)
}

macro_rules! sums {
    ($on:expr, $($ty:literal $average:literal $sum:ident $mean:ident;)*) => {$(
        $on.def(concat!("static ", $ty, " Sum(this IEnumerable<", $ty, "> source)"), $sum)
            .def(concat!("static ", $ty, "? Sum(this IEnumerable<", $ty, "?> source)"), $sum)
            .def(concat!("static ", $ty, " Sum<T>(this IEnumerable<T> source, Func<T, ", $ty, "> selector)"), $sum)
            .def(concat!("static ", $ty, "? Sum<T>(this IEnumerable<T> source, Func<T, ", $ty, "?> selector)"), $sum)
            .def(concat!("static ", $average, " Average(this IEnumerable<", $ty, "> source)"), |run, a| must($mean(&numbers(run, a)?)?))
            .def(concat!("static ", $average, "? Average(this IEnumerable<", $ty, "?> source)"), |run, a| Ok($mean(&numbers(run, a)?)?.unwrap_or(Value::Null)))
            .def(concat!("static ", $average, " Average<T>(this IEnumerable<T> source, Func<T, ", $ty, "> selector)"), |run, a| must($mean(&numbers(run, a)?)?))
            .def(concat!("static ", $average, "? Average<T>(this IEnumerable<T> source, Func<T, ", $ty, "?> selector)"), |run, a| Ok($mean(&numbers(run, a)?)?.unwrap_or(Value::Null)));
    )*};
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    let mut on = table.on(TypeId::Enumerable);
    sums! { on,
        "int" "double" sum_int average_whole;
        "long" "double" sum_long average_whole;
        "float" "float" sum_float average_float;
        "double" "double" sum_double average_double;
        "decimal" "decimal" sum_decimal average_decimal;
    }
    on.def("static T Min<T>(this IEnumerable<T> source)", |run, a| extreme(run, a, 0, Ordering::Less))
        .def("static T Max<T>(this IEnumerable<T> source)", |run, a| extreme(run, a, 0, Ordering::Greater))
        .def("static R Min<T, R>(this IEnumerable<T> source, Func<T, R> selector)", |run, a| extreme(run, a, 1, Ordering::Less))
        .def("static R Max<T, R>(this IEnumerable<T> source, Func<T, R> selector)", |run, a| {
            extreme(run, a, 1, Ordering::Greater)
        })
        .def("static T Aggregate<T>(this IEnumerable<T> source, Func<T, T, T> func)", |run, a| {
            aggregate(run, &source(a)?, None, &delegate(&a[1], "func")?)
        })
        .def("static S Aggregate<T, S>(this IEnumerable<T> source, S seed, Func<S, T, S> func)", |run, a| {
            aggregate(run, &source(a)?, Some(a[1].clone()), &delegate(&a[2], "func")?)
        })
        .def(
            "static R Aggregate<T, S, R>(this IEnumerable<T> source, S seed, Func<S, T, S> func, Func<S, R> resultSelector)",
            |run, a| {
                let result = delegate(&a[3], "resultSelector")?;
                let state = aggregate(run, &source(a)?, Some(a[1].clone()), &delegate(&a[2], "func")?)?;
                run.call(&result, &mut [state])
            },
        );
}
