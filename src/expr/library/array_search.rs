//! `System.Array`: the static methods that search.

use super::args::required;
use super::array::array;
use super::array_methods::{items, part, whole};
use super::list_search::{filter, find, holds, index_of};
use super::ordering::Order;
use super::range;
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::types::{Table, TypeId};
use crate::expr::value::Value;

fn position(run: &mut Run<'_>, a: &[Value], start: Option<&Value>, count: Option<&Value>) -> Result<Value, Fault> {
    let items = items(run, a)?;
    let (start, count) = range::search(start.unwrap_or(&Value::Int(0)), count, items.len())?;
    run.steps(count * 2 + 1)?;
    let found = items.iter().skip(start).take(count).position(|item| item.equals(&a[1]));
    Ok(found.map_or(-1, |at| (at + start) as i32).into())
}

fn last_position(run: &mut Run<'_>, a: &[Value], start: Option<&Value>, count: Option<&Value>) -> Result<Value, Fault> {
    let items = items(run, a)?;
    let window = range::search_back(start, count, items.len())?;
    run.steps(window.len() * 2 + 1)?;
    let first = window.start;
    let found = items[window].iter().rposition(|item| item.equals(&a[1]));
    Ok(found.map_or(-1, |at| (first + at) as i32).into())
}

fn find_last_index(
    run: &mut Run<'_>,
    a: &[Value],
    start: Option<&Value>,
    count: Option<&Value>,
) -> Result<Value, Fault> {
    let items = items(run, a)?;
    let window = range::search_back(start, count, items.len())?;
    let part = items.into_iter().enumerate().skip(window.start).take(window.len()).rev();
    Ok(index_of(find(run, part, a.last().unwrap_or(&Value::Null))?))
}

/// `BinarySearch` in a part.
fn search(run: &mut Run<'_>, a: &[Value], part: (usize, usize), value: &Value, order: &Order) -> Result<Value, Fault> {
    let (start, count) = part;
    let items = items(run, a)?;
    let found = order.search(run, items.get(start..start + count).unwrap_or_default(), value)?;
    Ok(if found < 0 { found - start as i32 } else { found + start as i32 }.into())
}

fn find_index(run: &mut Run<'_>, a: &[Value], start: Option<&Value>, count: Option<&Value>) -> Result<Value, Fault> {
    let items = items(run, a)?;
    let (start, count) = range::search(start.unwrap_or(&Value::Int(0)), count, items.len())?;
    let window = items.into_iter().enumerate().skip(start).take(count);
    Ok(index_of(find(run, window, a.last().unwrap_or(&Value::Null))?))
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::Array)
        .def("static int IndexOf(Array array, object value)", |run, a| position(run, a, None, None))
        .def("static int IndexOf<T>(T[] array, T value)", |run, a| position(run, a, None, None))
        .def("static int IndexOf<T>(T[] array, T value, int startIndex)", |run, a| position(run, a, Some(&a[2]), None))
        .def("static int IndexOf<T>(T[] array, T value, int startIndex, int count)", |run, a| {
            position(run, a, Some(&a[2]), Some(&a[3]))
        })
        .def("static int IndexOf(Array array, object value, int startIndex)", |run, a| {
            position(run, a, Some(&a[2]), None)
        })
        .def("static int IndexOf(Array array, object value, int startIndex, int count)", |run, a| {
            position(run, a, Some(&a[2]), Some(&a[3]))
        })
        .def("static int LastIndexOf(Array array, object value)", |run, a| last_position(run, a, None, None))
        .def("static int LastIndexOf<T>(T[] array, T value)", |run, a| last_position(run, a, None, None))
        .def("static int LastIndexOf<T>(T[] array, T value, int startIndex)", |run, a| {
            last_position(run, a, Some(&a[2]), None)
        })
        .def("static int LastIndexOf<T>(T[] array, T value, int startIndex, int count)", |run, a| {
            last_position(run, a, Some(&a[2]), Some(&a[3]))
        })
        .def("static int BinarySearch(Array array, object value)", |run, a| {
            search(run, a, whole(a)?, &a[1], &Order::Default)
        })
        .def("static int BinarySearch<T>(T[] array, T value)", |run, a| {
            search(run, a, whole(a)?, &a[1], &Order::Default)
        })
        .def("static int BinarySearch<T>(T[] array, T value, IComparer<T> comparer)", |run, a| {
            search(run, a, whole(a)?, &a[1], &Order::of_comparer(&a[2]))
        })
        .def("static int BinarySearch<T>(T[] array, int index, int length, T value)", |run, a| {
            search(run, a, part(a, 1)?, &a[3], &Order::Default)
        })
        .def(
            "static int BinarySearch<T>(T[] array, int index, int length, T value, IComparer<T> comparer)",
            |run, a| search(run, a, part(a, 1)?, &a[3], &Order::of_comparer(&a[4])),
        )
        .def("static bool Exists<T>(T[] array, Predicate<T> match)", |run, a| {
            let items = items(run, a)?;
            Ok(find(run, items.into_iter().enumerate(), &a[1])?.is_some().into())
        })
        .def("static bool TrueForAll<T>(T[] array, Predicate<T> match)", |run, a| {
            required(&a[1], "match")?;
            for item in items(run, a)? {
                if !holds(run, &a[1], &item)? {
                    return Ok(false.into());
                }
            }
            Ok(true.into())
        })
        .def("static T Find<T>(T[] array, Predicate<T> match)", |run, a| {
            let (items, none) = (items(run, a)?, Value::default_of(&run.type_arg(0)));
            Ok(find(run, items.into_iter().enumerate(), &a[1])?.map_or(none, |(_, item)| item))
        })
        .def("static T FindLast<T>(T[] array, Predicate<T> match)", |run, a| {
            let (items, none) = (items(run, a)?, Value::default_of(&run.type_arg(0)));
            Ok(find(run, items.into_iter().enumerate().rev(), &a[1])?.map_or(none, |(_, item)| item))
        })
        .def("static T[] FindAll<T>(T[] array, Predicate<T> match)", |run, a| {
            let (items, element) = (items(run, a)?, run.type_arg(0));
            Ok(array(element, filter(run, items, &a[1])?))
        })
        .def("static int FindIndex<T>(T[] array, Predicate<T> match)", |run, a| find_index(run, a, None, None))
        .def("static int FindIndex<T>(T[] array, int startIndex, Predicate<T> match)", |run, a| {
            find_index(run, a, Some(&a[1]), None)
        })
        .def("static int FindIndex<T>(T[] array, int startIndex, int count, Predicate<T> match)", |run, a| {
            find_index(run, a, Some(&a[1]), Some(&a[2]))
        })
        .def("static int FindLastIndex<T>(T[] array, Predicate<T> match)", |run, a| find_last_index(run, a, None, None))
        .def("static int FindLastIndex<T>(T[] array, int startIndex, Predicate<T> match)", |run, a| {
            find_last_index(run, a, Some(&a[1]), None)
        })
        .def("static int FindLastIndex<T>(T[] array, int startIndex, int count, Predicate<T> match)", |run, a| {
            find_last_index(run, a, Some(&a[1]), Some(&a[2]))
        })
        .def("static void ForEach<T>(T[] array, Action<T> action)", |run, a| {
            required(&a[1], "action")?;
            for item in items(run, a)? {
                run.call(&a[1], &mut [item])?;
            }
            Ok(Value::Null)
        })
        .def("static R[] ConvertAll<T, R>(T[] array, Converter<T, R> converter)", |run, a| {
            let (items, element) = (items(run, a)?, run.type_arg(1));
            required(&a[1], "converter")?;
            let mut converted = Vec::with_capacity(items.len());
            for item in items {
                converted.push(run.call(&a[1], &mut [item])?);
            }
            Ok(array(element, converted))
        });
}
