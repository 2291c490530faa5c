//! `List<T>`: searching, sorting, and what calls delegates.

use super::args::{boolean, required};
use super::array::Array;
use super::list::{List, make, this};
use super::ordering::Order;
use super::range;
use crate::expr::code::Run;
use crate::expr::fault::Fault;
use crate::expr::types::{Table, TypeId};
use crate::expr::value::Value;

/// Whether a `Predicate<T>` holds for an item.
pub(super) fn holds(run: &mut Run<'_>, predicate: &Value, item: &Value) -> Result<bool, Fault> {
    if predicate.is_null() {
        return Err(Fault::argument_null("match"));
    }
    Ok(boolean(&run.call(predicate, &mut [item.clone()])?))
}

/// The first item of an iterator for which a predicate holds, with its index.
pub(super) fn find(
    run: &mut Run<'_>,
    items: impl Iterator<Item = (usize, Value)>,
    predicate: &Value,
) -> Result<Option<(usize, Value)>, Fault> {
    required(predicate, "match")?;
    for (index, item) in items {
        if holds(run, predicate, &item)? {
            return Ok(Some((index, item)));
        }
    }
    Ok(None)
}

/// All items for which a predicate holds.
pub(super) fn filter(run: &mut Run<'_>, items: Vec<Value>, predicate: &Value) -> Result<Vec<Value>, Fault> {
    required(predicate, "match")?;
    let mut kept = Vec::new();
    for item in items {
        if holds(run, predicate, &item)? {
            kept.push(item);
        }
    }
    Ok(kept)
}

/// The index in a found pair, or -1.
pub(super) fn index_of(found: Option<(usize, Value)>) -> Value {
    found.map_or(-1, |(index, _)| index as i32).into()
}

fn find_index(run: &mut Run<'_>, a: &[Value], start: Option<&Value>, count: Option<&Value>) -> Result<Value, Fault> {
    let items = this(a)?.items.copy(run)?;
    let (start, count) = range::search(start.unwrap_or(&Value::Int(0)), count, items.len())?;
    let predicate = a.last().unwrap_or(&Value::Null);
    let window = items.into_iter().enumerate().skip(start).take(count);
    Ok(index_of(find(run, window, predicate)?))
}

fn last_index(run: &mut Run<'_>, a: &[Value], start: Option<&Value>, count: Option<&Value>) -> Result<Value, Fault> {
    let list = this(a)?;
    let window = range::search_back(start, count, list.items.len())?;
    run.steps(window.len() * 2 + 1)?;
    let first = window.start;
    let found = list.items.read(|items| items.range(window).rposition(|item| item.equals(&a[1])));
    Ok(found.map_or(-1, |at| (first + at) as i32).into())
}

fn find_last_index(
    run: &mut Run<'_>,
    a: &[Value],
    start: Option<&Value>,
    count: Option<&Value>,
) -> Result<Value, Fault> {
    let items = this(a)?.items.copy(run)?;
    let window = range::search_back(start, count, items.len())?;
    let part = items.into_iter().enumerate().skip(window.start).take(window.len()).rev();
    Ok(index_of(find(run, part, a.last().unwrap_or(&Value::Null))?))
}

fn sort(run: &mut Run<'_>, list: &List, start: usize, count: usize, order: &Order) -> Result<Value, Fault> {
    let mut all = list.items.copy(run)?;
    let mut part: Vec<Value> = all.drain(start..start + count).collect();
    order.sort(run, &mut part)?;
    all.splice(start..start, part);
    list.items.replace(all);
    Ok(Value::Null)
}

/// Copies `items` into an array; the exceptions of `CopyTo`.
pub(super) fn copy_to(run: &mut Run<'_>, items: &[Value], target: &Value, at: usize) -> Result<Value, Fault> {
    let target = target.downcast::<Array>().ok_or_else(|| Fault::argument_null("destinationArray"))?;
    if at.checked_add(items.len()).is_none_or(|end| end > target.len()) {
        return Err(Fault::argument(
            "Destination array was not long enough. Check the destination index, length, and the array's lower \
             bounds. (Parameter 'destinationArray')",
        ));
    }
    run.steps(items.len() * 2 + 1)?;
    for (offset, item) in items.iter().enumerate() {
        target.set(at + offset, item.clone());
    }
    Ok(Value::Null)
}

/// Adds the members.
pub(super) fn register(table: &mut Table) {
    table
        .on(TypeId::List)
        .def("bool Contains(T item)", |run, a| {
            let list = this(a)?;
            Ok(list.items.position(run, &a[1], 0, list.items.len())?.is_some().into())
        })
        .def("int IndexOf(T item)", |run, a| {
            let list = this(a)?;
            let found = list.items.position(run, &a[1], 0, list.items.len())?;
            Ok(found.map_or(-1, |at| at as i32).into())
        })
        .def("int IndexOf(T item, int index)", |run, a| {
            let list = this(a)?;
            let (start, count) = range::search(&a[2], None, list.items.len())?;
            Ok(list.items.position(run, &a[1], start, count)?.map_or(-1, |at| at as i32).into())
        })
        .def("int IndexOf(T item, int index, int count)", |run, a| {
            let list = this(a)?;
            let (start, count) = range::search(&a[2], Some(&a[3]), list.items.len())?;
            Ok(list.items.position(run, &a[1], start, count)?.map_or(-1, |at| at as i32).into())
        })
        .def("int LastIndexOf(T item)", |run, a| last_index(run, a, None, None))
        .def("int LastIndexOf(T item, int index)", |run, a| last_index(run, a, Some(&a[2]), None))
        .def("int LastIndexOf(T item, int index, int count)", |run, a| last_index(run, a, Some(&a[2]), Some(&a[3])))
        .def("int BinarySearch(int index, int count, T item, IComparer<T> comparer)", |run, a| {
            let items = this(a)?.items.copy(run)?;
            let (start, count) = range::part(&a[1], &a[2], items.len())?;
            let part = items.get(start..start + count).unwrap_or_default();
            let found = Order::of_comparer(&a[4]).search(run, part, &a[3])?;
            Ok(if found < 0 { found - start as i32 } else { found + start as i32 }.into())
        })
        .def("int BinarySearch(T item)", |run, a| {
            let items = this(a)?.items.copy(run)?;
            Ok(Order::Default.search(run, &items, &a[1])?.into())
        })
        .def("int BinarySearch(T item, IComparer<T> comparer)", |run, a| {
            let items = this(a)?.items.copy(run)?;
            Ok(Order::of_comparer(&a[2]).search(run, &items, &a[1])?.into())
        })
        .def("void Sort()", |run, a| {
            let list = this(a)?;
            sort(run, list, 0, list.items.len(), &Order::Default)
        })
        .def("void Sort(IComparer<T> comparer)", |run, a| {
            let list = this(a)?;
            sort(run, list, 0, list.items.len(), &Order::of_comparer(&a[1]))
        })
        .def("void Sort(Comparison<T> comparison)", |run, a| {
            let list = this(a)?;
            sort(run, list, 0, list.items.len(), &Order::of_delegate(&a[1])?)
        })
        .def("void Sort(int index, int count, IComparer<T> comparer)", |run, a| {
            let list = this(a)?;
            let (start, count) = range::part(&a[1], &a[2], list.items.len())?;
            sort(run, list, start, count, &Order::of_comparer(&a[3]))
        })
        .def("void Reverse()", |run, a| {
            let list = this(a)?;
            run.steps(list.items.len() * 2 + 1)?;
            list.items.change(|items| items.make_contiguous().reverse());
            Ok(Value::Null)
        })
        .def("void Reverse(int index, int count)", |run, a| {
            let list = this(a)?;
            let (start, count) = range::part(&a[1], &a[2], list.items.len())?;
            run.steps(count * 2 + 1)?;
            list.items.change(|items| {
                if let Some(part) = items.make_contiguous().get_mut(start..start + count) {
                    part.reverse();
                }
            });
            Ok(Value::Null)
        })
        .def("bool Exists(Predicate<T> match)", |run, a| {
            let items = this(a)?.items.copy(run)?;
            Ok(find(run, items.into_iter().enumerate(), &a[1])?.is_some().into())
        })
        .def("bool TrueForAll(Predicate<T> match)", |run, a| {
            let items = this(a)?.items.copy(run)?;
            required(&a[1], "match")?;
            for item in &items {
                if !holds(run, &a[1], item)? {
                    return Ok(false.into());
                }
            }
            Ok(true.into())
        })
        .def("T Find(Predicate<T> match)", |run, a| {
            let (items, none) = (this(a)?.items.copy(run)?, Value::default_of(&run.type_arg(0)));
            Ok(find(run, items.into_iter().enumerate(), &a[1])?.map_or(none, |(_, item)| item))
        })
        .def("T FindLast(Predicate<T> match)", |run, a| {
            let (items, none) = (this(a)?.items.copy(run)?, Value::default_of(&run.type_arg(0)));
            Ok(find(run, items.into_iter().enumerate().rev(), &a[1])?.map_or(none, |(_, item)| item))
        })
        .def("List<T> FindAll(Predicate<T> match)", |run, a| {
            let (items, element) = (this(a)?.items.copy(run)?, run.type_arg(0));
            Ok(make(element, filter(run, items, &a[1])?))
        })
        .def("int FindIndex(Predicate<T> match)", |run, a| find_index(run, a, None, None))
        .def("int FindIndex(int startIndex, Predicate<T> match)", |run, a| find_index(run, a, Some(&a[1]), None))
        .def("int FindIndex(int startIndex, int count, Predicate<T> match)", |run, a| {
            find_index(run, a, Some(&a[1]), Some(&a[2]))
        })
        .def("int FindLastIndex(Predicate<T> match)", |run, a| find_last_index(run, a, None, None))
        .def("int FindLastIndex(int startIndex, Predicate<T> match)", |run, a| {
            find_last_index(run, a, Some(&a[1]), None)
        })
        .def("int FindLastIndex(int startIndex, int count, Predicate<T> match)", |run, a| {
            find_last_index(run, a, Some(&a[1]), Some(&a[2]))
        })
        .def("int RemoveAll(Predicate<T> match)", |run, a| {
            let list = this(a)?;
            required(&a[1], "match")?;
            let (items, mut kept) = (list.items.copy(run)?, Vec::new());
            let before = items.len();
            for item in items {
                if !holds(run, &a[1], &item)? {
                    kept.push(item);
                }
            }
            let removed = before - kept.len();
            if removed > 0 {
                list.items.replace(kept);
            }
            Ok((removed as i32).into())
        })
        .def("void ForEach(Action<T> action)", |run, a| {
            required(&a[1], "action")?;
            let mut items = this(a)?.items.iterate();
            while let Some(item) = items.next(run)? {
                run.call(&a[1], &mut [item])?;
            }
            Ok(Value::Null)
        })
        .def("List<R> ConvertAll<R>(Converter<T, R> converter)", |run, a| {
            let (items, element) = (this(a)?.items.copy(run)?, run.type_arg(1));
            required(&a[1], "converter")?;
            let mut converted = Vec::with_capacity(items.len());
            for item in items {
                converted.push(run.call(&a[1], &mut [item])?);
            }
            Ok(make(element, converted))
        })
        .def("void CopyTo(T[] array)", |run, a| {
            let items = this(a)?.items.copy(run)?;
            copy_to(run, &items, &a[1], 0)
        })
        .def("void CopyTo(T[] array, int arrayIndex)", |run, a| {
            let items = this(a)?.items.copy(run)?;
            copy_to(run, &items, &a[1], range::count(&a[2], "destinationIndex")?)
        })
        .def("void CopyTo(int index, T[] array, int arrayIndex, int count)", |run, a| {
            let items = this(a)?.items.copy(run)?;
            let (start, count) = range::part(&a[1], &a[4], items.len())?;
            copy_to(run, &items[start..start + count], &a[2], range::count(&a[3], "destinationIndex")?)
        });
}
